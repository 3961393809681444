package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"lookback/internal/casefile"
)

// An Account is one person's way in, with what proves who they are.
type Account struct {
	ID          string
	Name        string
	KnownAs     []string
	Roles       []casefile.Role
	Password    string // argon2id in PHC form
	PasswordAt  time.Time
	MustChange  bool
	TOTP        string // secret in base32
	TOTPStep    int64
	Directory   string
	Failures    int
	LockedUntil time.Time
	CreatedAt   time.Time
	DisabledAt  time.Time
	Version     int64
	Passkeys    int // how many; read only
}

const accountColumns = `a.id, a.name, a.known_as, a.roles, a.password, a.password_at, a.must_change, a.totp, a.totp_step, a.directory,
	a.failures, a.locked_until, a.created_at, a.disabled_at, a.version, (SELECT count(*) FROM passkey k WHERE k.account = a.id)`

func scanAccount(s scanner) (a Account, err error) {
	err = s.Scan(a.into()...)
	return a, err
}

// into returns where the columns of an account go.
func (a *Account) into() []any {
	return []any{&a.ID, &a.Name, jsonText{&a.KnownAs}, jsonText{&a.Roles}, &a.Password, moment{&a.PasswordAt}, yes{&a.MustChange}, &a.TOTP, &a.TOTPStep,
		&a.Directory, &a.Failures, moment{&a.LockedUntil}, moment{&a.CreatedAt}, moment{&a.DisabledAt}, &a.Version, &a.Passkeys}
}

// Accounts returns every account, disabled ones too, by id.
func (t *Tx) Accounts(ctx context.Context) ([]Account, error) {
	return all(ctx, t.tx, scanAccount, `
		SELECT `+accountColumns+`
		FROM account a
		ORDER BY a.id`)
}

// AccountNames returns the name of every account, disabled ones too: a team.
func (t *Tx) AccountNames(ctx context.Context) (map[string]string, error) {
	accounts, err := t.Accounts(ctx)
	names := make(map[string]string, len(accounts))
	for _, a := range accounts {
		names[a.ID] = a.Name
	}
	return names, err
}

// Account returns one account; ok is false if there is none.
func (t *Tx) Account(ctx context.Context, id string) (a Account, ok bool, err error) {
	return maybe(scanAccount(t.tx.QueryRowContext(ctx, `
		SELECT `+accountColumns+`
		FROM account a
		WHERE a.id = ?1`, id)))
}

// AccountByDirectory returns the account that a directory's subject belongs to.
func (t *Tx) AccountByDirectory(ctx context.Context, directory string) (a Account, ok bool, err error) {
	return maybe(scanAccount(t.tx.QueryRowContext(ctx, `
		SELECT `+accountColumns+`
		FROM account a
		WHERE a.directory = ?1 AND a.directory <> ''`, directory)))
}

// AddAccount adds an account.
func (t *Tx) AddAccount(ctx context.Context, a Account) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO account (id, name, known_as, roles, password, password_at, must_change, totp, totp_step, directory, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
		a.ID, a.Name, toJSON(a.KnownAs), toJSON(a.Roles), a.Password, optional(a.PasswordAt), yn(a.MustChange), a.TOTP, a.TOTPStep, a.Directory, instant(t.Now))
	return err
}

// SaveAccount writes what may change about an account by somebody's decision. It
// must have been read in the same transaction.
func (t *Tx) SaveAccount(ctx context.Context, a Account) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE account
		SET name = ?2, known_as = ?3, roles = ?4, password = ?5, password_at = ?6, must_change = ?7, totp = ?8, totp_step = ?9, directory = ?10,
			failures = ?11, locked_until = ?12, disabled_at = ?13, version = ?14
		WHERE id = ?1`,
		a.ID, a.Name, toJSON(a.KnownAs), toJSON(a.Roles), a.Password, optional(a.PasswordAt), yn(a.MustChange), a.TOTP, a.TOTPStep, a.Directory,
		a.Failures, optional(a.LockedUntil), optional(a.DisabledAt), a.Version)
	return err
}

// SetFailures keeps how often signing in has failed in a row, and until when the
// account is locked.
func (t *Tx) SetFailures(ctx context.Context, id string, failures int, lockedUntil time.Time) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE account
		SET failures = ?2, locked_until = ?3
		WHERE id = ?1`, id, failures, optional(lockedUntil))
	return err
}

