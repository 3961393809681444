package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/ledger"
)

// who is a member of the team as an actor.
func (s *testSite) who(t *testing.T, id string) casefile.Actor {
	t.Helper()
	a, err := s.Accounts.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a.Actor()
}

// aRisk raises a risk that nobody is told of.
func (s *testSite) aRisk(t *testing.T, by string, id casefile.CaseID, detail string) int64 {
	t.Helper()
	n, err := casework.RaiseRisk(t.Context(), s.Desk, s.who(t, by), casework.RiskForm{Case: id, Who: "A young person, not named", Kinds: []string{"child.missing"}, Detail: detail})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// restrict keeps a case to named readers.
func (s *testSite) restrict(t *testing.T, id casefile.CaseID, readers ...string) {
	t.Helper()
	if err := account.Restrict(t.Context(), s.Desk, operator, id, account.RestrictionKinds[0], "for a test", readers); err != nil {
		t.Fatal(err)
	}
}

func TestRaisingARiskWithoutScript(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[3]
	u := s.as(t, "reviewer.one")
	page := u.get(caseAddress(id)+"/risk").must(t, 200)
	for _, want := range []string{"Children at home", "Have you told anybody?", "Duty inspector"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := s.events(t, ledger.CaseRead, string(id)); n != 1 {
		t.Errorf("the page shows who is on the case, and %d readings are recorded", n)
	}

	// What is missing is said, and nothing typed is lost.
	bad := u.post(caseAddress(id)+"/risk", url.Values{"detail": {"Words <b>typed</b>"}, "how": {"By phone"}}).must(t, 422)
	for _, want := range []string{"There is a problem", "Tick at least one kind", "Choose who this is about", "Say whom you told", "Words &lt;b&gt;typed&lt;/b&gt;"} {
		if !strings.Contains(bad.Body, want) {
			t.Errorf("after an error the page does not say %q: %s", want, bad.said())
		}
	}

	to := u.post(caseAddress(id)+"/risk", url.Values{"kinds": {"child.missing", "threat"}, "who": {"not known"}, "detail": {"Words"}, "whom": {"Duty inspector"}}).must(t, 303).To
	risk := u.get(to).must(t, 200)
	for _, want := range []string{"A missing child", "Threat to a victim or witness", "Told: Duty inspector", "less than a minute unacknowledged", "It heads the supervisors"} {
		if !strings.Contains(risk.Body, want) {
			t.Errorf("the risk's page does not say %q: %s", want, risk.said())
		}
	}
	if n := s.events(t, ledger.RiskRaised, string(id)); n != 1 {
		t.Errorf("%d events", n)
	}
	if !strings.Contains(u.get(caseAddress(id)).must(t, 200).Body, "Present risk: 1 risk not acknowledged") {
		t.Error("the page of the case has no banner")
	}
	board := s.as(t, "supervisor.one").get("/risks").must(t, 200)
	if !strings.Contains(board.Body, "not known") || !strings.Contains(board.Body, "less than a minute unacknowledged") {
		t.Errorf("the supervisor's list: %s", board.said())
	}

	// From told to acknowledged.
	for _, step := range []url.Values{
		{"to": {"sent"}, "whom": {"Children's services"}, "reference": {"CS 1"}},
		{"to": {"acknowledged"}, "whom": {"Children's services"}, "reference": {"CS 1"}},
	} {
		u.post(to, step).must(t, 303)
	}
	late := u.post(to, url.Values{"to": {"acknowledged"}, "whom": {"Somebody else"}, "reference": {"words typed late"}}).must(t, 409)
	if !strings.Contains(late.Body, "is acknowledged since") {
		t.Errorf("who comes late hears: %s", late.said())
	}
	if strings.Contains(u.get(caseAddress(id)).Body, "not acknowledged") {
		t.Error("the banner stays after the acknowledgement")
	}
	u.post(to, url.Values{"to": {"ended"}, "note": {"x"}}).must(t, 403)
	u.post(to, url.Values{"to": {"note"}, "note": {"called again"}}).must(t, 303)
}

func TestARiskOfARestrictedCaseIsCountedForASupervisor(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	s.restrict(t, ids[5], "reviewer.two", "supervisor.two")
	n := s.aRisk(t, "reviewer.two", ids[5], "hidden words")
	_, ref := ids[5].Split()
	s.clock.move(3 * time.Hour)

	u := s.as(t, "supervisor.one")
	board := u.get("/risks").must(t, 200)
	for _, want := range []string{"1 open risk that you cannot open", "3 h unacknowledged", "1 with the role review officer, 1 with the role supervisor"} {
		if !strings.Contains(board.Body, want) {
			t.Errorf("the list does not say %q: %s", want, board.said())
		}
	}
	for _, hidden := range []string{ref, "hidden words", "young person", "reviewer.two", "Tamworth"} {
		if strings.Contains(board.Body, hidden) {
			t.Errorf("the list says %q", hidden)
		}
	}
	for _, path := range []string{riskAddress(n), caseAddress(ids[5]) + "/risk"} {
		u.get(path).must(t, 404)
	}
	u.post(riskAddress(n), url.Values{"to": {"told"}, "whom": {"x"}}).must(t, 404)
	u.post(caseAddress(ids[5])+"/risk", url.Values{"kinds": {"threat"}, "who": {"x"}}).must(t, 404)
	u.post(caseAddress(ids[5])+"/risk/draft", url.Values{"who": {"x"}}).must(t, 404)
	if csv := u.get("/risks/figures?format=csv").must(t, 200); !strings.Contains(csv.Body, "restricted") || strings.Contains(csv.Body, ref) || strings.Contains(csv.Body, "young") {
		t.Errorf("the figures: %s", csv.Body)
	}
	if !strings.Contains(s.as(t, "supervisor.two").get("/risks").must(t, 200).Body, ref) {
		t.Error("a named reader does not see it")
	}
}

// What was typed about a risk survives the end of the session: what was kept while
// typing comes back, and the form that was sent too late stands on the page that
// says so, to be sent again.
func TestARisksTextSurvivesTheEndOfASession(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[2]
	u := s.as(t, "reviewer.one")
	form := url.Values{"kinds": {"threat", "siblings"}, "who": {"A witness"}, "detail": {"Line one\nLine \"two\" <script>alert(1)</script>"}}
	u.post(caseAddress(id)+"/risk/draft", form).must(t, 303)
	s.clock.move(48 * time.Hour)
	expired := u.post(caseAddress(id)+"/risk", form).must(t, 401)
	for _, want := range []string{"You were signed out", "Send it again", `value="A witness"`, "Line one\nLine &#34;two&#34; &lt;script&gt;", `action="` + caseAddress(id) + `/risk"`} {
		if !strings.Contains(expired.Body, want) {
			t.Errorf("the page does not hold %q: %s", want, expired.Body)
		}
	}
	if n := s.events(t, ledger.RiskRaised, ""); n != 0 {
		t.Fatalf("%d risks were raised without a session", n)
	}
	again := s.as(t, "reviewer.one")
	back := again.get(caseAddress(id)+"/risk").must(t, 200)
	for _, want := range []string{"did not send is below", "Line one\nLine &#34;two&#34;", `value="A witness"`} {
		if !strings.Contains(back.Body, want) {
			t.Errorf("back on the page there is no %q", want)
		}
	}
	if strings.Contains(s.as(t, "reviewer.two").get(caseAddress(id)+"/risk").must(t, 200).Body, "A witness") {
		t.Error("somebody else sees the draft")
	}
	again.post(caseAddress(id)+"/risk", form).must(t, 303)
	if strings.Contains(again.get(caseAddress(id)+"/risk").must(t, 200).Body, "did not send is below") {
		t.Error("the draft is still there after the risk was raised")
	}

	// Passwords are on no such page.
	if r := u.post("/account/password", url.Values{"password": {"secret words"}}); strings.Contains(r.Body, "secret words") {
		t.Error("a password stands on the page")
	}
}

func TestHostileFormsAboutRisks(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[2]
	u := s.as(t, "reviewer.one")
	big := strings.Repeat("words ", 400_000)
	for what, form := range map[string]url.Values{
		"2 MB pasted":   {"kinds": {"threat"}, "who": {"x"}, "detail": {big}},
		"a forged kind": {"kinds": {"nonsense"}, "who": {"x"}},
		"a forged name": {"kinds": {"threat"}, "nominal": {"unstated:nobody"}},
		"a long line":   {"kinds": {"threat"}, "who": {strings.Repeat("x", 600)}},
	} {
		if a := u.post(caseAddress(id)+"/risk", form).must(t, 422); !strings.Contains(a.Body, "There is a problem") {
			t.Errorf("%s: %s", what, a.said())
		}
	}
	if a := u.post(caseAddress(id)+"/risk", url.Values{"kinds": {"threat"}, "who": {"x"}, "detail": {big}}); !strings.Contains(a.Body, big[:50_000]) {
		t.Error("the text that was too long is not on the page any more")
	}
	// Right-to-left text, broken bytes, no bytes.
	to := u.post(caseAddress(id)+"/risk", url.Values{"kinds": {"threat"}, "who": {"שלום \xff\x00 x"}, "detail": {"\u202eabc\r\nd"}}).must(t, 303).To
	u.get(to).must(t, 200)
	for _, path := range []string{"/risks/0", "/risks/-1", "/risks/x", "/risks/99999999999999999999", "/risks/999"} {
		u.get(path).must(t, 404)
	}
	u.get("/risks?state=nonsense").must(t, 422)
	u.get("/risks?after=nonsense&kind=threat&by=me").must(t, 200)
	u.post(to, url.Values{"to": {"raised"}}).must(t, 422)
	u.post(to, url.Values{"to": {"told"}, "whom": {"x"}, "day": {"2090-01-01"}, "time": {"10:00"}}).must(t, 422)
}

// A risk is raised with the keyboard alone, from the page of a case, in few keys.
func TestRaisingARiskWithTheKeyboardAlone(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[3]
	b := s.browse(t, "reviewer.one")
	b.open(caseAddress(id))
	keys := 0
	press := func(k ...string) {
		b.keys(k...)
		keys += len(k)
	}
	press("s")
	b.wait("What is the risk?")
	if at := b.at(); at != caseAddress(id)+"/risk" {
		t.Fatalf("S leads to %s", at)
	}
	press("5")          // a missing child
	press("w")          // who
	press(kb.ArrowDown) // the first on the case
	b.run(ctrlEnter())
	keys++
	b.wait("Present risk 1")
	b.wait("A missing child")
	if keys > 6 {
		t.Errorf("raising a risk took %d keys", keys)
	}
	t.Logf("a risk was raised with %d keys", keys)
	if n := s.events(t, ledger.RiskRaised, string(id)); n != 1 {
		t.Errorf("%d events", n)
	}

	// Without the shortcut for sending: Tab and Enter lead there too.
	b.open(caseAddress(id) + "/risk")
	b.keys(" ")
	b.tabTo("Or describe them")
	b.run(typeText("not known"))
	b.tabTo("Raise the risk")
	b.keys(kb.Enter)
	b.wait("Present risk 2")
}

// While somebody types, the text is kept; when they come back it is there.
func TestARiskIsKeptWhileItIsTyped(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[3]
	b := s.browse(t, "reviewer.one")
	b.open(caseAddress(id) + "/risk")
	b.tabTo("What is known?")
	b.run(typeText("half a sentence"))
	b.wait("Kept at")
	b.open("/risks")
	b.open(caseAddress(id) + "/risk")
	if got := evaluate[string](b, `document.getElementById("detail").value`); got != "half a sentence" {
		t.Errorf("back on the page the text is %q", got)
	}
	s.clock.move(48 * time.Hour) // the session ends while they type on
	b.tolerate = "401"
	b.tabTo("What is known?")
	b.run(typeText(" more"))
	b.wait("still on this page")
}

// The pages of present risk, full and empty, at both widths.
func TestPagesOfRisksAreAccessible(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	b := s.browse(t, "supervisor.one")
	b.open("/risks")
	b.accessible()
	b.look("risks-empty")
	s.restrict(t, ids[5], "reviewer.two", "supervisor.two")
	s.aRisk(t, "reviewer.two", ids[5], "x")
	s.clock.move(26 * time.Hour)
	first := s.aRisk(t, "reviewer.one", ids[3], "The flag was cleared in 2019; the person now drives a licensed vehicle on school routes.\nThe licensing authority has not been told.")
	s.clock.move(2*time.Hour + 10*time.Minute)
	s.aRisk(t, "reviewer.two", ids[4], "x")
	if err := casework.MoveRisk(t.Context(), s.Desk, s.who(t, "reviewer.one"), first, casework.RiskMove{To: casefile.RiskTold, Whom: "Duty inspector", How: "By phone"}); err != nil {
		t.Fatal(err)
	}
	b.become("supervisor.one")
	for _, page := range []struct{ name, path string }{
		{"risks", "/risks"}, {"risk-step", riskAddress(first)}, {"risk", caseAddress(ids[3]) + "/risk"}, {"case-at-risk", caseAddress(ids[3])},
	} {
		b.open(page.path)
		if page.name != "case-at-risk" { // the page of a case is somebody else's
			b.accessible()
			b.narrow()
		}
		b.look(page.name)
	}
	u := s.as(t, "supervisor.one")
	if a := u.post(caseAddress(ids[3])+"/risk", url.Values{"how": {"By phone"}}); a.Status != 422 {
		t.Error(a.Status)
	}
}
