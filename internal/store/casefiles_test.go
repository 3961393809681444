package store

import (
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// planned explains every query before it runs, and keeps the plans.
type planned struct {
	querier
	t     *testing.T
	plans *[]string
}

func (p planned) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	p.explain(ctx, query, args...)
	return p.querier.QueryContext(ctx, query, args...)
}

func (p planned) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	p.explain(ctx, query, args...)
	return p.querier.QueryRowContext(ctx, query, args...)
}

func (p planned) explain(ctx context.Context, query string, args ...any) {
	rows, err := p.querier.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			p.t.Fatal(err)
		}
		*p.plans = append(*p.plans, detail+"\n\tof "+strings.Join(strings.Fields(query), " "))
	}
}

// scanned matches a step that walks a whole table: not one of those that are a
// handful of rows, nor a list handed in, nor rows already found.
var scanned = regexp.MustCompile(`^SCAN (\w+)`)

var small = map[string]bool{"register": true, "j": true, "e": true, "restriction": true, "x": true, "account": true, "json_each": true, "CONSTANT": true}

func TestNothingOfACaseIsFoundByWalkingTheRegister(t *testing.T) {
	ctx := t.Context()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	by := casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}
	dir := filepath.Join(t.TempDir(), "register")
	if err := Create(ctx, dir, key, by, time.Now); err != nil {
		t.Fatal(err)
	}
	db, err := Open(dir, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var plans []string
	people, cases := []casefile.NominalID{"S:N1"}, []casefile.CaseID{"S:C1"}
	err = db.View(ctx, func(tx *Tx) error {
		tx.tx = planned{tx.tx, t, &plans}
		for name, read := range map[string]func() error{
			"Report":        func() error { _, err := tx.Report(ctx, "S:C1"); return orNone(err) },
			"Parts":         func() error { _, err := tx.Parts(ctx, "S:C1"); return err },
			"Persons":       func() error { _, err := tx.Persons(ctx, people); return err },
			"LogOf":         func() error { _, err := tx.LogOf(ctx, "S:C1"); return err },
			"LogTexts":      func() error { _, err := tx.LogTexts(ctx, "S:C1", []int64{1}); return err },
			"Papers":        func() error { _, err := tx.Papers(ctx, "S:C1"); return err },
			"DocumentBytes": func() error { _, err := tx.DocumentBytes(ctx, "S:C1", 1); return orNone(err) },
			"TextAt": func() error {
				for _, part := range []string{casefile.PartLog, casefile.PartMO, casefile.PartClosing, casefile.PartDocument} {
					if _, err := tx.TextAt(ctx, "S:C1", 1, part, 1); orNone(err) != nil {
						return err
					}
				}
				return nil
			},
			"ExhibitsOf":   func() error { _, err := tx.ExhibitsOf(ctx, "S:C1"); return err },
			"EndingsOf":    func() error { _, err := tx.EndingsOf(ctx, "S:C1"); return err },
			"MarksOf":      func() error { _, err := tx.MarksOf(ctx, "S:C1", people); return err },
			"EpisodesOf":   func() error { _, err := tx.EpisodesOf(ctx, people); return err },
			"UsesOf":       func() error { _, err := tx.UsesOf(ctx, "S:C1"); return err },
			"UsesBy":       func() error { _, err := tx.UsesBy(ctx, "someone", people); return err },
			"SharedWith":   func() error { _, err := tx.SharedWith(ctx, "someone", []string{"S:I1"}, people, 9); return err },
			"StatedIn":     func() error { _, err := tx.StatedIn(ctx, 1, "S:C1"); return err },
			"CaseFact":     func() error { _, err := tx.CaseFact(ctx, 1, "S:C1"); return err },
			"HeldToBe":     func() error { _, err := tx.HeldToBe(ctx, 1, people); return err },
			"RecordsOf":    func() error { _, err := tx.RecordsOf(ctx, 1, "P1"); return err },
			"RolesOf":      func() error { _, err := tx.RolesOf(ctx, "someone", people, "S:C1", 9); return err },
			"GroupsOf":     func() error { _, err := tx.GroupsOf(ctx, 1, []string{"P1"}); return err },
			"TiesOf":       func() error { _, err := tx.TiesOf(ctx, 1, "P1", 9); return err },
			"HeldCases":    func() error { _, err := tx.HeldCases(ctx, "someone", cases); return err },
			"LinkedFrom":   func() error { _, err := tx.LinkedFrom(ctx, "someone", "S:C1", cases); return err },
			"Arrivals":     func() error { _, err := tx.Arrivals(ctx, []int64{1}); return err },
			"Renewals":     func() error { _, err := tx.Renewals(ctx, "S:C1", people); return err },
			"Readings":     func() error { _, err := tx.Readings(ctx, "S:C1", []ledger.Kind{ledger.CaseRead}, 5, 9); return err },
			"IsRestricted": func() error { _, err := tx.IsRestricted(ctx, "S:C1"); return err },
			"HiddenPeople": func() error { _, err := tx.HiddenPeople(ctx, "someone"); return err },
			"LinesOf":      func() error { _, err := tx.LinesOf(ctx, "S:C1"); return err },
			"Mentioned":    func() error { _, err := tx.Mentioned(ctx, "S:C1", []string{"C9"}); return err },
		} {
			before := len(plans)
			if err := read(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if len(plans) == before {
				t.Errorf("%s asked nothing", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		if m := scanned.FindStringSubmatch(p); m != nil && !small[m[1]] {
			t.Errorf("%s", p)
		}
	}
}

// orNone forgives that there is no such thing: the register is empty.
func orNone(err error) error {
	if casefile.KindOf(err) == casefile.NotFound {
		return nil
	}
	return err
}
