// Package account keeps the people who use Lookback: how they sign in, which
// roles they hold, and which restricted cases are open to them.
package account

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// An Account is one person's way in. Its id is the actor of every event. It
// holds nothing that proves who the person is.
type Account struct {
	ID      string
	Name    string
	KnownAs []string // how the force's records name this person as an officer
	Roles   []casefile.Role

	Disabled    bool
	DisabledAt  time.Time
	LockedUntil time.Time // in the past or zero: not locked
	Password    bool      // has a password here; false: only through the directory
	MustChange  bool      // the password was given out by somebody else
	TOTP        bool      // has an authenticator app
	Passkeys    int
	Directory   string // issuer and subject there, by a space
	CreatedAt   time.Time
	Version     int64
}

// Actor returns who acts when this account does.
func (a Account) Actor() casefile.Actor { return casefile.Actor{ID: a.ID, Roles: a.Roles} }

// SecondFactor reports whether the account has one.
func (a Account) SecondFactor() bool { return a.TOTP || a.Passkeys > 0 }

func (a Account) String() string       { return a.ID }
func (a Account) LogValue() slog.Value { return slog.StringValue(a.ID) }

func public(a store.Account) Account {
	return Account{
		ID: a.ID, Name: a.Name, KnownAs: a.KnownAs, Roles: a.Roles,
		Disabled: !a.DisabledAt.IsZero(), DisabledAt: a.DisabledAt, LockedUntil: a.LockedUntil,
		Password: a.Password != "", MustChange: a.MustChange, TOTP: a.TOTP != "", Passkeys: a.Passkeys, Directory: a.Directory,
		CreatedAt: a.CreatedAt, Version: a.Version,
	}
}

// A Book holds the accounts of a register. Its zero value with a Desk works.
type Book struct {
	Desk      *desk.Desk
	Clock     func() time.Time
	Directory *Directory // nil: people sign in with passwords and passkeys only

	hashing sync.Once
	slots   chan struct{} // bounds how many passwords are hashed at once
	nobody  string        // hash of a password that nobody has

	roles      atomic.Int64 // the table of roles that the desk has loaded
	loading    sync.Mutex
	challenges challenges
}

// visitor acts before anybody has signed in.
var visitor = casefile.Actor{ID: "visitor"}

// List returns every account by id, disabled ones too.
func (b *Book) List(ctx context.Context) (out []Account, err error) {
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Accounts(ctx)
		for _, a := range rows {
			out = append(out, public(a))
		}
		return err
	})
	return out, err
}

// Find returns one account.
func (b *Book) Find(ctx context.Context, id string) (out Account, err error) {
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		a, err := mustHave(ctx, tx, id)
		out = public(a)
		return err
	})
	return out, err
}

func mustHave(ctx context.Context, tx *store.Tx, id string) (store.Account, error) {
	a, ok, err := tx.Account(ctx, id)
	if err == nil && !ok {
		err = casefile.Errorf(casefile.NotFound, "There is no account %q. The list of accounts shows them all.", id)
	}
	return a, err
}

// idForm is what an account may be called: an actor's id in every event, so it
// must be plain, and never look like the operator's.
var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]{1,62}$`)

// CleanID returns a sign-in name as it is kept.
func CleanID(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

// check refuses an account that cannot be kept.
func (b *Book) check(a Account) error {
	switch {
	case !idForm.MatchString(a.ID) || a.ID == visitor.ID || a.ID == directoryActor.ID:
		return casefile.Errorf(casefile.Invalid, "%q cannot be a sign-in name. Use 2 to 63 small letters, digits, and . _ @ -, beginning with a letter or digit.", a.ID)
	case strings.TrimSpace(a.Name) == "":
		return casefile.Errorf(casefile.Invalid, "Give the person's name.")
	case len(a.Name) > 200 || len(strings.Join(a.KnownAs, "")) > 2000:
		return casefile.Errorf(casefile.Invalid, "That name is too long.")
	}
	return b.checkRoles(a.Roles)
}

func (b *Book) checkRoles(roles []casefile.Role) error {
	table := b.Desk.Policy().Roles
	for _, r := range roles {
		if _, known := table[r]; !known {
			return casefile.Errorf(casefile.Invalid, "There is no role %q. The roles are: %s.", r, strings.Join(roleNames(table), ", "))
		}
	}
	return nil
}

func roleNames(table map[casefile.Role][]desk.Act) (names []string) {
	for r := range table {
		names = append(names, string(r))
	}
	slices.Sort(names)
	return names
}

// AddReady adds an account that has a password and a second factor already, for
// a demonstration and for tests. Only a register of made-up data takes it: there
// is no shorter way in to real records.
func (b *Book) AddReady(ctx context.Context, by casefile.Actor, a Account, password, totpSecret string) error {
	if err := b.Desk.May(by, desk.ManageAccounts); err != nil {
		return err
	}
	if err := b.check(a); err != nil {
		return err
	}
	if err := checkPassword(password, a); err != nil {
		return err
	}
	if err := checkSecret(totpSecret); err != nil {
		return err
	}
	hash, err := b.hash(ctx, password)
	if err != nil {
		return err
	}
	return b.Desk.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if r, err := tx.Register(ctx); err != nil || r.MadeUp != "y" {
			return nil, either(err, casefile.Errorf(casefile.Forbidden, "Only a register of made-up data takes an account that is ready. Add it, and let its owner sign in and enrol."))
		}
		return added(ctx, tx, store.Account{ID: a.ID, Name: a.Name, KnownAs: a.KnownAs, Roles: a.Roles, Password: hash, PasswordAt: tx.Now, TOTP: totpSecret})
	})
}

// added writes a new account with its event.
func added(ctx context.Context, tx *store.Tx, a store.Account) ([]ledger.Event, error) {
	if _, there, err := tx.Account(ctx, a.ID); err != nil || there {
		return nil, either(err, casefile.Errorf(casefile.Conflict, "There is an account %s already. An id is never used twice: choose another.", a.ID))
	}
	return []ledger.Event{{
		Kind: ledger.AccountAdded, Subject: a.ID,
		Body: map[string]any{"roles": a.Roles, "signs_in": waysIn(a)},
	}}, tx.AddAccount(ctx, a)
}

func waysIn(a store.Account) string {
	if a.Password == "" {
		return "directory"
	}
	return "password"
}

// either returns err unless it is nil, else the other.
func either(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
