package casework

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/store"
	"lookback/internal/synth"
)

var operator = casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}

// newDesk makes a register in a temporary folder.
func newDesk(t *testing.T) *Desk {
	t.Helper()
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := store.Create(t.Context(), dir, key, operator, time.Now); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(dir, key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &Desk{DB: db, Code: "test"}
}

// tables are the CSV files of an extract by table.
type tables map[casefile.Table]string

func (d *Desk) mustImport(t *testing.T, path string) *ImportReport {
	t.Helper()
	r, err := d.Import(t.Context(), operator, path, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (d *Desk) mustAnalyse(t *testing.T) *Analysis {
	t.Helper()
	a, err := d.Analyse(t.Context(), operator, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func folder(t *testing.T, files tables) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, string(name)+".csv"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// force makes up a force without documents, which only cost time here.
func force(t *testing.T, cases int) (dir string, s synth.Summary) {
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

// derived returns everything that an analysis derived, as lines.
func (d *Desk) derived(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := d.withRun(t.Context(), func(tx *store.Tx, run int64) error {
		for f, err := range tx.CaseFacts(t.Context(), run) {
			fmt.Fprintln(&b, "facts", f, err)
		}
		for i, err := range tx.Identities(t.Context(), run) {
			fmt.Fprintln(&b, "identity", i, err)
		}
		for m, err := range tx.Memberships(t.Context(), run) {
			fmt.Fprintln(&b, "member", m, err)
		}
		for s, err := range tx.StatedCounts(t.Context(), run) {
			fmt.Fprintln(&b, "stated", s, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d:\n%s\n%s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines against %d", len(x), len(y))
}

func TestEveryRowOfAForceEndsInOneOfThreePlaces(t *testing.T) {
	dir, made := force(t, 120)
	d := newDesk(t)
	for _, round := range []string{"first", "again"} {
		r := d.mustImport(t, dir)
		for table, n := range made.Rows {
			got := r.Tables[table]
			if got == nil {
				t.Errorf("%s: nothing is said of %s", round, table)
				continue
			}
			want := TableReport{Rows: n, Accepted: n - made.Faults[table], Quarantined: made.Faults[table]}
			if round == "again" {
				want.Accepted, want.Held = 0, want.Accepted
			}
			if *got != want {
				t.Errorf("%s import of %s: %+v, want %+v", round, table, *got, want)
			}
		}
	}
}

func TestWhatIsDerivedTwiceIsTheSame(t *testing.T) {
	dir, _ := force(t, 80)
	d := newDesk(t)
	d.mustImport(t, dir)
	a := d.mustAnalyse(t)
	first := d.derived(t)
	b := d.mustAnalyse(t)
	if second := d.derived(t); first != second {
		t.Errorf("a second analysis derived something else: %s", firstDifference(first, second))
	}
	a.Run = b.Run
	if *a != *b {
		t.Errorf("figures %+v, then %+v", a, b)
	}
	if a.Cases != 80 || a.Groups == 0 || a.TextsSay == 0 {
		t.Errorf("the made-up force gave nothing to derive: %+v", a)
	}
}

// Ethnicity, nationality and language feed nothing: with those columns dealt to
// other people, everything derived is the same to the byte.
func TestWhatStandsApartFeedsNothing(t *testing.T) {
	dir, _ := force(t, 400)
	before := newDesk(t)
	before.mustImport(t, dir)
	before.mustAnalyse(t)
	if dealt := dealApart(t, filepath.Join(dir, "nominals.csv")); dealt < 50 {
		t.Fatalf("only %d rows changed", dealt)
	}
	after := newDesk(t)
	after.mustImport(t, dir)
	after.mustAnalyse(t)
	x, y := before.derived(t), after.derived(t)
	if x != y {
		t.Errorf("the columns that stand apart changed what is derived: %s", firstDifference(x, y))
	}
	// Were nobody held to be one person and nobody in a group, nothing could change.
	if joined, members := strings.Count(x, "same PNC id as"), strings.Count(x, "member "); joined < 3 || members < 50 {
		t.Errorf("%d nominals were joined and %d stand in groups: the test sees too little", joined, members)
	}
}

// dealApart moves the cells of every column that stands apart half the table on,
// and fills those that were empty, and returns how many rows changed.
func dealApart(t *testing.T, file string) (changed int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	old := make([][]string, len(rows))
	for i := range rows {
		old[i] = slices.Clone(rows[i])
	}
	n := len(rows) - 1
	for c, column := range casefile.SchemaOf(casefile.Nominals).Columns {
		if !column.Apart {
			continue
		}
		for i := range n {
			if rows[1+i][c] = old[1+(i+n/2)%n][c]; rows[1+i][c] == "" {
				rows[1+i][c] = "other"
			}
		}
	}
	for i := range rows {
		if !slices.Equal(rows[i], old[i]) {
			changed++
		}
	}
	var b strings.Builder
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestTheSentenceOfACountStandsInItsText(t *testing.T) {
	dir, _ := force(t, 80)
	d := newDesk(t)
	d.mustImport(t, dir)
	d.mustAnalyse(t)
	counts := 0
	err := d.withRun(t.Context(), func(tx *store.Tx, run int64) error {
		texts := map[int64][]string{}
		for p, err := range tx.Passages(t.Context()) {
			if err != nil {
				return err
			}
			texts[p.Row] = append(texts[p.Row], p.Text)
		}
		for s, err := range tx.StatedCounts(t.Context(), run) {
			if err != nil {
				return err
			}
			counts++
			if s.Sentence == "" || !slices.ContainsFunc(texts[s.Row], func(text string) bool { return strings.Contains(text, s.Sentence) }) {
				t.Errorf("%s, row %d: %q does not stand in %q", s.Case, s.Row, s.Sentence, texts[s.Row])
			}
		}
		return nil
	})
	if err != nil || counts < 20 {
		t.Errorf("%d counts, %v", counts, err)
	}
}
