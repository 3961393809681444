package store

import (
	"context"
	"fmt"
	"strings"

	"lookback/internal/casefile"
)

// An ImportSummary is one extract with where its rows ended: Rows = Accepted +
// Quarantined + Held.
type ImportSummary struct {
	Extract
	Tables      int
	Rows        int
	Accepted    int
	Quarantined int
	Held        int
	Notes       int
	Mended      bool // a row put right by hand, not a delivery
}

// mendedByHand tells the extracts that a mending made from deliveries.
const mendedByHand = `e.name GLOB 'row [0-9]* mended by hand'`

// Imports returns extracts that landed, newest first: those before the given one
// (0: all), at most limit. Mendings by hand are extracts too, and come only if
// asked for. Cost: a few index look-ups each.
func (t *Tx) Imports(ctx context.Context, before int64, mendings bool, limit int) ([]ImportSummary, error) {
	return all(ctx, t.tx, scanImport, selectImports+`
			AND (?1 = 0 OR e.id < ?1)
			AND (?2 OR NOT `+mendedByHand+`)
		ORDER BY e.id DESC
		LIMIT ?3`, before, mendings, limit)
}

// Import returns one extract that landed.
func (t *Tx) Import(ctx context.Context, id int64) (ImportSummary, error) {
	found, err := all(ctx, t.tx, scanImport, selectImports+`
			AND e.id = ?1`, id)
	if err == nil && len(found) == 0 {
		err = casefile.Errorf(casefile.NotFound, "There is no import %d here. Find it in the list of imports.", id)
	}
	if err != nil {
		return ImportSummary{}, err
	}
	return found[0], nil
}

const selectImports = `
		SELECT e.id, e.system, e.force, e.name, e.manifest, e.mapping, e.imported_at, e.imported_by, e.first_row, e.last_row,
			(SELECT count(DISTINCT f.table_name) FROM source_file f WHERE f.extract_id = e.id),
			(SELECT coalesce(sum(f.rows), 0) FROM source_file f WHERE f.extract_id = e.id),
			(SELECT coalesce(sum(f.accepted), 0) FROM source_file f WHERE f.extract_id = e.id),
			(SELECT coalesce(sum(f.quarantined), 0) FROM source_file f WHERE f.extract_id = e.id),
			(SELECT coalesce(sum(f.held), 0) FROM source_file f WHERE f.extract_id = e.id),
			(SELECT coalesce(sum(json_array_length(f.notes)), 0) FROM source_file f WHERE f.extract_id = e.id),
			` + mendedByHand + `
		FROM extract e
		WHERE e.landed = 'y'`

// outstanding is the condition that nothing has put the quarantined row r right.
const outstanding = `NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = r.id AND s.new <= (SELECT watermark FROM register))`

func scanImport(s scanner) (i ImportSummary, err error) {
	e := &i.Extract
	return i, s.Scan(&e.ID, &e.System, &e.Force, &e.Name, &e.Manifest, &e.Mapping, &e.ImportedAt, &e.ImportedBy, &e.FirstRow, &e.LastRow,
		&i.Tables, &i.Rows, &i.Accepted, &i.Quarantined, &i.Held, &i.Notes, &i.Mended)
}

// A Fault says why a row is in quarantine, without its values.
type Fault string

const (
	FaultValue Fault = "value" // a cell, or the row as a whole, cannot be read as it must be
	FaultWaits Fault = "waits" // it refers to something that is not here
	FaultTwice Fault = "twice" // another row of the extract is about the same thing
)

const faultColumn = `CASE WHEN r.waits_for IS NOT NULL THEN 'waits' WHEN instr(r.reason, ' stands twice in this extract with different content') > 0 THEN 'twice' ELSE 'value' END`

// A FaultCount says how many rows of an extract lie in quarantine for one reason.
type FaultCount struct {
	Extract int64
	Table   casefile.Table
	Column  string // the column at fault, "" for the row as a whole
	Fault   Fault
	Rows    int
}

// FaultCounts counts what lies in quarantine, and nothing has put right, by
// extract and reason. Cost: linear in the rows ever quarantined.
func (t *Tx) FaultCounts(ctx context.Context) ([]FaultCount, error) {
	return all(ctx, t.tx, func(s scanner) (c FaultCount, err error) {
		return c, s.Scan(&c.Extract, &c.Table, &c.Column, &c.Fault, &c.Rows)
	}, `
		SELECT f.extract_id, f.table_name, coalesce(r.problem, ''), `+faultColumn+`, count(*)
		FROM row r INDEXED BY row_quarantine
		JOIN source_file f ON f.id = r.file_id
		WHERE r.reason IS NOT NULL
			AND r.id <= (SELECT watermark FROM register)
			AND `+outstanding+`
		GROUP BY 1, 2, 3, 4
		ORDER BY 5 DESC, 1, 2, 3, 4`)
}

// A QuarantineFilter chooses rows in quarantine; what is "" or 0 chooses all.
type QuarantineFilter struct {
	Table   casefile.Table
	Column  *string // nil: any; "" the row as a whole
	Fault   Fault
	Extract int64
	After   int64 // rows with greater ids
}

// QuarantinePage returns rows in quarantine that nothing has put right, by id, at
// most limit. Cost: an index of what lies in quarantine is read up to the last
// row returned; the rows themselves are read only if they are of the filter.
func (t *Tx) QuarantinePage(ctx context.Context, f QuarantineFilter, limit int) ([]Quarantined, error) {
	where, args := f.where()
	return all(ctx, t.tx, scanQuarantined, selectQuarantined+where+fmt.Sprintf(`
		ORDER BY r.id
		LIMIT %d`, limit), args...)
}

func (f QuarantineFilter) where() (string, []any) {
	var b strings.Builder
	args := []any{f.After}
	b.WriteString(` AND r.id > ?1`)
	add := func(condition string, v any) {
		args = append(args, v)
		fmt.Fprintf(&b, ` AND `+condition, len(args))
	}
	if f.Table != "" {
		add(`r.file_id IN (SELECT id FROM source_file WHERE table_name = ?%d)`, f.Table)
	}
	if f.Column != nil {
		add(`coalesce(r.problem, '') = ?%d`, *f.Column)
	}
	if f.Fault != "" {
		add(faultColumn+` = ?%d`, f.Fault)
	}
	if f.Extract != 0 {
		add(`r.id <= (SELECT last_row FROM extract WHERE id = ?%[1]d) AND r.id >= (SELECT first_row FROM extract WHERE id = ?%[1]d)`, f.Extract)
	}
	return b.String(), args
}

// WaitingCount says what would come in with a quarantined row: how many others wait
// for the thing that it describes.
func (t *Tx) WaitingCount(ctx context.Context, system, ref string) (n int, err error) {
	err = t.tx.QueryRowContext(ctx, `
		SELECT count(*)
		FROM row r
		WHERE r.waits_for = ?1 || ':' || ?2
			AND r.id <= (SELECT watermark FROM register)
			AND `+outstanding, system, ref).Scan(&n)
	return n, err
}
