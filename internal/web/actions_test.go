package web

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// anAction raises an action; with an owner it is allocated.
func (s *testSite) anAction(t *testing.T, by string, f casework.ActionForm) int64 {
	t.Helper()
	n, err := casework.RaiseAction(t.Context(), s.Desk, s.who(t, by), f)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ago and hence are days as a form takes them.
func (s *testSite) day(days int) string {
	return (casefile.DayAt(s.now()) + casefile.Day(days)).String()
}

var seenField = regexp.MustCompile(`name="seen" value="(\d+)"`)

// seen is the version that a page's forms carry.
func (a answer) seen(t *testing.T) string {
	t.Helper()
	m := seenField.FindStringSubmatch(a.Body)
	if m == nil {
		t.Fatalf("the page has no form: %s", a.said())
	}
	return m[1]
}

func TestAnActionFromRaisingToFilingWithoutScript(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[3]
	officer, boss := s.as(t, "reviewer.one"), s.as(t, "supervisor.one")

	bad := officer.post(caseAddress(id)+"/actions", url.Values{"title": {""}, "detail": {"Words <i>typed</i>"}, "due": {"2001-01-01"}}).must(t, 422)
	for _, want := range []string{"Say in one line", "That day has passed", "Words &lt;i&gt;typed&lt;/i&gt;"} {
		if !strings.Contains(bad.Body, want) {
			t.Errorf("after an error the page does not say %q: %s", want, bad.said())
		}
	}
	officer.post(caseAddress(id)+"/actions", url.Values{"title": {"Find the exhibits list"}, "high": {"y"}, "due": {s.day(3)}}).must(t, 303)
	if page := officer.get(caseAddress(id)).must(t, 200); !strings.Contains(page.Body, "Find the exhibits list") {
		t.Error("the page of the case does not show the action")
	}
	at := "/actions/1"
	page := officer.get(at).must(t, 200)
	if !strings.Contains(page.Body, "Take this action") || strings.Contains(page.Body, "Withdraw the action") != true {
		t.Errorf("its raiser may take or withdraw it: %s", page.said())
	}
	boss.post(at, url.Values{"move": {"allocate"}, "owner": {"reviewer.two"}, "due": {s.day(3)}, "seen": {page.seen(t)}}).must(t, 303)

	// Who comes late hears what happened and keeps what they typed.
	late := officer.post(at, url.Values{"move": {"withdraw"}, "note": {"words typed late"}, "seen": {page.seen(t)}}).must(t, 409)
	if !strings.Contains(late.Body, "was changed while you had it open") {
		t.Errorf("who comes late hears: %s", late.said())
	}

	owner := s.as(t, "reviewer.two")
	if mine := owner.get("/actions").must(t, 200); !strings.Contains(mine.Body, "Find the exhibits list") || !strings.Contains(mine.Body, "due in 3 days") {
		t.Errorf("its owner's list: %s", mine.said())
	}
	page = owner.get(at).must(t, 200)
	owner.post(at, url.Values{"move": {"result"}, "note": {"searched the store"}, "seen": {page.seen(t)}}).must(t, 422)
	owner.post(at, url.Values{"move": {"result"}, "kind": {"nothing found"}, "note": {"searched the store"}, "seen": {page.seen(t)}}).must(t, 303)
	officer.post(at, url.Values{"move": {"file"}, "seen": {owner.get(at).seen(t)}}).must(t, 403)
	page = boss.get(at).must(t, 200)
	for _, want := range []string{"Looked, found nothing", "searched the store", "Return it to Tamworth Reviewer"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the result's page does not say %q: %s", want, page.said())
		}
	}
	boss.post(at, url.Values{"move": {"return"}, "seen": {page.seen(t)}}).must(t, 422)
	boss.post(at, url.Values{"move": {"return"}, "note": {"which store?"}, "seen": {page.seen(t)}}).must(t, 303)
	owner.post(at, url.Values{"move": {"result"}, "kind": {"nothing found"}, "note": {"both stores"}, "seen": {owner.get(at).seen(t)}}).must(t, 303)
	boss.post(at, url.Values{"move": {"file"}, "seen": {boss.get(at).seen(t)}}).must(t, 303)
	history := boss.get(at).must(t, 200).Body
	for _, want := range []string{"Raised", "Allocated to Tamworth Reviewer", "searched the store", "Returned to Tamworth Reviewer", "which store?", "both stores", "Filed"} {
		if !strings.Contains(history, want) {
			t.Errorf("the history does not say %q", want)
		}
	}
	if n := s.events(t, ledger.ActionMoved, string(id)); n != 5 {
		t.Errorf("%d events of five moves", n)
	}
}

