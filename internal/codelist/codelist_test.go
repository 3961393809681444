package codelist

import (
	"bytes"
	"encoding/csv"
	"io/fs"
	"maps"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// released pins what each version of the lists held. Data that changes without
// a new version fails here: put the new day into data/VERSION, and a line below.
var released = map[string]string{
	"2026-11-22": "04bce719c382820c8cd97501ba95229776fffaa8da1f0312922e9f13f366d90e",
}

func TestTheListsAreWhatTheirVersionSays(t *testing.T) {
	s := Shipped()
	if want := released[s.Version]; s.Checksum != want {
		t.Errorf("version %q has checksum %s, want %s", s.Version, s.Checksum, want)
	}
	if Version() != s.Version || len(s.Version) != len("2026-11-22") {
		t.Errorf("Version() = %q, want the day in data/VERSION", Version())
	}
}

func TestEveryRowIsReadWithItsSource(t *testing.T) {
	s := Shipped()
	counts := map[string][2]int{
		"outcomes":     {len(s.outcomes), 26 + 34},
		"offences":     {len(s.offences), 239},
		"self-defined": {len(s.selfDefined), 20},
		"officer-seen": {len(s.officerSeen), 8},
		"forces":       {len(s.forces), 50},
		"boroughs":     {len(s.boroughs), 33},
		"clocks":       {len(s.clocks), 31},
	}
	for list, n := range counts {
		if n[0] != n[1] {
			t.Errorf("%s: %d rows, want %d", list, n[0], n[1])
		}
	}
}

func TestNothingShipsThatStillHasToBeTakenFromItsOfficialList(t *testing.T) {
	banned := []string{"gss_code", "E0900", "police_uk_id", "bcu", "crime-uk", "mpjashby", "docs/", "domain.md"}
	files, _ := fs.Glob(os.DirFS("data"), "*.csv")
	if len(files) != len(lists) {
		t.Errorf("%d files, but %d lists are read", len(files), len(lists))
	}
	for _, f := range files {
		text, err := os.ReadFile("data/" + f)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range banned {
			if strings.Contains(string(text), b) {
				t.Errorf("%s holds %q", f, b)
			}
		}
	}
	for _, code := range []string{"W4", "W5", "W8"} {
		if _, ok := Shipped().SelfDefined("", code); ok {
			t.Errorf("%s ships, but is no police code", code)
		}
	}
}

func TestABadListIsRefusedByFileLineColumnAndValue(t *testing.T) {
	tests := []struct{ file, old, new, want string }{
		{"outcomes.csv", "is_nfa", "nfa", "outcomes.csv, line 1: the column is_nfa is missing"},
		{"outcomes.csv", "charged,y,n,y,", "charged,y,maybe,y,", `outcomes.csv, line 3, column is_nfa: "maybe" is not one of ["y" "n" "na"]`},
		{"forces.csv", ",verified,", ",sure,", `forces.csv, line 2, column confidence: "sure" is not one of ["verified" "secondary" "unverified"]`},
		{"clocks.csv", ",5,working days,", ",five,working days,", `clocks.csv, line 2, column number: "five" is not a whole number above zero`},
		{"clocks.csv", "2021-04-01", "1 April 2021", `clocks.csv, line 2, column effective_from: "1 April 2021" is not a day as YYYY-MM-DD`},
		{"offences.csv", "SX03001,", ",", `offences.csv, line 28, column cjs_codes: "" is not a value`},
		{"london_areas.csv", "", "", "open london_areas.csv: file does not exist"},
	}
	for _, tt := range tests {
		files := copyOfData(t)
		if tt.old == "" {
			delete(files, tt.file)
		} else {
			files[tt.file] = &fstest.MapFile{Data: []byte(strings.Replace(string(files[tt.file].Data), tt.old, tt.new, 1))}
		}
		_, err := Read(files)
		if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
			t.Errorf("%s with %q for %q:\n got %v\nwant %s", tt.file, tt.new, tt.old, err, tt.want)
		}
	}
}

