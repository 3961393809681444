// Package desktest makes registers for tests.
package desktest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/intake"
	"lookback/internal/store"
	"lookback/internal/synth"
)

// Operator may do everything.
var Operator = casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}

// NewDesk makes a register in a temporary folder.
func NewDesk(t *testing.T) *desk.Desk {
	t.Helper()
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := store.Create(t.Context(), dir, key, Operator, time.Now); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(dir, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &desk.Desk{DB: db, Code: "test"}
}

// Import takes in an extract.
func Import(t *testing.T, d *desk.Desk, path string) *intake.ImportReport {
	t.Helper()
	r, err := intake.Import(t.Context(), d, Operator, path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Analyse derives everything from what was taken in.
func Analyse(t *testing.T, d *desk.Desk) *analysis.Figures {
	t.Helper()
	f, err := analysis.Run(t.Context(), d, Operator, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Tables are the CSV files of an extract by table.
type Tables map[casefile.Table]string

// Folder writes an extract and returns its folder.
func Folder(t *testing.T, files Tables) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, string(name)+".csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Force makes up a force without documents, which only cost time here.
func Force(t *testing.T, cases int) (dir string, s synth.Summary) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "force")
	s, err := synth.Write(dir, synth.Options{Cases: cases, Seed: 7, Prevalence: .25})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"documents.csv", "documents", "truth", "extract.json"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	delete(s.Rows, casefile.Documents)
	return dir, s
}
