// Package intake takes in what a force delivers. Every row ends in one of three
// places, accepted, quarantined or already held, and a quarantined row can be
// mended. It translates between [extract], which reads, and the store, which keeps.
package intake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/document"
	"lookback/internal/extract"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// An ImportReport says where every row of an extract ended.
type ImportReport struct {
	Extract int64                           `json:"extract"`
	System  string                          `json:"system"`
	Force   string                          `json:"force"`
	MadeUp  bool                            `json:"made_up"`
	Tables  map[casefile.Table]*TableReport `json:"tables"`
	Reasons []ReasonCount                   `json:"reasons"` // of quarantined rows, most frequent first
	Notes   []string                        `json:"notes"`
	Order   []casefile.Table                `json:"-"`
}

// A TableReport counts the rows of one table: Rows = Accepted + Quarantined + Held.
type TableReport struct {
	Rows        int `json:"rows"`
	Accepted    int `json:"accepted"`
	Quarantined int `json:"quarantined"`
	Held        int `json:"held"`
}

// A ReasonCount says how many rows of a table are in quarantine for a column.
type ReasonCount struct {
	Table   casefile.Table `json:"table"`
	Column  string         `json:"column"`
	Rows    int            `json:"rows"`
	Example string         `json:"example"`
}

// batchRows is how many rows are staged in one transaction: about two
// milliseconds of writing, which is what a waiting decision waits.
const batchRows = 128

// documentBatch is how many bytes of documents wait in memory to be staged.
const documentBatch = 8 << 20

// Import reads an extract into the register. It lands whole or not at all. Cost:
// linear in rows; memory about 50 bytes a row of the largest table and of the
// four tables that others refer to.
func Import(ctx context.Context, d *desk.Desk, by casefile.Actor, path string, m *extract.Mapping, progress desk.Progress) (report *ImportReport, err error) {
	if err := d.May(by, desk.ImportExtracts); err != nil {
		return nil, err
	}
	x, err := extract.Open(path, m)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	e := describe(x, m, path)
	if err := sameKind(ctx, d, x); err != nil {
		return nil, err
	}
	im, err := d.DB.BeginImport(ctx, by, e)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, im.Close(ctx)) }()
	run := &importing{d: d, x: x, im: im, system: e.System, known: newReferences(), progress: progress, reasons: map[reasonKey]*ReasonCount{},
		report: &ImportReport{Extract: im.Extract(), System: e.System, Force: e.Force, MadeUp: isMadeUp(x), Tables: map[casefile.Table]*TableReport{},
			Reasons: []ReasonCount{}, Notes: []string{}}}
	err = run.all(ctx)
	if err = errors.Join(err, run.reader.Close()); err != nil {
		return nil, err
	}
	progress.Tell("finishing the search index", 0, 0)
	if err := im.FinishIndex(); err != nil {
		return nil, err
	}
	return run.report, run.land(ctx, by, e)
}

func isMadeUp(x *extract.Extract) bool { return x.Manifest != nil && x.Manifest.Synthetic }

func describe(x *extract.Extract, m *extract.Mapping, path string) store.Extract {
	e := store.Extract{Name: filepath.Base(path)}
	system := ""
	if x.Manifest != nil {
		system, e.Force = x.Manifest.System, x.Manifest.Force
		e.Manifest = string(x.Manifest.Raw)
	}
	if m != nil {
		e.Mapping = string(m.JSON())
		if system == "" {
			system = m.System
		}
	}
	e.System = casefile.CleanSystem(system)
	return e
}

// sameKind refuses real records beside made-up ones, and the other way round.
func sameKind(ctx context.Context, d *desk.Desk, x *extract.Extract) error {
	return d.DB.View(ctx, func(tx *store.Tx) error {
		r, err := tx.Register(ctx)
		if err != nil {
			return err
		}
		switch {
		case r.MadeUp == "y" && !isMadeUp(x):
			return casefile.Errorf(casefile.Conflict, "This register holds made-up data and takes no real records. Make another register for them with: lookback init")
		case r.MadeUp == "n" && isMadeUp(x):
			return casefile.Errorf(casefile.Conflict, "This register holds real records and takes no made-up data: extract.json says that this extract is synthetic. Use another register for it.")
		}
		return nil
	})
}

