package extract

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"lookback/internal/casefile"
)

// every is a row in which each column of every kind is filled rightly.
var kinds = []struct {
	table  casefile.Table
	column string
	cell   string
	order  DateOrder
	want   string // canonical
}{
	{casefile.Nominals, "nominal_ref", "  N 1 ", "", "N 1"},
	{casefile.Nominals, "pnc_id", "UNKNOWN", "", "unknown"},
	{casefile.Nominals, "surname", " O'Example ", "", " O'Example "},
	{casefile.Nominals, "surname", "=cmd()", "", "=cmd()"},
	{casefile.Nominals, "surname", "  ", "", ""},
	{casefile.Nominals, "aliases", " a ;; b;", "", "a;b"},
	{casefile.Nominals, "aliases", "Refused", "", "refused"},
	{casefile.Nominals, "dob", "1990", "", "1990"},
	{casefile.Nominals, "dob", "1990-02", "", "1990-02"},
	{casefile.Nominals, "dob", " 1990-02-28 ", "", "1990-02-28"},
	{casefile.Nominals, "dob", "Not Asked", "", "not asked"},
	{casefile.Nominals, "dob", "9/3/1990", UKDates, "1990-03-09"},
	{casefile.Nominals, "dob", "09.03.1990", UKDates, "1990-03-09"},
	{casefile.Nominals, "dob", "09-Mar-1990", UKDates, "1990-03-09"},
	{casefile.Nominals, "dob", "03/1990", UKDates, "1990-03"},
	{casefile.Nominals, "dob", "1990-03-09", UKDates, "1990-03-09"},
	{casefile.Nominals, "recorded_at", "09/07/2014 21:40", UKDates, "2014-07-09T21:40+01:00"},
	{casefile.Nominals, "recorded_at", "09/01/2014 9:05:07", UKDates, "2014-01-09T09:05:07+00:00"},
	{casefile.Nominals, "recorded_at", "2014-07-09T20:40Z", "", "2014-07-09T21:40+01:00"},
	{casefile.Nominals, "dob_estimated", "TRUE", "", "y"},
	{casefile.Nominals, "dob_estimated", "0", "", "n"},
	{casefile.Nominals, "dob_estimated", "Unknown", "", "unknown"},
	{casefile.Nominals, "age_from", "017", "", "17"},
	{casefile.Nominals, "age_from", "17.0", "", "17"},
	{casefile.Nominals, "age_from", "unknown", "", "unknown"},
	{casefile.Nominals, "sex", "Unknown", "", "Unknown"},
	{casefile.Addresses, "easting", "0430120.50", "", "430120.5"},
	{casefile.Addresses, "easting", "-0.0", "", "0"},
	{casefile.Addresses, "premises_type", "Care Home", "", "care_home"},
	{casefile.Addresses, "premises_type", "taxi-office", "", "taxi_office"},
	{casefile.Involvements, "role", " VICTIM ", "", "victim"},
	{casefile.Exhibits, "retained", "UNKNOWN", "", "unknown"},
}

// filled returns a reader for a table whose file has the needed columns and one
// more, and the cells of a good row.
func filled(t *testing.T, table casefile.Table, column string, order DateOrder) (r *Reader, raw []string, at int) {
	t.Helper()
	s := casefile.SchemaOf(table)
	var header []string
	for _, c := range s.Columns {
		if c.Required || c.Name == column {
			header = append(header, c.Name)
			cell := "X1"
			switch c.Kind {
			case casefile.Code:
				cell = c.Values[0]
			case casefile.Whole:
				cell = "1"
			case casefile.When:
				cell = "2014"
			}
			raw = append(raw, cell)
		}
	}
	r, err := NewReader(table, header, &Mapping{Version: 1, Name: "t", Dates: order})
	if err != nil {
		t.Fatal(err)
	}
	return r, raw, slices.Index(header, column)
}

func TestCellsBecomeCanonical(t *testing.T) {
	for _, c := range kinds {
		r, raw, at := filled(t, c.table, c.column, c.order)
		raw[at] = c.cell
		row := r.Read(2, raw)
		if got := value(c.table, row, c.column); got != c.want || row.Problems != nil {
			t.Errorf("%s %q %s: %q %s, want %q", c.column, c.cell, c.order, got, sentences(row), c.want)
		}
	}
}