func TestActionsOfRestrictedCasesAreCountedAndNotShown(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	s.restrict(t, ids[5], "reviewer.two", "supervisor.two")
	hidden := s.anAction(t, "reviewer.two", casework.ActionForm{Case: ids[5], Title: "Hidden words", Owner: "reviewer.two", Due: s.day(1)})
	s.anAction(t, "reviewer.one", casework.ActionForm{Case: ids[3], Title: "Open words"})
	u := s.as(t, "supervisor.one")
	list := u.get("/actions?owner=any").must(t, 200)
	if strings.Contains(list.Body, "Hidden words") || !strings.Contains(list.Body, "and 1 on restricted cases that you cannot open") || !strings.Contains(list.Body, "Open words") {
		t.Errorf("the list says: %s", list.said())
	}
	at := fmt.Sprintf("/actions/%d", hidden)
	u.get(at).must(t, 404)
	u.post(at, url.Values{"move": {"note"}, "note": {"x"}, "seen": {"9"}}).must(t, 404)
	u.get(caseAddress(ids[5])+"/actions").must(t, 404)
	u.post(caseAddress(ids[5])+"/actions", url.Values{"title": {"x"}}).must(t, 404)
	load := u.get("/actions/workload").must(t, 200)
	if !strings.Contains(load.Body, "2 actions to do") {
		t.Errorf("the workload does not count it: %s", load.said())
	}
	csv := u.get("/actions/workload/figures?format=csv").must(t, 200).Body
	if !strings.Contains(csv, "Tamworth Reviewer,1,0,1,0,0,0") || strings.Contains(csv, "words") {
		t.Errorf("the figures: %s", csv)
	}

	// An owner who may not read the case is refused with the reason.
	v := s.as(t, "supervisor.two")
	refused := v.post(at, url.Values{"move": {"allocate"}, "owner": {"reviewer.one"}, "seen": {v.get(at).seen(t)}}).must(t, 422)
	if !strings.Contains(refused.Body, "not among its named readers") {
		t.Errorf("the refusal: %s", refused.said())
	}
}

// The list leaves only as a file for its recipient, and obeys the filter on screen.
func TestTheListOfActionsIsExportedAsItIsOnScreen(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	s.restrict(t, ids[5], "reviewer.two", "supervisor.two")
	s.anAction(t, "reviewer.two", casework.ActionForm{Case: ids[5], Title: "Hidden", High: true})
	for i := range 3 {
		s.anAction(t, "supervisor.one", casework.ActionForm{Case: ids[6], Title: "x", High: i == 0})
	}
	u := s.as(t, "supervisor.one")
	link := regexp.MustCompile(`href="(/exports/actions[^"]*)"`).FindStringSubmatch(u.get("/actions?owner=any&priority=high").must(t, 200).Body)
	if link == nil {
		t.Fatal("the list has no link to export it")
	}
	page := u.get(strings.ReplaceAll(link[1], "&amp;", "&")).must(t, 200)
	for _, want := range []string{"1 now", "priority: high", "1 restricted case"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("%s does not say %q: %s", link[1], want, page.said())
		}
	}
	file := u.post("/exports/actions?owner=any&priority=high", url.Values{"purpose": {"other"}, "words": {"for the meeting of the team"}, "recipient": {"Team secretary"}, "format": {"csv"},
		"phrase": {"a long passphrase 1"}, "phrase2": {"a long passphrase 1"}})
	if file.Status != 200 || !strings.HasPrefix(file.Body, "age-encryption.org/") {
		t.Errorf("the export: %d %s", file.Status, file.said())
	}
	if n := s.events(t, ledger.ExportWritten, "actions"); n != 1 {
		t.Errorf("%d events", n)
	}
	if strings.Contains(s.as(t, "reviewer.one").get("/actions?owner=any").must(t, 200).Body, "/exports/actions") {
		t.Error("who may not export sees the link")
	}
}

