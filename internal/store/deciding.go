package store

import "context"

// An Adoption is one version of terms of reference put in force. The latest is
// in force; none is ever edited.
type Adoption struct {
	ID        int64
	Name      string
	Version   int
	Terms     string // JSON
	SHA256    string
	Reason    string
	AdoptedBy string
	AdoptedAt string
}

// Adopt puts terms in force.
func (t *Tx) Adopt(ctx context.Context, a Adoption) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO adoption (name, version, terms, sha256, reason, adopted_by, adopted_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, a.Name, a.Version, a.Terms, a.SHA256, a.Reason, a.AdoptedBy, instant(t.Now))
	return err
}

// Adoptions returns every adoption, oldest first.
func (t *Tx) Adoptions(ctx context.Context) ([]Adoption, error) {
	return all(ctx, t.tx, func(s scanner) (a Adoption, err error) {
		return a, s.Scan(&a.ID, &a.Name, &a.Version, &a.Terms, &a.SHA256, &a.Reason, &a.AdoptedBy, &a.AdoptedAt)
	}, `
		SELECT id, name, version, terms, sha256, reason, adopted_by, adopted_at
		FROM adoption
		ORDER BY id`)
}
