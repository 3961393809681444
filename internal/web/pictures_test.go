package web

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// picturesTo is where to put the pictures of the documentation. They are made by
// docs/pictures.sh; without the flag nothing is.
var picturesTo = flag.String("pictures", "", "write the pictures of the documentation to this folder")

func TestPictures(t *testing.T) {
	if *picturesTo == "" {
		t.Skip("no folder for pictures was given")
	}
	s := newSite(t)
	s.work(t)
	for _, p := range []struct{ name, who, path string }{
		{"home", "reviewer.one", "/"},
		{"case", "reviewer.one", "/cases/{case}"},
		{"review", "reviewer.one", "/cases/{mine}/review"},
		{"cases", "reviewer.one", "/cases?scope=in"},
		{"supervisor", "supervisor.one", "/"},
		{"terms", "supervisor.one", "/terms"},
		{"forecast", "supervisor.one", "/workload/forecast"},
		{"ledger", "disclosure", "/ledger"},
	} {
		path, ok := s.fill(t, p.path)
		if !ok {
			t.Fatalf("%s: the register has no such thing", p.path)
		}
		b := s.browse(t, p.who)
		b.open(path)
		b.save(filepath.Join(*picturesTo, p.name+".png"), 1280, 900)
	}
}

// save takes a picture of the window at a size.
func (b *browser) save(file string, width, height int64) {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(width, height))
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(file, png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
