package synth

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"lookback/internal/casefile"
)

// An extract is what Write wrote, read back without help from the package.
type extract struct {
	dir     string
	summary Summary
	tables  map[string][]map[string]string
}

func (x *extract) table(name string) []map[string]string { return x.tables[name] }

func write(t testing.TB, o Options) *extract {
	t.Helper()
	dir := t.TempDir()
	s, err := Write(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return readBack(t, dir, s)
}

func readBack(t testing.TB, dir string, s Summary) *extract {
	t.Helper()
	x := &extract{dir: dir, summary: s, tables: map[string][]map[string]string{}}
	for _, pattern := range []string{"*.csv", "truth/*.csv"} {
		files, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".csv")
			if strings.HasPrefix(pattern, "truth") {
				name = "truth/" + name
			}
			x.tables[name] = readCSV(t, file)
		}
	}
	return x
}

func readCSV(t testing.TB, file string) []map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := make([]map[string]string, 0, len(rows)-1)
	for _, row := range rows[1:] {
		m := make(map[string]string, len(row))
		for i, cell := range row {
			m[rows[0][i]] = cell
		}
		out = append(out, m)
	}
	return out
}

// common is one extract of 3,000 cases, shared by the tests that only read.
var common = sync.OnceValue(func() *extract {
	dir, err := os.MkdirTemp("", "synth")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	s, err := Write(dir, Options{Cases: 3000, Seed: 7, Prevalence: 0.25})
	if err != nil {
		panic(err)
	}
	t := &testing.B{}
	x := readBack(t, dir, s)
	for _, d := range x.table("documents") {
		text, err := os.ReadFile(filepath.Join(dir, "documents", d["file"]))
		if err != nil {
			panic(err)
		}
		d["content"] = string(text)
	}
	return x
})

