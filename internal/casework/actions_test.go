package casework

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// task raises an action and brings it into a state; its owner is officer.
func (g *guarded) task(id casefile.CaseID, title string, state casefile.ActionState) int64 {
	g.t.Helper()
	raiser := officer
	if id == hiddenCase {
		raiser = officer2
	}
	n, err := RaiseAction(g.t.Context(), g.Desk, raiser, ActionForm{Case: id, Title: title})
	if err != nil {
		g.t.Fatal(err)
	}
	owner, allocator := officer, boss
	if id == hiddenCase {
		owner, allocator = officer2, boss2
	}
	allocate := step{allocator, ActionChange{Move: casefile.MoveAllocate, Owner: owner.ID}}
	result := step{owner, ActionChange{Move: casefile.MoveResult, Kind: casefile.ResultNothing, Note: "looked"}}
	for _, s := range map[casefile.ActionState][]step{
		casefile.ForAllocation:   nil,
		casefile.ActionAllocated: {allocate},
		casefile.ActionResulted:  {allocate, result},
		casefile.ActionFiled:     {allocate, result, {allocator, ActionChange{Move: casefile.MoveFile}}},
		casefile.ActionWithdrawn: {{allocator, ActionChange{Move: casefile.MoveWithdraw, Note: "not needed"}}},
	}[state] {
		if err := MoveAction(g.t.Context(), g.Desk, s.by, n, g.action(n).LastStep, s.change); err != nil {
			g.t.Fatal(err)
		}
	}
	if a := g.action(n); a.State != state {
		g.t.Fatalf("the action is %s, want %s", a.State, state)
	}
	return n
}

type step struct {
	by     casefile.Actor
	change ActionChange
}

func (g *guarded) action(id int64) (a casefile.Action) {
	g.t.Helper()
	g.view(func(tx *store.Tx) (err error) {
		a, _, err = tx.Action(g.t.Context(), id)
		return err
	})
	return a
}

func (g *guarded) steps(id int64) (steps []casefile.ActionStep) {
	g.t.Helper()
	g.view(func(tx *store.Tx) (err error) {
		steps, err = tx.ActionSteps(g.t.Context(), id)
		return err
	})
	return steps
}

// whole is a change with everything that any move needs.
func whole(m casefile.ActionMove) ActionChange {
	return ActionChange{Move: m, Owner: officer2.ID, Due: "2026-07-31", Kind: casefile.ResultFound, Note: "words"}
}

// Every state against every move, by whoever the move is for: what is listed here
// is allowed, all else is refused and changes nothing.
func TestMovesOfAnAction(t *testing.T) {
	g := newGuarded(t)
	allowed := map[casefile.ActionState]map[casefile.ActionMove]casefile.ActionState{
		casefile.ForAllocation: {casefile.MoveAllocate: casefile.ActionAllocated, casefile.MoveDue: casefile.ForAllocation,
			casefile.MoveWithdraw: casefile.ActionWithdrawn, casefile.MoveNote: casefile.ForAllocation},
		casefile.ActionAllocated: {casefile.MoveAllocate: casefile.ActionAllocated, casefile.MoveDue: casefile.ActionAllocated,
			casefile.MoveResult: casefile.ActionResulted, casefile.MoveWithdraw: casefile.ActionWithdrawn, casefile.MoveNote: casefile.ActionAllocated},
		casefile.ActionResulted:  {casefile.MoveFile: casefile.ActionFiled, casefile.MoveReturn: casefile.ActionAllocated, casefile.MoveNote: casefile.ActionResulted},
		casefile.ActionFiled:     {casefile.MoveNote: casefile.ActionFiled},
		casefile.ActionWithdrawn: {casefile.MoveNote: casefile.ActionWithdrawn},
	}
	moves := []casefile.ActionMove{casefile.MoveRaise, casefile.MoveAllocate, casefile.MoveDue, casefile.MoveResult, casefile.MoveFile, casefile.MoveReturn,
		casefile.MoveWithdraw, casefile.MoveUndo, casefile.MoveNote, "no such move"}
	for _, from := range casefile.ActionStates() {
		for _, move := range moves {
			id := g.task(openCase, fmt.Sprint(from, move), from)
			by := boss
			if move == casefile.MoveResult {
				by = officer
			}
			before, version := g.action(id), g.version(openCase)
			err := MoveAction(t.Context(), g.Desk, by, id, before.LastStep, whole(move))
			after := g.action(id)
			to, ok := allowed[from][move]
			switch {
			case ok && (err != nil || after.State != to || after.LastStep <= before.LastStep || g.version(openCase) != version+1):
				t.Errorf("%s, then %s: %v, it is %s, want %s", from, move, err, after.State, to)
			case !ok && casefile.KindOf(err) != casefile.Conflict && casefile.KindOf(err) != casefile.Invalid:
				t.Errorf("%s, then %s: %v, want a refusal", from, move, err)
			case !ok && (fmt.Sprintf("%+v", struct{ a casefile.Action }{after}) != fmt.Sprintf("%+v", struct{ a casefile.Action }{before}) || g.version(openCase) != version):
				t.Errorf("%s, then %s was refused and changed the action", from, move)
			}
		}
	}
}

