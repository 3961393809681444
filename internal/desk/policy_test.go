package desk_test

import (
	"path/filepath"
	"slices"
	"testing"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/custody"
	"lookback/internal/desk/desktest"
	"lookback/internal/intake"
	"lookback/internal/scope"
)

// every role there is, and one that nobody has heard of.
var everyRole = []casefile.Role{casefile.Operator, casefile.Records, casefile.Analyst, casefile.Reviewer, casefile.Supervisor,
	casefile.Disclosure, casefile.Inspector, casefile.Panel, casefile.Administrator, "visitor"}

func TestARoleWithoutPermissionIsRefusedByEveryVerb(t *testing.T) {
	d := desktest.NewDesk(t)
	tmp := t.TempDir()
	terms, err := scope.Preset("two-suspects")
	if err != nil {
		t.Fatal(err)
	}
	export := func(what string) func(casefile.Actor) error {
		return func(by casefile.Actor) error {
			_, err := cohort.Export(t.Context(), d, by, what, filepath.Join(tmp, what), terms, nil)
			return err
		}
	}
	for _, verb := range []struct {
		name    string
		allowed []casefile.Role
		do      func(casefile.Actor) error
	}{
		{"import", []casefile.Role{casefile.Operator, casefile.Records, casefile.Analyst}, func(by casefile.Actor) error {
			_, err := intake.Import(t.Context(), d, by, tmp, nil, nil)
			return err
		}},
		{"mend", []casefile.Role{casefile.Operator, casefile.Records}, func(by casefile.Actor) error {
			_, err := intake.Mend(t.Context(), d, by, 1, nil, "x")
			return err
		}},
		{"analyse", []casefile.Role{casefile.Operator, casefile.Records, casefile.Analyst}, func(by casefile.Actor) error {
			_, err := analysis.Run(t.Context(), d, by, nil)
			return err
		}},
		{"adopt", []casefile.Role{casefile.Operator, casefile.Supervisor}, func(by casefile.Actor) error {
			return cohort.Adopt(t.Context(), d, by, terms, "x")
		}},
		{"search", []casefile.Role{casefile.Operator, casefile.Analyst, casefile.Reviewer, casefile.Supervisor, casefile.Disclosure}, func(by casefile.Actor) error {
			_, err := cohort.Search(t.Context(), d, by, "x", 1)
			return err
		}},
		{"export suspects", []casefile.Role{casefile.Operator, casefile.Analyst, casefile.Supervisor, casefile.Disclosure}, export("suspects")},
		{"export quarantine", []casefile.Role{casefile.Operator, casefile.Analyst, casefile.Supervisor, casefile.Disclosure}, export("quarantine")},
		{"export the ledger", []casefile.Role{casefile.Operator, casefile.Disclosure, casefile.Inspector}, func(by casefile.Actor) error {
			_, err := custody.ExportLedger(t.Context(), d, by, filepath.Join(t.TempDir(), "l"), false)
			return err
		}},
		{"export its openings", []casefile.Role{casefile.Operator, casefile.Disclosure}, func(by casefile.Actor) error {
			_, err := custody.ExportLedger(t.Context(), d, by, filepath.Join(t.TempDir(), "l"), true)
			return err
		}},
		{"back up", []casefile.Role{casefile.Operator, casefile.Administrator}, func(by casefile.Actor) error {
			return custody.Backup(t.Context(), d, by, filepath.Join(t.TempDir(), "b"))
		}},
		{"run a scope", []casefile.Role{casefile.Operator, casefile.Records, casefile.Analyst, casefile.Reviewer, casefile.Supervisor, casefile.Disclosure, casefile.Inspector, casefile.Panel}, func(by casefile.Actor) error {
			_, err := cohort.RunScope(t.Context(), d, by, terms, nil, nil)
			return err
		}},
		{"diff scopes", []casefile.Role{casefile.Operator, casefile.Records, casefile.Analyst, casefile.Reviewer, casefile.Supervisor, casefile.Disclosure, casefile.Inspector, casefile.Panel}, func(by casefile.Actor) error {
			_, err := cohort.DiffScope(t.Context(), d, by, terms, terms, nil)
			return err
		}},
	} {
		// The operator comes first, so that what a verb needs is derived by somebody who may.
		for _, role := range everyRole {
			refused := casefile.KindOf(verb.do(casefile.Actor{ID: "somebody", Roles: []casefile.Role{role}})) == casefile.Forbidden
			if refused == slices.Contains(verb.allowed, role) {
				t.Errorf("%s as %s: refused %v", verb.name, role, refused)
			}
		}
		if casefile.KindOf(verb.do(casefile.Actor{Roles: []casefile.Role{casefile.Operator}})) != casefile.Forbidden {
			t.Errorf("%s was done for an actor without a name", verb.name)
		}
	}
}