// importing is one import on its way.
type importing struct {
	d        *desk.Desk
	x        *extract.Extract
	im       *store.Importing
	system   string
	known    *references
	progress desk.Progress
	report   *ImportReport
	reasons  map[reasonKey]*ReasonCount
	rows     int64
	reader   document.Reader
}

type reasonKey struct {
	table  casefile.Table
	column string
}

func (run *importing) all(ctx context.Context) error {
	if err := run.loadReferences(ctx); err != nil {
		return err
	}
	if run.x.Manifest == nil {
		run.report.Notes = append(run.report.Notes, "There is no extract.json: nobody can tell from this extract which query selected its cases, nor whether its files arrived whole. Ask the force for it.")
	}
	for _, name := range run.x.Unread {
		run.report.Notes = append(run.report.Notes, name+" feeds no table and was not read.")
	}
	if slices.ContainsFunc(run.x.Documents, isPDF) {
		run.reader.Warm()
	}
	for _, schema := range casefile.Schemas {
		if err := run.table(ctx, schema.Table); err != nil {
			return err
		}
	}
	for _, r := range run.reasons {
		run.report.Reasons = append(run.report.Reasons, *r)
	}
	slices.SortFunc(run.report.Reasons, func(a, b ReasonCount) int {
		if a.Rows != b.Rows {
			return b.Rows - a.Rows
		}
		return strings.Compare(string(a.Table)+a.Column, string(b.Table)+b.Column)
	})
	return nil
}

func isPDF(name string) bool { return strings.EqualFold(filepath.Ext(name), ".pdf") }

func (run *importing) loadReferences(ctx context.Context) error {
	return run.d.DB.View(ctx, func(tx *store.Tx) error {
		for _, r := range referred {
			for id, err := range tx.Refs(ctx, r.table) {
				if err != nil {
					return err
				}
				run.known.add(id)
			}
		}
		return nil
	})
}

// table stages the files that feed one table.
func (run *importing) table(ctx context.Context, table casefile.Table) error {
	var s *sorter
	for _, f := range run.x.Files {
		if f.Table != table {
			continue
		}
		if s == nil {
			err := run.d.DB.View(ctx, func(tx *store.Tx) (err error) {
				s, err = newSorter(ctx, tx, run.system, table, run.known)
				return err
			})
			if err != nil {
				return err
			}
		}
		if err := run.file(ctx, s, f); err != nil {
			return err
		}
	}
	if s == nil {
		return nil
	}
	s.supersede(run.im.Supersede)
	return run.im.Add(ctx, &store.SourceFile{Table: table}, nil)
}

