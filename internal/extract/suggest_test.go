package extract

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lookback/internal/casefile"
)

// vendorExtract writes an extract as a system with the headings of m would: rows
// rows a table, dates and codes in its own way, one heading that nobody knows.
func vendorExtract(m *Mapping, rows int, seed uint64) files {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := files{}
	for i := range casefile.Schemas {
		s := &casefile.Schemas[i]
		part := m.Tables[s.Table]
		if part == nil {
			continue
		}
		var headings []string
		var columns []*casefile.Column
		for c := range s.Columns {
			for _, h := range part.Columns[s.Columns[c].Name] {
				headings = append(headings, h)
				columns = append(columns, &s.Columns[c])
			}
		}
		order := rng.Perm(len(headings))
		var b strings.Builder
		for _, k := range order {
			fmt.Fprintf(&b, "%q,", headings[k])
		}
		b.WriteString("\"LAST_UPDATED_BY\"\r\n")
		for row := range rows {
			for _, k := range order {
				b.WriteString(vendorCell(rng, m, s, columns[k], row) + ",")
			}
			b.WriteString("jo\r\n")
		}
		name := strings.TrimRight(part.File[0], "*")
		out[name+".csv"] = b.String()
	}
	return out
}

// vendorCell makes up a cell; typed columns that are not needed are empty now
// and then, and say unknown now and then.
func vendorCell(rng *rand.Rand, m *Mapping, s *casefile.Schema, c *casefile.Column, row int) string {
	n := rng.IntN(50) + 1
	fixed := map[string]string{
		"crime_ref": fmt.Sprintf("CR/%05d/14", n), "nominal_ref": fmt.Sprintf("N%06d", n), "address_ref": fmt.Sprintf("A%d", n),
		"identifier_ref": fmt.Sprintf("I%d", n), "seq": fmt.Sprint(row + 1), "exhibit_ref": fmt.Sprintf("EX/%d", row),
		"venue_address_ref": fmt.Sprintf("A%d", n),
		"pnc_id":            fmt.Sprintf("%02d/%dX", n%20, 1000+n), "cro_no": fmt.Sprintf("%d/%02dB", 1000+n, n%20),
		"postcode": fmt.Sprintf("ZZ%d %dAB", n%20, n%10), "uprn": fmt.Sprint(100000000000 + n), "easting": fmt.Sprint(430000 + n), "northing": fmt.Sprint(380000 + n),
		"value": fmt.Sprintf("07700 900%03d", n), "file": fmt.Sprintf("doc%d.pdf", row), "text": "Recorded as told by the informant, see other entries for more.",
		"mo_text": "Several persons were named to the officer in the first account.", "surname": "Exampleson", "forenames": "Sam",
		"closing_text": "Filed after consideration of all lines of enquiry that were open.", "offence_code": "17/13",
	}
	if s.Single && len(s.Key) == 1 && s.Key[0] == c.Name && c.Kind == casefile.Ref {
		return fmt.Sprintf("%s%06d", fixed[c.Name][:1], row+1)
	}
	if v := fixed[c.Name]; v != "" {
		if s.Table == casefile.Uses && (c.Name == "address_ref" && row%2 == 0 || c.Name == "identifier_ref" && row%2 == 1) {
			return ""
		}
		return `"` + v + `"`
	}
	if !c.Required && n%7 == 0 {
		return ""
	}
	switch c.Kind {
	case casefile.When:
		if !c.Required && n%11 == 0 {
			return "Unknown"
		}
		if m.dates(s.Table) == UKDates {
			return fmt.Sprintf("%02d/%02d/20%02d %02d:15", n%28+1, n%12+1, 10+n%6, n%24)
		}
		return fmt.Sprintf("20%02d-%02d-%02dT%02d:15", 10+n%6, n%12+1, n%28+1, n%24)
	case casefile.Code:
		theirs := slices.Sorted(maps.Keys(m.Tables[s.Table].Values[c.Name]))
		if len(theirs) == 0 {
			return c.Values[n%len(c.Values)]
		}
		return `"` + theirs[n%len(theirs)] + `"`
	case casefile.YesNo:
		return []string{"Y", "N"}[n%2]
	case casefile.Whole:
		return fmt.Sprint(10 + n)
	case casefile.Ref:
		return fmt.Sprintf("%c%d", 'A'+rune(len(c.Name)%26), 100+n)
	}
	return fmt.Sprintf("%s %d", c.Name[:min(3, len(c.Name))], n%9)
}

