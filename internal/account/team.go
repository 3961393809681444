package account

import (
	"context"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// MadeUpTeam returns the accounts of a made-up review team, one of each role and
// more where two or three people must act on one case. It is for the demo and for
// tests; the names are nobody's.
func MadeUpTeam() []Account {
	return []Account{
		{ID: "admin", Name: "Ashdown Admin", Roles: []casefile.Role{casefile.Administrator}},
		{ID: "records", Name: "Rushmere Records", Roles: []casefile.Role{casefile.Records}},
		{ID: "analyst", Name: "Alderley Analyst", Roles: []casefile.Role{casefile.Analyst}},
		{ID: "reviewer.one", Name: "Oakham Reviewer", Roles: []casefile.Role{casefile.Reviewer}, KnownAs: []string{"WM1308"}},
		{ID: "reviewer.two", Name: "Tamworth Reviewer", Roles: []casefile.Role{casefile.Reviewer}, KnownAs: []string{"WM2038"}},
		{ID: "supervisor.one", Name: "Oxley Supervisor", Roles: []casefile.Role{casefile.Supervisor}},
		{ID: "supervisor.two", Name: "Thorney Supervisor", Roles: []casefile.Role{casefile.Supervisor}},
		{ID: "supervisor.three", Name: "Tarrant Supervisor", Roles: []casefile.Role{casefile.Supervisor}},
		{ID: "disclosure", Name: "Denby Disclosure", Roles: []casefile.Role{casefile.Disclosure}},
		{ID: "inspector", Name: "Ingleby Inspector", Roles: []casefile.Role{casefile.Inspector}},
		{ID: "panel", Name: "Pendle Panel", Roles: []casefile.Role{casefile.Panel}},
	}
}

// Enter signs an account in without a password, for the demo's page of users and
// for tests. Only a register of made-up data has this door.
func (b *Book) Enter(ctx context.Context, id string, from Device) (token string, err error) {
	err = b.Desk.DB.Update(ctx, visitor, func(tx *store.Tx) ([]ledger.Event, error) {
		r, err := tx.Register(ctx)
		if err != nil || r.MadeUp != "y" {
			return nil, either(err, casefile.Errorf(casefile.Forbidden, "Only a register of made-up data lets people in without a password."))
		}
		a, err := mustHave(ctx, tx, CleanID(id))
		if err != nil || !a.DisabledAt.IsZero() {
			return nil, either(err, errRefused)
		}
		var events []ledger.Event
		token, events, err = enter(ctx, tx, a, "demo", from)
		return events, err
	})
	return token, err
}