// file stages one file. Reading and deciding happen beside each other.
func (run *importing) file(ctx context.Context, s *sorter, f *extract.File) error {
	s.begin(f.Name, f.Header)
	to := &store.SourceFile{Name: f.Name, Table: f.Table, Header: f.Header, SHA256: f.SHA256, Notes: fileNotes(f)}
	for _, n := range to.Notes {
		run.report.Notes = append(run.report.Notes, f.Name+": "+n)
	}
	if err := run.im.BeginFile(ctx, to); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for batch := range run.read(ctx, f) {
		if batch.err != nil {
			return batch.err
		}
		if err := run.take(ctx, s, to, batch.rows); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := run.im.EndFile(ctx, to); err != nil {
		return err
	}
	run.count(to)
	return run.d.DB.Tidy(ctx)
}

// fileNotes is what a report says of a file: what the reader noticed, the columns
// that feed nothing, and those that it does not have.
func fileNotes(f *extract.File) []string {
	notes := slices.Clone(f.Notes)
	for _, n := range []struct {
		columns []string
		say     string
	}{
		{f.Unknown, "Nothing of ours takes its columns %s; their cells are kept with the rows."},
		{f.Missing, "It does not have the columns %s."},
	} {
		if len(n.columns) > 0 {
			notes = append(notes, fmt.Sprintf(n.say, `"`+strings.Join(n.columns, `", "`)+`"`))
		}
	}
	return notes
}

func (run *importing) count(f *store.SourceFile) {
	t := run.report.Tables[f.Table]
	if t == nil {
		t = &TableReport{}
		run.report.Tables[f.Table] = t
		run.report.Order = append(run.report.Order, f.Table)
	}
	t.Rows += f.Rows
	t.Accepted += f.Accepted
	t.Quarantined += f.Quarantined
	t.Held += f.Held
}

type batch struct {
	rows []extract.Row
	err  error
}

// read parses a file on a goroutine of its own; cancel ctx to stop it early.
func (run *importing) read(ctx context.Context, f *extract.File) <-chan batch {
	out := make(chan batch, 8)
	go func() {
		defer close(out)
		var rows []extract.Row
		send := func(b batch) bool {
			select {
			case out <- b:
				return true
			case <-ctx.Done():
				return false
			}
		}
		for r, err := range run.x.Rows(f) {
			if err != nil {
				send(batch{err: err})
				return
			}
			if rows = append(rows, r); len(rows) == batchRows {
				run.d.DB.GiveWay()
				if !send(batch{rows: rows}) {
					return
				}
				rows = nil
			}
		}
		send(batch{rows: rows})
	}()
	return out
}

// take decides about a batch of rows and stages what is new.
func (run *importing) take(ctx context.Context, s *sorter, f *store.SourceFile, rows []extract.Row) error {
	var keep []store.Row
	size := 0 // bytes of documents in keep
	for _, r := range rows {
		f.Rows++
		run.attach(s, &r)
		id := run.im.NextRow() + int64(len(keep))
		row, st, stored := s.sort(r, id)
		switch st {
		case held:
			f.Held++
		case quarantined:
			f.Quarantined++
			run.because(s.table, row)
		default:
			f.Accepted++
			for _, q := range s.mended(row.KeyHash) {
				run.im.Supersede(q, id)
			}
		}
		if !stored {
			continue
		}
		if err := run.document(ctx, s, &row); err != nil {
			return err
		}
		keep = append(keep, row)
		if size += len(row.File); size > documentBatch {
			if err := run.im.Add(ctx, f, keep); err != nil {
				return err
			}
			keep, size = nil, 0
		}
	}
	before := run.rows
	run.rows += int64(len(rows))
	if run.rows/20_000 != before/20_000 {
		if err := run.d.DB.Tidy(ctx); err != nil {
			return err
		}
	}
	run.progress.Tell("importing "+string(s.table), run.x.Read(), run.x.Size)
	return run.im.Add(ctx, f, keep)
}

func (run *importing) because(table casefile.Table, row store.Row) {
	k := reasonKey{table, row.Problem}
	if run.reasons[k] == nil {
		run.reasons[k] = &ReasonCount{Table: table, Column: row.Problem, Example: row.Reason}
	}
	run.reasons[k].Rows++
}

// attach checks that the file a document row names is in the extract.
func (run *importing) attach(s *sorter, r *extract.Row) {
	if s.table != casefile.Documents || len(r.Problems) > 0 {
		return
	}
	name := r.Values[s.schema.Column("file")]
	if f, _, err := run.x.Document(name); err != nil {
		r.Problems = append(r.Problems, extract.Problem{Column: "file", Value: name, Expected: "a file under documents/", Sentence: casefile.Message(err)})
	} else {
		f.Close()
	}
}

// document reads the file of a row and, once accepted, its text. A file whose
// text cannot be read is kept all the same, and a note says why.
func (run *importing) document(ctx context.Context, s *sorter, row *store.Row) error {
	if s.table != casefile.Documents || row.Reason != "" && !run.there(row.Values[s.schema.Column("file")]) {
		return nil
	}
	name := row.Values[s.schema.Column("file")]
	run.progress.Tell("reading "+name, run.x.Read(), run.x.Size)
	f, _, err := run.x.Document(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if row.File, err = io.ReadAll(f); err != nil {
		return casefile.Errorf(casefile.Invalid, "The document %s cannot be read: %w", name, err)
	}
	if row.Reason == "" {
		row.Pages, err = pages(ctx, &run.reader, name, row.File)
	}
	return err
}

// there reports whether a file of that name came with the extract.
func (run *importing) there(name string) bool {
	f, _, err := run.x.Document(name)
	if err == nil {
		f.Close()
	}
	return err == nil
}

// pages reads the text of a document.
func pages(ctx context.Context, reader *document.Reader, name string, content []byte) ([]store.Page, error) {
	doc, err := reader.Text(ctx, name, content)
	if refusal, ok := errors.AsType[*document.Refusal](err); ok {
		return []store.Page{{Note: refusal.Error()}}, nil
	}
	if err != nil {
		return nil, err
	}
	var out []store.Page
	for i, text := range doc.Pages {
		out = append(out, store.Page{Number: i + 1, Text: text})
	}
	for _, n := range doc.Notes {
		out = append(out, store.Page{Note: n})
	}
	return out, nil
}

// land makes the import visible, with its event, in one transaction.
func (run *importing) land(ctx context.Context, by casefile.Actor, e store.Extract) error {
	err := run.d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		seal, err := run.im.Land(ctx, tx)
		if err != nil {
			return nil, err
		}
		madeUp := "n"
		if run.report.MadeUp {
			madeUp = "y"
		}
		if err := tx.SetMadeUp(ctx, madeUp); err != nil {
			return nil, err
		}
		files, err := tx.Files(ctx, run.im.Extract())
		return []ledger.Event{{
			Kind: ledger.ExtractImported, Purpose: "review", Subject: fmt.Sprintf("extract %d", run.im.Extract()),
			Body: importedBody(run.report, e, seal, files),
		}}, err
	})
	if err != nil {
		return err
	}
	return run.d.DB.Indexed(ctx)
}