// scrambled is a system that no mapping knows: other words, other file names,
// columns in any order.
var scrambled = &Mapping{Version: 1, Name: "scrambled", Dates: UKDates, Tables: map[casefile.Table]*TableMapping{
	casefile.Investigations: {File: Names{"T01_extr"}, Columns: map[string]Names{
		"crime_ref": {"CrimeNumber"}, "recorded_at": {"dt_created"}, "reported_at": {"rep_date"}, "offence_from": {"offence_date_start"},
		"offence_to": {"offence_date_end"}, "offence_code": {"HOCode"}, "offence_text": {"crime_type"}, "status": {"CurrentStatus"}, "outcome_code": {"disposal_cd"},
		"outcome_at": {"disposal_dt"}, "closing_text": {"closure_narrative"}, "oic": {"officer_in_case_no"}, "supervisor": {"sup_officer"}, "unit": {"squad"},
		"area": {"lpa"}, "venue_address_ref": {"scene_addr_id"}, "mo_text": {"M.O."}, "nfa_by": {"nfa_decided_by"}}},
	casefile.Nominals: {File: Names{"T02_extr"}, Columns: map[string]Names{
		"nominal_ref": {"SubjectId"}, "pnc_id": {"field_7"}, "surname": {"last_nm"}, "forenames": {"first_nm"}, "dob": {"birthdt"}, "sex": {"gender_cd"},
		"self_defined_ethnicity": {"eth_self_def"}, "officer_seen_ethnicity": {"eth_officer"}, "aliases": {"aka_list"}, "deceased_at": {"death_dt"}, "recorded_at": {"created"}}},
	casefile.Involvements: {File: Names{"T03_extr"}, Columns: map[string]Names{
		"crime_ref": {"CrimeNumber"}, "nominal_ref": {"SubjectId"}, "role": {"capacity_cd"}, "status": {"susp_status"}, "relationship_to_victim": {"vic_relationship"},
		"arrested_at": {"arr_dt"}, "interviewed_at": {"intvw_dt"}, "age_at_offence": {"age_when_offence"}}},
	casefile.Addresses: {File: Names{"T04_extr"}, Columns: map[string]Names{
		"address_ref": {"addr_id"}, "text": {"full_addr"}, "postcode": {"field_3"}, "easting": {"grid_e"}, "northing": {"grid_n"}, "premises_type": {"place_type"}}},
	casefile.Log: {File: Names{"T05_extr"}, Columns: map[string]Names{
		"crime_ref": {"CrimeNumber"}, "seq": {"line_no"}, "at": {"logged_ts"}, "author": {"written_by"}, "type": {"log_type"}, "text": {"details"}, "supervisor": {"is_supv"}}},
	casefile.Outcomes: {File: Names{"T06_extr"}, Columns: map[string]Names{
		"crime_ref": {"CrimeNumber"}, "nominal_ref": {"SubjectId"}, "code": {"disposal_cd"}, "at": {"disposal_dt"}, "decided_by": {"decision_authority"}, "reason": {"disposal_reason"}}},
	casefile.Flags: {File: Names{"T07_extr"}, Columns: map[string]Names{
		"crime_ref": {"CrimeNumber"}, "code": {"marker_cd"}, "label": {"marker_desc"}, "set_at": {"marker_added_dt"}, "cleared_at": {"marker_removed_dt"}}},
}}

