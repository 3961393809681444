package store

import (
	"context"

	"lookback/internal/casefile"
)

// EveryCase is the reader whom no restriction keeps out: whoever sits at the
// machine with the register's key.
const EveryCase = "*"

// unrestricted is the condition under which a list may show the case in a column
// to the account in a parameter.
func unrestricted(column, account string) string {
	return `(` + account + ` = '` + EveryCase + `' OR NOT EXISTS (
		SELECT 1 FROM restriction x
		WHERE x.case_id = ` + column + ` AND x.lifted_at = '' AND NOT EXISTS (
			SELECT 1 FROM restriction_reader xr
			WHERE xr.case_id = x.case_id AND xr.account = ` + account + ` AND xr.withdrawn_at = '')))`
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
