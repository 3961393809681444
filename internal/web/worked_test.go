package web

import (
	"net/http"
	"net/url"
	"testing"

	"lookback/internal/web/webtest"
)

// drive returns somebody's browser as the package webtest has it.
func (s *testSite) drive(t *testing.T, id string) *webtest.Client {
	t.Helper()
	u := s.as(t, id)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	token := ""
	for _, c := range u.http.Jar.Cookies(at) {
		token = c.Value
	}
	return &webtest.Client{Base: s.URL, Token: token, HTTP: &http.Client{}}
}

// work does some of everything in a register, through the pages: a present risk, an
// action, a review that waits for another, and one that is being written.
func (s *testSite) work(t *testing.T) {
	t.Helper()
	officer := s.drive(t, "reviewer.one")
	c := caseAddress(s.cases(t)[3])
	s.fillAndSend(t, officer, c+"/risk", "/risk", url.Values{"who": {"a younger sibling"}, "kinds": {"siblings"}, "detail": {"named in the log, lives at the same address"}, "told": {"n"}})
	s.fillAndSend(t, officer, c+"/actions", "/actions", url.Values{"title": {"Ask the laboratory for the phone report"}, "detail": {"submitted, no result on record"}, "priority": {"high"}})
	u := s.as(t, "reviewer.one")
	s.reviewed(t, u, "reinvestigate")
	s.mine = u.pull()
	form := fillReview(u.get(s.mine+"/review").must(t, 200).form(t, "review"), "reinvestigate")
	form.Set("do", "save")
	u.post(s.mine+"/review", form).must(t, 303)
}

// fillAndSend opens a page, changes some values of a form on it, sends it, and
// fails unless it was taken.
func (s *testSite) fillAndSend(t *testing.T, c *webtest.Client, page, form string, values url.Values) *webtest.Page {
	t.Helper()
	p, err := c.Get(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Form(form)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range values {
		f.Values[name] = v
	}
	p, err = c.Send(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if p.Status != http.StatusOK {
		t.Fatalf("%s %s: status %d: %.500s", f.Method, f.Action, p.Status, p.Text())
	}
	return p
}
