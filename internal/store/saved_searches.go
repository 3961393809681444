package store

import (
	"context"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// A SavedSearch is a list or a search that somebody keeps under a name.
type SavedSearch struct {
	ID      int64
	Account string
	Name    string
	Query   string          // the address of the list or search, from / on
	Case    casefile.CaseID // that it is pinned to, "" for none
	Shared  bool
	MadeAt  time.Time
	Removed time.Time // zero while it is kept
}

const savedColumns = `id, account, name, query, case_id, shared = 'y', made_at, removed_at`

func scanSaved(s scanner) (v SavedSearch, err error) {
	return v, s.Scan(&v.ID, &v.Account, &v.Name, &v.Query, &v.Case, &v.Shared, moment{&v.MadeAt}, moment{&v.Removed})
}

// AddSavedSearch keeps a search and returns its number.
func (t *Tx) AddSavedSearch(ctx context.Context, v SavedSearch) (int64, error) {
	shared := "n"
	if v.Shared {
		shared = "y"
	}
	r, err := t.tx.ExecContext(ctx, `
		INSERT INTO saved_search (account, name, query, case_id, shared, made_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)`, v.Account, v.Name, v.Query, v.Case, shared, instant(t.Now))
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// SavedSearch returns one, removed or not; ok is false if there is none.
func (t *Tx) SavedSearch(ctx context.Context, id int64) (v SavedSearch, ok bool, err error) {
	found, err := all(ctx, t.tx, scanSaved, `
		SELECT `+savedColumns+`
		FROM saved_search
		WHERE id = ?1`, id)
	if err != nil || len(found) == 0 {
		return v, false, err
	}
	return found[0], true, nil
}

// SavedSearches returns what an account keeps and what others share, by name. Those
// pinned to a restricted case that the account may not read are left out.
func (t *Tx) SavedSearches(ctx context.Context, account, reader string) ([]SavedSearch, error) {
	return all(ctx, t.tx, scanSaved, `
		SELECT `+savedColumns+`
		FROM saved_search v
		WHERE removed_at = '' AND (account = ?1 OR shared = 'y') AND `+unrestricted("v.case_id", "?2")+`
		ORDER BY account <> ?1, lower(name), id`, account, reader)
}

// PinnedSearches returns the searches that are pinned to a case: one's own and
// those that are shared.
func (t *Tx) PinnedSearches(ctx context.Context, id casefile.CaseID, account string) ([]SavedSearch, error) {
	return all(ctx, t.tx, scanSaved, `
		SELECT `+savedColumns+`
		FROM saved_search
		WHERE case_id = ?1 AND case_id <> '' AND removed_at = '' AND (account = ?2 OR shared = 'y')
		ORDER BY lower(name), id`, id, account)
}

// CountSaved returns how many searches an account keeps.
func (t *Tx) CountSaved(ctx context.Context, account string) (n int, err error) {
	return n, t.tx.QueryRowContext(ctx, `
		SELECT count(*)
		FROM saved_search
		WHERE account = ?1 AND removed_at = ''`, account).Scan(&n)
}

// RemoveSavedSearch puts a saved search aside, or takes it up again.
func (t *Tx) RemoveSavedSearch(ctx context.Context, id int64, removed bool) error {
	at := ""
	if removed {
		at = instant(t.Now)
	}
	_, err := t.tx.ExecContext(ctx, `
		UPDATE saved_search
		SET removed_at = ?2
		WHERE id = ?1`, id, at)
	return err
}

// SearchesRun returns the events of an account's own searches, newest first. Cost:
// an index of searches alone is read, up to the last one returned.
func (t *Tx) SearchesRun(ctx context.Context, account string, limit int) ([]LoggedEvent, error) {
	return all(ctx, t.tx, scanLogged, `
		SELECT seq, kind, coalesce(actor, ''), coalesce(subject, ''), leaf, salt, opening
		FROM ledger_event
		WHERE actor = ?1 AND kind = '`+string(ledger.SearchRun)+`'
		ORDER BY seq DESC
		LIMIT ?2`, account, limit)
}
