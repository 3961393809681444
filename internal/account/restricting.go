package account

import (
	"context"
	"slices"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// Kinds of restriction: why a case is kept to named readers.
var RestrictionKinds = []string{"police suspect", "protected person", "sensitive source", "other"}

// Restrict keeps a case to named readers: for everybody else it does not exist
// from now on. At least one of the readers must be able to undo it.
func Restrict(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, kind, reason string, readers []string) error {
	if err := d.May(by, desk.RestrictCases); err != nil {
		return err
	}
	if !slices.Contains(RestrictionKinds, kind) {
		return casefile.Errorf(casefile.Invalid, "Say what kind of restriction it is.")
	}
	if err := needReason(reason, "why the case is kept to named readers"); err != nil {
		return err
	}
	slices.Sort(readers)
	readers = slices.Compact(readers)
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return nil, err
		}
		if _, already, err := tx.Restriction(ctx, id); err != nil || already {
			return nil, either(err, casefile.Errorf(casefile.Conflict, "This case is restricted already. Its page shows who may read it."))
		}
		for _, r := range readers {
			if err := mayBeReader(ctx, d, tx, r); err != nil {
				return nil, err
			}
		}
		if err := somebodyCanUndo(ctx, d, tx, readers); err != nil {
			return nil, err
		}
		if err := tx.Restrict(ctx, store.Restriction{Case: id, Kind: kind, Reason: reason, SetBy: by.ID}); err != nil {
			return nil, err
		}
		for _, r := range readers {
			if err := tx.AddCaseReader(ctx, store.CaseReader{Case: id, Account: r, Reason: reason, NamedBy: by.ID}); err != nil {
				return nil, err
			}
		}
		return touched(ctx, tx, id, ledger.Event{Kind: ledger.CaseRestricted, Purpose: reason, Body: map[string]any{"kind": kind, "readers": readers}})
	})
}

// touched raises the version of a case, whose event it completes.
func touched(ctx context.Context, tx *store.Tx, id casefile.CaseID, e ledger.Event) ([]ledger.Event, error) {
	e.Subject = string(id)
	_, err := tx.TouchCase(ctx, id, store.CaseChange{})
	return []ledger.Event{e}, err
}

// mayBeReader returns an error unless an account can read cases at all.
func mayBeReader(ctx context.Context, d *desk.Desk, tx *store.Tx, account string) error {
	a, ok, err := tx.Account(ctx, account)
	switch {
	case err != nil:
		return err
	case !ok:
		return casefile.Errorf(casefile.Invalid, "There is no account %q. Choose readers from the list.", account)
	case !a.DisabledAt.IsZero():
		return casefile.Errorf(casefile.Invalid, "The account %s is disabled and cannot be named.", account)
	case !d.Policy().Allows(public(a).Actor(), desk.ReadCases):
		return casefile.Errorf(casefile.Invalid, "The roles of %s do not let them read cases, so naming them would change nothing.", account)
	}
	return nil
}

// somebodyCanUndo returns an error unless one of the readers may lift a
// restriction or name others.
func somebodyCanUndo(ctx context.Context, d *desk.Desk, tx *store.Tx, readers []string) error {
	for _, r := range readers {
		a, ok, err := tx.Account(ctx, r)
		if err != nil {
			return err
		}
		if ok && a.DisabledAt.IsZero() && d.Policy().Allows(public(a).Actor(), desk.RestrictCases) {
			return nil
		}
	}
	return casefile.Errorf(casefile.Invalid, "One of the readers must be somebody who may lift the restriction again and name others: a supervisor, yourself or another.")
}

// restricted returns the restriction that the actor may change.
func restricted(ctx context.Context, d *desk.Desk, tx *store.Tx, by casefile.Actor, id casefile.CaseID) (store.Restriction, error) {
	if err := d.Readable(ctx, tx, by, id); err != nil {
		return store.Restriction{}, err
	}
	r, ok, err := tx.Restriction(ctx, id)
	if err == nil && !ok {
		err = casefile.Errorf(casefile.Conflict, "This case is not restricted. Somebody may have lifted it meanwhile.")
	}
	return r, err
}

// Lift ends a restriction: the case is open again to all whose roles let them
// read cases.
func Lift(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, reason string) error {
	if err := d.May(by, desk.RestrictCases); err != nil {
		return err
	}
	if err := needReason(reason, "why the restriction is no longer needed"); err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		r, err := restricted(ctx, d, tx, by, id)
		if err != nil {
			return nil, err
		}
		if err := tx.LiftRestriction(ctx, id, by.ID, reason); err != nil {
			return nil, err
		}
		return touched(ctx, tx, id, ledger.Event{Kind: ledger.RestrictionLift, Purpose: reason, Body: map[string]any{"kind": r.Kind}})
	})
}

