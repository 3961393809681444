package store

import (
	"context"
	"time"

	"lookback/internal/casefile"
)

// EveryCase is the reader whom no restriction keeps out: whoever sits at the
// machine with the register's key.
const EveryCase = "*"

// unrestricted is the condition under which a list may show the case in a column
// to the account in a parameter. Its own tables have names that no query uses, so
// that a column is never taken for theirs.
func unrestricted(column, account string) string {
	return `(` + account + ` = '` + EveryCase + `' OR NOT EXISTS (
		SELECT 1 FROM restriction unrestricted_by
		WHERE unrestricted_by.case_id = ` + column + ` AND unrestricted_by.lifted_at = '' AND NOT EXISTS (
			SELECT 1 FROM restriction_reader unrestricted_for
			WHERE unrestricted_for.case_id = unrestricted_by.case_id AND unrestricted_for.account = ` + account + ` AND unrestricted_for.withdrawn_at = '')))`
}

// CaseReadable reports whether the case is held and the account may read it.
func (t *Tx) CaseReadable(ctx context.Context, account string, id casefile.CaseID) (ok bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM investigation_now i WHERE i.case_id = ?1)
			AND `+unrestricted("?1", "?2"), id, account).Scan(&ok)
	return ok, err
}

// HiddenCases returns the restricted cases that an account may not read. There
// are few: a list takes them out of what it shows.
func (t *Tx) HiddenCases(ctx context.Context, account string) (map[casefile.CaseID]bool, error) {
	out := map[casefile.CaseID]bool{}
	ids, err := all(ctx, t.tx, func(s scanner) (id casefile.CaseID, err error) { return id, s.Scan(&id) }, `
		SELECT x.case_id
		FROM restriction x
		WHERE x.lifted_at = '' AND NOT `+unrestricted("x.case_id", "?1"), account)
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// A Restriction keeps a case to named readers. Lifted, it stays as history.
type Restriction struct {
	ID           int64
	Case         casefile.CaseID
	Kind         string
	Reason       string
	SetBy        string
	SetAt        time.Time
	LiftedBy     string
	LiftedAt     time.Time
	LiftedReason string
}

const restrictionColumns = `x.id, x.case_id, x.kind, x.reason, x.set_by, x.set_at, x.lifted_by, x.lifted_at, x.lifted_reason`

func scanRestriction(s scanner) (r Restriction, err error) {
	return r, s.Scan(&r.ID, &r.Case, &r.Kind, &r.Reason, &r.SetBy, moment{&r.SetAt}, &r.LiftedBy, moment{&r.LiftedAt}, &r.LiftedReason)
}

// Restriction returns the restriction that a case is under; ok is false if none.
func (t *Tx) Restriction(ctx context.Context, id casefile.CaseID) (Restriction, bool, error) {
	return maybe(scanRestriction(t.tx.QueryRowContext(ctx, `
		SELECT `+restrictionColumns+`
		FROM restriction x
		WHERE x.case_id = ?1 AND x.lifted_at = ''`, id)))
}

// RestrictionsBefore returns the restrictions of a case that were lifted, oldest
// first.
func (t *Tx) RestrictionsBefore(ctx context.Context, id casefile.CaseID) ([]Restriction, error) {
	return all(ctx, t.tx, scanRestriction, `
		SELECT `+restrictionColumns+`
		FROM restriction x
		WHERE x.case_id = ?1 AND x.lifted_at <> ''
		ORDER BY x.id`, id)
}

// OpenRestrictions returns the restrictions in force that an account may know of,
// the latest first.
func (t *Tx) OpenRestrictions(ctx context.Context, account string) ([]Restriction, error) {
	return all(ctx, t.tx, scanRestriction, `
		SELECT `+restrictionColumns+`
		FROM restriction x
		WHERE x.lifted_at = '' AND `+unrestricted("x.case_id", "?1")+`
		ORDER BY x.id DESC`, account)
}

// CountRestricted returns how many cases are restricted, whoever may see them.
func (t *Tx) CountRestricted(ctx context.Context) (n int, err error) {
	return n, t.tx.QueryRowContext(ctx, `SELECT count(*) FROM restriction WHERE lifted_at = ''`).Scan(&n)
}

// Restrict puts a case under a restriction.
func (t *Tx) Restrict(ctx context.Context, r Restriction) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO restriction (case_id, kind, reason, set_by, set_at)
		VALUES (?1, ?2, ?3, ?4, ?5)`, r.Case, r.Kind, r.Reason, r.SetBy, instant(t.Now))
	return err
}

// LiftRestriction ends the restriction of a case, and with it the naming of its
// readers: a later restriction begins with readers of its own.
func (t *Tx) LiftRestriction(ctx context.Context, id casefile.CaseID, by, reason string) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE restriction
		SET lifted_by = ?2, lifted_at = ?3, lifted_reason = ?4
		WHERE case_id = ?1 AND lifted_at = ''`, id, by, instant(t.Now), reason)
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(ctx, `
		UPDATE restriction_reader
		SET withdrawn_by = ?2, withdrawn_at = ?3
		WHERE case_id = ?1 AND withdrawn_at = ''`, id, by, instant(t.Now))
	return err
}

// A CaseReader is an account that may read a restricted case.
type CaseReader struct {
	Case        casefile.CaseID
	Account     string
	Reason      string
	NamedBy     string
	NamedAt     time.Time
	WithdrawnBy string
	WithdrawnAt time.Time
}

const readerColumns = `r.case_id, r.account, r.reason, r.named_by, r.named_at, r.withdrawn_by, r.withdrawn_at`

func scanCaseReader(s scanner) (r CaseReader, err error) {
	return r, s.Scan(&r.Case, &r.Account, &r.Reason, &r.NamedBy, moment{&r.NamedAt}, &r.WithdrawnBy, moment{&r.WithdrawnAt})
}

// CaseReaders returns everybody who was ever named a reader of a case, those who
// are still first.
func (t *Tx) CaseReaders(ctx context.Context, id casefile.CaseID) ([]CaseReader, error) {
	return all(ctx, t.tx, scanCaseReader, `
		SELECT `+readerColumns+`
		FROM restriction_reader r
		WHERE r.case_id = ?1
		ORDER BY r.withdrawn_at <> '', r.id`, id)
}

// RestrictedCasesOf returns the restricted cases that are open to an account,
// with who named it.
func (t *Tx) RestrictedCasesOf(ctx context.Context, account string) ([]CaseReader, error) {
	return all(ctx, t.tx, scanCaseReader, `
		SELECT `+readerColumns+`
		FROM restriction_reader r
		JOIN restriction x ON x.case_id = r.case_id AND x.lifted_at = ''
		WHERE r.account = ?1 AND r.withdrawn_at = ''
		ORDER BY r.id`, account)
}

// AddCaseReader names a reader of a restricted case.
func (t *Tx) AddCaseReader(ctx context.Context, r CaseReader) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO restriction_reader (case_id, account, reason, named_by, named_at)
		VALUES (?1, ?2, ?3, ?4, ?5)`, r.Case, r.Account, r.Reason, r.NamedBy, instant(t.Now))
	return err
}

// WithdrawCaseReader ends the naming of a reader and reports whether there was
// one.
func (t *Tx) WithdrawCaseReader(ctx context.Context, id casefile.CaseID, account, by string) (bool, error) {
	return changed(t.tx.ExecContext(ctx, `
		UPDATE restriction_reader
		SET withdrawn_by = ?3, withdrawn_at = ?4
		WHERE case_id = ?1 AND account = ?2 AND withdrawn_at = ''`, id, account, by, instant(t.Now)))
}