func TestCellsThatCannotBeReadAreSaid(t *testing.T) {
	for _, c := range []struct {
		table  casefile.Table
		column string
		cell   string
		order  DateOrder
		want   string
	}{
		{casefile.Involvements, "role", "boss", "", `involvements, line 7, column "role": "boss" is not a known role; expected one of victim, suspect, witness, reporter, missing_person, other.`},
		{casefile.Involvements, "role", "unknown", "", `involvements, line 7, column "role": "unknown" is not a known role; expected one of victim, suspect, witness, reporter, missing_person, other.`},
		{casefile.Involvements, "crime_ref", " ", "", `involvements, line 7, column "crime_ref": the cell is empty; expected a reference as the system writes it, which every row needs.`},
		{casefile.Involvements, "crime_ref", "Unknown", "", `involvements, line 7, column "crime_ref": "Unknown" is not a reference; expected a reference as the system writes it.`},
		{casefile.Nominals, "dob", "2014-02-30", "", `nominals, line 7, column "dob": "2014-02-30" is no day of the calendar; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40.`},
		{casefile.Nominals, "dob", "1849-01-01", "", `nominals, line 7, column "dob": "1849-01-01" is outside the years 1850 to 2199; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40.`},
		{casefile.Nominals, "dob", "31/02/1990", UKDates, `nominals, line 7, column "dob": "31/02/1990" is no day of the calendar; expected a date such as 09/03/2014, 09/03/2014 21:40 or 2014-03-09.`},
		{casefile.Nominals, "dob", "02/13/1990", UKDates, `nominals, line 7, column "dob": "02/13/1990" is no day of the calendar; expected a date such as 09/03/2014, 09/03/2014 21:40 or 2014-03-09.`},
		{casefile.Nominals, "dob", "09/03/90", UKDates, `nominals, line 7, column "dob": "09/03/90" is not a date; expected a date such as 09/03/2014, 09/03/2014 21:40 or 2014-03-09.`},
		{casefile.Nominals, "dob", "09/03/1990", "", `nominals, line 7, column "dob": "09/03/1990" is not an ISO date; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40, or "dates": "uk" in the mapping if the force writes day, month, year.`},
		{casefile.Nominals, "dob", "spring", "", `nominals, line 7, column "dob": "spring" is not a date; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40.`},
		{casefile.Nominals, "recorded_at", "2014-07-09T25:00", "", `nominals, line 7, column "recorded_at": "2014-07-09T25:00" is not a date; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40.`},
		{casefile.Nominals, "age_from", "-3", "", `nominals, line 7, column "age_from": "-3" is not a whole number; expected a whole number, zero or more.`},
		{casefile.Nominals, "age_from", "1E+2", "", `nominals, line 7, column "age_from": "1E+2" is not a whole number; expected a whole number, zero or more.`},
		{casefile.Nominals, "dob_estimated", "perhaps", "", `nominals, line 7, column "dob_estimated": "perhaps" is not y or n; expected y or n.`},
		{casefile.Nominals, "pnc_id", "1.23457E+11", "", `nominals, line 7, column "pnc_id": "1.23457E+11" is a number that a spreadsheet has shortened; expected a reference as the system writes it: export the column as text.`},
		{casefile.Nominals, "nominal_ref", "#REF!", "", `nominals, line 7, column "nominal_ref": "#REF!" is an error of a spreadsheet; expected a reference as the system writes it.`},
		{casefile.Addresses, "easting", "4,30", "", `addresses, line 7, column "easting": "4,30" is not a number; expected a number such as 530120 or 530120.5.`},
		{casefile.Nominals, "dob", strings.Repeat("x", 200), "", `nominals, line 7, column "dob": "` + strings.Repeat("x", 80) + `…" is not a date; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40.`},
		{casefile.Nominals, "surname", "a\x00b", "", `nominals, line 7, column "surname": the cell holds a NUL byte; expected text.`},
		{casefile.Nominals, "surname", "a\xffb", "", `nominals, line 7, column "surname": the cell holds bytes that are not UTF-8; expected text.`},
		{casefile.Nominals, "surname", strings.Repeat("x", 10<<20), "", `nominals, line 7, column "surname": the cell is longer than 1 MiB (10 MiB).`},
	} {
		r, raw, at := filled(t, c.table, c.column, c.order)
		raw[at] = c.cell
		row := r.Read(7, raw)
		if got := sentences(row); got != c.want {
			t.Errorf("\n got: %s\nwant: %s", got, c.want)
		}
		if len(row.Problems) == 1 && row.Problems[0].Column != c.column {
			t.Errorf("column %q, want %q", row.Problems[0].Column, c.column)
		}
		if row.Raw[at] != c.cell {
			t.Errorf("%s: the row is not kept whole", c.column)
		}
	}
}

