package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"lookback/internal/casefile"
)

// peopleBatch is how many rows of people and references go into one transaction of
// the search index.
const peopleBatch = 10_000

// references are the columns that are looked up as a whole, by kind.
var references = []struct{ kind, query string }{
	{"crime", `SELECT row_id, substr(case_id, instr(case_id, ':') + 1) FROM investigation WHERE row_id > ?1 AND row_id <= ?2`},
	{"legacy", `SELECT row_id, legacy_ref FROM investigation WHERE row_id > ?1 AND row_id <= ?2 AND legacy_ref <> ''`},
	{"incident", `SELECT row_id, incident_ref FROM investigation WHERE row_id > ?1 AND row_id <= ?2 AND incident_ref <> ''`},
	{"exhibit", `SELECT row_id, exhibit_ref FROM exhibit WHERE row_id > ?1 AND row_id <= ?2 AND exhibit_ref <> ''`},
	{"nominal", `SELECT row_id, substr(nominal_id, instr(nominal_id, ':') + 1) FROM nominal WHERE row_id > ?1 AND row_id <= ?2`},
	{"pnc", `SELECT row_id, pnc_id FROM nominal WHERE row_id > ?1 AND row_id <= ?2 AND pnc_id <> ''`},
	{"cro", `SELECT row_id, cro_no FROM nominal WHERE row_id > ?1 AND row_id <= ?2 AND cro_no <> ''`},
	{"identifier", `SELECT row_id, value FROM identifier WHERE row_id > ?1 AND row_id <= ?2 AND value <> ''`},
}

// indexPeople brings the index of people and references up to a row. What was
// begun and not ended is done again, to the same end.
func (db *DB) indexPeople(ctx context.Context, watermark int64) error {
	var indexed int64
	if err := db.search.QueryRowContext(ctx, `SELECT row_id FROM indexed_people`).Scan(&indexed); err != nil {
		return fault(err)
	}
	if indexed >= watermark {
		return nil
	}
	// A name with an apostrophe or a hyphen is found in one piece too.
	err := db.indexRows(ctx, `INSERT OR REPLACE INTO person (rowid, text) VALUES (?1, ?2)`, indexed, watermark, `
		SELECT row_id, forenames || ' ' || surname || ' ' || aliases || CASE
			WHEN surname || forenames || aliases GLOB '*[''’-]*'
			THEN ' ' || replace(replace(replace(forenames || ' ' || surname || ' ' || aliases, '''', ''), '’', ''), '-', '') ELSE '' END
		FROM nominal
		WHERE row_id > ?1 AND row_id <= ?2 AND (surname <> '' OR forenames <> '' OR aliases <> '')`,
		func(text string) []any { return []any{text} })
	for _, r := range references {
		if err != nil {
			return err
		}
		err = db.indexRows(ctx, `INSERT OR IGNORE INTO reference (row_id, key, kind) VALUES (?1, ?2, ?3)`, indexed, watermark, r.query,
			func(text string) []any {
				key := ReferenceKey(text)
				if p := PhoneKey(text); p != "" && r.kind == "identifier" {
					key = p
				}
				if key == "" {
					return nil
				}
				return []any{key, r.kind}
			})
	}
	if err != nil {
		return err
	}
	_, err = db.search.ExecContext(ctx, `UPDATE indexed_people SET row_id = ?1`, watermark)
	return fault(err)
}

// indexRows puts what a query over rows gives into the index, a batch at a time.
func (db *DB) indexRows(ctx context.Context, insert string, after, upTo int64, query string, values func(text string) []any) error {
	var batch []Text
	write := func() error {
		if len(batch) == 0 {
			return nil
		}
		db.GiveWay()
		tx, err := db.search.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		st, err := tx.PrepareContext(ctx, insert)
		if err != nil {
			return err
		}
		defer st.Close()
		for _, t := range batch {
			if v := values(t.Text); v != nil {
				if _, err := st.ExecContext(ctx, append([]any{t.ID}, v...)...); err != nil {
					return err
				}
			}
		}
		batch = batch[:0]
		return tx.Commit()
	}
	for t, err := range each(ctx, db.read, scanText, query, after, upTo) {
		if err != nil {
			return fault(err)
		}
		if batch = append(batch, t); len(batch) == peopleBatch {
			if err := write(); err != nil {
				return fault(err)
			}
		}
	}
	return fault(write())
}

