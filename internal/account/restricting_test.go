package account_test

import (
	"fmt"
	"slices"
	"testing"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

var supervisor = casefile.Actor{ID: "sup", Roles: []casefile.Role{casefile.Supervisor}}

// newCases makes a register with three made-up cases, T:C1 to T:C3, and a team.
func newCases(t *testing.T) (*account.Book, *clock) {
	t.Helper()
	b, c := newBook(t)
	csv := "crime_ref,oic\nC1,DC 1 Elm\nC2,DC 2 Oak\nC3,DC 3 Ash\n"
	dir := desktest.Folder(t, desktest.Tables{casefile.Investigations: csv, casefile.Nominals: "nominal_ref\nN1\n", casefile.Involvements: "crime_ref,nominal_ref,role\nC1,N1,witness\n"})
	if err := writeManifest(dir); err != nil {
		t.Fatal(err)
	}
	desktest.Import(t, b.Desk, dir)
	ready(t, b, "sup", casefile.Supervisor)
	ready(t, b, "sup2", casefile.Supervisor)
	ready(t, b, "officer", casefile.Reviewer)
	ready(t, b, "panel", casefile.Panel)
	ready(t, b, "admin", casefile.Administrator)
	return b, c
}

const c1, c2, c9 casefile.CaseID = "T:C1", "T:C2", "T:C9"

// readable says whether an actor can read a case, and what they are told.
func readable(t *testing.T, b *account.Book, by casefile.Actor, id casefile.CaseID) (ok bool, said string) {
	t.Helper()
	err := b.Desk.DB.View(t.Context(), func(tx *store.Tx) error { return b.Desk.Readable(t.Context(), tx, by, id) })
	if err != nil && casefile.KindOf(err) != casefile.NotFound {
		t.Fatal(err)
	}
	return err == nil, casefile.Message(orNothing(err))
}

func orNothing(err error) error {
	if err == nil {
		return fmt.Errorf("")
	}
	return err
}

func TestARestrictedCaseExistsForItsReadersOnly(t *testing.T) {
	b, _ := newCases(t)
	officer := casefile.Actor{ID: "officer", Roles: []casefile.Role{casefile.Reviewer}}
	sup2 := casefile.Actor{ID: "sup2", Roles: []casefile.Role{casefile.Supervisor}}
	from := len(events(t, b, 0))
	if err := account.Restrict(t.Context(), b.Desk, supervisor, c1, "police suspect", "An officer is named.", []string{"sup"}); err != nil {
		t.Fatal(err)
	}
	if ok, _ := readable(t, b, supervisor, c1); !ok {
		t.Error("its reader cannot read it")
	}
	for _, by := range []casefile.Actor{officer, sup2, admin} {
		ok, said := readable(t, b, by, c1)
		_, never := readable(t, b, by, c9)
		if want := fmt.Sprintf("There is no case %s here. Check the reference, or search for it.", c9); ok || never != want || said != fmt.Sprintf("There is no case %s here. Check the reference, or search for it.", c1) {
			t.Errorf("%s: readable %v, told %q; of a case that never was: %q", by.ID, ok, said, never)
		}
	}
	// Every verb tells a supervisor who is no reader the same as of a case that never was.
	for _, id := range []casefile.CaseID{c1, c9} {
		_, read := account.ReadRestriction(t.Context(), b.Desk, sup2, id)
		for what, err := range map[string]error{
			"restrict": account.Restrict(t.Context(), b.Desk, sup2, id, "other", "x", []string{"sup2"}),
			"lift":     account.Lift(t.Context(), b.Desk, sup2, id, "x"),
			"name":     account.NameReader(t.Context(), b.Desk, sup2, id, "sup2", "x"),
			"withdraw": account.WithdrawReader(t.Context(), b.Desk, sup2, id, "sup", "x"),
			"read":     read,
		} {
			if want := fmt.Sprintf("There is no case %s here. Check the reference, or search for it.", id); casefile.KindOf(err) != casefile.NotFound || casefile.Message(err) != want {
				t.Errorf("%s %s: %v, want %q", what, id, err, want)
			}
		}
	}
	if err := account.NameReader(t.Context(), b.Desk, supervisor, c1, "officer", "reviews it"); err != nil {
		t.Fatal(err)
	}
	if ok, _ := readable(t, b, officer, c1); !ok {
		t.Error("a named reader cannot read it")
	}
	if err := account.WithdrawReader(t.Context(), b.Desk, supervisor, c1, "officer", "done"); err != nil {
		t.Fatal(err)
	}
	if ok, _ := readable(t, b, officer, c1); ok {
		t.Error("a withdrawn reader still reads it")
	}
	if err := account.NameReader(t.Context(), b.Desk, supervisor, c1, "officer", "again"); err != nil {
		t.Errorf("a reader who was withdrawn cannot be named again: %v", err)
	}
	if err := account.Lift(t.Context(), b.Desk, supervisor, c1, "the officer was cleared"); err != nil {
		t.Fatal(err)
	}
	if ok, _ := readable(t, b, sup2, c1); !ok {
		t.Error("lifted, and still closed")
	}
	if err := account.Restrict(t.Context(), b.Desk, sup2, c1, "other", "anew", []string{"sup2"}); err != nil {
		t.Fatal(err)
	}
	if ok, _ := readable(t, b, officer, c1); ok {
		t.Error("a reader of the lifted restriction reads under the new one")
	}
	want := []ledger.Kind{ledger.CaseRestricted, ledger.ReaderNamed, ledger.ReaderWithdrawn, ledger.ReaderNamed, ledger.RestrictionLift, ledger.CaseRestricted}
	if got := events(t, b, from); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	err := b.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		s, err := tx.CaseState(t.Context(), c1)
		if s.Version != 6 {
			t.Errorf("the case's version is %d after six decisions about it, want 6", s.Version)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestARestrictionCanAlwaysBeUndoneBySomebody(t *testing.T) {
	b, _ := newCases(t)
	for _, readers := range [][]string{nil, {"officer"}, {"nobody.here", "sup"}, {"panel", "sup"}} {
		if err := account.Restrict(t.Context(), b.Desk, supervisor, c1, "other", "x", readers); casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("readers %v: %v, want invalid", readers, err)
		}
	}
	if err := account.Restrict(t.Context(), b.Desk, supervisor, c1, "other", "x", []string{"officer", "sup2", "sup2"}); err != nil {
		t.Fatalf("another supervisor as reader: %v", err)
	}
	sup2 := casefile.Actor{ID: "sup2", Roles: []casefile.Role{casefile.Supervisor}}
	if err := account.WithdrawReader(t.Context(), b.Desk, sup2, c1, "sup2", "x"); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("the last supervisor withdrew: %v, want a conflict", err)
	}
	if ok, _ := readable(t, b, sup2, c1); !ok {
		t.Error("the refused withdrawal took place")
	}
	if err := account.NameReader(t.Context(), b.Desk, sup2, c1, "sup", "x"); err != nil {
		t.Fatal(err)
	}
	if err := account.WithdrawReader(t.Context(), b.Desk, sup2, c1, "sup2", "x"); err != nil {
		t.Errorf("with another supervisor among the readers: %v", err)
	}
}

func TestWhatARestrictionNeeds(t *testing.T) {
	b, _ := newCases(t)
	d := b.Desk
	officer := casefile.Actor{ID: "officer", Roles: []casefile.Role{casefile.Reviewer}}
	for _, test := range []struct {
		err  error
		want casefile.Kind
	}{
		{account.Restrict(t.Context(), d, officer, c1, "other", "x", []string{"sup"}), casefile.Forbidden},
		{account.Restrict(t.Context(), d, admin, c1, "other", "x", []string{"sup"}), casefile.Forbidden},
		{account.Restrict(t.Context(), d, supervisor, c1, "whim", "x", []string{"sup"}), casefile.Invalid},
		{account.Restrict(t.Context(), d, supervisor, c1, "other", " ", []string{"sup"}), casefile.Invalid},
		{account.Lift(t.Context(), d, supervisor, c1, "x"), casefile.Conflict},
		{account.NameReader(t.Context(), d, supervisor, c1, "sup", "x"), casefile.Conflict},
		{account.Restrict(t.Context(), d, supervisor, c1, "other", "x", []string{"sup"}), ""},
		{account.Restrict(t.Context(), d, supervisor, c1, "other", "x", []string{"sup"}), casefile.Conflict},
		{account.NameReader(t.Context(), d, supervisor, c1, "sup", "x"), casefile.Conflict},
		{account.NameReader(t.Context(), d, supervisor, c1, "officer", ""), casefile.Invalid},
		{account.WithdrawReader(t.Context(), d, supervisor, c1, "officer", "x"), casefile.NotFound},
		{account.Lift(t.Context(), d, supervisor, c1, ""), casefile.Invalid},
	} {
		if casefile.KindOf(test.err) != test.want {
			t.Errorf("%v, want %q", test.err, test.want)
		}
	}
}

func TestTheListOfRestrictedCasesShowsOnesOwnAndCountsAll(t *testing.T) {
	b, _ := newCases(t)
	for id, reader := range map[casefile.CaseID]string{c1: "sup", c2: "sup2"} {
		if err := account.Restrict(t.Context(), b.Desk, operator, id, "other", "x", []string{reader}); err != nil {
			t.Fatal(err)
		}
	}
	mine, err := account.ListRestricted(t.Context(), b.Desk, supervisor)
	if err != nil || mine.Total != 2 || len(mine.Cases) != 1 || mine.Cases[0].Case != c1 {
		t.Errorf("sup sees %+v, %v; want C1 of 2", mine, err)
	}
	from := len(events(t, b, 0))
	none, err := account.ListRestricted(t.Context(), b.Desk, admin)
	if err != nil || none.Total != 2 || len(none.Cases) != 0 {
		t.Errorf("an administrator sees %+v, %v; want the number 2 alone", none, err)
	}
	if got := events(t, b, from); len(got) != 0 {
		t.Errorf("a number names nobody, yet %v was recorded", got)
	}
	// Of another's access, one sees the cases that are open to oneself as well.
	for viewer, want := range map[string]int{"sup": 0, "sup2": 1, "admin": 0} {
		a, err := b.Find(t.Context(), viewer)
		if err != nil {
			t.Fatal(err)
		}
		page, err := b.Effective(t.Context(), a.Actor(), "sup2")
		if err != nil || page.OpenTotal != 1 || page.Hidden != 1 || len(page.Open) != want {
			t.Errorf("%s sees of sup2: %d of %d open, %d closed (%v); want %d of 1, 1", viewer, len(page.Open), page.OpenTotal, page.Hidden, err, want)
		}
	}
	d := b.Desk
	if err := d.May(admin, desk.ReadCases); err == nil {
		t.Fatal("the administrator reads cases: this test assumes otherwise")
	}
}
