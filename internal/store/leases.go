package store

import (
	"context"
	"time"

	"lookback/internal/casefile"
)

const leaseColumns = `l.case_id, l.account, l.purpose, l.taken_at, l.until, l.ended_by, l.ended_reason`

func scanLease(s scanner) (l casefile.Lease, err error) {
	return l, s.Scan(&l.Case, &l.Account, &l.Purpose, moment{&l.TakenAt}, moment{&l.Until}, &l.EndedBy, &l.EndedReason)
}

// LeaseOf returns the last lease on a case that nobody handed back, lapsed or
// not; ok is false if there is none.
func (t *Tx) LeaseOf(ctx context.Context, id casefile.CaseID) (l casefile.Lease, ok bool, err error) {
	return maybe(scanLease(t.tx.QueryRowContext(ctx, `
		SELECT `+leaseColumns+`
		FROM lease l
		WHERE l.case_id = ?1`, id)))
}

// LeasesOf returns the leases of an account that hold or lapsed without another
// taking their place, the one used last first.
func (t *Tx) LeasesOf(ctx context.Context, account string) ([]casefile.Lease, error) {
	return all(ctx, t.tx, scanLease, `
		SELECT `+leaseColumns+`
		FROM lease l
		WHERE l.account = ?1
		ORDER BY l.until DESC, l.case_id`, account)
}

// LeasesHeld returns every lease that holds: one a person at work.
func (t *Tx) LeasesHeld(ctx context.Context) ([]casefile.Lease, error) {
	return all(ctx, t.tx, scanLease, `
		SELECT `+leaseColumns+`
		FROM lease l
		WHERE l.until > ?1
		ORDER BY l.case_id`, instant(t.Now))
}

// TakeLease puts a lease in the place of whatever lease there was. Whoever calls
// it has looked that nobody else holds the case.
func (t *Tx) TakeLease(ctx context.Context, l casefile.Lease) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO lease (case_id, account, purpose, taken_at, until)
		VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (case_id) DO UPDATE SET
			taken_at = CASE WHEN account = excluded.account AND purpose = excluded.purpose AND until > ?4 THEN taken_at ELSE excluded.taken_at END,
			account = excluded.account, purpose = excluded.purpose, until = excluded.until, ended_by = '', ended_reason = ''`,
		l.Case, l.Account, l.Purpose, instant(t.Now), instant(l.Until))
	return err
}

// RenewLease moves the end of a lease that the account still holds; ok is false
// if it does not.
func (t *Tx) RenewLease(ctx context.Context, id casefile.CaseID, account string, until time.Time) (ok bool, err error) {
	return changed(t.tx.ExecContext(ctx, `
		UPDATE lease
		SET until = max(until, ?4)
		WHERE case_id = ?1 AND account = ?2 AND until > ?3`, id, account, instant(t.Now), instant(until)))
}

// EndLease ends an account's lease on a case, if it has one.
func (t *Tx) EndLease(ctx context.Context, id casefile.CaseID, account string) error {
	_, err := t.tx.ExecContext(ctx, `
		DELETE FROM lease
		WHERE case_id = ?1 AND account = ?2`, id, account)
	return err
}

// TakeBack ends the lease on a case for its holder, who is told by whom and why.
func (t *Tx) TakeBack(ctx context.Context, id casefile.CaseID, by, reason string) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE lease
		SET until = ?2, ended_by = ?3, ended_reason = ?4
		WHERE case_id = ?1`, id, instant(t.Now), by, reason)
	return err
}