// NameReader opens a restricted case to one more account.
func NameReader(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, account, reason string) error {
	if err := d.May(by, desk.RestrictCases); err != nil {
		return err
	}
	if err := needReason(reason, "why this person needs to read the case"); err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if _, err := restricted(ctx, d, tx, by, id); err != nil {
			return nil, err
		}
		if err := mayBeReader(ctx, d, tx, account); err != nil {
			return nil, err
		}
		if ok, err := tx.CaseReadable(ctx, account, id); err != nil || ok {
			return nil, either(err, casefile.Errorf(casefile.Conflict, "%s is a reader of this case already.", account))
		}
		if err := tx.AddCaseReader(ctx, store.CaseReader{Case: id, Account: account, Reason: reason, NamedBy: by.ID}); err != nil {
			return nil, err
		}
		return touched(ctx, tx, id, ledger.Event{Kind: ledger.ReaderNamed, Purpose: reason, Body: map[string]any{"reader": account}})
	})
}

// WithdrawReader closes a restricted case to an account again. The last reader
// who could undo the restriction stays.
func WithdrawReader(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, account, reason string) error {
	if err := d.May(by, desk.RestrictCases); err != nil {
		return err
	}
	if err := needReason(reason, "why this person no longer needs to read the case"); err != nil {
		return err
	}
	return d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if _, err := restricted(ctx, d, tx, by, id); err != nil {
			return nil, err
		}
		ok, err := tx.WithdrawCaseReader(ctx, id, account, by.ID)
		if err != nil || !ok {
			return nil, either(err, casefile.Errorf(casefile.NotFound, "%s is not among the readers of this case.", account))
		}
		rows, err := tx.CaseReaders(ctx, id)
		if err != nil {
			return nil, err
		}
		var left []string
		for _, r := range rows {
			if r.WithdrawnAt.IsZero() {
				left = append(left, r.Account)
			}
		}
		if err := somebodyCanUndo(ctx, d, tx, left); err != nil {
			return nil, casefile.Errorf(casefile.Conflict, "Nobody would be left who may lift the restriction. Name another supervisor first, then withdraw %s.", account)
		}
		return touched(ctx, tx, id, ledger.Event{Kind: ledger.ReaderWithdrawn, Purpose: reason, Body: map[string]any{"reader": account}})
	})
}

// A CaseRestriction is what the page of a case's restriction shows.
type CaseRestriction struct {
	Case    casefile.CaseID
	Now     *store.Restriction // nil: open to all whose roles let them read cases
	Readers []store.CaseReader // now and earlier
	Before  []store.Restriction
}

// ReadRestriction returns who may read a case and why. To look is to read the
// case.
func ReadRestriction(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID) (*CaseRestriction, error) {
	if err := d.May(by, desk.RestrictCases); err != nil {
		return nil, err
	}
	out := &CaseRestriction{Case: id}
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		if err := d.Readable(ctx, tx, by, id); err != nil {
			return err
		}
		r, ok, err := tx.Restriction(ctx, id)
		if err != nil {
			return err
		}
		if ok {
			out.Now = &r
		}
		if out.Readers, err = tx.CaseReaders(ctx, id); err != nil {
			return err
		}
		out.Before, err = tx.RestrictionsBefore(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, d.Seen(ctx, by, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: "who may read it"})
}

// Restricted lists the restricted cases that the actor is a reader of, and counts
// all. Whoever is named in none sees the number alone.
type Restricted struct {
	Cases []store.Restriction
	Total int
}

// ListRestricted returns the restricted cases that the actor may know of.
func ListRestricted(ctx context.Context, d *desk.Desk, by casefile.Actor) (*Restricted, error) {
	if err := d.May(by, desk.ReadAccess); err != nil {
		return nil, err
	}
	out := &Restricted{}
	err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		if out.Total, err = tx.CountRestricted(ctx); err != nil {
			return err
		}
		out.Cases, err = tx.OpenRestrictions(ctx, desk.Reader(by))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(out.Cases) == 0 {
		return out, nil // a number names nobody
	}
	ids := make([]casefile.CaseID, len(out.Cases))
	for i, r := range out.Cases {
		ids[i] = r.Case
	}
	return out, d.Seen(ctx, by, ledger.Event{Kind: ledger.ListRead, Purpose: "restricted cases", Body: map[string]any{"cases": ids}})
}
