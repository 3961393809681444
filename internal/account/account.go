// Package account keeps the people who use Lookback: how they sign in, which
// roles they hold, and which restricted cases are open to them.
package account

import (
	"context"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// An Account is one person's way in. Its id is the actor of every event.
type Account struct {
	ID      string
	Name    string
	KnownAs []string // how the force's records name this person as an officer
	Roles   []casefile.Role
}

// Actor returns who acts when this account does.
func (a Account) Actor() casefile.Actor { return casefile.Actor{ID: a.ID, Roles: a.Roles} }

// A Session is one signing-in on one device.
type Session struct {
	Account string
	Stage   string // password: the second factor is still owed; full
}

// A Book holds the accounts of a register.
type Book struct {
	Desk  *desk.Desk
	Clock func() time.Time
}

// Who returns whose session a token is. An unknown, lapsed or ended one is
// casefile.Forbidden.
func (b *Book) Who(ctx context.Context, token string) (Account, Session, error) {
	return Account{}, Session{}, casefile.Errorf(casefile.Forbidden, "You are not signed in.")
}
