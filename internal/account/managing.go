package account

import (
	"context"
	"slices"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// own returns an error unless the account is the actor's own, or the actor may
// manage accounts.
func (b *Book) own(by casefile.Actor, id string) error {
	if by.ID == id && id != "" {
		return b.Desk.May(by, desk.UseLookback)
	}
	return b.Desk.May(by, desk.ManageAccounts)
}

// another returns an error unless the actor may manage accounts and this is not
// their own: whoever sits down at an administrator's open session must not take
// it over, and nobody gives roles to themselves.
func (b *Book) another(by casefile.Actor, id, doing string) error {
	if err := b.Desk.May(by, desk.ManageAccounts); err != nil {
		return err
	}
	if by.ID == id {
		return casefile.Errorf(casefile.Forbidden, "Nobody can %s. Ask another administrator.", doing)
	}
	return nil
}

// Add adds an account. With Password set it returns a one-time password, to be
// handed over in person; it lapses after seven days and must be changed at the
// first sign-in. Without, the person signs in through the directory.
func (b *Book) Add(ctx context.Context, by casefile.Actor, a Account) (password string, err error) {
	if err := b.Desk.May(by, desk.ManageAccounts); err != nil {
		return "", err
	}
	a.ID, a.Name = CleanID(a.ID), strings.TrimSpace(a.Name)
	if err := b.check(a); err != nil {
		return "", err
	}
	row := store.Account{ID: a.ID, Name: a.Name, KnownAs: a.KnownAs, Roles: a.Roles}
	if a.Password {
		password = oneTime()
		if row.Password, err = b.hash(ctx, password); err != nil {
			return "", err
		}
		row.MustChange = true
	}
	err = b.Desk.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		row.PasswordAt = tx.Now
		return added(ctx, tx, row)
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// Change replaces the name, the other names and the roles of an account. Its
// version is the one that was on the page. Nobody changes their own roles.
func (b *Book) Change(ctx context.Context, by casefile.Actor, a Account, reason string) error {
	if err := b.Desk.May(by, desk.ManageAccounts); err != nil {
		return err
	}
	a.Name = strings.TrimSpace(a.Name)
	if err := b.check(a); err != nil {
		return err
	}
	if err := needReason(reason, "why the account changes"); err != nil {
		return err
	}
	return b.manage(ctx, by, a.ID, func(tx *store.Tx, row store.Account) ([]ledger.Event, error) {
		if row.Version != a.Version {
			return nil, casefile.Errorf(casefile.Conflict, "Somebody else changed this account while you had it open. Look at it again, then make your change.")
		}
		var what []string
		if row.Name != a.Name {
			what = append(what, "name")
		}
		if !slices.Equal(row.KnownAs, a.KnownAs) {
			what = append(what, "names in the records")
		}
		body := map[string]any{}
		if !sameRoles(row.Roles, a.Roles) {
			if err := b.another(by, a.ID, "change their own roles"); err != nil {
				return nil, err
			}
			what = append(what, "roles")
			body["before"], body["roles"] = row.Roles, a.Roles
		}
		if len(what) == 0 {
			return nil, casefile.Errorf(casefile.Invalid, "Nothing was changed on the form, so nothing was saved.")
		}
		body["what"] = strings.Join(what, ", ")
		row.Name, row.KnownAs, row.Roles = a.Name, a.KnownAs, a.Roles
		return []ledger.Event{{Kind: ledger.AccountChanged, Subject: a.ID, Purpose: reason, Body: body}}, save(ctx, tx, row)
	})
}

func sameRoles(x, y []casefile.Role) bool {
	x, y = slices.Clone(x), slices.Clone(y)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}

// manage changes one account in a transaction.
func (b *Book) manage(ctx context.Context, by casefile.Actor, id string, f func(*store.Tx, store.Account) ([]ledger.Event, error)) error {
	return b.Desk.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		row, err := mustHave(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		return f(tx, row)
	})
}

func save(ctx context.Context, tx *store.Tx, row store.Account) error {
	row.Version++
	return tx.SaveAccount(ctx, row)
}

// Disable ends an account: its sessions end at once, and nobody signs in to it.
// What it did stays. Nobody disables themselves.
func (b *Book) Disable(ctx context.Context, by casefile.Actor, id, reason string) error {
	if err := b.another(by, id, "disable their own account"); err != nil {
		return err
	}
	if err := needReason(reason, "why the account is disabled"); err != nil {
		return err
	}
	return b.manage(ctx, by, id, func(tx *store.Tx, row store.Account) ([]ledger.Event, error) {
		if !row.DisabledAt.IsZero() {
			return nil, casefile.Errorf(casefile.Conflict, "The account %s is disabled already.", id)
		}
		n, err := tx.EndSessions(ctx, id)
		if err != nil {
			return nil, err
		}
		row.DisabledAt = tx.Now
		return []ledger.Event{{Kind: ledger.AccountDisabled, Subject: id, Purpose: reason, Body: map[string]any{"sessions": n}}}, save(ctx, tx, row)
	})
}

// Enable takes a disabling back. Password and second factor are as they were.
func (b *Book) Enable(ctx context.Context, by casefile.Actor, id, reason string) error {
	if err := b.another(by, id, "enable their own account"); err != nil {
		return err
	}
	if err := needReason(reason, "why the account is enabled again"); err != nil {
		return err
	}
	return b.manage(ctx, by, id, func(tx *store.Tx, row store.Account) ([]ledger.Event, error) {
		if row.DisabledAt.IsZero() {
			return nil, casefile.Errorf(casefile.Conflict, "The account %s is not disabled.", id)
		}
		row.DisabledAt = time.Time{}
		return []ledger.Event{changedEvent(id, reason, "enabled again")}, save(ctx, tx, row)
	})
}

// Unlock ends a lock before its time.
func (b *Book) Unlock(ctx context.Context, by casefile.Actor, id, reason string) error {
	if err := b.another(by, id, "unlock their own account"); err != nil {
		return err
	}
	if err := needReason(reason, "how you know that it is the owner who asks"); err != nil {
		return err
	}
	return b.manage(ctx, by, id, func(tx *store.Tx, row store.Account) ([]ledger.Event, error) {
		if !tx.Now.Before(row.LockedUntil) {
			return nil, casefile.Errorf(casefile.Conflict, "The account %s is not locked.", id)
		}
		return []ledger.Event{changedEvent(id, reason, "unlocked")}, tx.SetFailures(ctx, id, 0, time.Time{})
	})
}

// Reset is the way back in for whoever lost a password or a device: a new
// one-time password, no second factor until they enrol one, no lock, and every
// session ended. It returns the password, "" for an account of the directory.
// Nobody resets themselves.
func (b *Book) Reset(ctx context.Context, by casefile.Actor, id, reason string) (password string, err error) {
	if err := b.another(by, id, "reset their own account"); err != nil {
		return "", err
	}
	if err := needReason(reason, "why, and how you know that it is the owner who asks"); err != nil {
		return "", err
	}
	password = oneTime()
	hash, err := b.hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = b.manage(ctx, by, id, func(tx *store.Tx, row store.Account) ([]ledger.Event, error) {
		if !row.DisabledAt.IsZero() {
			return nil, casefile.Errorf(casefile.Conflict, "The account %s is disabled. Enable it first.", id)
		}
		if row.Password == "" {
			password = ""
		} else {
			row.Password, row.PasswordAt, row.MustChange = hash, tx.Now, true
		}
		row.TOTP, row.TOTPStep, row.Failures, row.LockedUntil = "", 0, 0, time.Time{}
		if err := tx.RemovePasskeys(ctx, id); err != nil {
			return nil, err
		}
		n, err := tx.EndSessions(ctx, id)
		if err != nil {
			return nil, err
		}
		return []ledger.Event{{Kind: ledger.AccountReset, Subject: id, Purpose: reason, Body: map[string]any{"sessions": n}}}, save(ctx, tx, row)
	})
	if err != nil {
		return "", err
	}
	return password, nil
}
