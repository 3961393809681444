package web

import (
	"html"
	"regexp"
	"strings"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/store"
)

// On a fresh register everybody is told what comes first, and links lead those who
// may do it.
func TestAFreshRegisterSaysWhatToDoFirst(t *testing.T) {
	s := newEmptySite(t)
	for _, c := range []struct{ who, want, not string }{
		{"records", `href="/imports/new">Import an extract`, `href="/terms">Adopt`},
		{"supervisor.one", `href="/terms">Adopt terms of reference`, `href="/imports/new">Import an extract`},
		{"reviewer.one", "Import an extract", `task-list__link`},
		{"inspector", "Adopt terms of reference", `task-list__link`},
	} {
		body := s.as(t, c.who).get("/").must(t, 200).Body
		if !strings.Contains(body, c.want) {
			t.Errorf("%s is not told %q", c.who, c.want)
		}
		if strings.Contains(body, c.not) {
			t.Errorf("%s is offered %q", c.who, c.not)
		}
	}
	for _, a := range []string{"admin", "analyst", "panel", "disclosure"} {
		s.as(t, a).get("/").must(t, 200)
	}
}

func TestPresentRiskHeadsTheHomeOfThoseWhoActOnIt(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[0]
	officer := s.as(t, "reviewer.one")
	if body := officer.get("/").must(t, 200).Body; !strings.Contains(body, "No present risk") {
		t.Error("without a risk the page does not say so")
	}
	_, err := casework.RaiseRisk(t.Context(), s.Desk, casefile.Actor{ID: "reviewer.one", Roles: []casefile.Role{casefile.Reviewer}}, casework.RiskForm{
		Case: id, Who: "The younger sister named in the log", Kinds: []string{casework.RiskKinds().Kinds[0].Code}, Detail: "Process only."})
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"supervisor.one", "reviewer.one", "analyst"} {
		body := s.as(t, who).get("/").must(t, 200).Body
		main := body[strings.Index(body, "<main"):]
		at, card := strings.Index(main, "1 present risk that nobody has acknowledged"), strings.Index(main, "lb-card")
		if at < 0 || card >= 0 && card < at {
			t.Errorf("%s: risk at %d, first card at %d", who, at, card)
		}
		if !strings.Contains(main, "The younger sister named in the log") {
			t.Errorf("%s is not told who", who)
		}
	}
	for _, who := range []string{"inspector", "panel", "admin", "records"} {
		if body := s.as(t, who).get("/").must(t, 200).Body; strings.Contains(body, "sister") || strings.Contains(body, "present risk that") {
			t.Errorf("%s is shown personal data", who)
		}
	}
}

// Figures are counts of the register, and lead to lists.
func TestHomeCountsWhatTheRegisterHolds(t *testing.T) {
	s := newSite(t)
	var in int
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		faults, err := tx.FaultCounts(t.Context())
		for _, f := range faults {
			in += f.Rows
		}
		return err
	})
	if err != nil || in == 0 {
		t.Fatalf("%d rows in quarantine, %v: the test shows nothing", in, err)
	}
	body := s.as(t, "records").get("/").must(t, 200).Body
	if want := `<span class="lb-figure">` + thousands(int64(in)) + `</span>`; !strings.Contains(body, want) {
		t.Errorf("missing %s", want)
	}
	if !strings.Contains(body, `href="/quarantine"`) {
		t.Error("the count of quarantined rows leads nowhere")
	}
}

// What the home page and the menu offer, whoever reads them may open.
func TestEveryLinkOfHomeAndMenuOpens(t *testing.T) {
	s := newSite(t)
	s.Demo = true // the page then shows more links
	links := regexp.MustCompile(`href="(/[^"#]*)`)
	for _, who := range []string{"supervisor.one", "reviewer.one", "analyst", "records", "disclosure", "inspector", "panel", "admin"} {
		u := s.as(t, who)
		tried := map[string]bool{}
		for _, m := range links.FindAllStringSubmatch(u.get("/").must(t, 200).Body, -1) {
			to := html.UnescapeString(m[1])
			if tried[to] || strings.HasPrefix(to, "/static/") {
				continue
			}
			tried[to] = true
			if a := u.get(to); a.Status != 200 && a.Status != 303 {
				t.Errorf("%s: %s answers %d: %s", who, to, a.Status, a.said())
			}
		}
		if len(tried) < 5 {
			t.Errorf("%s: only %d links", who, len(tried))
		}
	}
}