func TestWhoMayMoveAnAction(t *testing.T) {
	g := newGuarded(t)
	for _, c := range []struct {
		what  string
		state casefile.ActionState
		by    casefile.Actor
		move  ActionChange
		want  casefile.Kind
	}{
		{"an officer allocates", casefile.ForAllocation, officer, whole(casefile.MoveAllocate), casefile.Forbidden},
		{"an officer takes one that nobody owns", casefile.ForAllocation, officer2, whole(casefile.MoveAllocate), ""},
		{"an officer takes another's", casefile.ActionAllocated, officer2, whole(casefile.MoveAllocate), casefile.Forbidden},
		{"an officer changes the due day", casefile.ActionAllocated, officer, whole(casefile.MoveDue), casefile.Forbidden},
		{"the owner results", casefile.ActionAllocated, officer, whole(casefile.MoveResult), ""},
		{"another officer results", casefile.ActionAllocated, officer2, whole(casefile.MoveResult), casefile.Forbidden},
		{"a supervisor results an officer's", casefile.ActionAllocated, boss, whole(casefile.MoveResult), casefile.Forbidden},
		{"the owner files their own result", casefile.ActionResulted, officer, whole(casefile.MoveFile), casefile.Forbidden},
		{"a supervisor files", casefile.ActionResulted, boss, whole(casefile.MoveFile), ""},
		{"an officer returns", casefile.ActionResulted, officer2, whole(casefile.MoveReturn), casefile.Forbidden},
		{"a supervisor returns", casefile.ActionResulted, boss, whole(casefile.MoveReturn), ""},
		{"its raiser withdraws one that nobody owns", casefile.ForAllocation, officer, whole(casefile.MoveWithdraw), ""},
		{"another officer withdraws it", casefile.ForAllocation, officer2, whole(casefile.MoveWithdraw), casefile.Forbidden},
		{"its raiser withdraws it once allocated", casefile.ActionAllocated, officer, whole(casefile.MoveWithdraw), casefile.Forbidden},
		{"an officer notes", casefile.ActionFiled, officer2, whole(casefile.MoveNote), ""},
		{"who reads for disclosure notes", casefile.ActionFiled, disclosing, whole(casefile.MoveNote), casefile.Forbidden},
		{"an inspector files", casefile.ActionResulted, inspecting, whole(casefile.MoveFile), casefile.Forbidden},
	} {
		id := g.task(openCase, c.what, c.state)
		wants(t, c.what, MoveAction(t.Context(), g.Desk, c.by, id, g.action(id).LastStep, c.move), c.want)
	}
}

func TestNobodyFilesTheirOwnResult(t *testing.T) {
	g := newGuarded(t)
	id, err := RaiseAction(t.Context(), g.Desk, boss, ActionForm{Case: openCase, Title: "x", Owner: boss.ID})
	if err != nil {
		t.Fatal(err)
	}
	move := func(by casefile.Actor, m casefile.ActionMove) error {
		return MoveAction(t.Context(), g.Desk, by, id, g.action(id).LastStep, whole(m))
	}
	wants(t, "a supervisor results their own", move(boss, casefile.MoveResult), "")
	wants(t, "and files it", move(boss, casefile.MoveFile), casefile.Forbidden)
	wants(t, "and returns it", move(boss, casefile.MoveReturn), casefile.Forbidden)
	wants(t, "another files it", move(boss2, casefile.MoveFile), "")
}

