package store

import (
	"context"
	"encoding/json"
	"iter"
	"strings"

	"lookback/internal/casefile"
)

// A Register says what the register as a whole is.
type Register struct {
	ID        string
	MadeUp    string // y, n, or "" before the first import
	Watermark int64
}

// Register returns the register's own record.
func (t *Tx) Register(ctx context.Context) (r Register, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT id, made_up, watermark
		FROM register`).Scan(&r.ID, &r.MadeUp, &r.Watermark)
	return r, err
}

// SetMadeUp fixes for good whether the register holds made-up or real records.
func (t *Tx) SetMadeUp(ctx context.Context, madeUp string) error {
	_, err := t.tx.ExecContext(ctx, `UPDATE register SET made_up = ?1 WHERE made_up = ''`, madeUp)
	return err
}

// A Held is a row that the register holds already.
type Held struct {
	ID      int64
	KeyHash int64
	Content [16]byte
	Reason  string // set for a quarantined row
}

// HeldRows streams what is held of a table: the accepted rows that are current,
// and the quarantined rows that nothing has put right.
func (t *Tx) HeldRows(ctx context.Context, table casefile.Table) iter.Seq2[Held, error] {
	return each(ctx, t.tx, func(s scanner) (h Held, err error) {
		var content []byte
		err = s.Scan(&h.ID, &h.KeyHash, &content, &h.Reason)
		copy(h.Content[:], content)
		return h, err
	}, `
		SELECT r.id, r.key_hash, r.content, coalesce(r.reason, '')
		FROM source_file f
		JOIN row r ON r.id BETWEEN f.first_row AND f.last_row
		WHERE f.table_name = ?1
			AND r.id <= (SELECT watermark FROM register)
			AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.id AND s.new <= (SELECT watermark FROM register))
		ORDER BY r.id`, table)
}

// Refs streams the ids of every thing of a table that is held: investigations,
// nominals, addresses or identifiers.
func (t *Tx) Refs(ctx context.Context, table casefile.Table) iter.Seq2[string, error] {
	name := sqlTable[table]
	return each(ctx, t.tx, func(s scanner) (id string, err error) { return id, s.Scan(&id) },
		`SELECT `+idColumn[casefile.SchemaOf(table).Key[0]]+` FROM `+name+`_now`)
}

// A Quarantined row, with what is needed to mend it.
type Quarantined struct {
	ID       int64
	Extract  int64
	System   string
	Mapping  string
	File     string
	Table    casefile.Table
	Line     int
	Header   []string
	Raw      []string
	Reason   string
	Problem  string
	WaitsFor string
}

const selectQuarantined = `
	SELECT r.id, e.id, e.system, e.mapping, f.name, f.table_name, r.line, f.header, r.raw, r.reason, coalesce(r.problem, ''), coalesce(r.waits_for, '')
	FROM row r
	JOIN source_file f ON f.id = r.file_id
	JOIN extract e ON e.id = f.extract_id
	WHERE r.reason IS NOT NULL
		AND r.id <= (SELECT watermark FROM register)
		AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.id AND s.new <= (SELECT watermark FROM register))`

// Quarantine streams the rows kept aside that nothing has put right.
func (t *Tx) Quarantine(ctx context.Context) iter.Seq2[Quarantined, error] {
	return each(ctx, t.tx, scanQuarantined, selectQuarantined+`
		ORDER BY r.id`)
}

// QuarantinedRow returns one such row.
func (t *Tx) QuarantinedRow(ctx context.Context, id int64) (Quarantined, error) {
	rows, err := all(ctx, t.tx, scanQuarantined, selectQuarantined+`
		AND r.id = ?1`, id)
	if err == nil && len(rows) == 0 {
		err = casefile.Errorf(casefile.NotFound, "There is no row %d in quarantine. List them with: lookback export quarantine", id)
	}
	if err != nil {
		return Quarantined{}, err
	}
	return rows[0], nil
}

// DocumentFile returns the bytes of the document that a row brought, nil if none.
func (t *Tx) DocumentFile(ctx context.Context, row int64) ([]byte, error) {
	files, err := all(ctx, t.tx, func(s scanner) (b []byte, err error) { return b, s.Scan(&b) }, `
		SELECT bytes
		FROM document_file
		WHERE row_id = ?1`, row)
	if err != nil || len(files) == 0 {
		return nil, err
	}
	return files[0], nil
}

// WaitingFor returns the quarantined rows of a system that may refer to a thing
// that was not here: those that name it as what they wait for, and those that
// wait for something else and hold its reference too.
func (t *Tx) WaitingFor(ctx context.Context, system, ref string) ([]Quarantined, error) {
	return all(ctx, t.tx, scanQuarantined, selectQuarantined+`
		AND r.waits_for IS NOT NULL
		AND e.system = ?1
		AND (r.waits_for = ?1 || ':' || ?2 OR instr(r.raw, ?3) > 0)
		ORDER BY r.id`, system, ref, strings.Trim(asJSON(ref), `"`))
}

func scanQuarantined(s scanner) (q Quarantined, err error) {
	var header, raw string
	err = s.Scan(&q.ID, &q.Extract, &q.System, &q.Mapping, &q.File, &q.Table, &q.Line, &header, &raw, &q.Reason, &q.Problem, &q.WaitsFor)
	if err == nil {
		err = json.Unmarshal([]byte(header), &q.Header)
	}
	if err == nil {
		q.Raw, err = decodeCells(raw)
	}
	return q, err
}

// Extracts returns every extract that landed, oldest first.
func (t *Tx) Extracts(ctx context.Context) ([]Extract, error) {
	return all(ctx, t.tx, func(s scanner) (e Extract, err error) {
		return e, s.Scan(&e.ID, &e.System, &e.Force, &e.Name, &e.Manifest, &e.Mapping, &e.ImportedAt, &e.ImportedBy, &e.FirstRow, &e.LastRow)
	}, `
		SELECT id, system, force, name, manifest, mapping, imported_at, imported_by, first_row, last_row
		FROM extract
		WHERE landed = 'y'
		ORDER BY id`)
}

// Files returns the tables of an extract.
func (t *Tx) Files(ctx context.Context, extract int64) ([]SourceFile, error) {
	return all(ctx, t.tx, func(s scanner) (f SourceFile, err error) {
		var header, notes string
		err = s.Scan(&f.ID, &f.Name, &f.Table, &header, &f.SHA256, &notes, &f.FirstRow, &f.LastRow, &f.Rows, &f.Accepted, &f.Quarantined, &f.Held)
		if err == nil {
			err = json.Unmarshal([]byte(header), &f.Header)
		}
		if err == nil {
			err = json.Unmarshal([]byte(notes), &f.Notes)
		}
		return f, err
	}, `
		SELECT id, name, table_name, header, sha256, notes, first_row, last_row, rows, accepted, quarantined, held
		FROM source_file
		WHERE extract_id = ?1
		ORDER BY id`, extract)
}