// measure suggests a mapping for an extract whose true mapping is m, and counts
// the headings that were given their column, another column, and none.
func measure(t *testing.T, m *Mapping, except string) (right, wrong, none int, got *Mapping) {
	t.Helper()
	dir := folderOf(t, vendorExtract(m, 60, 7))
	got, _, err := suggest(dir, newLexicon(except))
	if err != nil {
		t.Fatalf("%s: %v", m.Name, err)
	}
	for i := range casefile.Schemas {
		s := &casefile.Schemas[i]
		if m.Tables[s.Table] == nil {
			continue
		}
		for _, c := range s.Columns {
			for _, h := range m.Tables[s.Table].Columns[c.Name] {
				switch given := got.table(s.Table).Columns[c.Name]; {
				case slices.Contains(given, h):
					right++
				case slices.ContainsFunc(slices.Collect(maps.Values(got.table(s.Table).Columns)), func(n Names) bool { return slices.Contains(n, h) }):
					wrong++
					t.Logf("%s: %s, %q is %s, not proposed for it", m.Name, s.Table, h, c.Name)
				default:
					none++
					t.Logf("%s: %s, %q is %s, left over", m.Name, s.Table, h, c.Name)
				}
			}
		}
	}
	return right, wrong, none, got
}

// Each shipped system is suggested by a lexicon that has not seen its mapping.
func TestMostColumnsOfAStrangeSystemAreSuggestedRight(t *testing.T) {
	for _, c := range []struct {
		name  string
		m     *Mapping
		least float64 // share of the headings that must come out right
		most  float64 // share that may come out wrong
	}{
		{"cris", nil, 0.85, 0.06},
		{"connect", nil, 0.85, 0.06},
		{"niche", nil, 0.85, 0.06},
		{"scrambled", scrambled, 0.85, 0.06},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.m
			if m == nil {
				m = mustMapping(t, c.name)
			}
			right, wrong, none, _ := measure(t, m, c.name)
			n := float64(right + wrong + none)
			t.Logf("%s: %d of %d headings right (%.0f %%), %d wrong, %d left over", c.name, right, right+wrong+none, 100*float64(right)/n, wrong, none)
			if float64(right) < c.least*n || float64(wrong) > c.most*n {
				t.Errorf("want at least %.0f %% right and at most %.0f %% wrong", 100*c.least, 100*c.most)
			}
		})
	}
}

