package casefile

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
)

func TestDatesKeepThePrecisionAtWhichTheyWereRecorded(t *testing.T) {
	for _, c := range []struct{ in, text, first, last string }{
		{"2014", "2014", "2014-01-01", "2014-12-31"},
		{"2016-02", "2016-02", "2016-02-01", "2016-02-29"},
		{"2014-12", "2014-12", "2014-12-01", "2014-12-31"},
		{"2014-03-09", "2014-03-09", "2014-03-09", "2014-03-09"},
		{" 2014-03-09 21:40 ", "2014-03-09T21:40+00:00", "2014-03-09", "2014-03-09"},
		{"2014-06-09T21:40:07", "2014-06-09T21:40:07+01:00", "2014-06-09", "2014-06-09"},
		// London civil time decides the day: half past eleven in UTC is past midnight in summer.
		{"2014-06-09T23:30Z", "2014-06-10T00:30+01:00", "2014-06-10", "2014-06-10"},
		{"2014-01-09T00:30+02:00", "2014-01-08T22:30+00:00", "2014-01-08", "2014-01-08"},
		{"2014-06-09T21:40:07.123Z", "2014-06-09T22:40:07+01:00", "2014-06-09", "2014-06-09"},
	} {
		d, err := ParseDate(c.in)
		if err != nil {
			t.Errorf("ParseDate(%q): %v", c.in, err)
			continue
		}
		first, last := d.Span()
		if d.String() != c.text || first.String() != c.first || last.String() != c.last {
			t.Errorf("ParseDate(%q) = %s, %s to %s; want %s, %s to %s", c.in, d, first, last, c.text, c.first, c.last)
		}
	}
}

func TestWhatIsNoDateIsRefused(t *testing.T) {
	for _, s := range []string{"2014-13", "2014-02-30", "31/02/2014", "09/03/2014", "14", "2014-3-9", "1849", "2200-01-01", "2014-03-09T25:00", "soon", "unknown"} {
		if d, err := ParseDate(s); err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("ParseDate(%q) = %s, %v", s, d, err)
		}
	}
	if d, err := ParseDate(""); err != nil || !d.IsZero() {
		t.Errorf("an empty cell is not recorded: %v, %v", d, err)
	}
	for _, s := range []string{"unknown", "refused", "not asked"} {
		if !StoredDate(s).IsZero() {
			t.Errorf("StoredDate(%q) is a date", s)
		}
	}
}

func TestKnownOnADay(t *testing.T) {
	on, err := ParseDay("2014-05-31")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		date string
		want Known
	}{
		{"", Undated},
		{"2013", ByThen}, {"2014", Undated}, {"2015", Later},
		{"2014-04", ByThen}, {"2014-05", ByThen}, {"2014-06", Later},
		{"2014-05-31", ByThen}, {"2014-06-01", Later},
		{"2014-05-31T22:59Z", ByThen}, {"2014-05-31T23:00Z", Later}, // midnight in London
	} {
		if got := MustDate(c.date).KnownOn(on); got != c.want {
			t.Errorf("recorded %q, known on %s: %s, want %s", c.date, on, got, c.want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2014", "2014-03", "2014-03-09", "2014-03-09T21:40", "2014-10-26 01:30", "2014-06-09T23:30Z", "x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDate(s)
		if err != nil || d.IsZero() {
			return
		}
		first, last := d.Span()
		if first > last || first.String() > d.String() && len(d.String()) >= 10 {
			t.Errorf("%q lies from %s to %s", s, first, last)
		}
		again, err := ParseDate(d.String())
		if err != nil || again != d {
			t.Errorf("%q is written %s, which is read as %s (%v)", s, d, again, err)
		}
	})
}

func TestAnErrorSpeaksToTwoPeople(t *testing.T) {
	err := fmt.Errorf("opening: %w", Errorf(Forbidden, "The folder cannot be written: %w", fs.ErrPermission))
	if KindOf(err) != Forbidden || Message(err) != "The folder cannot be written: permission denied" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("kind %q, message %q", KindOf(err), Message(err))
	}
	if KindOf(errors.New("x")) != "" {
		t.Error("an error that nobody classified has a kind")
	}
}

func TestPeopleLogAsTheirID(t *testing.T) {
	n := Nominal{ID: "T:N1", Surname: "Testperson", Forenames: "Made Up"}
	i := Involvement{Case: "T:C1", Nominal: n}
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	log.Info("read", "nominal", n, "involvement", i)
	said := out.String() + fmt.Sprint(n, i) + fmt.Sprintf("%v %+v %s", n, n, i)
	if strings.Contains(said, "Testperson") || !strings.Contains(said, "T:N1") {
		t.Errorf("a name got out: %s", said)
	}
}

// The contract must hold together: every key and group names a column, and what
// others refer to is read before them.
func TestSchemasHoldTogether(t *testing.T) {
	seen := map[Table]bool{}
	things := map[string]Table{"crime_ref": Investigations, "nominal_ref": Nominals, "address_ref": Addresses, "identifier_ref": Identifiers}
	for _, s := range Schemas {
		for _, group := range append(append([][]string{s.Key}, s.OneOf...), s.AnyOf...) {
			for _, name := range group {
				if s.Column(name) < 0 {
					t.Errorf("%s has no column %q", s.Table, name)
				}
			}
		}
		for name, table := range things {
			if s.Column(name) >= 0 && table != s.Table && !seen[table] {
				t.Errorf("%s refers to %s, which come later", s.Table, table)
			}
		}
		for _, c := range s.Columns {
			if (c.Kind == Code) != (len(c.Values) > 0) {
				t.Errorf("%s.%s is a %s with values %q", s.Table, c.Name, c.Kind, c.Values)
			}
		}
		seen[s.Table] = true
	}
	apart := map[string]bool{}
	for _, c := range SchemaOf(Nominals).Columns {
		apart[c.Name] = c.Apart
	}
	for _, name := range []string{"self_defined_ethnicity", "officer_seen_ethnicity", "nationality", "language"} {
		if !apart[name] {
			t.Errorf("%s does not stand apart", name)
		}
	}
}
