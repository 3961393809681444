package web

import (
	"net/url"
	"strings"
	"testing"
)

// Whoever opens the demo is told what was found and where to start, and can be
// anybody; anywhere else there is no such door.
func TestTheDemoLetsAVisitorBeAnybody(t *testing.T) {
	s := newSite(t)
	u := s.visitor(t)
	u.get("/demo").must(t, 404)
	u.post("/demo", url.Values{"as": {"reviewer.one"}}).must(t, 404)
	s.Demo = true
	if a := u.get("/").must(t, 303); !strings.HasPrefix(a.To, "/demo") {
		t.Errorf("a visitor is sent to %s", a.To)
	}
	page := u.get("/demo").must(t, 200)
	for _, want := range []string{"120 closed investigations", "41 are in", "Where to start", "Oakham Reviewer"} {
		if !strings.Contains(page.said()+page.Body, want) {
			t.Errorf("the page does not say %q: %s", want, page.said())
		}
	}
	u.post("/demo", url.Values{"as": {"reviewer.one"}}).must(t, 303)
	if a := u.get("/queue").must(t, 200); !strings.Contains(a.Body, "Be somebody else") {
		t.Error("nothing leads back to the choice")
	}
	u.post("/demo", url.Values{"as": {"nobody"}}).must(t, 404)

	b := s.browse(t, "")
	b.open("/demo")
	b.accessible()
	b.narrow()
}
