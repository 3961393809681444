package web

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"lookback/internal/account"
)

// The checker of accessibility, for tests only. Its licence stands beside it.
//
//go:embed testdata/axe/axe.min.js
var axeSource string

// A browser is headless Chromium, signed in as somebody.
type browser struct {
	t    *testing.T
	site *testSite
	ctx  context.Context

	mu       sync.Mutex
	faults   []string // what the browser complained of: scripts, policy, missing files
	tolerate string   // a fault that holds this is expected
}

// chromium finds the browser, or skips the test by name.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("needs Chromium, which is not installed here")
	return ""
}

// One process serves every test of a run; each browser is a window of its own
// with its own cookies.
var chromiumProcess struct {
	once   sync.Once
	ctx    context.Context
	cancel context.CancelFunc
}

func stopChromium() {
	if chromiumProcess.cancel != nil {
		chromiumProcess.cancel()
	}
}

// browse opens a window for a member of the team, or for a visitor if id is "".
// When the test ends it fails if the browser complained of anything.
func (s *testSite) browse(t *testing.T, id string) *browser {
	t.Helper()
	path := chromium(t)
	chromiumProcess.once.Do(func() {
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
			chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 900), chromedp.WSURLReadTimeout(2*time.Minute))
		alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
		ctx, stop := chromedp.NewContext(alloc)
		chromiumProcess.ctx = ctx
		chromiumProcess.cancel = func() { stop(); stopAlloc() }
	})
	if err := chromedp.Do(chromiumProcess.ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	ctx, cancel := chromedp.NewContext(chromiumProcess.ctx, chromedp.WithNewBrowserContext())
	ctx, stop := context.WithTimeout(ctx, 3*time.Minute)
	b := &browser{t: t, site: s, ctx: ctx}
	t.Cleanup(func() {
		stop()
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, f := range b.faults {
			if b.tolerate == "" || !strings.Contains(f, b.tolerate) {
				t.Errorf("the browser complained: %s", f)
			}
		}
	})
	b.hear()
	b.run(chromedp.EmulateViewport(1280, 900))
	if id != "" {
		b.become(id)
	}
	return b
}

// become signs the window in as a member of the team.
func (b *browser) become(id string) {
	b.t.Helper()
	token, err := b.site.Accounts.Enter(b.t.Context(), id, account.Device{Agent: "browser test"})
	if err != nil {
		b.t.Fatal(err)
	}
	at, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	_, err = chromedp.Call(b.ctx, network.SetCookie, network.SetCookieParams{Name: sessionCookie, Value: token, URL: at.String()})
	if err != nil {
		b.t.Fatal(err)
	}
}

// hear notes what goes wrong within a page: scripts that throw, what the content
// security policy blocks, files that are missing.
func (b *browser) hear() {
	messages := chromedp.Console(b.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type == chromedp.ConsoleError || m.Type == chromedp.ConsoleException {
				b.mu.Lock()
				b.faults = append(b.faults, fmt.Sprintf("%s: %s %s", m.Type, m.Text, m.URL))
				b.mu.Unlock()
			}
		}
	}()
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// evaluate runs an expression in the page; a promise is waited for.
func evaluate[T any](b *browser, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// open goes to a page of the site.
func (b *browser) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.site.URL+path), chromedp.WaitReady(chromedp.CSS("body")))
}

// keys types as a person would: letters, and keys of the package kb.
func (b *browser) keys(keys ...string) {
	b.t.Helper()
	for _, k := range keys {
		b.run(chromedp.KeyEvent(k))
	}
}

// tabTo moves the focus with the Tab key alone until the focused element's
// visible name holds the words.
func (b *browser) tabTo(words string) {
	b.t.Helper()
	for range 400 {
		b.run(chromedp.KeyEvent(kb.Tab))
		if strings.Contains(b.focused(), words) {
			return
		}
	}
	b.t.Fatalf("the Tab key never reaches %q on %s; the focus is on %q", words, b.at(), b.focused())
}

// focused names the element that has the focus as a reader would.
func (b *browser) focused() string {
	b.t.Helper()
	return evaluate[string](b, `(() => {
		const e = document.activeElement;
		if (!e || e === document.body) return "";
		const label = e.labels && e.labels.length ? e.labels[0].innerText : "";
		return [e.getAttribute("aria-label") || "", label, e.getAttribute("role") === "region" ? "" : e.innerText || "", e.name || "", e.type === "radio" || e.type === "checkbox" ? e.value : ""].join(" | ");
	})()`)
}

// at is the address of the page, without the site.
func (b *browser) at() string {
	b.t.Helper()
	return evaluate[string](b, `location.pathname + location.search`)
}

// text is what the page's main part says.
func (b *browser) text() string {
	b.t.Helper()
	return evaluate[string](b, `(document.querySelector("main") || document.body || {innerText: ""}).innerText`)
}

// wait waits until the page says something, within ten seconds.
func (b *browser) wait(words string) {
	b.t.Helper()
	var said string
	for range 100 {
		// Keys are heard once the page's scripts have run.
		if said = b.text(); strings.Contains(said, words) && evaluate[bool](b, `document.readyState === "complete"`) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("%s does not say %q but: %s", b.at(), words, said)
}

// A violation is what axe finds.
type violation struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// axe checks the page against WCAG 2.2 A and AA and axe's best practices.
func (b *browser) axe() (found []violation) {
	b.t.Helper()
	if !evaluate[bool](b, `typeof window.axe === "object"`) {
		evaluate[bool](b, axeSource+"; true")
	}
	text := evaluate[string](b, `axe.run(document, {resultTypes: ["violations"],
		runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r => JSON.stringify(r.violations))`)
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.t.Fatal(err)
	}
	return found
}

// accessible fails the test for each violation on the page.
func (b *browser) accessible() {
	b.t.Helper()
	for _, v := range b.axe() {
		for _, n := range v.Nodes {
			b.t.Errorf("%s: %s (%s): %.300s: %s", b.at(), v.Help, v.ID, n.HTML, n.Summary)
		}
	}
}
