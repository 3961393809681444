package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"lookback/internal/casefile"
)

// An Extract is one delivery from a force, or one mending by hand.
type Extract struct {
	ID         int64
	System     string
	Force      string
	Name       string
	Manifest   string // extract.json as received
	Mapping    string
	ImportedAt string
	ImportedBy string
	FirstRow   int64
	LastRow    int64
}

// A SourceFile is one table of an extract. Rows = Accepted + Quarantined + Held.
type SourceFile struct {
	ID          int64
	Name        string
	Table       casefile.Table
	Header      []string
	SHA256      string
	Notes       []string
	FirstRow    int64
	LastRow     int64
	Rows        int
	Accepted    int
	Quarantined int
	Held        int
}

// A Row is one row to keep: as received, and where accepted also as read.
type Row struct {
	Line     int
	KeyHash  int64
	Content  [16]byte
	Raw      []string
	Values   []string // canonical, one a column of the schema; unused in quarantine
	Reason   string   // why it is in quarantine, "" when accepted
	Problem  string   // the column at fault
	WaitsFor string   // id of the investigation or nominal it refers to and that is not here
	File     []byte   // bytes of a document, also of one in quarantine
	Pages    []Page
}

// A Page is one page of a document's text; number 0 with a note means that the
// document could not be read.
type Page struct {
	Number int
	Text   string
	Note   string
}

// A Text is something to find again by its words.
type Text struct {
	ID   int64
	Text string
}

// An Importing stages the rows of an extract. Nothing of it can be seen until
// [Importing.Land]; what does not land is swept away at the next start.
type Importing struct {
	db      *DB
	lock    *os.File
	extract int64
	system  string
	next    int64 // id of the next row
	page    int64 // id of the next page
	seal    *seal
	bulks   map[string]*bulk

	texts    chan []Text   // to the goroutine that fills the search index
	indexed  chan struct{} // closed when it has ended, with
	indexErr error
}

// BeginImport takes the import lock and starts an extract.
func (db *DB) BeginImport(ctx context.Context, by casefile.Actor, e Extract) (*Importing, error) {
	lock, err := db.lockImports()
	if err != nil {
		return nil, err
	}
	im := &Importing{db: db, lock: lock, system: e.System, seal: newSeal(), bulks: map[string]*bulk{}}
	err = db.Stage(ctx, func(t *Tx) error {
		if err := t.sweepAll(ctx); err != nil {
			return err
		}
		var page sql.NullInt64
		err := t.tx.QueryRowContext(ctx, `
			SELECT (SELECT watermark FROM register) + 1, (SELECT max(id) FROM document_page)`).Scan(&im.next, &page)
		if err != nil {
			return err
		}
		im.page = page.Int64 + 1
		return t.tx.QueryRowContext(ctx, `
			INSERT INTO extract (system, force, name, manifest, mapping, imported_at, imported_by, first_row)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
			RETURNING id`,
			e.System, e.Force, e.Name, e.Manifest, e.Mapping, instant(t.Now), by.ID, im.next).Scan(&im.extract)
	})
	if err != nil {
		lock.Close()
		return nil, err
	}
	im.startIndexing(ctx)
	return im, nil
}

func (db *DB) lockImports() (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(db.dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, casefile.Errorf(casefile.Forbidden, "The register's folder cannot be written: %w", err)
	}
	if err := tryLock(f); err != nil {
		f.Close()
		return nil, casefile.Errorf(casefile.Conflict, "Another import, analysis or mending is running on this register. Wait until it has ended and try again.")
	}
	return f, nil
}

// Extract returns the id of the extract being staged.
func (im *Importing) Extract() int64 { return im.extract }

// BeginFile starts a table; its counts are written by EndFile.
func (im *Importing) BeginFile(ctx context.Context, f *SourceFile) error {
	f.FirstRow = im.next
	return im.db.Stage(ctx, func(t *Tx) error {
		return t.tx.QueryRowContext(ctx, `
			INSERT INTO source_file (extract_id, name, table_name, header, sha256, notes)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			RETURNING id`,
			im.extract, f.Name, f.Table, asJSON(f.Header), f.SHA256, asJSON(f.Notes)).Scan(&f.ID)
	})
}

// EndFile writes the counts of a table.
func (im *Importing) EndFile(ctx context.Context, f *SourceFile) error {
	f.LastRow = im.next - 1
	if err := im.Add(ctx, f, nil); err != nil {
		return err
	}
	return im.db.Stage(ctx, func(t *Tx) error {
		_, err := t.tx.ExecContext(ctx, `
			UPDATE source_file
			SET first_row = ?2, last_row = ?3, rows = ?4, accepted = ?5, quarantined = ?6, held = ?7
			WHERE id = ?1`, f.ID, f.FirstRow, f.LastRow, f.Rows, f.Accepted, f.Quarantined, f.Held)
		return err
	})
}

