package cohort

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/desk/desktest"
	"lookback/internal/store"
)

// collected keeps the rows of a list on its way out.
type collected struct{ rows [][]string }

func (k *collected) Row(cells ...string) error {
	k.rows = append(k.rows, cells)
	return nil
}

func TestActionsLeaveInTheirOrderThroughTheirFilter(t *testing.T) {
	d := madeUp(t, 40)
	v := snapshot(t, d)
	const n = 1203 // more than two pages
	decide(t, d, func(tx *store.Tx) error {
		for i := range n {
			a := casefile.Action{Case: v.Rows[i%len(v.Rows)].ID, Title: fmt.Sprint("task ", i), Priority: "normal", RaisedBy: "rev1", State: casefile.ForAllocation}
			if i%5 == 0 {
				a.Due, a.Priority = fmt.Sprintf("2026-01-%02d", 1+i%28), "high"
			}
			if _, err := tx.AddAction(t.Context(), a); err != nil {
				return err
			}
		}
		return tx.Restrict(t.Context(), store.Restriction{Case: v.Rows[0].ID, Kind: "other", Reason: "test", SetBy: "op"})
	})
	hidden := (n + len(v.Rows) - 1) / len(v.Rows)
	for _, c := range []struct {
		by    casefile.Actor
		query string
		want  int
	}{
		{desktest.Operator, "", n},
		{desktest.Operator, "priority=high", (n + 4) / 5},
		{desktest.Operator, "owner=me", 0},
		{desktest.Operator, "owner=-&overdue=y", (n + 4) / 5}, // nobody has them, and they are late
		{desktest.Operator, "state=filed", 0},
		{reviewer, "", n - hidden},
	} {
		k := &collected{}
		x := &leaving{d: d, by: c.by, query: c.query, to: k}
		if err := x.begin(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := exportActions(t.Context(), x); err != nil {
			t.Fatal(err)
		}
		if len(k.rows) != c.want || x.rows != c.want {
			t.Errorf("%s, %q: %d rows, want %d", c.by.ID, c.query, len(k.rows), c.want)
		}
		seen := map[string]bool{}
		for _, row := range k.rows {
			if len(row) != len(actionsHeader) || seen[row[0]] {
				t.Fatalf("row %v", row)
			}
			seen[row[0]] = true
		}
		if !slices.IsSortedFunc(k.rows, func(a, b []string) int {
			if (a[9] == "") != (b[9] == "") {
				return strings.Compare(b[9], a[9])
			}
			return strings.Compare(a[9], b[9])
		}) {
			t.Errorf("%s, %q: not in order of their due day", c.by.ID, c.query)
		}
	}
	x := &leaving{d: d, by: desktest.Operator, query: "state=mislaid", to: &collected{}}
	if err := exportActions(t.Context(), x); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("a state that is none: %v", err)
	}
}
