package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"lookback/internal/review"
	"lookback/internal/web/webtest"
)

// On a full disk a save, a risk and a page of a case say so, in a page or to the
// script, and nothing that was acknowledged before is lost. With room again the
// same requests are taken.
func TestPagesOnAFullDiskSayWhatHappened(t *testing.T) {
	if runtime.GOOS != "linux" || os.Getuid() != 0 {
		t.Skip("skipped: needs root on Linux to mount a full disk")
	}
	tmp := t.TempDir()
	disk := filepath.Join(tmp, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("skipped: needs root on Linux to mount a full disk (%v: %s)", err, out)
	}
	t.Cleanup(func() { exec.CommandContext(context.Background(), "umount", "-l", disk).Run() })
	dir := filepath.Join(disk, "r")
	done(t, "init", "-dir", dir)
	done(t, "import", "-dir", dir, newForce(t, filepath.Join(tmp, "1"), 1))
	done(t, "analyse", "-dir", dir)
	p := makeSavers(t, dir)[0]
	server := startServer(t, dir)
	c := &webtest.Client{Base: server.url, Token: p.token, HTTP: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	at := "/cases/" + url.PathEscape(string(p.c))
	version := 0
	save := func(n, want int) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"form": review.CurrentForm(review.ReviewForm).ID(), "base": version, "page": "x", "n": n,
			"body": map[string]any{"answers": map[string]any{"lines": map[string]any{"text": text(n)}}}})
		if err != nil {
			t.Fatal(err)
		}
		page, err := c.PostJSON(t.Context(), at+"/review/draft", body)
		if err != nil || page.Status != want {
			t.Fatalf("save %d: %v, want status %d: %+v", n, err, want, page)
		}
		var answer struct {
			Version int    `json:"version"`
			Error   string `json:"error"`
		}
		if err := json.Unmarshal(page.Body, &answer); err != nil || want != http.StatusOK && answer.Error == "" {
			t.Fatalf("save %d says %s (%v)", n, page.Body, err)
		}
		if want == http.StatusOK {
			version = answer.Version
		}
	}
	risk := url.Values{"who": {"a child of the household"}, "kinds": {"siblings"}, "detail": {"x"}, "told": {"n"}}
	save(1, http.StatusOK)
	filler := filepath.Join(disk, "filler")
	fill(t, filler, disk, 0)
	save(2, http.StatusInsufficientStorage)
	for what, send := range map[string]func() (*webtest.Page, error){
		"a risk":          func() (*webtest.Page, error) { return c.Post(t.Context(), at+"/risk", risk) },
		"a case's page":   func() (*webtest.Page, error) { return c.Get(t.Context(), at) },
		"the next case":   func() (*webtest.Page, error) { return c.Post(t.Context(), "/queue/next", nil) },
		"a list's page":   func() (*webtest.Page, error) { return c.Get(t.Context(), "/cases") },
		"a search's page": func() (*webtest.Page, error) { return c.Get(t.Context(), "/search?q=victim") },
	} {
		page, err := send()
		if err != nil {
			t.Errorf("%s on a full disk: %v", what, err)
		} else if page.Status != http.StatusInsufficientStorage || !page.Says("disk is full") {
			t.Errorf("%s on a full disk: status %d: %.300s", what, page.Status, page.Text())
		}
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	save(3, http.StatusOK)
	if page, err := c.Post(t.Context(), at+"/risk", risk); err != nil || page.Status != http.StatusSeeOther {
		t.Errorf("a risk with room again: %v %+v", err, page)
	}
	server.cmd.Process.Kill()
	server.cmd.Wait()
	p.version, p.typed, p.risks, p.reads = version, 3, []string{"x"}, 0
	checkNothingLost(t, dir, []*saver{p})
}