// copyOfData returns the shipped lists, to be spoiled.
func copyOfData(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	data, err := fs.Sub(shipped, "data")
	if err != nil {
		t.Fatal(err)
	}
	names, _ := fs.Glob(data, "*")
	for _, n := range names {
		text, err := fs.ReadFile(data, n)
		if err != nil {
			t.Fatal(err)
		}
		out[n] = &fstest.MapFile{Data: text}
	}
	return out
}

// withConfidence returns the lists with the confidence of some rows changed.
func withConfidence(t *testing.T, c Confidence, change func(file string, cells map[string]string) bool) *Set {
	t.Helper()
	files := copyOfData(t)
	changed := 0
	for name := range maps.Clone(files) {
		if !strings.HasSuffix(name, ".csv") {
			continue
		}
		rows, err := csv.NewReader(bytes.NewReader(files[name].Data)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows[1:] {
			cells := map[string]string{}
			for i, h := range rows[0] {
				cells[h] = row[i]
			}
			if change(name, cells) {
				row[indexOf(rows[0], "confidence")] = string(c)
				changed++
			}
		}
		var out bytes.Buffer
		if err := csv.NewWriter(&out).WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: out.Bytes()}
	}
	if changed == 0 {
		t.Fatal("the test changed no row")
	}
	s, err := Read(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func indexOf(list []string, v string) int {
	for i, x := range list {
		if x == v {
			return i
		}
	}
	return -1
}

// everyAnswer asks everything of every row of a set.
func everyAnswer(s *Set) map[string]Answer {
	out := map[string]Answer{}
	for _, o := range s.outcomes {
		out["nfa "+o.String()] = o.NFA()
		out["police "+o.String()] = o.By("police")
		out["cps "+o.String()] = o.By("CPS")
	}
	for _, r := range s.offences {
		codes := append([]string{r.HomeOffice, r.Class}, r.CJS...)
		for _, code := range codes {
			o := s.Offence(code)
			out["contact "+code] = o.Contact()
			out["rape "+code] = o.Rape()
			out["child, age unknown "+code] = o.ChildSexual(Age{})
			out["child, 12 "+code] = o.ChildSexual(AgeIs(12))
			out["child, 40 "+code] = o.ChildSexual(AgeIs(40))
		}
	}
	for _, c := range s.clocks {
		out["held "+c.ID] = c.Held("2024-06-01")
	}
	return out
}

func TestOnlyVerifiedRowsAnswer(t *testing.T) {
	all := func(string, map[string]string) bool { return true }
	for _, c := range []Confidence{Secondary, Unverified} {
		for question, a := range everyAnswer(withConfidence(t, c, all)) {
			if a.Value != Unknown {
				t.Errorf("every row %s, yet %s: %s", c, question, a)
			}
		}
	}
	decided := 0
	for _, a := range everyAnswer(Shipped()) {
		if a.Value != Unknown {
			decided++
		}
	}
	if decided < 500 {
		t.Errorf("the shipped lists decide %d questions; the gate is shut", decided)
	}
}

func TestLoweringOneRowSilencesThatRowOnly(t *testing.T) {
	s := withConfidence(t, Secondary, func(file string, cells map[string]string) bool {
		return file == "outcomes.csv" && cells["code"] == "15" || file == "offences.csv" && cells["cjs_codes"] == "SX03023"
	})
	tests := []struct {
		question string
		got      Answer
		want     Value
	}{
		{"NFA of 15", s.Outcome(HO2013, "15").NFA(), Unknown},
		{"NFA of 16", s.Outcome(HO2013, "16").NFA(), Yes},
		{"contact of 021/06", s.Offence("021/06").Contact(), Unknown},
		{"contact of 021/07", s.Offence("021/07").Contact(), Yes},
	}
	for _, tt := range tests {
		if tt.got.Value != tt.want {
			t.Errorf("%s: %s, want %s", tt.question, tt.got, tt.want)
		}
	}
	if want := "the meaning of outcome 15 is not verified (its row is secondary)"; tests[0].got.Reason != want {
		t.Errorf("reason %q, want %q", tests[0].got.Reason, want)
	}
}

func TestEveryAnswerHasAReason(t *testing.T) {
	for question, a := range everyAnswer(Shipped()) {
		if len(a.Reason) < 10 || strings.Contains(a.Reason, "%!") {
			t.Errorf("%s: reason %q", question, a.Reason)
		}
	}
}