func TestSeveralActionsTogetherWithoutScript(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	for i := range 60 {
		s.anAction(t, "reviewer.one", casework.ActionForm{Case: ids[10+i], Title: fmt.Sprint("Task ", i)})
	}
	u := s.as(t, "supervisor.one")
	first := u.get("/actions?owner=-").must(t, 200)
	for _, want := range []string{"60 actions", "50 of 60 shown"} {
		if !strings.Contains(first.Body, want) {
			t.Errorf("the list does not say %q: %s", want, first.said())
		}
	}
	next := regexp.MustCompile(`href="(/actions\?[^"]*after=[^"]*)"`).FindStringSubmatch(first.Body)
	if next == nil {
		t.Fatal("the list has no next page")
	}
	if page := u.get(strings.ReplaceAll(next[1], "&amp;", "&")).must(t, 200); strings.Count(page.Body, `name="action"`) != 10 {
		t.Errorf("the next page shows %d", strings.Count(page.Body, `name="action"`))
	}

	form := url.Values{"owner": {"-"}, "state": {"open"}, "seen": {first.seen(t)}, "do": {"allocate"}, "scope": {"ticked"}, "action": {"1", "2", "3"}, "newdue": {s.day(7)}}
	none := u.post("/actions/batches", form).must(t, 422)
	if !strings.Contains(none.Body, "Choose who is to do it") || strings.Count(none.Body, " checked") < 5 {
		t.Errorf("without an owner: %s", none.said())
	}
	form.Set("to", "reviewer.two")
	done := u.post("/actions/batches", form).must(t, 303)
	batch := u.get(done.To).must(t, 200)
	if !strings.Contains(batch.Body, "3 actions allocated") || !strings.Contains(batch.Body, "Undo all of these") {
		t.Errorf("the batch: %s", batch.said())
	}

	// All that fit the filter are asked about first; what changed meanwhile stays.
	form.Set("scope", "all")
	form.Del("action")
	form.Set("to", "supervisor.two")
	sure := u.post("/actions/batches", form).must(t, 200)
	if !strings.Contains(sure.Body, "Allocate 57 actions to Thorney Supervisor?") {
		t.Errorf("it asks: %s", sure.said())
	}
	if n := s.events(t, ledger.ActionMoved, ""); n != 3 {
		t.Errorf("asking changed something: %d events", n)
	}
	s.anAction(t, "supervisor.one", casework.ActionForm{Case: ids[9], Title: "Later"})
	form.Set("sure", "y")
	part := u.post("/actions/batches", form).must(t, 200)
	if !strings.Contains(part.Body, "57 actions") || !strings.Contains(part.Body, "changed after your list was made") {
		t.Errorf("what came of it: %s", part.said())
	}

	// One of the first three moves on; the others go back.
	v := s.as(t, "reviewer.two")
	v.post("/actions/2", url.Values{"move": {"result"}, "kind": {"found"}, "note": {"x"}, "seen": {v.get("/actions/2").seen(t)}}).must(t, 303)
	undone := u.post(done.To+"/undo", nil).must(t, 200)
	if !strings.Contains(undone.Body, "2 actions put back") || !strings.Contains(undone.Body, "It moved on since: it is resulted now") {
		t.Errorf("undone: %s", undone.said())
	}
	if waiting := u.get("/actions?owner=-").must(t, 200); !strings.Contains(waiting.Body, ">Task 0<") || !strings.Contains(waiting.Body, ">Task 2<") || strings.Contains(waiting.Body, ">Task 1<") {
		t.Errorf("after undoing: %s", waiting.said())
	}
	v.post(done.To+"/undo", nil).must(t, 403)
	u.get("/actions/batches/nosuchbatch").must(t, 404)
}