// A FoundPerson is somebody whom a search found, with the part that they have in
// cases which the reader may see.
type FoundPerson struct {
	casefile.Nominal
	Aliases                string
	Sex                    string
	Suspect, Victim, Other int // cases
	Cases                  int
}

// FindPeople finds people by their names and aliases, and by a reference of their
// own; those in most cases first. It looks at no more than 500. Somebody who is in
// restricted cases only is found by the readers of one of them.
func (db *DB) FindPeople(ctx context.Context, words Words, keys []string, reader string) (out []FoundPerson, err error) {
	const most = 500
	var rows []int64
	if len(words) > 0 {
		if rows, err = db.matching(ctx, "person", words.match(), 1<<62, most); err != nil {
			return nil, err
		}
	}
	known, err := db.lookUp(ctx, keys, []string{"nominal", "pnc", "cro"}, most)
	if err != nil {
		return nil, err
	}
	rows = append(rows, known...)
	err = db.View(ctx, func(t *Tx) error {
		out, err = all(ctx, t.tx, scanFoundPerson, `
			SELECT n.nominal_id, n.surname, n.forenames, n.aliases, n.dob, n.sex,
				count(DISTINCT CASE WHEN v.role = 'suspect' THEN v.case_id END),
				count(DISTINCT CASE WHEN v.role = 'victim' THEN v.case_id END),
				count(DISTINCT CASE WHEN v.role NOT IN ('suspect', 'victim') THEN v.case_id END),
				count(DISTINCT v.case_id)
			FROM (SELECT DISTINCT value FROM json_each(?1)) j
			JOIN nominal_now n ON n.row_id = j.value
			LEFT JOIN involvement_now v ON v.nominal_id = n.nominal_id AND `+unrestricted("v.case_id", "?2")+`
			GROUP BY n.row_id
			HAVING count(v.case_id) > 0 OR NOT EXISTS (SELECT 1 FROM involvement_now h WHERE h.nominal_id = n.nominal_id)
			ORDER BY 10 DESC, n.surname, n.forenames, n.nominal_id`, asJSON(rows), reader)
		return err
	})
	return out, err
}

func scanFoundPerson(s scanner) (p FoundPerson, err error) {
	var dob string
	err = s.Scan(&p.ID, &p.Surname, &p.Forenames, &p.Aliases, &dob, &p.Sex, &p.Suspect, &p.Victim, &p.Other, &p.Cases)
	p.DOB = casefile.StoredDate(dob)
	return p, err
}

// A FoundReference is a reference, a number or a mark that a search found, with the
// cases that the reader may see.
type FoundReference struct {
	Kind   string // crime, legacy, incident, exhibit; phone, vehicle, online, email, bank
	Value  string // as recorded
	Cases  []casefile.CaseID
	People []casefile.NominalID
}

