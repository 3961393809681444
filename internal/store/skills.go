package store

import (
	"context"

	"lookback/internal/casefile"
)

// A Skill is one period in which an account holds a skill or training, as an
// import said it. Never edited: a later import ends it and adds another.
type Skill struct {
	ID      int64
	Account string
	Skill   string
	From    casefile.Day
	To      casefile.Day // the last day; NoEnd if it does not end
	Source  string       // file and line
	SetBy   string
	SetAt   string
}

func scanSkill(s scanner) (k Skill, err error) {
	var from, to string
	if err = s.Scan(&k.ID, &k.Account, &k.Skill, &from, &to, &k.Source, &k.SetBy, &k.SetAt); err != nil {
		return k, err
	}
	if k.From, err = casefile.ParseDay(from); err != nil {
		return k, err
	}
	if k.To = NoEnd; to != "" {
		k.To, err = casefile.ParseDay(to)
	}
	return k, err
}

// NoEnd is the last day of a skill that does not end.
const NoEnd casefile.Day = 1<<31 - 1

func lastDay(d casefile.Day) string {
	if d == NoEnd {
		return ""
	}
	return d.String()
}

const skillColumns = `id, account, skill, from_day, to_day, source, set_by, set_at`

// Skills returns what every account holds by the imports that stand, past and
// future periods too, by account, skill and first day.
func (t *Tx) Skills(ctx context.Context) ([]Skill, error) {
	return all(ctx, t.tx, scanSkill, `
		SELECT `+skillColumns+`
		FROM skill
		WHERE ended_at = ''
		ORDER BY account, skill, from_day, id`)
}

// SkillsHeld returns the skills that an account holds on a day.
func (t *Tx) SkillsHeld(ctx context.Context, account string, on casefile.Day) ([]string, error) {
	return all(ctx, t.tx, func(s scanner) (k string, err error) { return k, s.Scan(&k) }, `
		SELECT DISTINCT skill
		FROM skill
		WHERE account = ?1 AND ended_at = '' AND from_day <= ?2 AND (to_day = '' OR to_day >= ?2)
		ORDER BY skill`, account, on.String())
}

// SkillsImported returns how often skills were imported, and the number and time
// of the last import: 0 and "" before the first. It is a version: what skills there
// are changes with it and not otherwise.
func (t *Tx) SkillsImported(ctx context.Context) (version int64, at string, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT coalesce(max(id), 0), coalesce((SELECT imported_at FROM skill_import ORDER BY id DESC LIMIT 1), '')
		FROM skill_import`).Scan(&version, &at)
	return version, at, err
}

// A SkillImport is one file of skills that was taken in.
type SkillImport struct {
	ID         int64
	File       string
	SHA256     string
	Rows       int
	Whole      bool // the file was the whole list, so that what it left out ended
	Added      int  // periods
	Ended      int
	ImportedBy string
	ImportedAt string
}

// AddSkillImport notes that a file was taken in.
func (t *Tx) AddSkillImport(ctx context.Context, i SkillImport) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO skill_import (file, sha256, rows, whole, added, ended, imported_by, imported_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`, i.File, i.SHA256, i.Rows, yn(i.Whole), i.Added, i.Ended, i.ImportedBy, instant(t.Now))
	return err
}

// SkillImports returns the last imports of skills, the latest first.
func (t *Tx) SkillImports(ctx context.Context, limit int) ([]SkillImport, error) {
	return all(ctx, t.tx, func(s scanner) (i SkillImport, err error) {
		return i, s.Scan(&i.ID, &i.File, &i.SHA256, &i.Rows, yes{&i.Whole}, &i.Added, &i.Ended, &i.ImportedBy, &i.ImportedAt)
	}, `
		SELECT id, file, sha256, rows, whole, added, ended, imported_by, imported_at
		FROM skill_import
		ORDER BY id DESC
		LIMIT ?1`, limit)
}

// AddSkill adds a period.
func (t *Tx) AddSkill(ctx context.Context, k Skill) error {
	_, err := t.tx.ExecContext(ctx, `
		INSERT INTO skill (account, skill, from_day, to_day, source, set_by, set_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, k.Account, k.Skill, k.From.String(), lastDay(k.To), k.Source, k.SetBy, instant(t.Now))
	return err
}

// EndSkill puts a period aside: a later import says otherwise. The row stays.
func (t *Tx) EndSkill(ctx context.Context, id int64) error {
	_, err := t.tx.ExecContext(ctx, `
		UPDATE skill
		SET ended_at = ?2
		WHERE id = ?1 AND ended_at = ''`, id, instant(t.Now))
	return err
}
