package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
)

// What pages ask of risks, actions and closings is found through an index, and a
// page of a list stops when it is full: nothing is sorted that is not shown.
func TestRisksAndActionsAreFoundThroughAnIndex(t *testing.T) {
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
	for _, c := range []struct {
		name string
		ask  func(*Tx) error
		want string // an index that the plan uses
	}{
		{"CasesAtRisk", func(tx *Tx) error { _, err := tx.CasesAtRisk(ctx); return err }, "INDEX risk_open"},
		{"OpenRiskFigures", func(tx *Tx) error { _, _, err := tx.OpenRiskFigures(ctx); return err }, "INDEX risk_open"},
		{"HiddenRisks", func(tx *Tx) error { _, err := tx.HiddenRisks(ctx, "x"); return err }, "INDEX risk_open"},
		{"CaseRisks", func(tx *Tx) error { _, err := tx.CaseRisks(ctx, "x"); return err }, "INDEX risk_case"},
		{"open Risks", func(tx *Tx) error { _, err := tx.Risks(ctx, "x", RiskFilter{State: "open", Limit: 9}); return err }, "INDEX risk_open"},
		{"all Risks", func(tx *Tx) error { _, err := tx.Risks(ctx, "x", RiskFilter{Limit: 9}); return err }, "INTEGER PRIMARY KEY"},
		{"RiskSteps", func(tx *Tx) error { _, err := tx.RiskSteps(ctx, 1, 2); return err }, "INDEX risk_step_risk"},
		{"CaseActions", func(tx *Tx) error { _, err := tx.CaseActions(ctx, "x"); return err }, "INDEX action_case"},
		{"open Actions", func(tx *Tx) error { _, err := tx.Actions(ctx, "x", ActionFilter{State: "open", Limit: 9}); return err }, "INDEX action_order"},
		{"all Actions", func(tx *Tx) error {
			_, err := tx.Actions(ctx, "x", ActionFilter{Limit: 9, After: Place{"2026-01-01", 5}})
			return err
		}, "INDEX action_order"},
		{"Actions of an owner", func(tx *Tx) error {
			_, err := tx.Actions(ctx, "x", ActionFilter{State: "open", Owner: "y", Limit: 9})
			return err
		}, "INDEX action_"},
		{"Actions of a case", func(tx *Tx) error { _, err := tx.Actions(ctx, "x", ActionFilter{Case: "y", Limit: 9}); return err }, "INDEX action_case"},
		{"CountActions of an owner", func(tx *Tx) error {
			_, _, err := tx.CountActions(ctx, "x", ActionFilter{State: "open", Owner: "y"})
			return err
		}, "INDEX action_open"},
		{"ActionLoads", func(tx *Tx) error { _, err := tx.ActionLoads(ctx, "2026-01-01", "2026-01-07"); return err }, "INDEX action_open"},
		{"ActionSteps", func(tx *Tx) error { _, err := tx.ActionSteps(ctx, 1, 2); return err }, "INDEX action_step_action"},
		{"BatchSteps", func(tx *Tx) error { _, err := tx.BatchSteps(ctx, "b"); return err }, "INDEX action_step_batch"},
		{"Closing", func(tx *Tx) error { _, _, err := tx.Closing(ctx, "x"); return err }, "INDEX closing_case"},
		{"Closings", func(tx *Tx) error { _, err := tx.Closings(ctx, "x", 9, nil, 9); return err }, "closing"},
	} {
		var plans []string
		err := db.View(ctx, func(tx *Tx) error {
			tx.tx = planned{tx.tx, t, &plans}
			return c.ask(tx)
		})
		plan := strings.Join(plans, "\n")
		if err != nil || !strings.Contains(plan, c.want) {
			t.Errorf("%s: %v, its plan has no %s:\n%s", c.name, err, c.want, plan)
		}
		if strings.HasPrefix(c.name, "open Actions") || strings.HasPrefix(c.name, "all ") {
			if strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s sorts everything before it shows a page:\n%s", c.name, plan)
			}
		}
	}
}

func TestReceivedLaterIsFoundThroughAnIndex(t *testing.T) {
	ctx := t.Context()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := Create(ctx, dir, key, casefile.Actor{ID: "operator:test"}, time.Now); err != nil {
		t.Fatal(err)
	}
	db, err := Open(dir, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var plans []string
	err = db.View(ctx, func(tx *Tx) error {
		tx.tx = planned{tx.tx, t, &plans}
		if _, err := tx.ReceivedLater(ctx, "x", 5); err != nil {
			return err
		}
		_, err := tx.ClosingsChanged(ctx)
		return err
	})
	if err != nil || len(plans) == 0 {
		t.Fatal(err)
	}
	for _, p := range plans {
		if m := scanned.FindStringSubmatch(p); m != nil && !small[m[1]] && m[1] != "c" && m[1] != "g" && m[1] != "r" {
			t.Errorf("%s", p)
		}
	}
}