func mustMapping(t testing.TB, name string) *Mapping {
	t.Helper()
	m, err := LoadMapping(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The whole way: a proposal opens the extract that it was made for, and its rows
// are accepted.
func TestASuggestedMappingReadsTheExtract(t *testing.T) {
	for _, name := range Shipped() {
		m := mustMapping(t, name)
		dir := folderOf(t, vendorExtract(m, 60, 7))
		got, _, err := Suggest(dir)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseMapping(got.JSON())
		if err != nil || again.SHA256() != got.SHA256() {
			t.Fatalf("%s: the proposal does not read back: %v", name, err)
		}
		if want := m.Dates; got.Dates != want && (got.Dates != "" || want != ISODates) {
			t.Errorf("%s: dates %q, want %q", name, got.Dates, want)
		}
		allAccepted(t, mustOpen(t, dir, again), len(m.Tables), 60)
	}
}

func allAccepted(t *testing.T, x *Extract, tables, rows int) {
	t.Helper()
	if len(x.Files) != tables {
		t.Errorf("%s: %d tables, want %d; unread %q", x.Mapping.Name, len(x.Files), tables, x.Unread)
	}
	for _, f := range x.Files {
		n := 0
		for _, row := range mustRows(t, x, f.Table) {
			n++
			if row.Problems != nil {
				t.Errorf("%s: %s", x.Mapping.Name, sentences(row))
				break
			}
		}
		if n != rows {
			t.Errorf("%s, %s: %d rows, want %d", x.Mapping.Name, f.Name, n, rows)
		}
	}
}

func TestASuggestionIsTheSameEveryTime(t *testing.T) {
	dir := folderOf(t, vendorExtract(scrambled, 30, 3))
	a, whyA, _ := Suggest(dir)
	b, whyB, _ := Suggest(dir)
	if a.SHA256() != b.SHA256() || !slices.Equal(whyA, whyB) {
		t.Error("two suggestions differ")
	}
}

func TestASuggestionSaysWhatItCouldNotTell(t *testing.T) {
	dir := folderOf(t, files{
		"persons.csv": "person_id,birth_dt,zz9,capacity\nN1,13/02/1990,??,x\nN2,02/13/1991,??,y\nN3,02/14/1992,!,x\n",
		"crimes.csv":  "crime_no,date_recorded\nC1,2014-01-01\n",
		"roles.csv":   "crime_no,person_id,role_cd\nC1,N1,Suspect\nC1,N2,Zorb\nC1,N3,ACC\nC1,N3,V\n",
		"x.csv":       "alpha,beta\n1,2\n",
		"y.csv":       "",
		"a.pdf":       "x",
	})
	m, whys, err := Suggest(dir)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, w := range whys {
		said = append(said, w.String())
	}
	all := strings.Join(said, "\n")
	for _, want := range []string{
		`y.csv: left over: y.csv is empty; expected a header with the names of its columns.`,
		`x.csv: left over: its columns are like those of no table that another file does not feed better`,
		`persons.csv, "zz9": left over: no column of the table is like it`,
		`2 dates have a month above 12 if read day first: this looks like month, day, year, which is not read; export ISO dates`,
		`say in the mapping what these mean: "Zorb"`,
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %s\nin\n%s", want, all)
		}
	}
	if got, want := fmt.Sprint(m.Tables[casefile.Involvements].Values["role"]), "map[ACC:suspect V:victim]"; got != want {
		t.Errorf("values %s, want %s", got, want)
	}
	if _, _, err := Suggest(folderOf(t, files{"x.csv": "alpha,beta\n1,2\n"})); err == nil {
		t.Error("a mapping was proposed for nothing")
	}
}

func TestDateOrderIsToldFromValues(t *testing.T) {
	for v, want := range map[string]byte{
		"2014-03-09": 'i', "2014": 'i', "13/02/2014": 'd', "02/13/2014": 'm', "02/03/2014": '?', "9-Mar-2014": 'd',
		"03/2014": 'd', "unknown": 0, "12/34": 0, "31/02/2014": 0, "13/13/2014": 0, "": 0, "SW1 2AB": 0,
	} {
		if got := orderOf(v); got != want {
			t.Errorf("%q: %q, want %q", v, got, want)
		}
	}
}

// An extract that has our names already, and little else, is told by them.
func TestOurOwnNamesAreSuggestedAsTheyAre(t *testing.T) {
	m, _, err := Suggest(folderOf(t, files{
		"investigations.csv": "crime_ref,recorded_at\nC1,1992\nC2,1993\n", "nominals.csv": "nominal_ref\nP1\nP2\n",
		"involvements.csv": "crime_ref,nominal_ref,role\nC1,P1,victim\nC2,P2,suspect\n",
	}))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []casefile.Table{casefile.Investigations, casefile.Nominals, casefile.Involvements} {
		if want := (Names{string(table) + ".csv"}); !slices.Equal(m.table(table).File, want) {
			t.Errorf("%s is fed by %q, want %q", table, m.table(table).File, want)
		}
	}
	if len(m.Tables) != 3 {
		t.Errorf("%d tables, want 3", len(m.Tables))
	}
}

func TestWorkbooksAndParquetAreSuggestedToo(t *testing.T) {
	m, _, err := Suggest(book(t, nil))
	if err != nil || len(m.Tables) != 3 || !slices.Equal(m.table(casefile.Investigations).File, Names{"Investigations"}) {
		t.Errorf("workbook: %+v, %v", m, err)
	}
	m, _, err = Suggest(folderOf(t, with(files{"nominals.csv": "", "people.parquet": parquetOf(t, 50), "crimes.csv": "Crime No;Na\xefve\nC1;\n", "investigations.csv": ""})))
	if err != nil || !slices.Equal(m.table(casefile.Nominals).File, Names{"people.parquet"}) || !slices.Equal(m.table(casefile.Investigations).File, Names{"crimes.csv"}) {
		t.Errorf("Parquet: %+v, %v", m, err)
	}
}
