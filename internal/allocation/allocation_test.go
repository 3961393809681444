package allocation

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

var (
	sup    = casefile.Actor{ID: "sup", Roles: []casefile.Role{casefile.Supervisor}}
	supTwo = casefile.Actor{ID: "sup2", Roles: []casefile.Role{casefile.Supervisor}}
	one    = casefile.Actor{ID: "one", Roles: []casefile.Role{casefile.Reviewer}}
)

// office is a register of a made-up force, analysed, with terms in force and a
// team: two supervisors, three reviewers, one whose account is disabled.
func office(t *testing.T, cases int) *desk.Desk {
	t.Helper()
	d := desktest.NewDesk(t)
	dir, _ := desktest.Force(t, cases)
	desktest.Import(t, d, dir)
	desktest.Analyse(t, d)
	terms, err := scope.Preset("two-suspects")
	if err != nil {
		t.Fatal(err)
	}
	if err := cohort.Adopt(t.Context(), d, desktest.Operator, terms, "for the test"); err != nil {
		t.Fatal(err)
	}
	write(t, d, func(tx *store.Tx) error {
		for _, a := range []store.Account{
			{ID: "sup", Name: "Sable Supervisor", Roles: sup.Roles}, {ID: "sup2", Name: "Sorrel Supervisor", Roles: sup.Roles},
			{ID: "one", Name: "Oak Reviewer", Roles: one.Roles}, {ID: "two", Name: "Ash Reviewer", Roles: one.Roles}, {ID: "three", Name: "Elm Reviewer", Roles: one.Roles},
			{ID: "gone", Name: "Yew Reviewer", Roles: one.Roles},
		} {
			if err := tx.AddAccount(t.Context(), a); err != nil {
				return err
			}
		}
		a, _, err := tx.Account(t.Context(), "gone")
		if err != nil {
			return err
		}
		a.DisabledAt = tx.Now
		return tx.SaveAccount(t.Context(), a)
	})
	return d
}