// fingerprint hashes every file of a folder with its name.
func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		fmt.Fprintf(sum, "%s %x\n", strings.TrimPrefix(path, dir), sha256.Sum256(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	o := Options{Cases: 300, Seed: 5, Prevalence: 0.25}
	first, second := write(t, o), write(t, o)
	o.Seed = 6
	other := write(t, o)
	a, b, c := fingerprint(t, first.dir), fingerprint(t, second.dir), fingerprint(t, other.dir)
	if a != b {
		t.Errorf("seed 5 gave %s and then %s", a, b)
	}
	if a == c {
		t.Errorf("seeds 5 and 6 both gave %s", a)
	}
}

// The bytes of one small extract are pinned, so that another machine, another
// version of Go or an unmeant change shows. A meant change replaces the hash.
func TestTheBytesAreTheSameEverywhere(t *testing.T) {
	const want = "930e5214411ac6aeb04d26e84453574b0663ebb85649b528efcc5838ec5b1aef"
	if got := fingerprint(t, write(t, Options{Cases: 150, Seed: 1, Prevalence: 0.25}).dir); got != want {
		t.Errorf("150 cases of seed 1 give %s, want %s", got, want)
	}
}

func TestMoreCasesOrAnotherPrevalenceIsAnotherExtractOfTheSameShape(t *testing.T) {
	for _, o := range []Options{{Cases: 1, Seed: 1}, {Cases: 7, Seed: 1, Prevalence: 1}, {Cases: 40, Seed: 2, Prevalence: 0.5}} {
		x := write(t, o)
		good := len(x.table("investigations")) - x.summary.Faults[casefile.Investigations]
		if good != o.Cases {
			t.Errorf("%d cases asked for, %d written", o.Cases, good)
		}
	}
}

func TestManifestSaysWhatWasWritten(t *testing.T) {
	x := write(t, Options{Cases: 200, Seed: 1, Prevalence: 0.25})
	text, err := os.ReadFile(filepath.Join(x.dir, "extract.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	if !m.Synthetic || m.System != System || !strings.Contains(m.Force, "made up") {
		t.Errorf("the manifest does not say that the extract is synthetic: %+v", m)
	}
	if len(m.Files) != len(casefile.Schemas) {
		t.Errorf("the manifest lists %d files, want %d", len(m.Files), len(casefile.Schemas))
	}
	for _, f := range m.Files {
		content, err := os.ReadFile(filepath.Join(x.dir, f.Name))
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(f.Name, ".csv")
		if sum := fmt.Sprintf("%x", sha256.Sum256(content)); sum != f.SHA256 {
			t.Errorf("%s: manifest has hash %s, file has %s", f.Name, f.SHA256, sum)
		}
		if rows := len(x.table(name)); rows != f.Rows || rows != x.summary.Rows[casefile.Table(name)] {
			t.Errorf("%s: manifest has %d rows, summary %d, file %d", f.Name, f.Rows, x.summary.Rows[casefile.Table(name)], rows)
		}
	}
}

func TestImpossibleOptionsAreRefusedInOneSentence(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "kept.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir  string
		o    Options
		want string
	}{
		{t.TempDir(), Options{Cases: 0}, "The number of cases is 0; it must be between 1 and 10000000."},
		{t.TempDir(), Options{Cases: 10, Prevalence: 1.5}, "The prevalence is 1.5; it must be a share between 0 and 1, such as 0.25."},
		{full, Options{Cases: 10}, "The folder " + full + " is not empty; name a new or an empty folder for the extract."},
	} {
		_, err := Write(c.dir, c.o)
		if err == nil || casefile.Message(err) != c.want || casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
	if held, _ := os.ReadDir(full); len(held) != 1 {
		t.Errorf("a refused folder was written to: %v", held)
	}
}

func TestProgressReachesTheTotal(t *testing.T) {
	var heard []int
	_, err := Write(t.TempDir(), Options{Cases: 2500, Seed: 1, Progress: func(done, total int) { heard = append(heard, done) }})
	if want := []int{1000, 2000, 2500}; err != nil || !slices.Equal(heard, want) {
		t.Errorf("heard %v, %v, want %v", heard, err, want)
	}
}

// wrongWith says why a row breaks the contract, "" if it does not.
func wrongWith(s *casefile.Schema, row map[string]string) string {
	for _, c := range s.Columns {
		cell := row[c.Name]
		if cell == "" {
			if c.Required {
				return c.Name + " is missing"
			}
			continue
		}
		if why := wrongCell(c, cell); why != "" {
			return c.Name + " " + why
		}
	}
	filled := func(names []string) (n int) {
		for _, name := range names {
			if row[name] != "" {
				n++
			}
		}
		return n
	}
	for _, group := range s.OneOf {
		if filled(group) != 1 {
			return "not exactly one of " + strings.Join(group, ", ")
		}
	}
	for _, group := range s.AnyOf {
		if filled(group) == 0 {
			return "none of " + strings.Join(group, ", ")
		}
	}
	return ""
}

func wrongCell(c casefile.Column, cell string) string {
	bad := false
	switch c.Kind {
	case casefile.When:
		_, err := casefile.ParseDate(cell)
		bad = err != nil
	case casefile.Code:
		bad = !slices.Contains(c.Values, cell)
	case casefile.YesNo:
		bad = cell != "y" && cell != "n" && !casefile.IsState(cell)
	case casefile.Whole:
		n, err := strconv.Atoi(cell)
		bad = err != nil || n < 0
	case casefile.Number:
		_, err := strconv.ParseFloat(cell, 64)
		bad = err != nil
	case casefile.Ref:
		bad = strings.TrimSpace(cell) != cell
	}
	if bad {
		return fmt.Sprintf("%q is no %s", cell, c.Kind)
	}
	return ""
}

func TestOnlyThePlantedRowsBreakTheContract(t *testing.T) {
	x := common()
	crimes := refs(x.table("investigations"), "crime_ref")
	for i := range casefile.Schemas {
		s := &casefile.Schemas[i]
		bad := map[string]int{}
		for _, row := range x.table(string(s.Table)) {
			why := wrongWith(s, row)
			if crime := row["crime_ref"]; why == "" && crime != "" && !crimes[crime] {
				why = "crime_ref is of no investigation"
			}
			if why != "" {
				bad[why]++
			}
		}
		total := 0
		for _, n := range bad {
			total += n
		}
		if total != x.summary.Faults[s.Table] {
			t.Errorf("%s: %d rows break the contract, %d were planted: %v", s.Table, total, x.summary.Faults[s.Table], bad)
		}
	}
	kinds := 0
	for _, n := range x.summary.FaultKinds {
		kinds += n
	}
	if kinds < 20 {
		t.Errorf("only %d faults in 3,000 cases: %v", kinds, x.summary.FaultKinds)
	}
}

func refs(rows []map[string]string, column string) map[string]bool {
	out := map[string]bool{}
	for _, row := range rows {
		if row[column] != "" {
			out[row[column]] = true
		}
	}
	return out
}

func TestEveryReferenceLeadsToItsRow(t *testing.T) {
	x := common()
	for _, c := range []struct{ column, table, key string }{
		{"nominal_ref", "nominals", "nominal_ref"},
		{"address_ref", "addresses", "address_ref"},
		{"venue_address_ref", "addresses", "address_ref"},
		{"identifier_ref", "identifiers", "identifier_ref"},
	} {
		held := refs(x.table(c.table), c.key)
		for i := range casefile.Schemas {
			s := &casefile.Schemas[i]
			if s.Column(c.column) < 0 {
				continue
			}
			for _, row := range x.table(string(s.Table)) {
				if ref := row[c.column]; ref != "" && !held[ref] && wrongWith(s, row) == "" {
					t.Fatalf("%s: %s %s is in no row of %s", s.Table, c.column, ref, c.table)
				}
			}
		}
	}
}

func TestNoRowStandsTwiceAndNoSingleKeyIsUsedTwice(t *testing.T) {
	x := common()
	for i := range casefile.Schemas {
		s := &casefile.Schemas[i]
		whole, keys := map[string]int{}, map[string]int{}
		for _, row := range x.table(string(s.Table)) {
			var cells, key []string
			for _, c := range s.Columns {
				cells = append(cells, row[c.Name])
			}
			for _, k := range s.Key {
				key = append(key, row[k])
			}
			whole[strings.Join(cells, "\x00")]++
			if s.Single && wrongWith(s, row) == "" {
				keys[strings.Join(key, "\x00")]++
			}
		}
		for text, n := range whole {
			if n > 1 {
				t.Errorf("%s: %d equal rows %q", s.Table, n, text)
			}
		}
		for key, n := range keys {
			if n > 1 {
				t.Errorf("%s: %d rows with key %q", s.Table, n, key)
			}
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	const cases = 3000
	for range b.N {
		dir := b.TempDir()
		if _, err := Write(dir, Options{Cases: cases, Seed: 1, Prevalence: 0.25}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cases*b.N)/b.Elapsed().Seconds(), "cases/s")
}