// importedBody is what the ledger keeps of an import: hashes and counts.
func importedBody(r *ImportReport, e store.Extract, seal string, files []store.SourceFile) any {
	type file struct {
		Name   string         `json:"name"`
		Table  casefile.Table `json:"table"`
		SHA256 string         `json:"sha256"`
		TableReport
	}
	body := struct {
		Extract  int64           `json:"extract"`
		System   string          `json:"system"`
		Force    string          `json:"force"`
		Name     string          `json:"name"`
		MadeUp   bool            `json:"made_up"`
		Manifest json.RawMessage `json:"manifest,omitempty"`
		Mapping  json.RawMessage `json:"mapping,omitempty"`
		Seal     string          `json:"seal"`
		Files    []file          `json:"files"`
	}{Extract: r.Extract, System: e.System, Force: e.Force, Name: e.Name, MadeUp: r.MadeUp,
		Manifest: json.RawMessage(e.Manifest), Mapping: json.RawMessage(e.Mapping), Seal: seal}
	for _, f := range files {
		body.Files = append(body.Files, file{f.Name, f.Table, f.SHA256, TableReport{f.Rows, f.Accepted, f.Quarantined, f.Held}})
	}
	return body
}

// Sum adds up the tables.
func (r *ImportReport) Sum() (sum TableReport) {
	for _, t := range r.Tables {
		sum.Rows += t.Rows
		sum.Accepted += t.Accepted
		sum.Quarantined += t.Quarantined
		sum.Held += t.Held
	}
	return sum
}