// FindReferences finds what is looked up as a whole.
func (db *DB) FindReferences(ctx context.Context, keys []string, reader string) (out []FoundReference, err error) {
	const most = 50
	for _, kind := range []string{"crime", "legacy", "incident", "exhibit", "identifier"} {
		rows, err := db.lookUp(ctx, keys, []string{kind}, most)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		err = db.View(ctx, func(t *Tx) error {
			found, err := t.referencesIn(ctx, kind, rows, reader)
			out = append(out, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// lookUp returns the rows of references with any of the keys; a key that ends in *
// stands for all that begin so.
func (db *DB) lookUp(ctx context.Context, keys, kinds []string, limit int) (rows []int64, err error) {
	for _, key := range keys {
		query := `SELECT DISTINCT row_id FROM reference WHERE key = ?1 AND kind IN (SELECT value FROM json_each(?2)) ORDER BY row_id DESC LIMIT ?3`
		if begin, prefix := strings.CutSuffix(key, "*"); prefix {
			key = begin
			query = `SELECT DISTINCT row_id FROM reference WHERE key >= ?1 AND key < ?1 || char(1114111) AND kind IN (SELECT value FROM json_each(?2)) ORDER BY key LIMIT ?3`
		}
		found, err := collect(each(ctx, db.search, scanID, query, key, asJSON(kinds), limit))
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			if !slices.Contains(rows, id) {
				rows = append(rows, id)
			}
		}
	}
	return rows, nil
}

// casesPerReference is how many cases of one number are listed.
const casesPerReference = 20

func (t *Tx) referencesIn(ctx context.Context, kind string, rows []int64, reader string) ([]FoundReference, error) {
	if kind == "identifier" {
		return t.identifiersIn(ctx, rows, reader)
	}
	column := map[string]string{"crime": "substr(r.case_id, instr(r.case_id, ':') + 1)", "legacy": "r.legacy_ref", "incident": "r.incident_ref", "exhibit": "r.exhibit_ref"}[kind]
	table := "investigation_now"
	if kind == "exhibit" {
		table = "exhibit_now"
	}
	return all(ctx, t.tx, func(s scanner) (f FoundReference, err error) {
		var id casefile.CaseID
		err = s.Scan(&f.Value, &id)
		f.Kind, f.Cases = kind, []casefile.CaseID{id}
		return f, err
	}, `
		SELECT `+column+`, r.case_id
		FROM json_each(?1) j
		JOIN `+table+` r ON r.row_id = j.value
		WHERE `+unrestricted("r.case_id", "?2")+`
		ORDER BY r.case_id`, asJSON(rows), reader)
}

// identifiersIn returns identifiers with who used them where. One of which every
// use is in restricted cases does not exist for others.
func (t *Tx) identifiersIn(ctx context.Context, rows []int64, reader string) (out []FoundReference, err error) {
	type thing struct{ id, kind, value string }
	things, err := all(ctx, t.tx, func(s scanner) (i thing, err error) { return i, s.Scan(&i.id, &i.kind, &i.value) }, `
		SELECT i.identifier_id, i.kind, i.value
		FROM json_each(?1) j
		JOIN identifier_now i ON i.row_id = j.value
		ORDER BY i.kind, i.value, i.identifier_id`, asJSON(rows))
	if err != nil {
		return nil, err
	}
	// That the id is not empty is said again, for the index over uses leaves those
	// without one out.
	for _, i := range things {
		f := FoundReference{Kind: i.kind, Value: i.value}
		var uses int
		if err := t.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM usage_now WHERE identifier_id = ?1 AND identifier_id <> '')`, i.id).Scan(&uses); err != nil {
			return nil, err
		}
		if f.Cases, err = all(ctx, t.tx, scanCase, `
			SELECT DISTINCT u.case_id
			FROM usage_now u
			WHERE u.identifier_id = ?1 AND u.identifier_id <> '' AND u.case_id <> '' AND `+unrestricted("u.case_id", "?2")+`
			ORDER BY u.case_id
			LIMIT ?3`, i.id, reader, casesPerReference); err != nil {
			return nil, err
		}
		if f.People, err = all(ctx, t.tx, func(s scanner) (id casefile.NominalID, err error) { return id, s.Scan(&id) }, `
			SELECT DISTINCT u.nominal_id
			FROM usage_now u
			WHERE u.identifier_id = ?1 AND u.identifier_id <> '' AND u.nominal_id <> '' AND (u.case_id = '' OR `+unrestricted("u.case_id", "?2")+`)
				AND (EXISTS (SELECT 1 FROM involvement_now v WHERE v.nominal_id = u.nominal_id AND `+unrestricted("v.case_id", "?2")+`)
					OR NOT EXISTS (SELECT 1 FROM involvement_now v WHERE v.nominal_id = u.nominal_id))
			ORDER BY u.nominal_id
			LIMIT ?3`, i.id, reader, casesPerReference); err != nil {
			return nil, err
		}
		if uses == 0 || len(f.Cases)+len(f.People) > 0 {
			out = append(out, f)
		}
	}
	return out, nil
}

func scanCase(s scanner) (id casefile.CaseID, err error) { return id, s.Scan(&id) }

// PeopleIndexed reports whether every visible row is in the index of people.
func (db *DB) PeopleIndexed(ctx context.Context) (bool, error) {
	var indexed int64
	err := db.search.QueryRowContext(ctx, `SELECT row_id FROM indexed_people`).Scan(&indexed)
	if err != nil {
		return false, fault(err)
	}
	var watermark sql.NullInt64
	err = db.read.QueryRowContext(ctx, `SELECT watermark FROM register`).Scan(&watermark)
	return indexed >= watermark.Int64, fault(err)
}
