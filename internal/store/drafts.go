package store

import (
	"context"

	"lookback/internal/casefile"
)

const draftColumns = `case_id, account, form, body, version, saved_at`

func scanDraft(s scanner) (d casefile.Draft, err error) {
	return d, s.Scan(&d.Case, &d.Account, &d.Form, &d.Body, &d.Version, moment{&d.SavedAt})
}

// DraftOf returns what somebody is typing about a case into any version of a form,
// the one saved last; ok is false if there is nothing. Form is its name alone.
func (t *Tx) DraftOf(ctx context.Context, id casefile.CaseID, account, form string) (d casefile.Draft, ok bool, err error) {
	return maybe(scanDraft(t.tx.QueryRowContext(ctx, `
		SELECT `+draftColumns+`
		FROM draft
		WHERE case_id = ?1 AND account = ?2 AND form GLOB ?3 || '@*'
		ORDER BY saved_at DESC, form DESC
		LIMIT 1`, id, account, form)))
}

// DraftsBy returns the cases about which an account has text that it has not sent,
// the one saved last first, without the text.
func (t *Tx) DraftsBy(ctx context.Context, account, form string, limit int) ([]casefile.Draft, error) {
	return all(ctx, t.tx, scanDraft, `
		SELECT case_id, account, form, '', version, saved_at
		FROM draft
		WHERE account = ?1 AND form GLOB ?2 || '@*'
		ORDER BY saved_at DESC, case_id
		LIMIT ?3`, account, form, limit)
}

// A DraftSave is one save of a draft, made on one page. Base is the version that
// the page had; N counts the saves of that page, so that one whose answer was lost
// may come twice or late.
type DraftSave struct {
	casefile.Draft
	Base int
	Page string
	N    int
}

// SaveDraft stores what somebody is typing. If another page has saved since Base,
// ok is false, nothing is stored, and now is what it would have overwritten.
func (t *Tx) SaveDraft(ctx context.Context, s DraftSave) (now casefile.Draft, ok bool, err error) {
	type last struct {
		page    string
		from, n int
	}
	var l last
	now, held, err := maybe(func() (d casefile.Draft, err error) {
		err = t.tx.QueryRowContext(ctx, `
			SELECT `+draftColumns+`, page, page_from, page_n
			FROM draft
			WHERE case_id = ?1 AND account = ?2 AND form = ?3`, s.Case, s.Account, s.Form).
			Scan(&d.Case, &d.Account, &d.Form, &d.Body, &d.Version, moment{&d.SavedAt}, &l.page, &l.from, &l.n)
		return d, err
	}())
	if err != nil {
		return now, false, err
	}
	same := held && l.page == s.Page && s.Page != ""
	switch {
	case same && s.N < l.n: // a later save of this page is here already
		return now, true, nil
	case held && now.Body == s.Body && now.Version >= s.Base:
		return now, true, nil
	case same && s.Base >= l.from && s.Base <= now.Version: // nobody else saved in between
	case s.Base != now.Version:
		return now, false, nil
	}
	if !same {
		l.from = now.Version
	}
	s.Version, s.SavedAt = now.Version+1, t.Now
	_, err = t.tx.ExecContext(ctx, `
		INSERT INTO draft (case_id, account, form, body, version, saved_at, page, page_from, page_n)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
		ON CONFLICT (case_id, account, form) DO UPDATE SET
			body = excluded.body, version = excluded.version, saved_at = excluded.saved_at,
			page = excluded.page, page_from = excluded.page_from, page_n = excluded.page_n`,
		s.Case, s.Account, s.Form, s.Body, s.Version, instant(t.Now), s.Page, l.from, s.N)
	return s.Draft, true, err
}

// DropDrafts removes what an account was typing about a case into a form, of any
// version: it has been sent.
func (t *Tx) DropDrafts(ctx context.Context, id casefile.CaseID, account, form string) error {
	_, err := t.tx.ExecContext(ctx, `
		DELETE FROM draft
		WHERE case_id = ?1 AND account = ?2 AND form GLOB ?3 || '@*'`, id, account, form)
	return err
}

// KeepDraft keeps a text that lost a race. A page has one: its later text
// replaces its earlier one.
func (t *Tx) KeepDraft(ctx context.Context, k casefile.KeptDraft, page string) (id int64, err error) {
	if page != "" {
		id, ok, err := maybe(func() (id int64, err error) {
			return id, t.tx.QueryRowContext(ctx, `
				UPDATE draft_kept
				SET body = ?5, because = ?6, kept_at = ?7
				WHERE case_id = ?1 AND account = ?2 AND form = ?3 AND page = ?4 AND done_at = ''
				RETURNING id`, k.Case, k.Account, k.Form, page, k.Body, k.Because, instant(t.Now)).Scan(&id)
		}())
		if ok || err != nil {
			return id, err
		}
	}
	res, err := t.tx.ExecContext(ctx, `
		INSERT INTO draft_kept (case_id, account, form, body, because, page, kept_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, k.Case, k.Account, k.Form, k.Body, k.Because, page, instant(t.Now))
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// KeptDrafts returns the texts of an account about a case that lost a race and
// were not put aside, oldest first.
func (t *Tx) KeptDrafts(ctx context.Context, id casefile.CaseID, account string) ([]casefile.KeptDraft, error) {
	return all(ctx, t.tx, func(s scanner) (k casefile.KeptDraft, err error) {
		return k, s.Scan(&k.ID, &k.Case, &k.Account, &k.Form, &k.Body, &k.Because, moment{&k.KeptAt})
	}, `
		SELECT id, case_id, account, form, body, because, kept_at
		FROM draft_kept
		WHERE case_id = ?1 AND account = ?2 AND done_at = ''
		ORDER BY id`, id, account)
}

// PutAside says that the writer of a kept text needs it no more. It stays stored.
func (t *Tx) PutAside(ctx context.Context, id casefile.CaseID, account string, kept int64) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE draft_kept
		SET done_at = ?4
		WHERE id = ?3 AND case_id = ?1 AND account = ?2 AND done_at = ''`, id, account, kept, instant(t.Now))
	return err
}