// SetTOTPStep keeps the last time step of which a code was used.
func (t *Tx) SetTOTPStep(ctx context.Context, id string, step int64) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE account
		SET totp_step = ?2
		WHERE id = ?1`, id, step)
	return err
}

// A Session is one signing-in on one device. Token is the SHA-256 of what the
// browser holds.
type Session struct {
	Token     []byte
	Account   string
	Stage     string
	Data      string // JSON
	Agent     string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

const sessionColumns = `s.token, s.account, s.stage, s.data, s.agent, s.created_at, s.seen_at, s.expires_at`

func (s *Session) into() []any {
	return []any{&s.Token, &s.Account, &s.Stage, &s.Data, &s.Agent, moment{&s.CreatedAt}, moment{&s.SeenAt}, moment{&s.ExpiresAt}}
}

// AddSession adds a session. Its creation is the transaction's time unless set.
func (t *Tx) AddSession(ctx context.Context, s Session) error {
	if s.CreatedAt.IsZero() {
		s.CreatedAt = t.Now
	}
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO session (token, account, stage, data, agent, created_at, seen_at, expires_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		s.Token, s.Account, s.Stage, s.Data, s.Agent, instant(s.CreatedAt), instant(t.Now), instant(s.ExpiresAt))
	return err
}

// Session returns a session with its account and the number of the latest table
// of roles, 0 if none was adopted.
func (t *Tx) Session(ctx context.Context, token []byte) (s Session, a Account, roles int64, ok bool, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT coalesce((SELECT max(id) FROM role_version), 0), `+sessionColumns+`, `+accountColumns+`
		FROM session s
		JOIN account a ON a.id = s.account
		WHERE s.token = ?1`, token).Scan(append(append([]any{&roles}, s.into()...), a.into()...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return s, a, roles, false, nil
	}
	return s, a, roles, err == nil, err
}

// Sessions returns the sessions of an account, the latest used first.
func (t *Tx) Sessions(ctx context.Context, account string) ([]Session, error) {
	return all(ctx, t.tx, func(row scanner) (s Session, err error) { return s, row.Scan(s.into()...) }, `
		SELECT `+sessionColumns+`
		FROM session s
		WHERE s.account = ?1
		ORDER BY s.seen_at DESC, s.token`, account)
}

// TouchSession notes that a session was used now.
func (t *Tx) TouchSession(ctx context.Context, token []byte) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE session
		SET seen_at = ?2
		WHERE token = ?1`, token, instant(t.Now))
	return err
}

// SetSessionData replaces what a session carries.
func (t *Tx) SetSessionData(ctx context.Context, token []byte, data string) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE session
		SET data = ?2
		WHERE token = ?1`, token, data)
	return err
}

// EndSession removes a session and reports whether it was there.
func (t *Tx) EndSession(ctx context.Context, token []byte) (bool, error) {
	return changed(t.tx.ExecContext(ctx, `
		DELETE FROM session
		WHERE token = ?1`, token))
}

// EndSessions removes every session of an account and returns how many.
func (t *Tx) EndSessions(ctx context.Context, account string) (int64, error) {
	r, err := t.tx.ExecContext(ctx, `
		DELETE FROM session
		WHERE account = ?1`, account)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// SweepSessions removes sessions that lapsed: past their end, or not seen since.
func (t *Tx) SweepSessions(ctx context.Context, seenBefore time.Time) error {
	_, err := t.tx.ExecContext(ctx, `
		DELETE FROM session
		WHERE expires_at <= ?1 OR seen_at <= ?2`, instant(t.Now), instant(seenBefore))
	return err
}

// maybe turns "no rows" into ok being false.
func maybe[T any](v T, err error) (T, bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	return v, err == nil, err
}

// changed reports whether a statement changed any row.
func changed(r sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n > 0, err
}

// optional is an instant, or "" for the zero time.
func optional(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return instant(t)
}

func yn(b bool) string {
	if b {
		return "y"
	}
	return "n"
}

// toJSON writes a list as it is stored. Lists of strings cannot fail.
func toJSON[T any](list []T) string {
	if list == nil {
		list = []T{}
	}
	b, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// moment reads an instant; "" is the zero time.
type moment struct{ to *time.Time }

func (m moment) Scan(v any) (err error) {
	if at, ok := v.(time.Time); ok { // what the driver makes of such a text in an expression
		*m.to = at.UTC()
		return nil
	}
	text, ok := v.(string)
	if !ok {
		return errors.New("store: a moment is not text")
	}
	if *m.to = (time.Time{}); text != "" {
		*m.to, err = time.Parse(time.RFC3339Nano, text)
	}
	return err
}

// yes reads y or n.
type yes struct{ to *bool }

func (y yes) Scan(v any) error {
	*y.to = v == "y"
	return nil
}

// jsonText reads JSON into what it points to.
type jsonText struct{ to any }

func (j jsonText) Scan(v any) error {
	text, ok := v.(string)
	if !ok {
		return errors.New("store: JSON is not text")
	}
	return json.Unmarshal([]byte(text), j.to)
}

// A Passkey is a key pair whose private half never leaves a device.
type Passkey struct {
	ID         []byte
	Account    string
	Credential string // JSON
	Name       string
	AddedAt    time.Time
	UsedAt     time.Time
}

// Passkeys returns the passkeys of an account, the oldest first.
func (t *Tx) Passkeys(ctx context.Context, account string) ([]Passkey, error) {
	return all(ctx, t.tx, func(s scanner) (k Passkey, err error) {
		return k, s.Scan(&k.ID, &k.Account, &k.Credential, &k.Name, moment{&k.AddedAt}, moment{&k.UsedAt})
	}, `
		SELECT id, account, credential, name, added_at, used_at
		FROM passkey
		WHERE account = ?1
		ORDER BY added_at, id`, account)
}

// PasskeyOwner returns the account that a passkey belongs to.
func (t *Tx) PasskeyOwner(ctx context.Context, id []byte) (a Account, ok bool, err error) {
	return maybe(scanAccount(t.tx.QueryRowContext(ctx, `
		SELECT `+accountColumns+`
		FROM passkey p
		JOIN account a ON a.id = p.account
		WHERE p.id = ?1`, id)))
}

// AddPasskey adds a passkey to its account.
func (t *Tx) AddPasskey(ctx context.Context, k Passkey) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO passkey (id, account, credential, name, added_at)
		VALUES (?1, ?2, ?3, ?4, ?5)`, k.ID, k.Account, k.Credential, k.Name, instant(t.Now))
	return err
}

// UsePasskey keeps what a passkey's use changed: its counter, and when it was.
func (t *Tx) UsePasskey(ctx context.Context, id []byte, credential string) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE passkey
		SET credential = ?2, used_at = ?3
		WHERE id = ?1`, id, credential, instant(t.Now))
	return err
}

