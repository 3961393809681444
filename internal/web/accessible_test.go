package web

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// everyPage is what the checks of whole pages open: who, and where. {case},
// {person}, {group}, {import} and {row} are things of the register.
var everyPage = []struct{ who, path string }{
	{"", "/sign-in"}, {"", "/help"},
	{"admin", "/"}, {"admin", "/accounts"}, {"admin", "/accounts/new"}, {"admin", "/accounts/panel"}, {"admin", "/roles"}, {"admin", "/roles/change"},
	{"admin", "/access"}, {"admin", "/access/reviewer.one"}, {"admin", "/backup"}, {"admin", "/ledger"}, {"admin", "/account"},
	{"records", "/"}, {"records", "/imports"}, {"records", "/imports/new"}, {"records", "/imports/{import}"}, {"records", "/quarantine"},
	{"records", "/quarantine/{row}"}, {"records", "/quality"}, {"records", "/jobs"},
	{"analyst", "/"}, {"analyst", "/cases"}, {"analyst", "/search?q=male"}, {"analyst", "/searches"}, {"analyst", "/groups"}, {"analyst", "/groups/{group}"},
	{"analyst", "/people/{person}"}, {"analyst", "/exports"}, {"analyst", "/exports/cases"}, {"analyst", "/workload"},
	{"reviewer.one", "/"}, {"reviewer.one", "/queue"}, {"reviewer.one", "/cases/{case}"}, {"reviewer.one", "/cases/{mine}/review"}, {"reviewer.one", "/cases/{case}/review"},
	{"reviewer.one", "/cases/{case}/risk"}, {"reviewer.one", "/cases/{case}/lines"}, {"reviewer.one", "/cases/{case}/actions"},
	{"reviewer.one", "/cases/{case}/decision"}, {"reviewer.one", "/actions"}, {"reviewer.one", "/risks"},
	{"supervisor.one", "/"}, {"supervisor.one", "/approvals"}, {"supervisor.one", "/risks"}, {"supervisor.one", "/allocation"},
	{"supervisor.one", "/workload"}, {"supervisor.one", "/skills"}, {"supervisor.one", "/restricted"}, {"supervisor.one", "/cases/{case}/restriction"},
	{"supervisor.one", "/cases/{case}/close"}, {"supervisor.one", "/deferred"}, {"supervisor.one", "/closed"}, {"supervisor.one", "/actions"},
	{"supervisor.one", "/terms"}, {"supervisor.one", "/terms/compare"}, {"supervisor.one", "/terms/known-on"}, {"supervisor.one", "/terms/new"},
	{"supervisor.one", "/ledger"}, {"supervisor.one", "/ledger/state"}, {"supervisor.one", "/ledger/1"},
	{"disclosure", "/"}, {"disclosure", "/ledger"}, {"inspector", "/"}, {"inspector", "/terms"}, {"panel", "/"},
	{"panel", "/nowhere"},
}

// fill puts the things of a register into a path; ok is false if it has none.
func (s *testSite) fill(t *testing.T, path string) (string, bool) {
	t.Helper()
	for name, find := range map[string]func(*testing.T) string{
		"{case}": func(t *testing.T) string {
			if ids := s.cases(t); len(ids) > 3 {
				return strings.TrimPrefix(caseAddress(ids[3]), "/cases/")
			}
			return ""
		},
		"{mine}":   func(*testing.T) string { return strings.TrimPrefix(s.mine, "/cases/") },
		"{person}": func(t *testing.T) string { return s.firstLink(t, "reviewer.one", "/people/", "/cases/{case}") },
		"{group}":  func(t *testing.T) string { return s.firstLink(t, "analyst", "/groups/", "/groups") },
		"{import}": func(t *testing.T) string { return s.firstLink(t, "records", "/imports/", "/imports") },
		"{row}":    func(t *testing.T) string { return s.firstLink(t, "records", "/quarantine/", "/quarantine") },
	} {
		if strings.Contains(path, name) {
			thing := find(t)
			if thing == "" {
				return "", false
			}
			path = strings.ReplaceAll(path, name, thing)
		}
	}
	return path, true
}

// firstLink finds the first link with a prefix on a page, without the prefix.
func (s *testSite) firstLink(t *testing.T, who, prefix, page string) string {
	t.Helper()
	page, ok := s.fill(t, page)
	if !ok {
		return ""
	}
	body := s.as(t, who).get(page).Body
	for _, part := range strings.Split(body, `href="`+prefix)[1:] {
		if to, _, _ := strings.Cut(part, `"`); to != "" && to != "new" {
			to, _, _ = strings.Cut(html.UnescapeString(to), "#")
			return to
		}
	}
	return ""
}

func TestEveryPageIsAccessible(t *testing.T) {
	if testing.Short() {
		t.Skip("opens every page in a browser")
	}
	for name, site := range map[string]func(*testing.T) *testSite{"full": newSite, "empty": newEmptySite} {
		t.Run(name, func(t *testing.T) {
			s := site(t)
			if name == "full" {
				s.work(t)
			}
			checkPages(t, s)
		})
	}
}

