package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

var operator = casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}

func newRegister(t *testing.T) (*DB, Key) {
	t.Helper()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := Create(t.Context(), dir, key, operator, time.Now); err != nil {
		t.Fatal(err)
	}
	return reopen(t, dir, key), key
}

func reopen(t *testing.T, dir string, key Key) *DB {
	t.Helper()
	db, err := Open(dir, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestAWrongKeyIsOneSentence(t *testing.T) {
	db, _ := newRegister(t)
	db.Close()
	other, _ := NewKey()
	_, err := Open(db.Dir(), other, time.Now)
	if casefile.KindOf(err) != casefile.Forbidden || !strings.HasPrefix(err.Error(), "This key does not open the register") {
		t.Errorf("opening with another key: %v", err)
	}
}

func TestAWriteWithoutAnEventIsRefused(t *testing.T) {
	db, _ := newRegister(t)
	err := db.Update(t.Context(), operator, func(*Tx) ([]ledger.Event, error) { return nil, nil })
	if err == nil {
		t.Error("a write without an event was committed")
	}
}

// stageLog stages one investigation with a log entry and returns the import.
func stageLog(t *testing.T, db *DB, ref, text string) *Importing {
	t.Helper()
	ctx := context.Background()
	im, err := db.BeginImport(ctx, operator, Extract{System: "T", Name: "extract"})
	if err != nil {
		t.Fatal(err)
	}
	put := func(table casefile.Table, values map[string]string) {
		f := &SourceFile{Name: string(table) + ".csv", Table: table, Header: []string{"x"}}
		schema := casefile.SchemaOf(table)
		r := Row{Line: 2, Raw: []string{"x"}, Values: make([]string, len(schema.Columns))}
		for k, v := range values {
			r.Values[schema.Column(k)] = v
		}
		if err := im.BeginFile(ctx, f); err != nil {
			t.Fatal(err)
		}
		if err := im.Add(ctx, f, []Row{r}); err != nil {
			t.Fatal(err)
		}
		f.Rows, f.Accepted = 1, 1
		if err := im.EndFile(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	put(casefile.Investigations, map[string]string{"crime_ref": ref})
	put(casefile.Log, map[string]string{"crime_ref": ref, "seq": "1", "text": text})
	return im
}

func land(t *testing.T, db *DB, im *Importing) (seal string) {
	t.Helper()
	ctx := context.Background()
	if err := im.FinishIndex(); err != nil {
		t.Fatal(err)
	}
	err := db.Update(ctx, operator, func(tx *Tx) ([]ledger.Event, error) {
		var err error
		seal, err = im.Land(ctx, tx)
		return []ledger.Event{{Kind: ledger.ExtractImported}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Indexed(ctx); err != nil {
		t.Fatal(err)
	}
	if err := im.Close(ctx); err != nil {
		t.Fatal(err)
	}
	return seal
}

func found(t *testing.T, db *DB, words string) int {
	t.Helper()
	_, n, err := db.Search(context.Background(), words, 10, 100)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStagedRowsAreSeenOnlyWhenTheyLand(t *testing.T) {
	db, key := newRegister(t)
	im := stageLog(t, db, "1/20", "Seen at Harbour Street by officers.")
	if hits, _, _ := db.Search(t.Context(), "harbour", 10, 100); len(hits) != 0 {
		t.Errorf("a staged text was found: %+v", hits)
	}
	land(t, db, im)
	if n := found(t, db, `"harbour street"`); n != 1 {
		t.Errorf("after landing, found %d texts, want 1", n)
	}

	// A second import dies half way: its lock is gone, its rows are not.
	dead := stageLog(t, db, "2/20", "Seen at Mill Lane.")
	if err := dead.FinishIndex(); err != nil {
		t.Fatal(err)
	}
	dead.lock.Close()
	db.Close()
	db = reopen(t, db.Dir(), key)
	var rows int
	if err := db.read.QueryRow(`SELECT (SELECT count(*) FROM row) + (SELECT count(*) FROM log_entry) + (SELECT count(*) FROM extract)`).Scan(&rows); err != nil {
		t.Fatal(err)
	}
	if rows != 2+1+1 {
		t.Errorf("after the sweep %d rows are left, want those of the first import only (4)", rows)
	}
	if n := found(t, db, "mill"); n != 0 {
		t.Errorf("the index still finds %d texts that never landed", n)
	}
	if n := found(t, db, "harbour"); n != 1 {
		t.Errorf("the sweep lost a text: found %d, want 1", n)
	}
}

func TestALostIndexIsBuiltAgain(t *testing.T) {
	db, key := newRegister(t)
	land(t, db, stageLog(t, db, "1/20", "Seen at Harbour Street."))
	db.Close()
	for _, f := range []string{"search.db", "search.db-wal", "search.db-shm"} {
		removeAll(t, filepath.Join(db.Dir(), f))
	}
	db = reopen(t, db.Dir(), key)
	if n := found(t, db, "harbour"); n != 1 {
		t.Errorf("found %d texts in the index built again, want 1", n)
	}
}

func TestTwoImportsAtOnce(t *testing.T) {
	db, _ := newRegister(t)
	im := stageLog(t, db, "1/20", "one")
	_, err := db.BeginImport(t.Context(), operator, Extract{System: "T"})
	if casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("a second import beside the first: %v", err)
	}
	im.Close(t.Context())
}

func TestBackupWhileInUseAndRestore(t *testing.T) {
	db, key := newRegister(t)
	land(t, db, stageLog(t, db, "1/20", "Seen at Harbour Street."))
	im := stageLog(t, db, "2/20", "Not landed yet.")
	backup := filepath.Join(t.TempDir(), "b.age")
	if err := db.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	im.Close(t.Context())

	dir := filepath.Join(t.TempDir(), "restored")
	checked := false
	check := func(*DB) error { checked = true; return nil }
	if err := Restore(t.Context(), backup, dir, key, time.Now, check); err != nil || !checked {
		t.Fatalf("restore: %v, checked %v", err, checked)
	}
	if n := found(t, reopen(t, dir, key), "harbour"); n != 1 {
		t.Errorf("the restored register finds %d texts, want 1", n)
	}

	other, _ := NewKey()
	err := Restore(t.Context(), backup, filepath.Join(t.TempDir(), "r2"), other, time.Now, check)
	if casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("restoring with another key: %v", err)
	}
}

func TestTypedTablesHoldEveryColumnOfTheContract(t *testing.T) {
	db, _ := newRegister(t)
	for _, s := range casefile.Schemas {
		b := newTypedBulk(sqlTable[s.Table], cells(&s, false))
		var n int
		if err := db.read.QueryRow(`SELECT count(*) FROM pragma_table_info(?1)`, b.table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n != len(b.cells)+1 {
			t.Errorf("%s has %d columns, the contract %d and the row id", b.table, n, len(b.cells))
		}
	}
}

func TestUserWordsAreNeverSyntax(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{`harbour street`, `"harbour" AND "street"`},
		{`"harbour street" mill*`, `"harbour street" AND "mill"*`},
		{`NEAR(a, b) OR c`, `"NEAR a" AND "b" AND "OR" AND "c"`},
		{`text:x "unclosed`, `"text x" AND "unclosed"`},
		{`O’Brien* 42/2014`, `("O Brien"* OR "OBrien"*) AND "42 2014"`},
		{`“harbour street”`, `"harbour street"`},
		{`*" "`, ``},
	} {
		words, err := ReadWords(c.query)
		if got := words.match(); got != c.want || err != nil {
			t.Errorf("%q is %s, want %s (%v)", c.query, got, c.want, err)
		}
	}
}

func removeAll(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// The driver panics when SQLite has no memory left, and rolling back would then
// wait for ever.
func TestADatabaseOutOfMemoryIsAnError(t *testing.T) {
	db, _ := newRegister(t)
	err := db.View(t.Context(), func(tx *Tx) error {
		rows, err := tx.tx.QueryContext(t.Context(), `SELECT 1 UNION SELECT 2`)
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		panic(errors.New("sqlite3: out of memory"))
	})
	if casefile.KindOf(err) != casefile.Full {
		t.Errorf("View gives %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("another panic was swallowed")
		}
	}()
	db.View(t.Context(), func(*Tx) error { panic("a fault of ours") })
}