func TestHostileFormsAboutActions(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[3]
	n := s.anAction(t, "supervisor.one", casework.ActionForm{Case: id, Title: "x"})
	u := s.as(t, "supervisor.one")
	at := fmt.Sprint("/actions/", n)
	big := strings.Repeat("words ", 400_000)
	u.post(at, url.Values{"move": {"note"}, "note": {big}, "seen": {"1"}}).must(t, 422)
	u.post(at, url.Values{"move": {"raise"}, "seen": {"1"}}).must(t, 422)
	u.post(at, url.Values{"move": {"allocate"}, "owner": {"reviewer.one"}, "seen": {"99999"}}).must(t, 422)
	u.post(at, url.Values{"move": {"allocate"}, "owner": {"nobody"}, "seen": {"1"}}).must(t, 422)
	u.post(at, url.Values{"move": {"allocate"}, "owner": {"reviewer.one"}, "seen": {"nonsense"}}).must(t, 409)
	for _, path := range []string{"/actions/0", "/actions/x", "/actions/999", "/actions?state=x&owner=any", "/actions?priority=x"} {
		u.get(path).must(t, 404, 422)
	}
	u.post("/actions/batches", url.Values{"do": {"nonsense"}, "scope": {"all"}, "seen": {"x"}}).must(t, 422)
	u.post("/actions/batches", url.Values{"do": {"due"}, "scope": {"ticked"}, "action": {"x", "-1"}}).must(t, 200, 422)
	u.post(caseAddress(id)+"/actions", url.Values{"title": {"שלום \u202e"}, "line": {"999"}}).must(t, 404)
	u.post(caseAddress(id)+"/actions", url.Values{"title": {"שלום \u202e"}, "decision": {"-5"}}).must(t, 404)
}

func TestPagesOfActionsAreAccessible(t *testing.T) {
	s := newSite(t)
	ids := s.cases(t)
	b := s.browse(t, "supervisor.one")
	for _, page := range []string{"/actions", "/actions/workload", caseAddress(ids[3]) + "/actions"} {
		b.open(page)
		b.accessible()
		b.narrow()
	}
	b.open("/actions")
	b.look("actions-empty")
	s.clock.move(-10 * 24 * time.Hour)
	for i, f := range []casework.ActionForm{
		{Title: "Ask the store for the exhibits list of 2014", Owner: "reviewer.one", Due: s.day(2), High: true},
		{Title: "Trace the second phone", Owner: "reviewer.two", Due: s.day(9)},
		{Title: "Interview notes are missing: ask the former unit", Owner: "reviewer.one", Due: s.day(12)},
		{Title: "Check the licensing register", High: true},
		{Title: "Missing episode of that weekend: get the debrief", Owner: "supervisor.two"},
		{Title: strings.Repeat("A long title without an end ", 8)},
	} {
		f.Case = ids[3+i/2]
		s.anAction(t, "supervisor.one", f)
	}
	s.clock.move(10 * 24 * time.Hour)
	owner := s.who(t, "reviewer.two")
	var last int64
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		a, _, err := tx.Action(t.Context(), 2)
		last = a.LastStep
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	err = casework.MoveAction(t.Context(), s.Desk, owner, 2, last, casework.ActionChange{Move: casefile.MoveResult, Kind: casefile.ResultNothing, Note: "The network kept no records that far back."})
	if err != nil {
		t.Fatal(err)
	}
	b.become("supervisor.one")
	for _, page := range []struct{ name, path string }{
		{"actions", "/actions?owner=any"}, {"action", "/actions/2"}, {"action-open", "/actions/4"}, {"actions-case", caseAddress(ids[3]) + "/actions"}, {"actions-workload", "/actions/workload"},
	} {
		b.open(page.path)
		b.accessible()
		b.narrow()
		b.look(page.name)
	}

	// Ticking and allocating with the keyboard alone.
	b.open("/actions?owner=-")
	b.tabTo("Tick all on this page")
	b.keys(" ")
	b.tabTo("To whom")
	b.run(typeText("Oakham"))
	b.tabTo("Change them")
	b.keys(kb.Enter)
	b.wait("2 actions allocated")
	b.accessible()
	b.narrow()
	b.look("actions-batch")
	b.tabTo("Undo all of these")
	b.keys(kb.Enter)
	b.wait("2 actions put back")
	b.become("reviewer.one")
	b.open("/actions/1")
	b.look("action-mine")
}