// write writes as a verb would, with an event.
func write(t *testing.T, d *desk.Desk, f func(*store.Tx) error) {
	t.Helper()
	err := d.DB.Update(t.Context(), desktest.Operator, func(tx *store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{{Kind: ledger.AccountChanged, Purpose: "test"}}, f(tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func look(t *testing.T, d *desk.Desk, f func(*store.Tx) error) {
	t.Helper()
	if err := d.DB.View(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// ids are the cases in scope or not known, by id.
func ids(t *testing.T, d *desk.Desk) (out []casefile.CaseID) {
	t.Helper()
	v, err := cohort.Snapshot(t.Context(), d, sup)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range v.Rows {
		if r.Scope.String() != "out" {
			out = append(out, r.ID)
		}
	}
	return out
}

func train(t *testing.T, d *desk.Desk, text string) {
	t.Helper()
	if _, err := ImportSkills(t.Context(), d, sup, SkillsFile{Name: "skills.csv", Data: []byte(text)}, -1); err != nil {
		t.Fatal(err)
	}
}

func owner(t *testing.T, d *desk.Desk, id casefile.CaseID) (account string) {
	t.Helper()
	look(t, d, func(tx *store.Tx) error {
		a, _, err := tx.AssignmentOf(t.Context(), id)
		account = a.Account
		return err
	})
	return account
}

func assign(t *testing.T, d *desk.Desk, cases []casefile.CaseID, account string) *store.Batch {
	t.Helper()
	b, err := Assign(t.Context(), d, sup, cases, account, "", "test")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func events(t *testing.T, d *desk.Desk, kind ledger.Kind, subject string) (n int) {
	t.Helper()
	look(t, d, func(tx *store.Tx) error {
		for sealed, err := range tx.Events(t.Context()) {
			if err != nil {
				return err
			}
			e, err := ledger.Unseal(sealed)
			if err != nil {
				return err
			}
			if e.Kind == kind && (subject == "" || e.Subject == subject) {
				n++
			}
		}
		return nil
	})
	return n
}

func TestACaseIsAssignedReassignedAndTakenAway(t *testing.T) {
	d := office(t, 60)
	id := ids(t, d)[0]
	if _, err := Assign(t.Context(), d, sup, []casefile.CaseID{id}, "one", "2030-01-31", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Assign(t.Context(), d, sup, []casefile.CaseID{id}, "two", "", ""); casefile.KindOf(err) != casefile.Invalid || !strings.Contains(err.Error(), "Say why") {
		t.Errorf("a case was taken from somebody without a reason: %v", err)
	}
	if _, err := Assign(t.Context(), d, sup, []casefile.CaseID{id}, "two", "", "leave"); err != nil {
		t.Fatal(err)
	}
	if _, err := Unassign(t.Context(), d, sup, []casefile.CaseID{id}, "leave too"); err != nil {
		t.Fatal(err)
	}
	h, err := CaseHistory(t.Context(), d, sup, id)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, a := range h.Past {
		said = append(said, fmt.Sprintf("%s due %q ended %v", a.Account, a.Due, !a.EndedAt.IsZero()))
	}
	if want := []string{`one due "2030-01-31" ended true`, `two due "" ended true`}; !slices.Equal(said, want) {
		t.Errorf("history %q, want %q", said, want)
	}
	if h.State.Version != 3 {
		t.Errorf("the case's version is %d after three changes", h.State.Version)
	}
	if a, e := events(t, d, ledger.CaseAssigned, string(id)), events(t, d, ledger.AssignmentEnded, string(id)); a != 2 || e != 1 {
		t.Errorf("%d events of assigning and %d of ending, want 2 and 1", a, e)
	}
}

func TestAssigningRefusesWithAReason(t *testing.T) {
	d := office(t, 60)
	cases := ids(t, d)
	id, conflict, recused, secret, submitted, reading := cases[0], cases[1], cases[2], cases[3], cases[4], cases[5]
	write(t, d, func(tx *store.Tx) error {
		names, err := tx.OfficersOf(t.Context(), conflict)
		if err != nil || len(names) == 0 {
			return fmt.Errorf("%s names no officer: %v", conflict, err)
		}
		a, _, err := tx.Account(t.Context(), "one")
		if err != nil {
			return err
		}
		a.KnownAs = []string{" " + strings.ToLower(names[len(names)-1]) + " "}
		if err := tx.SaveAccount(t.Context(), a); err != nil {
			return err
		}
		if err := tx.Recuse(t.Context(), recused, "one", "I know the family", "one"); err != nil {
			return err
		}
		if err := tx.TakeLease(t.Context(), casefile.Lease{Case: reading, Account: "two", Purpose: casefile.ForReview, Until: tx.Now.Add(time.Hour)}); err != nil {
			return err
		}
		_, err = tx.TouchCase(t.Context(), submitted, store.CaseChange{Stage: casefile.StageSubmitted, Reviewer: "two"})
		return err
	})
	restrict(t, d, secret, "sup")
	for _, x := range []struct {
		id   casefile.CaseID
		by   casefile.Actor
		to   string
		kind casefile.Kind
		says string
	}{
		{conflict, sup, "one", casefile.Conflict, "officer or supervisor of the investigation"},
		{recused, sup, "one", casefile.Conflict, "will not review it"},
		{secret, sup, "one", casefile.Conflict, "named readers"},
		{secret, supTwo, "one", casefile.Conflict, "no such case"},
		{"nowhere:1", sup, "one", casefile.Conflict, "no such case"},
		{submitted, sup, "one", casefile.Conflict, "waits for another person"},
		{reading, sup, "one", casefile.Conflict, "Ash Reviewer has it open"},
		{id, sup, "gone", casefile.Invalid, "disabled"},
		{id, sup, "sup", casefile.Invalid, "no role that reviews"},
		{id, sup, "nobody", casefile.NotFound, "no account"},
		{id, one, "one", casefile.Forbidden, "assign"},
	} {
		b, err := Assign(t.Context(), d, x.by, []casefile.CaseID{x.id}, x.to, "", "")
		if b != nil || casefile.KindOf(err) != x.kind || x.kind != casefile.Forbidden && !strings.Contains(casefile.Message(err), x.says) {
			t.Errorf("%s to %s: %v, want %s: … %s …", x.id, x.to, err, x.kind, x.says)
		}
		if owner(t, d, x.id) != "" {
			t.Errorf("%s was assigned all the same", x.id)
		}
	}
	// Somebody else may have each of them, the restricted and the submitted one apart.
	b := assign(t, d, []casefile.CaseID{conflict, recused, reading, secret, submitted}, "two")
	if b.Done != 3 || b.Refusals != 2 {
		t.Errorf("%d assigned, %d refused: %+v", b.Done, b.Refusals, b.Refused)
	}
}

func restrict(t *testing.T, d *desk.Desk, id casefile.CaseID, readers ...string) {
	t.Helper()
	write(t, d, func(tx *store.Tx) error {
		if err := tx.Restrict(t.Context(), store.Restriction{Case: id, Kind: "other", Reason: "test", SetBy: "op"}); err != nil {
			return err
		}
		for _, r := range readers {
			if err := tx.AddCaseReader(t.Context(), store.CaseReader{Case: id, Account: r, Reason: "test", NamedBy: "op"}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOnlyTheTrainedGetACase(t *testing.T) {
	d := office(t, 60)
	id := ids(t, d)[0]
	on := casefile.DayAt(time.Now())
	train(t, d, string(everySkill("two", on-10, on+10))+"one,review induction,2020-01-01,\nthree,review induction,2020-01-01,"+(on-1).String()+"\n")
	_, err := Assign(t.Context(), d, sup, []casefile.CaseID{id}, "three", "", "")
	if !strings.Contains(casefile.Message(err), "Elm Reviewer has no current training in Review induction (every case needs it)") {
		t.Errorf("a lapsed induction: %v", err)
	}
	assign(t, d, []casefile.CaseID{id}, "two")
	if owner(t, d, id) != "two" {
		t.Error("the trained one did not get it")
	}
}

func everySkill(account string, from, to casefile.Day) []byte {
	out := "account,skill,from,to\n"
	for _, s := range []string{"review induction", "child interview", "digital evidence", "network analysis", "vetted"} {
		out += fmt.Sprintf("%s,%s,%s,%s\n", account, s, from, to)
	}
	return []byte(out)
}

func TestBalancingIsEvenAndRepeatable(t *testing.T) {
	d := office(t, 120)
	cases := ids(t, d)
	if len(cases) < 24 {
		t.Fatalf("only %d cases", len(cases))
	}
	assign(t, d, cases[:6], "one")
	w := Wish{Cases: cases[6:24], People: []string{"two", "one", "three"}, PerDay: 2}
	p, err := Propose(t.Context(), d, sup, w)
	if err != nil {
		t.Fatal(err)
	}
	var after []int
	for _, s := range p.Shares {
		after = append(after, s.After())
	}
	if !slices.Equal(after, []int{8, 8, 8}) {
		t.Errorf("24 cases among three end as %v", after)
	}
	again, err := Propose(t.Context(), d, sup, w)
	if err != nil || again.Print != p.Print {
		t.Errorf("the same wish gives another proposal: %v", err)
	}
	// Oak has six already and gets two: the seventh and eighth, due on the fourth day
	// at two a day.
	fourth := FiveDays.next(casefile.DayAt(time.Now()), 4).String()
	for _, s := range p.Steps {
		if s.Account == "one" && s.Due != fourth {
			t.Errorf("%s is due %s, want %s", s.Case, s.Due, fourth)
		}
	}
	if owner(t, d, cases[6]) != "" {
		t.Error("a proposal assigned a case")
	}
	b, err := Do(t.Context(), d, sup, p, nil)
	if err != nil || b.Done != 18 || b.Planned != 18 || b.FinishedAt.IsZero() {
		t.Fatalf("%+v, %v", b, err)
	}
	// Everything anew among the three: nothing needs to move.
	p, err = Propose(t.Context(), d, sup, Wish{Cases: cases[:24], People: w.People, Reason: "test"})
	if err != nil || p.Stays != 24 || len(p.Steps) != 0 {
		t.Errorf("an even load is moved about: %d stay, %d move, %v", p.Stays, len(p.Steps), err)
	}
	if _, err := Do(t.Context(), d, sup, p, nil); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("doing nothing: %v", err)
	}
}

func TestACaseThatFewMayHaveGoesToThem(t *testing.T) {
	d := office(t, 60)
	cases := ids(t, d)[:3]
	write(t, d, func(tx *store.Tx) error {
		for _, a := range []string{"one", "three"} {
			if err := tx.Recuse(t.Context(), cases[2], a, "test", a); err != nil {
				return err
			}
		}
		return nil
	})
	p, err := Propose(t.Context(), d, sup, Wish{Cases: cases, People: []string{"one", "two", "three"}})
	if err != nil || len(p.Steps) != 3 {
		t.Fatalf("%+v, %v", p, err)
	}
	if p.Steps[2].Account != "two" || p.Steps[0].Account == "two" || p.Steps[1].Account == "two" {
		t.Errorf("%+v", p.Steps)
	}
}

func TestTwoSupervisorsAssignOneCaseAtOnce(t *testing.T) {
	d := office(t, 60)
	cases := ids(t, d)[:20]
	plans := make([]*Proposal, 2)
	for i, to := range []string{"one", "two"} {
		var err error
		if plans[i], err = Propose(t.Context(), d, sup, Wish{Cases: cases, People: []string{to}}); err != nil {
			t.Fatal(err)
		}
	}
	done := make([]int, 2)
	var wait sync.WaitGroup
	for i, by := range []casefile.Actor{sup, supTwo} {
		wait.Go(func() {
			b, err := Do(t.Context(), d, by, plans[i], nil)
			switch {
			case err == nil:
				done[i] = b.Done
			case casefile.KindOf(err) != casefile.Conflict || !strings.Contains(err.Error(), "after you chose it"):
				t.Errorf("%s: %v", by.ID, err)
			}
		})
	}
	wait.Wait()
	if done[0]+done[1] != len(cases) {
		t.Errorf("%v cases were assigned, want %d in all", done, len(cases))
	}
	for _, id := range cases {
		if n := events(t, d, ledger.CaseAssigned, string(id)); n != 1 {
			t.Errorf("%s was assigned %d times", id, n)
		}
	}
}

func TestUndoTakesABatchBackAndSaysWhatMovedOn(t *testing.T) {
	d := office(t, 60)
	cases := ids(t, d)[:6]
	first := assign(t, d, cases[:1], "three")
	batch := assign(t, d, cases, "one")
	// Since then: one reassigned, one read, one being written, one submitted.
	assign(t, d, cases[1:2], "two")
	write(t, d, func(tx *store.Tx) error {
		if err := tx.TakeLease(t.Context(), casefile.Lease{Case: cases[2], Account: "one", Purpose: casefile.ForReview, Until: tx.Now.Add(time.Hour)}); err != nil {
			return err
		}
		_, err := tx.TouchCase(t.Context(), cases[3], store.CaseChange{Stage: casefile.StageSubmitted, Reviewer: "one"})
		return err
	})
	restrict(t, d, cases[4], "one")
	u, err := PlanUndo(t.Context(), d, sup, batch.ID)
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, m := range u.Moved {
		said += string(m.Case) + ": " + m.Why + "\n"
	}
	for i, want := range map[int]string{1: "Sable Supervisor assigned it to Ash Reviewer since.", 2: "Oak Reviewer has it open now.", 3: "Its review is submitted and waits for another person."} {
		if !strings.Contains(said, string(cases[i])+": "+want) {
			t.Errorf("%s: want %q in\n%s", cases[i], want, said)
		}
	}
	if len(u.Back) != 2 || u.Hidden != 1 || len(u.Moved) != 3 || strings.Contains(said, string(cases[4])) {
		t.Errorf("%d back, %d moved, %d hidden", len(u.Back), len(u.Moved), u.Hidden)
	}
	if _, err := Undo(t.Context(), d, sup, batch.ID, " ", nil); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("undone without a reason: %v", err)
	}
	b, err := Undo(t.Context(), d, sup, batch.ID, "wrong team", nil)
	if err != nil || b.Done != 2 || b.Refusals != 3 {
		t.Fatalf("%+v, %v", b, err)
	}
	for i, want := range []string{"three", "two", "one", "one", "one", ""} {
		if got := owner(t, d, cases[i]); got != want {
			t.Errorf("case %d is with %q, want %q", i, got, want)
		}
	}
	for _, again := range []string{batch.ID, b.ID} {
		if _, err := Undo(t.Context(), d, sup, again, "again", nil); casefile.KindOf(err) != casefile.Conflict {
			t.Errorf("undone twice: %v", err)
		}
	}
	// The case that came back belongs to the undoing now, so the first batch moved on.
	if u, err := PlanUndo(t.Context(), d, sup, first.ID); err != nil || len(u.Back) != 0 || len(u.Moved) != 1 {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestUndoingATakingAwayGivesBack(t *testing.T) {
	d := office(t, 60)
	cases := ids(t, d)[:3]
	assign(t, d, cases, "one")
	b, err := Unassign(t.Context(), d, sup, cases, "leave")
	if err != nil || b.Done != 3 {
		t.Fatalf("%+v, %v", b, err)
	}
	assign(t, d, cases[:1], "two")
	if b, err = Undo(t.Context(), d, sup, b.ID, "leave was cancelled", nil); err != nil || b.Done != 2 {
		t.Fatalf("%+v, %v", b, err)
	}
	for i, want := range []string{"two", "one", "one"} {
		if got := owner(t, d, cases[i]); got != want {
			t.Errorf("case %d is with %q, want %q", i, got, want)
		}
	}
	p, err := ReadBatch(t.Context(), d, sup, b.ID)
	if err != nil || len(p.Cases) != 2 || p.Cases[0].To != "one" || len(p.Refused) != 1 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestALargeBatchIsManyTransactions(t *testing.T) {
	d := office(t, 400)
	cases := ids(t, d)
	if len(cases) < 3*chunk {
		t.Fatalf("only %d cases", len(cases))
	}
	p, err := Propose(t.Context(), d, sup, Wish{Cases: cases, People: []string{"one", "two"}})
	if err != nil {
		t.Fatal(err)
	}
	told := []int64{}
	b, err := Do(t.Context(), d, sup, p, func(_ string, done, total int64) { told = append(told, done) })
	if err != nil || b.Done != len(cases) {
		t.Fatalf("%+v, %v", b, err)
	}
	if len(told) < 3 || told[len(told)-1] != int64(len(cases)) {
		t.Errorf("progress was told as %v", told)
	}
	if _, err := Propose(t.Context(), d, sup, Wish{Cases: make([]casefile.CaseID, MaxCases+1), People: []string{"one"}}); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("too many at once: %v", err)
	}
}

func TestPermissions(t *testing.T) {
	d := office(t, 60)
	panel := casefile.Actor{ID: "panel", Roles: []casefile.Role{casefile.Panel}}
	analyst := casefile.Actor{ID: "ann", Roles: []casefile.Role{casefile.Analyst}}
	for name, x := range map[string]struct {
		do  func(casefile.Actor) error
		may []casefile.Actor
	}{
		"propose": {func(by casefile.Actor) error { _, err := Propose(t.Context(), d, by, Wish{}); return err }, []casefile.Actor{sup}},
		"do":      {func(by casefile.Actor) error { _, err := Do(t.Context(), d, by, &Proposal{}, nil); return err }, []casefile.Actor{sup}},
		"undo":    {func(by casefile.Actor) error { _, err := Undo(t.Context(), d, by, "x", "y", nil); return err }, []casefile.Actor{sup}},
		"batch":   {func(by casefile.Actor) error { _, err := ReadBatch(t.Context(), d, by, "x"); return err }, []casefile.Actor{sup}},
		"history": {func(by casefile.Actor) error { _, err := CaseHistory(t.Context(), d, by, "x:1"); return err }, []casefile.Actor{sup}},
		"skills":  {func(by casefile.Actor) error { _, err := Skills(t.Context(), d, by); return err }, []casefile.Actor{sup, analyst}},
		"import": {func(by casefile.Actor) error {
			_, err := ImportSkills(t.Context(), d, by, SkillsFile{}, -1)
			return err
		}, []casefile.Actor{sup}},
		"preview": {func(by casefile.Actor) error { _, err := PreviewSkills(t.Context(), d, by, SkillsFile{}); return err }, []casefile.Actor{sup}},
		"loads":   {func(by casefile.Actor) error { _, err := Loads(t.Context(), d, by); return err }, []casefile.Actor{sup, analyst}},
		"summary": {func(by casefile.Actor) error { _, err := Summary(t.Context(), d, by); return err }, []casefile.Actor{sup, analyst}},
	} {
		for _, by := range []casefile.Actor{sup, analyst, one, panel, {}} {
			may := slices.ContainsFunc(x.may, func(a casefile.Actor) bool { return a.ID == by.ID })
			if refused := casefile.KindOf(x.do(by)) == casefile.Forbidden; refused == may {
				t.Errorf("%s as %q: refused %v", name, by.ID, refused)
			}
		}
	}
}
