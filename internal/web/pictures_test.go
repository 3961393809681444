package web

import (
	"flag"
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
)

// picturesTo is where to put the pictures of the documentation. They are made by
// docs/pictures.sh; without the flag nothing is.
var picturesTo = flag.String("pictures", "", "write the pictures of the documentation to this folder")

// save takes a picture of the whole page, at most so many pixels high.
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
