package account

import (
	"context"
	"encoding/json"
	"slices"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Table is one version of who may do what, with how it came to be in force.
type Table struct {
	*desk.Policy
	ID     int64 // 0: the one that ships with Lookback
	Reason string
	By     string
	At     string
}

// Tables returns every table of roles, the one in force first, the one that
// ships with Lookback last.
func Tables(ctx context.Context, d *desk.Desk) (out []Table, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.RoleVersions(ctx)
		for _, r := range rows {
			p, err := readTable(r.Roles)
			if err != nil {
				return err
			}
			out = append(out, Table{p, r.ID, r.Reason, r.AdoptedBy, r.AdoptedAt})
		}
		return err
	})
	slices.Reverse(out)
	return append(out, Table{Policy: desk.ShippedPolicy(), Reason: "As shipped with Lookback."}), err
}

// readTable reads a table that was adopted, perhaps under an earlier version of
// the program. An act that exists no longer is passed over: it grants nothing.
func readTable(text string) (*desk.Policy, error) {
	var p desk.Policy
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return nil, err
	}
	acts := desk.Acts()
	for role, granted := range p.Roles {
		p.Roles[role] = slices.DeleteFunc(granted, func(a desk.Act) bool { return !slices.Contains(acts, a) })
	}
	kept, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return desk.ParsePolicy(kept)
}

// AdoptRoles puts a table of roles in force: JSON as in desk/roles.json, with the
// version after the one in force. It refuses a table under which no account could
// manage accounts any more, so that nobody locks everybody out.
func AdoptRoles(ctx context.Context, d *desk.Desk, by casefile.Actor, text, reason string) (*desk.Policy, error) {
	if err := d.May(by, desk.ManageAccounts); err != nil {
		return nil, err
	}
	if err := needReason(reason, "why the table changes"); err != nil {
		return nil, err
	}
	p, err := desk.ParsePolicy([]byte(text))
	if err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "The table of roles cannot be adopted: %s.", err)
	}
	err = d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		current, err := tableInForce(ctx, tx)
		if err != nil {
			return nil, err
		}
		if p.Version != current.Version+1 {
			return nil, casefile.Errorf(casefile.Conflict, "The table in force is version %d, so the next is version %d, and this one says %d. Somebody may have changed it meanwhile: look at it again.",
				current.Version, current.Version+1, p.Version)
		}
		accounts, err := tx.Accounts(ctx)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(accounts, func(a store.Account) bool {
			return a.DisabledAt.IsZero() && p.Allows(public(a).Actor(), desk.ManageAccounts)
		}) {
			return nil, casefile.Errorf(casefile.Invalid, "Under this table no account could manage accounts any more. Grant it to a role that somebody holds.")
		}
		kept, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		_, err = tx.AddRoleVersion(ctx, store.RoleVersion{Roles: string(kept), Reason: reason, AdoptedBy: by.ID})
		return []ledger.Event{{Kind: ledger.RolesAdopted, Purpose: reason, Body: map[string]any{"version": p.Version, "roles": p.Roles}}}, err
	})
	if err != nil {
		return nil, err
	}
	d.SetPolicy(p)
	return p, nil
}

func tableInForce(ctx context.Context, tx *store.Tx) (*desk.Policy, error) {
	r, ok, err := tx.LastRoleVersion(ctx)
	if err != nil || !ok {
		return desk.ShippedPolicy(), err
	}
	return readTable(r.Roles)
}

// LoadRoles puts the latest adopted table in force in this process.
func (b *Book) LoadRoles(ctx context.Context) error {
	var p *desk.Policy
	var id int64
	err := b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		r, ok, err := tx.LastRoleVersion(ctx)
		if err != nil || !ok {
			return err
		}
		id = r.ID
		p, err = readTable(r.Roles)
		return err
	})
	if err != nil || p == nil {
		return err
	}
	b.Desk.SetPolicy(p)
	b.roles.Store(id)
	return nil
}

// followRoles loads the table of roles when somebody, perhaps another process,
// has adopted another since.
func (b *Book) followRoles(ctx context.Context, latest int64) error {
	if latest <= b.roles.Load() {
		return nil
	}
	b.loading.Lock()
	defer b.loading.Unlock()
	if latest <= b.roles.Load() {
		return nil
	}
	return b.LoadRoles(ctx)
}

func needReason(reason, what string) error {
	if len(reason) > 4000 {
		return casefile.Errorf(casefile.Invalid, "The reason is too long: keep it under 4,000 characters.")
	}
	for _, r := range reason {
		if r > ' ' {
			return nil
		}
	}
	return casefile.Errorf(casefile.Invalid, "Give the reason: %s. It stands in the ledger.", what)
}
