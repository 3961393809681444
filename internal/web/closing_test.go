package web

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// decided puts a verdict of two people on a case.
func (s *testSite) decided(t *testing.T, id casefile.CaseID) {
	t.Helper()
	err := s.Desk.DB.Update(t.Context(), operator, func(tx *store.Tx) ([]ledger.Event, error) {
		if _, err := tx.AddDecision(t.Context(), casefile.Decision{Case: id, Verdict: casefile.NoFurtherLines, Reason: "r", MadeBy: "reviewer.one", Second: "supervisor.one"}); err != nil {
			return nil, err
		}
		_, err := tx.TouchCase(t.Context(), id, store.CaseChange{Stage: casefile.StageDecided, Reviewer: "reviewer.one", Verdict: casefile.NoFurtherLines})
		return []ledger.Event{{Kind: ledger.DecisionMade, Subject: string(id), Purpose: "a test's beginning"}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestThePageToCloseListsWhatKeepsACaseOpen(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[3]
	at := caseAddress(id) + "/close"
	boss := s.as(t, "supervisor.one")
	if page := boss.get(at).must(t, 200); !strings.Contains(page.Body, "cannot be closed yet") || !strings.Contains(page.Body, "Nobody has decided this case") {
		t.Errorf("an untouched case: %s", page.said())
	}
	s.decided(t, id)
	risk := s.aRisk(t, "reviewer.one", id, "x")
	s.anAction(t, "reviewer.one", casework.ActionForm{Case: id, Title: "x"})
	page := boss.get(at).must(t, 200)
	for _, want := range []string{"2 things keep it open", `href="/risks/1"`, `href="/actions/1"`, "Present risk 1 has gone", "Action 1 is waiting to be allocated"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not say %q: %s", want, page.said())
		}
	}
	boss.post(at, url.Values{"reason": {"x"}, "seen": {"3"}}).must(t, 409, 422)
	if err := casework.MoveRisk(t.Context(), s.Desk, s.who(t, "supervisor.one"), risk, casework.RiskMove{To: casefile.RiskEnded, Note: "raised in error"}); err != nil {
		t.Fatal(err)
	}
	boss.post("/actions/1", url.Values{"move": {"withdraw"}, "note": {"not needed"}, "seen": {boss.get("/actions/1").seen(t)}}).must(t, 303)
	page = boss.get(at).must(t, 200)
	if !strings.Contains(page.Body, "Close the case") {
		t.Fatalf("the page does not let it be closed: %s", page.said())
	}
	seen := page.seen(t)
	if lost := boss.post(at, url.Values{"seen": {seen}, "reason": {""}}).must(t, 422); !strings.Contains(lost.Body, "Say why") {
		t.Errorf("without a reason: %s", lost.said())
	}
	s.as(t, "reviewer.one").post(at, url.Values{"seen": {seen}, "reason": {"x"}}).must(t, 403)
	s.aRisk(t, "reviewer.two", id, "meanwhile")
	late := boss.post(at, url.Values{"seen": {seen}, "reason": {"words typed"}}).must(t, 409)
	for _, want := range []string{"changed while you had it open", "One thing keeps it open"} {
		if !strings.Contains(late.Body, want) {
			t.Errorf("who comes late does not hear %q: %s", want, late.said())
		}
	}
	if err := casework.MoveRisk(t.Context(), s.Desk, s.who(t, "supervisor.one"), 2, casework.RiskMove{To: casefile.RiskEnded, Note: "raised in error"}); err != nil {
		t.Fatal(err)
	}
	boss.post(at, url.Values{"seen": {boss.get(at).seen(t)}, "reason": {"all lines done"}}).must(t, 303)
	if page := boss.get(at).must(t, 200); !strings.Contains(page.Body, "all lines done") || !strings.Contains(page.Body, "Reopen the case") {
		t.Errorf("closed: %s", page.said())
	}
	boss.post(caseAddress(id)+"/actions", url.Values{"title": {"x"}}).must(t, 409)
	boss.post(caseAddress(id)+"/reopen", url.Values{"seen": {boss.get(at).seen(t)}, "reason": {"a new witness"}}).must(t, 303)
	if n := s.events(t, ledger.CaseReopened, string(id)); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestAClosedCaseThatChangedIsFlagged(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	boss := s.as(t, "supervisor.one")
	for _, id := range []casefile.CaseID{ids[3], ids[4]} {
		s.decided(t, id)
		boss.post(caseAddress(id)+"/close", url.Values{"seen": {boss.get(caseAddress(id) + "/close").seen(t)}, "reason": {"done"}}).must(t, 303)
	}
	if list := boss.get("/closed").must(t, 200); strings.Contains(list.Body, "Decide whether to reopen") || strings.Count(list.Body, "nothing received") != 2 {
		t.Errorf("before: %s", list.said())
	}
	_, ref := ids[3].Split()
	system, _ := ids[3].Split()
	folder := desktest.Folder(t, desktest.Tables{
		casefile.Investigations: "crime_ref\n" + ref + "\n", casefile.Nominals: "nominal_ref\nNEW1\n", casefile.Involvements: "crime_ref,nominal_ref,role\n" + ref + ",NEW1,witness\n",
		casefile.Log: "crime_ref,seq,text\n" + ref + ",900,A witness came forward.\n",
	})
	if err := os.WriteFile(filepath.Join(folder, "extract.json"), fmt.Appendf(nil, `{"system": %q, "synthetic": true}`, system), 0o600); err != nil {
		t.Fatal(err)
	}
	desktest.Import(t, s.Desk, folder)
	list := boss.get("/closed?changed=y").must(t, 200)
	if !strings.Contains(list.Body, "1 row of log") || strings.Contains(list.Body, "nothing received") {
		t.Errorf("the list says: %s", list.said())
	}
	for _, path := range []string{caseAddress(ids[3]), caseAddress(ids[3]) + "/close"} {
		if page := boss.get(path).must(t, 200); !strings.Contains(page.Body, "Changed since it was closed") {
			t.Errorf("%s does not say that the case changed: %s", path, page.said())
		}
	}
	if page := boss.get(caseAddress(ids[4])).must(t, 200); strings.Contains(page.Body, "Changed since it was closed") {
		t.Error("a case that did not change is flagged")
	}
}

func TestPagesOfClosingAreAccessible(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	b := s.browse(t, "supervisor.one")
	b.open("/closed")
	b.accessible()
	b.narrow()
	s.decided(t, ids[3])
	b.open(caseAddress(ids[3]) + "/close")
	b.accessible()
	b.narrow()
	b.look("close")
	boss := s.as(t, "supervisor.one")
	boss.post(caseAddress(ids[3])+"/close", url.Values{"seen": {boss.get(caseAddress(ids[3]) + "/close").seen(t)}, "reason": {"All lines were followed; nothing is left to do."}}).must(t, 303)
	s.decided(t, ids[4])
	s.aRisk(t, "reviewer.one", ids[4], "x")
	s.anAction(t, "reviewer.one", casework.ActionForm{Case: ids[4], Title: "x"})
	for _, page := range []struct{ name, path string }{{"close-blocked", caseAddress(ids[4]) + "/close"}, {"close-closed", caseAddress(ids[3]) + "/close"}, {"closed", "/closed"}} {
		b.open(page.path)
		b.accessible()
		b.narrow()
		b.look(page.name)
	}
}
