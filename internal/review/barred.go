package review

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/normalise"
	"lookback/internal/store"
)

// A Bar keeps an account from reviewing a case.
type Bar struct {
	Case casefile.CaseID
	Why  string
}

// Bars are the cases that an account may not review.
type Bars struct {
	Bars  []Bar // as far as the viewer may know of them, by case; at most barsShown
	Total int   // with those that are not shown
}

// barsShown is how many cases a page lists.
const barsShown = 200

// BarredFrom returns which cases an account may not review, and why: the records
// name its owner as an officer, by the rule of the queue, or it was declared.
// Everybody may ask of their own account; of another's it takes the permission,
// and the cases are listed only for who may read cases.
func BarredFrom(ctx context.Context, d *desk.Desk, by casefile.Actor, account string) (*Bars, error) {
	act := desk.ReadAccess
	if by.ID == account {
		act = desk.UseLookback
	}
	if err := d.May(by, act); err != nil {
		return nil, err
	}
	out := &Bars{}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		why, err := bars(ctx, tx, account)
		if err != nil {
			return err
		}
		hidden, err := tx.HiddenCases(ctx, desk.Reader(by))
		if err != nil {
			return err
		}
		out.Total = len(why)
		if !d.Policy().Allows(by, desk.ReadCases) {
			return nil
		}
		for id, reasons := range why {
			if !hidden[id] {
				out.Bars = append(out.Bars, Bar{id, strings.Join(reasons, " ")})
			}
		}
		slices.SortFunc(out.Bars, func(a, b Bar) int { return strings.Compare(string(a.Case), string(b.Case)) })
		out.Bars = out.Bars[:min(barsShown, len(out.Bars))]
		return nil
	})
	if err != nil || len(out.Bars) == 0 {
		return out, err
	}
	ids := make([]casefile.CaseID, len(out.Bars))
	for i, b := range out.Bars {
		ids[i] = b.Case
	}
	return out, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Subject: account, Purpose: "cases an account may not review", Body: map[string]any{"cases": ids}})
}

func bars(ctx context.Context, tx *store.Tx, account string) (map[casefile.CaseID][]string, error) {
	why := map[casefile.CaseID][]string{}
	a, ok, err := tx.Account(ctx, account)
	if err != nil || !ok {
		return why, err
	}
	recorded, err := tx.OfficerNames(ctx)
	if err != nil {
		return nil, err
	}
	own := officerNames(a)
	recorded = slices.DeleteFunc(recorded, func(name string) bool { return !own[normalise.Fold(name)] })
	if len(recorded) > 0 {
		named, err := tx.CasesNaming(ctx, recorded)
		if err != nil {
			return nil, err
		}
		for _, n := range named {
			why[n.Case] = append(why[n.Case], fmt.Sprintf("The records name %q as %s.", n.Name, n.As))
		}
	}
	recusals, err := tx.RecusalsOf(ctx, account)
	for _, r := range recusals {
		why[r.Case] = append(why[r.Case], fmt.Sprintf("Declared by %s: %s", r.SetBy, r.Reason))
	}
	return why, err
}