func TestExactlyOneAndAtLeastOne(t *testing.T) {
	r, err := NewReader(casefile.Uses, []string{"crime_ref", "nominal_ref", "address_ref", "identifier_ref"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for cells, want := range map[string]string{
		"C1,,A1,":        "",
		",N1,,I1":        "",
		"C1,N1,A1,I1":    `uses, line 2: each of "address_ref" and "identifier_ref" is filled; expected exactly one of them to be.`,
		"C1,,,":          `uses, line 2: each of "address_ref" and "identifier_ref" is empty; expected exactly one of them to be filled.`,
		",,A1,":          `uses, line 2: each of "crime_ref" and "nominal_ref" is empty; expected at least one of them to be filled.`,
		"unknown,,A1,":   `uses, line 2: each of "crime_ref" and "nominal_ref" is empty; expected at least one of them to be filled.`,
		"C1,,A1,unknown": "",
	} {
		if got := sentences(r.Read(2, strings.Split(cells, ","))); got != want {
			t.Errorf("%s\n got: %s\nwant: %s", cells, got, want)
		}
	}
}

func TestARaggedRowIsAProblemNotAnError(t *testing.T) {
	r, err := NewReader(casefile.Nominals, []string{"nominal_ref", "surname", "dob"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for cells, want := range map[string]string{
		"N1,a,":        "",
		"N1,a,1990,,,": "",
		"N1,a":         "nominals, line 3: the row has 2 cells; expected 3, as in the header.",
		"N1,a,1990,x":  "nominals, line 3: the row has 4 cells; expected 3, as in the header.",
	} {
		row := r.Read(3, strings.Split(cells, ","))
		if got := sentences(row); got != want {
			t.Errorf("%s: %q, want %q", cells, got, want)
		}
		if want != "" && strings.Join(row.Values, "") != "" {
			t.Errorf("%s: values %q of a row whose cells cannot be told apart", cells, row.Values)
		}
	}
}

func TestAProblemNamesTheirHeadingAndOurs(t *testing.T) {
	m := &Mapping{Version: 1, Name: "m", Tables: map[casefile.Table]*TableMapping{
		casefile.Nominals: {Columns: map[string]Names{"nominal_ref": {"PID"}, "dob": {"BORN"}}}}}
	r, err := NewReader(casefile.Nominals, []string{"PID", "BORN", "SHOE"}, m)
	if err != nil {
		t.Fatal(err)
	}
	r.File = "people.csv"
	want := `people.csv, line 4, column "BORN" (dob): "x" is not a date; expected a date such as 2014, 2014-03, 2014-03-09 or 2014-03-09T21:40.`
	if got := sentences(r.Read(4, []string{"P", "x", "9"})); got != want {
		t.Errorf("\n got: %s\nwant: %s", got, want)
	}
	want = `people.csv, line 4, column "SHOE": the cell holds a NUL byte; expected text.`
	if got := sentences(r.Read(4, []string{"P", "", "\x00"})); got != want {
		t.Errorf("\n got: %s\nwant: %s", got, want)
	}
}

func TestAMendedRowIsReadLikeAnyOther(t *testing.T) {
	x := mustOpen(t, folderOf(t, with(files{"nominals.csv": "nominal_ref,dob\nN1,31/02/1990\n"})), nil)
	f, row := fileOf(t, x, casefile.Nominals), mustRows(t, x, casefile.Nominals)[0]
	if row.Problems == nil {
		t.Fatal("the row was accepted")
	}
	r, err := NewReader(f.Table, f.Header, nil)
	if err != nil {
		t.Fatal(err)
	}
	mended := slices.Clone(row.Raw)
	mended[1] = "1990-02"
	if again := r.Read(row.Line, mended); again.Problems != nil || value(f.Table, again, "dob") != "1990-02" {
		t.Errorf("%+v", again.Problems)
	}
}

func TestRowsAndProblemsLogWithoutTheirContent(t *testing.T) {
	row := Row{Line: 7, Raw: []string{"secret"}, Problems: []Problem{{Column: "dob", Value: "secret", Expected: "a date", Sentence: "secret"}}}
	var out strings.Builder
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "row", row, "problem", row.Problems[0])
	fmt.Fprint(&out, row, row.Problems[0])
	if got := out.String(); strings.Contains(got, "secret") || !strings.Contains(got, "line 7") {
		t.Error(got)
	}
}

// The quick way to read dates must never differ from casefile's.
func FuzzQuickDates(f *testing.F) {
	for _, s := range []string{"2014-03-30T01:30", "2014-10-26 01:30:00", "2014-02-29", "2016-02-29", "2199-12-31T23:59", "1850-01-01", "1968-02-18T02:30",
		"1971-10-31T02:30", "2014-07-09T21:60", "2014-07-09x21:00", "2014-07-09T2１:0", "0000-00-00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 60 {
			return
		}
		var d dateReader
		for range 2 { // the second time from memory
			got, ok := d.read(s, ISODates)
			want, err := casefile.ParseDate(s)
			if strings.TrimSpace(s) == "" {
				return
			}
			if ok != (err == nil) || ok && got != want.String() {
				t.Fatalf("%q: %q %v, want %q %v", s, got, ok, want, err)
			}
		}
	})
}

func TestQuickDatesAgreeThroughEveryClockChange(t *testing.T) {
	var d dateReader
	for year := 1900; year < 2030; year++ {
		for _, day := range []string{"01-01", "03-30", "03-29", "03-31", "04-14", "07-01", "10-25", "10-26", "10-27", "12-31"} {
			for _, clock := range []string{"T00:00", "T00:59", "T01:00", "T01:30", "T02:00", "T02:59", " 23:59:59"} {
				s := fmt.Sprintf("%d-%s%s", year, day, clock)
				got, ok := d.read(s, ISODates)
				want, err := casefile.ParseDate(s)
				if err != nil || !ok || got != want.String() {
					t.Fatalf("%s: %q %v, want %q %v", s, got, ok, want, err)
				}
			}
		}
	}
}
