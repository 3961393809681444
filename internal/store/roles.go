package store

import "context"

// A RoleVersion is one table of who may do what, put in force. The latest holds;
// none is ever edited.
type RoleVersion struct {
	ID        int64
	Roles     string // JSON
	Reason    string
	AdoptedBy string
	AdoptedAt string
}

func scanRoleVersion(s scanner) (r RoleVersion, err error) {
	return r, s.Scan(&r.ID, &r.Roles, &r.Reason, &r.AdoptedBy, &r.AdoptedAt)
}

// RoleVersions returns every adopted table, oldest first.
func (t *Tx) RoleVersions(ctx context.Context) ([]RoleVersion, error) {
	return all(ctx, t.tx, scanRoleVersion, `
		SELECT id, roles, reason, adopted_by, adopted_at
		FROM role_version
		ORDER BY id`)
}

// LastRoleVersion returns the table in force; ok is false if none was adopted.
func (t *Tx) LastRoleVersion(ctx context.Context) (RoleVersion, bool, error) {
	r, err := scanRoleVersion(t.tx.QueryRowContext(ctx, `
		SELECT id, roles, reason, adopted_by, adopted_at
		FROM role_version
		ORDER BY id DESC
		LIMIT 1`))
	return maybe(r, err)
}

// AddRoleVersion puts a table in force.
func (t *Tx) AddRoleVersion(ctx context.Context, r RoleVersion) (int64, error) {
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO role_version (roles, reason, adopted_by, adopted_at)
		VALUES (?1, ?2, ?3, ?4)`, r.Roles, r.Reason, r.AdoptedBy, instant(t.Now))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}
