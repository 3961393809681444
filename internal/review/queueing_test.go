package review

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/cohort"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// pullAll pulls and declines until nothing is left, and returns the order.
func (r *room) pullAll(by casefile.Actor) (order []string, whys []string) {
	r.t.Helper()
	for range 20 {
		n, err := NextCase(r.t.Context(), r.Desk, by)
		if err != nil {
			r.t.Fatal(err)
		}
		if n.Case == "" {
			return order, append(whys, n.None)
		}
		_, ref := n.Case.Split()
		order, whys = append(order, ref), append(whys, n.Why)
		r.wants(Recuse(r.t.Context(), r.Desk, by, n.Case, "to see the next"), "", "")
	}
	r.t.Fatalf("the queue has no end: %v", order)
	return nil, nil
}

func (r *room) assign(id casefile.CaseID, account, due string) {
	r.t.Helper()
	err := r.DB.Update(r.t.Context(), sup, func(tx *store.Tx) ([]ledger.Event, error) {
		_, err := tx.Assign(r.t.Context(), store.Assignment{Case: id, Account: account, Due: due, Reason: "for the test", Batch: "b" + string(id), SetBy: "sup"})
		if err != nil {
			return nil, err
		}
		_, err = tx.TouchCase(r.t.Context(), id, store.CaseChange{})
		return []ledger.Event{{Kind: ledger.CaseAssigned, Subject: string(id)}}, err
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestTheQueueIsInAnOrderThatCanBeSaid(t *testing.T) {
	r := newRoom(t)
	order, whys := r.pullAll(one)
	// A missing child and a flag first, then the one recorded longest ago; of which it
	// is not known last; what is out of scope never.
	if got, want := strings.Join(order, " "), "C5 C6 C1 C2 C3 C4 C7"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	for i, want := range []string{"recorded missing", "flagged as exploitation", "recorded longest ago (2012)", "(2013)", "(2014)", "(2015)", "not known", "those that you declined"} {
		if !strings.Contains(whys[i], want) {
			t.Errorf("%d. why: %q, want %q", i, whys[i], want)
		}
	}
}

func TestWhatIsMineComesFirstAndRiskBeforeEverything(t *testing.T) {
	r := newRoom(t)
	r.submit(one, caseNo(4), casefile.Reinvestigate)
	r.wants(Return(t.Context(), r.Desk, sup, caseNo(4), r.state(caseNo(4)).Version, enoughReason), "", "")
	r.assign(caseNo(2), "one", "2026-08-01")
	r.assign(caseNo(3), "one", "2026-07-01")
	r.assign(caseNo(5), "two", "")
	if _, err := casework.RaiseRisk(t.Context(), r.Desk, two, casework.RiskForm{Case: caseNo(8), Who: "not known", Kinds: []string{casework.RiskKinds().Kinds[0].Code}}); err != nil {
		t.Fatal(err)
	}
	order, whys := r.pullAll(one)
	if got, want := strings.Join(order, " "), "C8 C4 C3 C2 C6 C1 C7"; got != want {
		t.Errorf("order %s, want %s\n%s", got, want, strings.Join(whys, "\n"))
	}
	for i, want := range []string{"present risk was raised", "came back to you", "due by 1 July 2026", "due by 1 August 2026"} {
		if !strings.Contains(whys[i], want) {
			t.Errorf("%d. why: %q, want %q", i, whys[i], want)
		}
	}
	if order, _ := r.pullAll(two); len(order) == 0 || order[0] != "C8" || order[1] != "C5" {
		t.Errorf("for the other reviewer: %v", order)
	}
}

func TestNobodyPullsACaseThatIsNotForThem(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	// The records name this account in C1 and C2.
	order, whys := r.pullAll(formerOfficer)
	if got, want := strings.Join(order, " "), "C5 C6 C3 C4 C7"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	if last := whys[len(whys)-1]; !strings.Contains(last, "records name you") {
		t.Errorf("why nothing is left: %q", last)
	}
	// Others: what is restricted, open with another, reviewed, decided, put off.
	err := r.DB.Update(ctx, desktest.Operator, func(tx *store.Tx) ([]ledger.Event, error) {
		err := tx.Restrict(ctx, store.Restriction{Case: caseNo(5), Kind: "other", Reason: "for the test", SetBy: "operator:test"})
		return []ledger.Event{{Kind: ledger.CaseRestricted, Subject: string(caseNo(5))}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.wants(Start(ctx, r.Desk, two, caseNo(6)), "", "")
	if _, err := Defer(ctx, r.Desk, sup, []casefile.CaseID{caseNo(1)}, enoughReason); err != nil {
		t.Fatal(err)
	}
	r.submit(formerOfficerTwin, caseNo(2), casefile.Reinvestigate)
	order, whys = r.pullAll(one)
	if got, want := strings.Join(order, " "), "C3 C4 C7"; got != want {
		t.Errorf("order %s, want %s: %v", got, want, whys)
	}
}

var formerOfficerTwin = reviewerActor("twin")

func TestACaseThatComesBackIsPulledAgain(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	if _, err := Defer(ctx, r.Desk, sup, []casefile.CaseID{caseNo(5), caseNo(6), caseNo(1)}, enoughReason); err != nil {
		t.Fatal(err)
	}
	n, err := NextCase(ctx, r.Desk, one)
	if err != nil || n.Case != caseNo(2) {
		t.Fatalf("%+v %v", n, err)
	}
	r.wants(HandBack(ctx, r.Desk, one, n.Case), "", "")
	r.wait(time.Hour)
	if _, err := Requeue(ctx, r.Desk, sup, []casefile.CaseID{caseNo(5)}, "again"); err != nil {
		t.Fatal(err)
	}
	if n, err = NextCase(ctx, r.Desk, one); err != nil || n.Case != caseNo(5) {
		t.Fatalf("%+v %v", n, err)
	}
}

func TestTwoReviewersNeverGetTheSameCase(t *testing.T) {
	r := newRoom(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := map[casefile.CaseID]string{}
	none := 0
	for i := range 12 {
		wg.Go(func() {
			by := reviewerActor(fmt.Sprintf("many%d", i))
			n, err := NextCase(context.Background(), r.Desk, by)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case n.Case == "":
				none++
				if !strings.Contains(n.None, "open with others") {
					t.Errorf("why there is none: %q", n.None)
				}
			case got[n.Case] != "":
				t.Errorf("%s went to %s and %s", n.Case, got[n.Case], by.ID)
			default:
				got[n.Case] = by.ID
			}
		})
	}
	wg.Wait()
	if len(got) != 7 || none != 5 {
		t.Errorf("%d got one of 7 cases, %d of 12 none", len(got), none)
	}
	for id, by := range got {
		n, err := NextCase(t.Context(), r.Desk, reviewerActor(by))
		if err != nil || n.Case != id {
			t.Errorf("who has a case open gets it again: %+v %v", n, err)
		}
	}
}

func TestTrainingDecidesWhoGetsACase(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	before, err := NextCase(ctx, r.Desk, one)
	if err != nil || before.Case != caseNo(5) {
		t.Fatal(before, err)
	}
	r.wants(HandBack(ctx, r.Desk, one, before.Case), "", "")
	var need []Needed
	view, err := cohort.Snapshot(ctx, r.Desk, one)
	if err != nil {
		t.Fatal(err)
	}
	row, _ := view.Find(caseNo(5))
	if need = TrainingInForce().Needed(row, false); len(need) == 0 {
		t.Fatal("this test needs a case that asks for training")
	}
	// Once skills are on record, whoever has none of them is not offered the case.
	err = r.DB.Update(ctx, sup, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := tx.AddSkillImport(ctx, store.SkillImport{File: "test.csv", Rows: 1, Added: 1, ImportedBy: "sup"}); err != nil {
			return nil, err
		}
		err := tx.AddSkill(ctx, store.Skill{Account: "two", Skill: need[0].Skill, From: casefile.DayOf(2020, 1, 1), To: casefile.DayOf(2030, 1, 1), Source: "test.csv:1", SetBy: "sup"})
		return []ledger.Event{{Kind: ledger.SkillsImported}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.wants(Start(ctx, r.Desk, one, caseNo(5)), casefile.Conflict, need[0].Label)
	if n, err := NextCase(ctx, r.Desk, one); err != nil || n.Case == caseNo(5) {
		t.Errorf("%+v %v", n, err)
	}
}

func TestMyCardShowsWhatIsMine(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	c, err := MyQueue(ctx, r.Desk, one)
	if err != nil || !c.Start || len(c.Open)+len(c.Back)+len(c.Assigned)+len(c.Drafts) != 0 {
		t.Fatalf("%+v %v", c, err)
	}
	r.wants(Start(ctx, r.Desk, one, caseNo(3)), "", "")
	if _, err := SaveDraft(ctx, r.Desk, one, caseNo(3), Save{Form: "review@1", Body: []byte(`{"answers":{"lines":{"text":"begun"}}}`), Page: "p", N: 1}); err != nil {
		t.Fatal(err)
	}
	r.assign(caseNo(4), "one", "")
	r.wait(time.Hour)
	c, err = MyQueue(ctx, r.Desk, one)
	if err != nil || len(c.Open) != 1 || !c.Open[0].State.Lapsed || len(c.Assigned) != 1 || len(c.Drafts) != 0 {
		t.Fatalf("%+v %v", c, err)
	}
	r.wants(Start(ctx, r.Desk, two, caseNo(3)), "", "")
	c, err = MyQueue(ctx, r.Desk, one)
	if err != nil || len(c.Open) != 0 || len(c.Drafts) != 1 {
		t.Fatalf("text of a case that another has: %+v %v", c, err)
	}
	if strings.Contains(fmt.Sprintf("%+v", *c), "two") {
		t.Error("the card names another reviewer")
	}
}

// The order is that of the facts; who and where must not turn it.
func TestTheOrderIsBlindToNamesAndPlaces(t *testing.T) {
	a := cohort.Row{ID: "s:1", Scope: scope.In, Recorded: 100, Flagged: cohort.Yes}
	b := cohort.Row{ID: "s:2", Scope: scope.In, Recorded: 50}
	for _, change := range []func(*cohort.Row){
		func(r *cohort.Row) { r.Unit, r.Area = "Z", "Z" },
		func(r *cohort.Row) { r.OIC, r.Supervisor = "A", "A" },
		func(r *cohort.Row) { r.Named, r.Stated, r.Victims = 9, 9, 9 },
		func(r *cohort.Row) { r.Group, r.Offence, r.Year = "G", "rape", 1999 },
	} {
		x, y := a, b
		change(&x)
		if byQueue(&x, &y) >= 0 {
			t.Errorf("%+v no longer comes before %+v", x, y)
		}
		change(&y)
		if byQueue(&a, &y) >= 0 {
			t.Errorf("%+v no longer comes before %+v", a, y)
		}
	}
}

// A pull must cost the same whether nothing or nearly everything has been reviewed.
func TestTheWalkForgetsWhatIsGone(t *testing.T) {
	r := newRoom(t)
	ctx := t.Context()
	view, err := cohort.Snapshot(ctx, r.Desk, one)
	if err != nil {
		t.Fatal(err)
	}
	o, err := queueOrder(r.Desk, view)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Defer(ctx, r.Desk, sup, []casefile.CaseID{caseNo(5), caseNo(6), caseNo(1), caseNo(2), caseNo(3)}, enoughReason); err != nil {
		t.Fatal(err)
	}
	if _, err := NextCase(ctx, r.Desk, one); err != nil {
		t.Fatal(err)
	}
	if o.first != 5 {
		t.Errorf("the walk begins at %d, 5 cases are gone", o.first)
	}
	// What is read before a change does not overwrite what came after it.
	at := o.syncs
	o.syncs++
	o.synced[0], o.gone[0], o.first = o.syncs, false, 0
	o.forget([]store.Candidate{{Case: caseNo(5), Stage: casefile.StageDeferred}}, at)
	if o.gone[0] {
		t.Error("an old reading hides a case that came back")
	}
}