func TestAnOwnerMustBeAbleToDoIt(t *testing.T) {
	g := newGuarded(t)
	for _, c := range []struct {
		on    casefile.CaseID
		owner string
		why   string // "" where it is allowed
	}{
		{openCase, officer2.ID, ""},
		{openCase, boss.ID, ""},
		{openCase, "nobody.here", "There is no account"},
		{openCase, gone.ID, "disabled"},
		{openCase, disclosing.ID, "do not let them work on actions"},
		{openCase, inspecting.ID, "do not let them work on actions"},
		{hiddenCase, officer2.ID, ""},
		{hiddenCase, officer.ID, "not among its named readers"},
	} {
		id := g.task(c.on, "x", casefile.ForAllocation)
		by := boss
		if c.on == hiddenCase {
			by = boss2
		}
		err := MoveAction(t.Context(), g.Desk, by, id, g.action(id).LastStep, ActionChange{Move: casefile.MoveAllocate, Owner: c.owner})
		if c.why == "" && err != nil || c.why != "" && (casefile.KindOf(err) != casefile.Invalid || !strings.Contains(casefile.Message(err), c.why)) {
			t.Errorf("%s as owner on %s: %v, want %q", c.owner, c.on, err, c.why)
		}
	}
	_, err := RaiseAction(t.Context(), g.Desk, officer, ActionForm{Case: openCase, Title: "x", Owner: officer2.ID})
	wants(t, "an officer raises one for another", err, casefile.Forbidden)
	_, err = RaiseAction(t.Context(), g.Desk, officer, ActionForm{Case: openCase, Title: "x", Owner: officer.ID})
	wants(t, "an officer raises one for themselves", err, "")
}

func TestWhatRaisingAnActionNeeds(t *testing.T) {
	g := newGuarded(t)
	var line, decision int64
	g.write(func(tx *store.Tx) (err error) {
		if line, err = tx.AddLine(t.Context(), casefile.Line{Case: otherCase, Text: "x", State: "identified", MadeBy: officer.ID}, ""); err != nil {
			return err
		}
		decision, err = tx.AddDecision(t.Context(), casefile.Decision{Case: otherCase, Verdict: casefile.Reinvestigate, MadeBy: officer.ID, Second: boss.ID})
		return err
	})
	for _, c := range []struct {
		what string
		by   casefile.Actor
		form ActionForm
		want casefile.Kind
	}{
		{"the least", officer, ActionForm{Case: openCase, Title: "find it"}, ""},
		{"no title", officer, ActionForm{Case: openCase, Title: " "}, casefile.Invalid},
		{"a long title", officer, ActionForm{Case: openCase, Title: strings.Repeat("x", maxActionTitle+1)}, casefile.Invalid},
		{"long details", officer, ActionForm{Case: openCase, Title: "x", Detail: strings.Repeat("x", MaxActionText+1)}, casefile.Invalid},
		{"due today", officer, ActionForm{Case: openCase, Title: "x", Due: "2026-06-30"}, ""},
		{"due yesterday", officer, ActionForm{Case: openCase, Title: "x", Due: "2026-06-29"}, casefile.Invalid},
		{"due on no day", officer, ActionForm{Case: openCase, Title: "x", Due: "2026-02-30"}, casefile.Invalid},
		{"due in the far future", officer, ActionForm{Case: openCase, Title: "x", Due: "9026-07-01"}, casefile.Invalid},
		{"by whoever may not", disclosing, ActionForm{Case: openCase, Title: "x"}, casefile.Forbidden},
		{"on a restricted case", officer, ActionForm{Case: hiddenCase, Title: "x"}, casefile.NotFound},
		{"from a line of the case", officer, ActionForm{Case: otherCase, Title: "x", Line: line}, ""},
		{"from a line of another case", officer, ActionForm{Case: openCase, Title: "x", Line: line}, casefile.NotFound},
		{"from a decision of the case", officer, ActionForm{Case: otherCase, Title: "x", Decision: decision}, ""},
		{"from a decision of another case", officer, ActionForm{Case: openCase, Title: "x", Decision: decision}, casefile.NotFound},
		{"from a line that is none", officer, ActionForm{Case: openCase, Title: "x", Line: 999}, casefile.NotFound},
	} {
		_, err := RaiseAction(t.Context(), g.Desk, c.by, c.form)
		wants(t, c.what, err, c.want)
	}
	g.write(func(tx *store.Tx) error {
		_, err := tx.TouchCase(t.Context(), openCase, store.CaseChange{Stage: casefile.StageClosed})
		return err
	})
	_, err := RaiseAction(t.Context(), g.Desk, officer, ActionForm{Case: openCase, Title: "x"})
	wants(t, "on a closed case", err, casefile.Conflict)
}