// RemovePasskey removes one passkey of an account and reports whether it was there.
func (t *Tx) RemovePasskey(ctx context.Context, account string, id []byte) (bool, error) {
	return changed(t.tx.ExecContext(ctx, `
		DELETE FROM passkey
		WHERE account = ?1 AND id = ?2`, account, id))
}

// RemovePasskeys removes every passkey of an account.
func (t *Tx) RemovePasskeys(ctx context.Context, account string) error {
	_, err := t.tx.ExecContext(ctx, `
		DELETE FROM passkey
		WHERE account = ?1`, account)
	return err
}

// A Recusal keeps an account from reviewing a case.
type Recusal struct {
	Case   casefile.CaseID
	Reason string
	SetBy  string
	SetAt  time.Time
}

// RecusalsOf returns the cases that an account may not review by somebody's word,
// the latest first.
func (t *Tx) RecusalsOf(ctx context.Context, account string) ([]Recusal, error) {
	return all(ctx, t.tx, func(s scanner) (r Recusal, err error) {
		return r, s.Scan(&r.Case, &r.Reason, &r.SetBy, moment{&r.SetAt})
	}, `
		SELECT case_id, reason, set_by, set_at
		FROM recusal
		WHERE account = ?1
		ORDER BY id DESC`, account)
}

// OfficerNames returns every name by which the records name somebody who
// investigated or supervised a case, in any version received. Each step jumps to
// the next name in an index: the cost is in officers and not in cases.
func (t *Tx) OfficerNames(ctx context.Context) ([]string, error) {
	next := func(table, column, also string) string {
		return `
		SELECT name FROM (
			WITH RECURSIVE n (name) AS (
				SELECT min(` + column + `) FROM ` + table + ` WHERE ` + column + ` <> ''` + also + `
				UNION ALL
				SELECT (SELECT min(x.` + column + `) FROM ` + table + ` x WHERE x.` + column + ` <> ''` + also + ` AND x.` + column + ` > n.name) FROM n WHERE n.name IS NOT NULL
			)
			SELECT name FROM n WHERE name IS NOT NULL)`
	}
	return all(ctx, t.tx, func(s scanner) (name string, err error) { return name, s.Scan(&name) },
		next("investigation", "oic", "")+` UNION `+next("investigation", "supervisor", "")+` UNION `+next("log_entry", "author", " AND supervisor = 'y'")+`
		ORDER BY 1`)
}

// A Named is a case in which the records name an officer, and as what.
type Named struct {
	Case casefile.CaseID
	Name string
	As   string // officer, supervisor, supervisor's entry
}

// CasesNaming returns the cases whose records name any of these officers exactly
// so, in any version received, by case.
func (t *Tx) CasesNaming(ctx context.Context, names []string) ([]Named, error) {
	return all(ctx, t.tx, func(s scanner) (n Named, err error) { return n, s.Scan(&n.Case, &n.Name, &n.As) }, `
		SELECT i.case_id, i.oic, 'officer in the case'
		FROM investigation i
		WHERE i.oic <> '' AND i.oic IN (SELECT value FROM json_each(?1)) AND i.row_id <= (SELECT watermark FROM register)
		UNION
		SELECT i.case_id, i.supervisor, 'supervisor'
		FROM investigation i
		WHERE i.supervisor <> '' AND i.supervisor IN (SELECT value FROM json_each(?1)) AND i.row_id <= (SELECT watermark FROM register)
		UNION
		SELECT l.case_id, l.author, 'author of a supervisor''s entry in the log'
		FROM log_entry l
		WHERE l.supervisor = 'y' AND l.author <> '' AND l.author IN (SELECT value FROM json_each(?1)) AND l.row_id <= (SELECT watermark FROM register)
		ORDER BY 1, 3`, toJSON(names))
}
