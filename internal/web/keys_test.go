package web

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

func TestKeysDoWhatTheyListAndNothingWhileSomebodyTypes(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "supervisor.one")
	b.open("/help")

	b.keys("/")
	if got := evaluate[string](b, `document.activeElement.id`); got != "search" {
		t.Fatalf("/ leads to %q, not to the search", got)
	}
	b.keys("s", "g", "c", "?")
	// The driver sends the character of / by itself, although the page took the key.
	if got := evaluate[string](b, `document.activeElement.value`); strings.TrimPrefix(got, "/") != "sgc?" || b.at() != "/help" {
		t.Fatalf("while typing: field %q, page %s", got, b.at())
	}
	b.open("/help")
	b.keys("?")
	listed := evaluate[string](b, `document.querySelector("dialog[open]")?.innerText ?? document.readyState + " " + document.activeElement.outerHTML.slice(0, 200)`)
	for _, want := range []string{"Search", "G then C", "Cases", "This list", "Switch single keys off"} {
		if !strings.Contains(listed, want) {
			t.Errorf("the list lacks %q: %s", want, listed)
		}
	}
	b.accessible()
	b.keys(kb.Escape)
	if evaluate[bool](b, `document.querySelector("dialog[open]") !== null`) {
		t.Error("Escape leaves the list open")
	}
	b.keys("g", "c")
	b.wait("Cases")
	if b.at() != "/cases" {
		t.Errorf("g then c leads to %s", b.at())
	}

	id := s.cases(t)[0]
	b.open(caseAddress(id))
	b.keys("s")
	b.wait("risk")
	if !strings.HasSuffix(b.at(), "/risk") {
		t.Errorf("s on a case leads to %s", b.at())
	}

	// Whoever dictates switches them off; that holds on the next page too.
	b.open("/help#keys")
	b.run(chromedp.Click(chromedp.CSS("[data-keys-switch] button")))
	b.open(caseAddress(id))
	b.keys("s", "/", "g", "c")
	if got := evaluate[string](b, `document.activeElement.tagName`); b.at() != caseAddress(id) || got == "INPUT" {
		t.Errorf("switched off, keys lead to %s, focus %s", b.at(), got)
	}
}

func TestEveryComponentIsAccessible(t *testing.T) {
	body := drawGallery(t)
	s := newSite(t)
	b := s.browse(t, "")
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/static/") {
			resp, err := http.Get(s.URL + r.URL.RequestURI())
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
			io.Copy(w, resp.Body)
			return
		}
		w.Header().Set("Content-Security-Policy", contentSecurity)
		io.WriteString(w, body)
	}))
	defer site.Close()
	for _, width := range []int64{1280, 400} {
		b.run(chromedp.EmulateViewport(width, 900), chromedp.Navigate(site.URL+"/gallery"), chromedp.WaitReady(chromedp.CSS(".govuk-frontend-supported")))
		b.accessible()
		if over := evaluate[int](b, `document.documentElement.scrollWidth`); int64(over) > width {
			t.Errorf("at %d pixels the page is %d wide", width, over)
		}
		small := evaluate[string](b, `[...document.querySelectorAll("a, button, input, select, summary")].filter(e => {
			const r = e.getBoundingClientRect()
			return r.width > 0 && (r.height < 24 || r.width < 24) && !e.closest("p, li, dd, td, label, .govuk-visually-hidden, .govuk-skip-link") && !e.closest(".govuk-radios__item, .govuk-checkboxes__item")
		}).map(e => e.outerHTML.slice(0, 80)).join("\n")`)
		if small != "" {
			t.Errorf("at %d pixels too small to press:\n%s", width, small)
		}
	}
}

// Home and help in each role, full and empty, at both widths.
func TestHomeAndHelpAreAccessibleForEveryRole(t *testing.T) {
	full, empty := newSite(t), newEmptySite(t)
	for _, who := range []string{"supervisor.one", "reviewer.one", "admin", "records", "inspector"} {
		b := full.browse(t, who)
		for _, width := range []int64{1280, 400} {
			b.run(chromedp.EmulateViewport(width, 900))
			b.open("/")
			b.accessible()
			if over := evaluate[int](b, `document.documentElement.scrollWidth`); int64(over) > width {
				t.Errorf("%s: at %d pixels the page is %d wide", who, width, over)
			}
		}
	}
	b := empty.browse(t, "")
	b.open("/help")
	b.accessible()
}

func TestTheMenuOpensOnANarrowScreenWithoutScript(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "reviewer.one")
	b.run(chromedp.EmulateViewport(400, 800))
	b.open("/")
	const shown = `document.querySelector("#menu").getClientRects().length > 0`
	if evaluate[bool](b, shown) {
		t.Fatal("the menu covers the page before it is asked for")
	}
	b.run(chromedp.Click(chromedp.CSS(".lb-header__menu")))
	if !evaluate[bool](b, shown) {
		t.Error("the menu does not open")
	}
	b.run(chromedp.Click(chromedp.CSS(".lb-menu__close")))
	if evaluate[bool](b, shown) {
		t.Error("the menu does not close")
	}
}