func checkPages(t *testing.T, s *testSite) {
	b := s.browse(t, "")
	b.tolerate = "404" // the page that is nowhere
	who := ""
	for _, page := range everyPage {
		path, ok := s.fill(t, page.path)
		if !ok {
			continue
		}
		if page.who != who {
			b.become(page.who)
			who = page.who
		}
		b.run(chromedp.EmulateViewport(1280, 900))
		b.open(path)
		if at := b.at(); strings.HasPrefix(at, "/sign-in") && page.who != "" {
			t.Errorf("%s is sent from %s to %s", page.who, path, at)
		}
		b.accessible()
		b.fits(1280)
		b.run(chromedp.EmulateViewport(400, 900))
		b.fits(400)
		if slices.Contains([]string{"/", "/queue", "/cases"}, page.path) {
			b.accessible()
		}
	}
}

// fits fails the test if the page is wider than the window: a reader would have
// to scroll it sideways. Tables scroll within their own boxes.
func (b *browser) fits(width int) {
	b.t.Helper()
	if w := evaluate[int](b, `document.scrollingElement.scrollWidth`); w > width {
		wide := evaluate[string](b, fmt.Sprintf(`[...document.querySelectorAll("main *, header *, footer *")].filter(e => {
			for (let p = e; p; p = p.parentElement) { const o = getComputedStyle(p).overflowX; if (p !== e && (o === "auto" || o === "scroll" || o === "hidden")) return false; }
			return e.getBoundingClientRect().right > %d;
		}).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join("\n")`, width))
		b.t.Errorf("%s is %d px wide in a window of %d: %s", b.at(), w, width, wide)
	}
}

// The checker is trusted because it finds faults that are put in: one for each
// rule that these pages could break.
func TestTheCheckerOfAccessibilityFindsWhatIsWrong(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "reviewer.one")
	for rule, fault := range map[string]string{
		"image-alt":                   `main.insertAdjacentHTML("beforeend", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">')`,
		"label":                       `main.insertAdjacentHTML("beforeend", '<input type="text" name="x">')`,
		"select-name":                 `main.insertAdjacentHTML("beforeend", '<select name="x"><option>1</option></select>')`,
		"button-name":                 `main.insertAdjacentHTML("beforeend", '<button></button>')`,
		"link-name":                   `main.insertAdjacentHTML("beforeend", '<a href="/help"></a>')`,
		"color-contrast":              `(() => { const p = document.createElement("p"); p.textContent = "too pale to read"; p.style.color = "#bbb"; p.style.background = "#fff"; main.append(p); })()`,
		"html-has-lang":               `document.documentElement.removeAttribute("lang")`,
		"document-title":              `document.title = ""`,
		"heading-order":               `main.insertAdjacentHTML("beforeend", '<h5>too deep</h5>')`,
		"region":                      `document.body.insertAdjacentHTML("beforeend", '<p>outside of every landmark</p>')`,
		"list":                        `main.insertAdjacentHTML("beforeend", '<ul><p>no item</p></ul>')`,
		"aria-required-children":      `main.insertAdjacentHTML("beforeend", '<div role="list"><div role="button" tabindex="0">x</div></div>')`,
		"aria-valid-attr-value":       `main.insertAdjacentHTML("beforeend", '<div role="checkbox" tabindex="0" aria-checked="perhaps">x</div>')`,
		"nested-interactive":          `main.insertAdjacentHTML("beforeend", '<div role="button" tabindex="0"><a href="/help">inside</a></div>')`,
		"target-size":                 `(() => { for (let i = 0; i < 2; i++) { const a = document.createElement("button"); a.textContent = "x"; a.style.cssText = "width:8px;height:8px;padding:0;margin:0;border:0;font-size:6px;display:inline-block"; main.append(a); } })()`,
		"page-has-heading-one":        `document.querySelectorAll("h1").forEach(h => h.remove())`,
		"landmark-one-main":           `main.replaceWith(...main.childNodes)`,
		"scrollable-region-focusable": `main.insertAdjacentHTML("beforeend", '<div id="box"><p>long</p></div>'), Object.assign(document.getElementById("box").style, {height: "20px", overflow: "scroll"}), document.getElementById("box").firstChild.style.height = "400px"`,
		"meta-viewport":               `document.querySelector("meta[name=viewport]").setAttribute("content", "width=device-width, user-scalable=no")`,
		"aria-hidden-focus":           `main.insertAdjacentHTML("beforeend", '<div aria-hidden="true"><a href="/help">hidden</a></div>')`,
	} {
		b.open("/help")
		evaluate[bool](b, `(() => { const main = document.querySelector("main"); `+fault+`; return true; })()`)
		found := b.axe()
		if !slices.ContainsFunc(found, func(v violation) bool { return v.ID == rule }) {
			var ids []string
			for _, v := range found {
				ids = append(ids, v.ID)
			}
			t.Errorf("%s was put in and not found; found were %v", rule, ids)
		}
	}
}

// A script or a style within a page is refused by its policy, and the tests hear of it.
func TestTheBrowserTellsOfWhatThePolicyBlocks(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "reviewer.one")
	b.tolerate = "Content Security Policy"
	b.open("/help")
	evaluate[bool](b, `(() => { const e = document.createElement("script"); e.textContent = "window.ran = true"; document.body.append(e); return true; })()`)
	if evaluate[bool](b, `window.ran === true`) {
		t.Error("a script within the page was run")
	}
	evaluate[bool](b, `new Promise(r => setTimeout(() => r(true), 200))`)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.faults, func(f string) bool { return strings.Contains(f, "Content Security Policy") }) {
		t.Errorf("nothing was heard of it: %q", b.faults)
	}
}
