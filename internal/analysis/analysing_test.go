package analysis_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/store"
)

// derived returns everything that an analysis derived, as lines.
func derived(t *testing.T, d *desk.Desk) string {
	t.Helper()
	var b strings.Builder
	err := cohort.WithRun(t.Context(), d, func(tx *store.Tx, run int64) error {
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

func TestWhatIsDerivedTwiceIsTheSame(t *testing.T) {
	dir, _ := desktest.Force(t, 80)
	d := desktest.NewDesk(t)
	desktest.Import(t, d, dir)
	a := desktest.Analyse(t, d)
	first := derived(t, d)
	b := desktest.Analyse(t, d)
	if second := derived(t, d); first != second {
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
	dir, _ := desktest.Force(t, 400)
	before := desktest.NewDesk(t)
	desktest.Import(t, before, dir)
	desktest.Analyse(t, before)
	if dealt := dealApart(t, filepath.Join(dir, "nominals.csv")); dealt < 50 {
		t.Fatalf("only %d rows changed", dealt)
	}
	after := desktest.NewDesk(t)
	desktest.Import(t, after, dir)
	desktest.Analyse(t, after)
	x, y := derived(t, before), derived(t, after)
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
	dir, _ := desktest.Force(t, 80)
	d := desktest.NewDesk(t)
	desktest.Import(t, d, dir)
	desktest.Analyse(t, d)
	counts := 0
	err := cohort.WithRun(t.Context(), d, func(tx *store.Tx, run int64) error {
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
