package web

import (
	"os"
	"path/filepath"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// ctrlEnter holds Control and presses Enter.
func ctrlEnter() chromedp.Action[chromedp.Void] {
	return chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl))
}

// typeText types letter by letter into what has the focus.
func typeText(text string) chromedp.Action[chromedp.Void] { return chromedp.KeyEvent(text) }

// narrow fails the test if the page does not fit a narrow screen.
func (b *browser) narrow() {
	b.t.Helper()
	b.run(chromedp.EmulateViewport(400, 900))
	b.fits(400)
	b.run(chromedp.EmulateViewport(1280, 900))
}

// look keeps pictures of the page at both widths, for whoever wants to look at
// them: LOOKBACK_LOOK names the folder.
func (b *browser) look(name string) {
	b.t.Helper()
	dir := os.Getenv("LOOKBACK_LOOK")
	if dir == "" {
		return
	}
	for _, width := range []int64{1280, 400} {
		b.run(chromedp.EmulateViewport(width, 900))
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			b.t.Fatal(err)
		}
		suffix := map[int64]string{1280: "wide", 400: "narrow"}[width]
		if err := os.WriteFile(filepath.Join(dir, name+"-"+suffix+".png"), png, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	b.run(chromedp.EmulateViewport(1280, 900))
}