// NextRow returns the id that the next row added will have; ids count up by one.
func (im *Importing) NextRow() int64 { return im.next }

// Supersede says that a staged row takes the place of an earlier one.
func (im *Importing) Supersede(old, new int64) {
	im.seal.replaced = append(im.seal.replaced, [2]int64{old, new})
	im.bulk("superseded", func() *bulk { return newBulk("superseded", "old", "new") }).add(old, new)
}

// Add stages rows of a file.
func (im *Importing) Add(ctx context.Context, f *SourceFile, rows []Row) error {
	var texts []Text
	schema := casefile.SchemaOf(f.Table)
	for i := range rows {
		t, err := im.put(f, schema, &rows[i])
		if err != nil {
			return err
		}
		texts = append(texts, t...)
	}
	err := im.db.flushBulks(ctx, im.bulks)
	if err != nil || len(texts) == 0 {
		return err
	}
	select {
	case im.texts <- texts:
		return nil
	case <-im.indexed:
		return fault(cmp.Or(im.indexErr, errors.New("the search index stopped")))
	}
}

// put queues one row and says what of it can be searched.
func (im *Importing) put(f *SourceFile, schema *casefile.Schema, r *Row) ([]Text, error) {
	id := im.next
	im.next++
	raw := encodeCells(r.Raw)
	im.seal.row(id, f.ID, r.Line, r.Content[:], raw, r.Reason)
	im.bulk("row", func() *bulk {
		return newBulk("row", "id", "file_id", "line", "key_hash", "content", "raw", "reason", "problem", "waits_for")
	}).add(id, f.ID, r.Line, r.KeyHash, append([]byte(nil), r.Content[:]...), raw, null(r.Reason), null(r.Problem), null(r.WaitsFor))
	if r.File != nil {
		sum := sha256.Sum256(r.File)
		im.seal.file(id, sum[:])
		im.bulk("document_file", func() *bulk { return newBulk("document_file", "row_id", "sha256", "size", "bytes") }).
			add(id, hex.EncodeToString(sum[:]), len(r.File), r.File)
	}
	if r.Reason != "" {
		return nil, nil
	}
	im.seal.read(id, typed(schema, im.system, r.Values))
	name := sqlTable[f.Table]
	im.bulk(name, func() *bulk { return newTypedBulk(name, cells(schema, false)) }).addTyped(id, im.system, r.Values)
	if f.Table == casefile.Nominals {
		im.bulk("nominal_monitoring", func() *bulk { return newTypedBulk("nominal_monitoring", cells(schema, true)) }).addTyped(id, im.system, r.Values)
	}
	return im.searchable(schema, id, r), nil
}

func (im *Importing) searchable(schema *casefile.Schema, id int64, r *Row) []Text {
	value := func(column string) string { return r.Values[schema.Column(column)] }
	switch schema.Table {
	case casefile.Log:
		return []Text{{id, value("text")}}
	case casefile.Investigations:
		if t := value("mo_text") + "\n" + value("closing_text"); t != "\n" {
			return []Text{{id, t}}
		}
	case casefile.Documents:
		var out []Text
		for _, p := range r.Pages {
			im.bulk("document_page", func() *bulk { return newBulk("document_page", "id", "row_id", "page", "text", "note") }).
				add(im.page, id, p.Number, p.Text, p.Note)
			if p.Text != "" {
				out = append(out, Text{-im.page, p.Text})
			}
			im.page++
		}
		return out
	}
	return nil
}

func (im *Importing) bulk(name string, make func() *bulk) *bulk {
	b := im.bulks[name]
	if b == nil {
		b = make()
		im.bulks[name] = b
	}
	return b
}

// Land makes everything staged visible, inside the Update that records it, and
// returns the seal that the event must carry.
func (im *Importing) Land(ctx context.Context, t *Tx) (seal string, err error) {
	_, err = t.tx.ExecContext(ctx, `
		UPDATE extract
		SET landed = 'y', last_row = ?2
		WHERE id = ?1`, im.extract, im.next-1)
	if err != nil {
		return "", err
	}
	_, err = t.tx.ExecContext(ctx, `UPDATE register SET watermark = ?1`, im.next-1)
	return im.seal.hex(), err
}

// FinishIndex waits until the texts of the staged rows are in the search index.
func (im *Importing) FinishIndex() error {
	im.stopIndexing()
	return fault(im.indexErr)
}

// Close ends the import: what landed stays, what did not is swept away.
func (im *Importing) Close(ctx context.Context) error {
	defer im.lock.Close()
	im.stopIndexing()
	return im.db.sweepLocked(context.WithoutCancel(ctx))
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T has no JSON form: %v", v, err))
	}
	return string(b)
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}