func TestWhatAMoveNeeds(t *testing.T) {
	now := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		change ActionChange
		field  string
	}{
		{ActionChange{Move: casefile.MoveAllocate}, "owner"},
		{ActionChange{Move: casefile.MoveAllocate, Owner: "x", Due: "tomorrow"}, "due"},
		{ActionChange{Move: casefile.MoveDue}, ""}, // takes the day away
		{ActionChange{Move: casefile.MoveResult, Note: "x"}, "kind"},
		{ActionChange{Move: casefile.MoveResult, Note: "x", Kind: "fine"}, "kind"},
		{ActionChange{Move: casefile.MoveResult, Kind: casefile.ResultNothing}, "note"},
		{ActionChange{Move: casefile.MoveResult, Kind: casefile.ResultNothing, Note: "looked in the store"}, ""},
		{ActionChange{Move: casefile.MoveReturn}, "note"},
		{ActionChange{Move: casefile.MoveWithdraw, Note: "\t"}, "note"},
		{ActionChange{Move: casefile.MoveFile}, ""},
		{ActionChange{Move: casefile.MoveNote, Note: strings.Repeat("x", MaxActionText+1)}, "note"},
		{ActionChange{}, "move"},
	} {
		field := ""
		if f := c.change.Faults(now); len(f) > 0 {
			field = f[0].Field
		}
		if field != c.field {
			t.Errorf("%+v: the fault is in %q, want %q", c.change, field, c.field)
		}
	}
}

// Two people move one action at once: one succeeds, the other hears what happened.
func TestTwoPeopleMoveAnActionAtOnce(t *testing.T) {
	g := newGuarded(t)
	for round := range 5 {
		id := g.task(openCase, fmt.Sprint(round), casefile.ForAllocation)
		seen := g.action(id).LastStep
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() {
				errs[i] = MoveAction(t.Context(), g.Desk, boss, id, seen, ActionChange{Move: casefile.MoveAllocate, Owner: []string{officer.ID, officer2.ID}[i%2]})
			})
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if casefile.KindOf(err) != casefile.Conflict {
				t.Errorf("the one who was late heard %v", err)
			}
		}
		if n := len(g.steps(id)); done != 1 || n != 2 {
			t.Errorf("%d of %d were done, %d steps", done, len(errs), n)
		}
	}
	id := g.task(openCase, "x", casefile.ForAllocation)
	wants(t, "a step that is still to come", MoveAction(t.Context(), g.Desk, boss, id, g.action(id).LastStep+1, whole(casefile.MoveAllocate)), casefile.Invalid)
}

func TestAResultGoesBackAndStaysInTheHistory(t *testing.T) {
	g := newGuarded(t)
	id := g.task(openCase, "x", casefile.ActionResulted)
	err := MoveAction(t.Context(), g.Desk, boss, id, g.action(id).LastStep, ActionChange{Move: casefile.MoveReturn, Note: "which store?"})
	if err != nil {
		t.Fatal(err)
	}
	a := g.action(id)
	if a.State != casefile.ActionAllocated || a.Owner != officer.ID || a.Result != "" || a.ResultKind != "" {
		t.Errorf("returned, it is %s with %q and result %q", a.State, a.Owner, a.Result)
	}
	steps := g.steps(id)
	if s := steps[2]; s.Kind != casefile.ResultNothing || s.Note != "looked" {
		t.Errorf("the first result is no more in the history: %+v", s)
	}
	if s := steps[3]; s.Note != "which store?" || s.Move != casefile.MoveReturn {
		t.Errorf("the reason is not in the history: %+v", s)
	}
}

func TestOverdueIsByTheDayInLondon(t *testing.T) {
	g := newGuarded(t)
	id, err := RaiseAction(t.Context(), g.Desk, boss, ActionForm{Case: openCase, Title: "x", Owner: officer.ID, Due: "2026-06-30"})
	if err != nil {
		t.Fatal(err)
	}
	g.task(otherCase, "undated", casefile.ActionAllocated)
	for _, c := range []struct {
		at      time.Time
		overdue bool
		words   string
	}{
		{time.Date(2026, 6, 30, 22, 59, 0, 0, time.UTC), false, "due today"},
		{time.Date(2026, 6, 30, 23, 1, 0, 0, time.UTC), true, "1 day overdue"}, // after midnight in London, still June in UTC
		{time.Date(2026, 7, 3, 12, 0, 0, 0, time.UTC), true, "3 days overdue"},
	} {
		g.pass(c.at.Sub(g.now()))
		l, err := ListActions(t.Context(), g.Desk, boss, ActionQuery{Overdue: true})
		if err != nil {
			t.Fatal(err)
		}
		v, err := ReadAction(t.Context(), g.Desk, boss, id)
		if err != nil {
			t.Fatal(err)
		}
		w, err := ActionWorkload(t.Context(), g.Desk, boss)
		if err != nil {
			t.Fatal(err)
		}
		overdue := 0
		for _, r := range w.Rows {
			overdue += r.Overdue
		}
		if (len(l.Actions) == 1) != c.overdue || v.Overdue() != c.overdue || (overdue == 1) != c.overdue || v.DueWords() != c.words {
			t.Errorf("at %v: %d in the list, overdue %v, %d in the workload, %q; want %v, %q", c.at, len(l.Actions), v.Overdue(), overdue, v.DueWords(), c.overdue, c.words)
		}
	}
}

