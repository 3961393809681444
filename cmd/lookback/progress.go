package main

import (
	"fmt"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"lookback/internal/desk"
)

// progress shows how far a long command has got: a bar on a terminal, a line for
// each stage elsewhere.
func (a *app) progress() (show desk.Progress, done func()) {
	file, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		last := ""
		return func(doing string, _, _ int64) {
			if doing != last {
				last = doing
				fmt.Fprintln(a.err, doing+" …")
			}
		}, func() {}
	}
	var bar *progressbar.ProgressBar
	last := ""
	finish := func() {
		if bar != nil {
			bar.Finish()
			bar = nil
		}
	}
	return func(doing string, n, total int64) {
		if doing != last {
			finish()
			last = doing
			if total == 0 {
				total = -1
			}
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(a.err), progressbar.OptionSetDescription(doing),
				progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100_000_000))
		}
		bar.Set64(n)
	}, finish
}