func TestTheListOfActions(t *testing.T) {
	g := newGuarded(t)
	add := func(id casefile.CaseID, due string, high bool) int64 {
		t.Helper()
		by := boss
		if id == hiddenCase {
			by = boss2
		}
		n, err := RaiseAction(t.Context(), g.Desk, by, ActionForm{Case: id, Title: "x", Due: due, High: high})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	undated := add(openCase, "", false)
	late := add(otherCase, "2026-08-01", false)
	soon := add(openCase, "2026-07-01", true)
	hidden := add(hiddenCase, "2026-07-02", false)
	done := g.task(openCase, "x", casefile.ActionFiled)
	owned := g.task(openCase, "x", casefile.ActionAllocated)
	for _, c := range []struct {
		by     casefile.Actor
		q      ActionQuery
		want   []int64
		hidden int
	}{
		{boss, ActionQuery{}, []int64{soon, late, undated, owned}, 1},
		{boss2, ActionQuery{}, []int64{soon, hidden, late, undated, owned}, 0},
		{boss, ActionQuery{State: "all"}, []int64{soon, late, undated, done, owned}, 1},
		{boss, ActionQuery{State: "filed"}, []int64{done}, 0},
		{boss, ActionQuery{Owner: officer.ID}, []int64{owned}, 0},
		{boss, ActionQuery{Owner: "-"}, []int64{soon, late, undated}, 1},
		{boss, ActionQuery{Case: otherCase}, []int64{late}, 0},
		{boss, ActionQuery{Unit: "South"}, []int64{late}, 0},
		{boss2, ActionQuery{Unit: "North"}, []int64{soon, hidden, undated, owned}, 0},
		{boss, ActionQuery{Priority: "high"}, []int64{soon}, 0},
		{boss, ActionQuery{After: Place{Due: "2026-07-01", ID: soon}}, []int64{late, undated, owned}, 1},
		{boss, ActionQuery{After: Place{ID: undated}}, []int64{owned}, 1},
	} {
		l, err := ListActions(t.Context(), g.Desk, c.by, c.q)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, a := range l.Actions {
			got = append(got, a.ID)
		}
		if !slices.Equal(got, c.want) || l.Hidden != c.hidden {
			t.Errorf("%s, %+v: %v and %d hidden, want %v and %d", c.by.ID, c.q, got, l.Hidden, c.want, c.hidden)
		}
	}
	_, err := ListActions(t.Context(), g.Desk, boss, ActionQuery{State: "mislaid"})
	wants(t, "a state that is none", err, casefile.Invalid)
	_, err = ListActions(t.Context(), g.Desk, disclosing, ActionQuery{})
	wants(t, "by whoever may not", err, casefile.Forbidden)
	for _, e := range g.events(ledger.ListRead) {
		if strings.Contains(e, boss.ID+" ") && strings.Contains(e, string(hiddenCase)) {
			t.Errorf("the event says that a case was shown which was not: %s", e)
		}
	}
}

func TestEveryPageOfTheListIsWalkedOnce(t *testing.T) {
	g := newGuarded(t)
	const n = 2*actionPage + 7
	g.write(func(tx *store.Tx) error {
		for i := range n {
			due := ""
			if i%3 > 0 {
				due = fmt.Sprintf("2026-07-%02d", 1+i%20)
			}
			if _, err := tx.AddAction(t.Context(), casefile.Action{Case: openCase, Title: "x", Priority: "normal", RaisedBy: officer.ID, State: casefile.ForAllocation, Due: due}); err != nil {
				return err
			}
		}
		return nil
	})
	seen := map[int64]bool{}
	var q ActionQuery
	for pages := 1; ; pages++ {
		l, err := ListActions(t.Context(), g.Desk, boss, q)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range l.Actions {
			if seen[a.ID] {
				t.Errorf("action %d stands on two pages", a.ID)
			}
			seen[a.ID] = true
		}
		if l.Total != n {
			t.Errorf("page %d speaks of %d actions, want %d", pages, l.Total, n)
		}
		if !l.More {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		q.After = l.Last
	}
	if len(seen) != n {
		t.Errorf("%d of %d actions were shown", len(seen), n)
	}
}

func TestWorkloadByPerson(t *testing.T) {
	g := newGuarded(t)
	for _, due := range []string{"", "2026-06-30", "2026-07-06", "2026-07-07"} {
		if _, err := RaiseAction(t.Context(), g.Desk, boss, ActionForm{Case: openCase, Title: "x", Due: due, Owner: officer.ID, High: due == ""}); err != nil {
			t.Fatal(err)
		}
	}
	g.task(hiddenCase, "x", casefile.ActionAllocated) // counts although boss may not read it
	g.task(openCase, "x", casefile.ForAllocation)
	g.task(openCase, "x", casefile.ActionResulted)
	g.task(openCase, "x", casefile.ActionFiled)
	w, err := ActionWorkload(t.Context(), g.Desk, boss)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]casefile.Workload{}
	for _, r := range w.Rows {
		got[r.Owner] = r.Workload
	}
	want := map[string]casefile.Workload{
		"":          {Open: 1, Undated: 1},
		officer.ID:  {Owner: officer.ID, Open: 4, High: 1, DueSoon: 2, Undated: 1, ForFiling: 1},
		officer2.ID: {Owner: officer2.ID, Open: 1, Undated: 1},
		boss.ID:     {Owner: boss.ID},
		boss2.ID:    {Owner: boss2.ID},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the workload is\n%v, want\n%v", got, want)
	}
	_, err = ActionWorkload(t.Context(), g.Desk, officer)
	wants(t, "an officer looks at everybody's workload", err, casefile.Forbidden)
}

func TestEventsOfActionsHoldNoTypedWords(t *testing.T) {
	g := newGuarded(t)
	id, err := RaiseAction(t.Context(), g.Desk, officer, ActionForm{Case: openCase, Title: "Ask Quixote", Detail: "Quixote knows"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []step{
		{boss, ActionChange{Move: casefile.MoveAllocate, Owner: officer.ID, Due: "2026-07-31"}},
		{officer, ActionChange{Move: casefile.MoveResult, Kind: casefile.ResultNothing, Note: "Quixote knows nothing"}},
		{boss, ActionChange{Move: casefile.MoveReturn, Note: "ask again"}},
		{officer, ActionChange{Move: casefile.MoveNote, Note: "Quixote is ill"}},
	} {
		if err := MoveAction(t.Context(), g.Desk, s.by, id, g.action(id).LastStep, s.change); err != nil {
			t.Fatal(err)
		}
	}
	events := g.events(ledger.ActionRaised, ledger.ActionMoved)
	for i, want := range []string{`"priority":"normal"`, `"owner":"reviewer.one"`, `"result":"nothing found"`, `"reason":"ask again"`, `"move":"note"`} {
		if i >= len(events) || !strings.Contains(events[i], want) || strings.Contains(events[i], "Quixote") {
			t.Errorf("event %d: %v, want %s and no typed words", i, events, want)
		}
	}
}

func (g *guarded) many(n int, states ...casefile.ActionState) (ids []int64) {
	for i := range n {
		ids = append(ids, g.task(openCase, fmt.Sprint("task ", i), states[i%len(states)]))
	}
	return ids
}

func (g *guarded) seen() (n int64) {
	g.view(func(tx *store.Tx) (err error) {
		n, err = tx.LastActionStep(g.t.Context())
		return err
	})
	return n
}

func TestSeveralActionsAreAllocatedTogetherAndUndoneTogether(t *testing.T) {
	g := newGuarded(t)
	ids := g.many(6, casefile.ForAllocation, casefile.ActionAllocated)
	ids = append(ids, g.task(openCase, "resulted", casefile.ActionResulted), g.task(hiddenCase, "hidden", casefile.ForAllocation))
	before := map[int64]string{}
	for _, id := range ids {
		before[id] = stands(g.action(id))
	}
	version := g.version(openCase)
	b, err := ChangeActions(t.Context(), g.Desk, boss, Chosen{Numbers: ids, Seen: g.seen()}, ActionChange{Move: casefile.MoveAllocate, Owner: officer2.ID, Due: "2026-07-15"})
	if err != nil {
		t.Fatal(err)
	}
	if b.Done != 6 || len(b.Refused) != 2 {
		t.Errorf("%d done, refused %v; want 6 and the resulted and the hidden one", b.Done, b.Refused)
	}
	for _, id := range ids[:6] {
		if s := stands(g.action(id)); s != "allocated reviewer.two 2026-07-15" {
			t.Errorf("action %d is %s", id, s)
		}
	}
	if v := g.version(openCase); v != version+6 {
		t.Errorf("six changes moved the version of the case from %d to %d", version, v)
	}

	// Two of them move on before the batch is undone.
	if err := MoveAction(t.Context(), g.Desk, officer2, ids[0], g.action(ids[0]).LastStep, whole(casefile.MoveResult)); err != nil {
		t.Fatal(err)
	}
	if err := MoveAction(t.Context(), g.Desk, boss, ids[1], g.action(ids[1]).LastStep, ActionChange{Move: casefile.MoveDue, Due: "2026-12-24"}); err != nil {
		t.Fatal(err)
	}
	v, err := ReadBatch(t.Context(), g.Desk, boss, b.ID)
	if err != nil || len(v.Rows) != 6 || !v.CanUndo() {
		t.Fatalf("the batch has %d rows, %v", len(v.Rows), err)
	}
	undo, err := UndoBatch(t.Context(), g.Desk, boss, b.ID)
	if err != nil {
		t.Fatal(err)
	}
	if undo.Done != 4 || len(undo.Refused) != 2 || undo.Refused[0].Action != ids[0] || undo.Refused[1].Action != ids[1] || !strings.Contains(undo.Refused[0].Why, "resulted") {
		t.Errorf("undone are %d, named are %v", undo.Done, undo.Refused)
	}
	for _, id := range ids[2:6] {
		if s := stands(g.action(id)); s != before[id] {
			t.Errorf("undone, action %d is %s; it was %s", id, s, before[id])
		}
	}
	if s := stands(g.action(ids[1])); s != "allocated reviewer.two 2026-12-24" {
		t.Errorf("what moved on was put back: %s", s)
	}
	again, err := UndoBatch(t.Context(), g.Desk, boss, b.ID)
	if err != nil || again.Done != 0 || len(again.Refused) != 6 {
		t.Errorf("undoing twice: %+v, %v", again, err)
	}
	redo, err := UndoBatch(t.Context(), g.Desk, boss, undo.ID)
	if err != nil || redo.Done != 4 {
		t.Errorf("undoing the undoing: %+v, %v", redo, err)
	}
	for _, id := range ids[2:6] {
		if s := stands(g.action(id)); s != "allocated reviewer.two 2026-07-15" {
			t.Errorf("with the undoing undone, action %d is %s", id, s)
		}
	}
	_, err = UndoBatch(t.Context(), g.Desk, boss, "nosuchbatch")
	wants(t, "a batch that is none", err, casefile.NotFound)
	_, err = UndoBatch(t.Context(), g.Desk, officer, b.ID)
	wants(t, "an officer undoes", err, casefile.Forbidden)
}

func stands(a casefile.Action) string { return fmt.Sprintf("%s %s %s", a.State, a.Owner, a.Due) }

// What somebody changed after the list was made is left alone, also if everything
// that fits a filter is changed.
func TestABatchLeavesAloneWhatChangedMeanwhile(t *testing.T) {
	g := newGuarded(t)
	ids := g.many(3, casefile.ForAllocation)
	seen := g.seen()
	if err := MoveAction(t.Context(), g.Desk, boss2, ids[1], g.action(ids[1]).LastStep, ActionChange{Move: casefile.MoveAllocate, Owner: officer.ID}); err != nil {
		t.Fatal(err)
	}
	b, err := ChangeActions(t.Context(), g.Desk, boss, Chosen{Query: &ActionQuery{}, Seen: seen}, ActionChange{Move: casefile.MoveAllocate, Owner: officer2.ID})
	if err != nil || b.Done != 2 || len(b.Refused) != 1 || b.Refused[0].Action != ids[1] {
		t.Errorf("%+v, %v", b, err)
	}
	if a := g.action(ids[1]); a.Owner != officer.ID {
		t.Errorf("it was taken from %s and given to %s", officer.ID, a.Owner)
	}
}

func TestABatchOfAFilterTakesEveryPage(t *testing.T) {
	g := newGuarded(t)
	const n = 3*actionChunk + 5
	g.write(func(tx *store.Tx) error {
		for i := range n {
			id := openCase
			if i%2 == 0 {
				id = otherCase
			}
			if _, err := tx.AddAction(t.Context(), casefile.Action{Case: id, Title: "x", Priority: "normal", RaisedBy: officer.ID, State: casefile.ForAllocation}); err != nil {
				return err
			}
		}
		return nil
	})
	g.task(hiddenCase, "x", casefile.ForAllocation)
	b, err := ChangeActions(t.Context(), g.Desk, boss, Chosen{Query: &ActionQuery{Unit: "North"}, Seen: g.seen()}, ActionChange{Move: casefile.MoveDue, Due: "2026-07-15"})
	if err != nil || b.Done != n/2 || len(b.Refused) != 0 {
		t.Fatalf("%d of %d, refused %v, %v", b.Done, n/2, b.Refused, err)
	}
	if events := g.events(ledger.ActionMoved); len(events) != n/2 {
		t.Errorf("%d events of %d changes", len(events), n/2)
	}
	undo, err := UndoBatch(t.Context(), g.Desk, boss, b.ID)
	if err != nil || undo.Done != n/2 {
		t.Errorf("undone %d of %d, %v", undo.Done, n/2, err)
	}
}

func TestWhatABatchCannotBe(t *testing.T) {
	g := newGuarded(t)
	ids := g.many(2, casefile.ActionAllocated)
	for _, c := range []struct {
		what   string
		by     casefile.Actor
		chosen Chosen
		change ActionChange
		want   casefile.Kind
	}{
		{"filing together", boss, Chosen{Numbers: ids, Seen: 99}, whole(casefile.MoveFile), casefile.Invalid},
		{"nothing chosen", boss, Chosen{Seen: 99}, whole(casefile.MoveAllocate), casefile.Invalid},
		{"no owner", boss, Chosen{Numbers: ids, Seen: 99}, ActionChange{Move: casefile.MoveAllocate}, casefile.Invalid},
		{"a past day", boss, Chosen{Numbers: ids, Seen: 99}, ActionChange{Move: casefile.MoveDue, Due: "2020-01-01"}, casefile.Invalid},
		{"by an officer", officer, Chosen{Numbers: ids, Seen: 99}, whole(casefile.MoveAllocate), casefile.Forbidden},
		{"too many", boss, Chosen{Numbers: upTo(maxBatch + 1), Seen: 99}, whole(casefile.MoveAllocate), casefile.Invalid},
	} {
		_, err := ChangeActions(t.Context(), g.Desk, c.by, c.chosen, c.change)
		wants(t, c.what, err, c.want)
	}
	// All refused: nothing is written, each is named.
	before := len(g.events())
	b, err := ChangeActions(t.Context(), g.Desk, boss, Chosen{Numbers: []int64{998, 999}, Seen: 99}, whole(casefile.MoveAllocate))
	if err != nil || b.Done != 0 || len(b.Refused) != 2 || len(g.events()) != before {
		t.Errorf("two that do not exist: %+v, %v", b, err)
	}
}

func upTo(n int64) (out []int64) {
	for i := range n {
		out = append(out, i+1)
	}
	return out
}

// An owner who has lost their account since does not get an action back.
func TestUndoingGivesNothingToWhoCannotDoIt(t *testing.T) {
	g := newGuarded(t)
	id := g.task(openCase, "x", casefile.ActionAllocated)
	b, err := ChangeActions(t.Context(), g.Desk, boss, Chosen{Numbers: []int64{id}, Seen: g.seen()}, ActionChange{Move: casefile.MoveAllocate, Owner: officer2.ID})
	if err != nil || b.Done != 1 {
		t.Fatal(b, err)
	}
	g.write(func(tx *store.Tx) error {
		a, _, err := tx.Account(t.Context(), officer.ID)
		if err != nil {
			return err
		}
		a.DisabledAt = tx.Now
		return tx.SaveAccount(t.Context(), a)
	})
	undo, err := UndoBatch(t.Context(), g.Desk, boss, b.ID)
	if err != nil || undo.Done != 0 || len(undo.Refused) != 1 || !strings.Contains(undo.Refused[0].Why, "disabled") {
		t.Errorf("%+v, %v", undo, err)
	}
	if a := g.action(id); a.Owner != officer2.ID {
		t.Errorf("it belongs to %s", a.Owner)
	}
}

// A table of roles without leave to work on actions keeps everybody from owning one.
func TestOwnersFollowTheTableOfRoles(t *testing.T) {
	g := newGuarded(t)
	owners, err := ActionOwners(t.Context(), g.Desk, boss)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range owners {
		got = append(got, o.Account)
	}
	if want := []string{officer.ID, officer2.ID, boss.ID, boss2.ID}; !slices.Equal(got, want) {
		t.Errorf("owners are %v, want %v", got, want)
	}
	p, err := desk.ParsePolicy([]byte(`{"version": 2, "roles": {"supervisor": ["work on actions and lines of enquiry", "read cases"], "review officer": ["read cases"]}}`))
	if err != nil {
		t.Fatal(err)
	}
	g.SetPolicy(p)
	if owners, err = ActionOwners(t.Context(), g.Desk, boss); err != nil || len(owners) != 2 {
		t.Errorf("owners are %v, %v", owners, err)
	}
}
