package cohort_test

import (
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk/desktest"
	"lookback/internal/scope"
)

func TestAsKnownOnADayTheCertainEndIsNeverAboveThePossible(t *testing.T) {
	dir, _ := desktest.Force(t, 120)
	d := desktest.NewDesk(t)
	desktest.Import(t, d, dir)
	room := 0
	for _, terms := range scope.Presets() {
		cases := -1
		for _, text := range []string{"2011-01-01", "2015-01-01", "2019-01-01", "2026-01-01"} {
			day, err := casefile.ParseDay(text)
			if err != nil {
				t.Fatal(err)
			}
			f, err := cohort.RunScope(t.Context(), d, desktest.Operator, terms, &day, nil)
			if err != nil {
				t.Fatal(err)
			}
			if f.In > f.PossiblyIn || f.In+f.Out+f.Unknown != f.Cases || f.Cases < cases {
				t.Errorf("%s on %s: %d certain, %d possible, %d + %d of %d cases (%d before)", terms.Name, text, f.In, f.PossiblyIn, f.Out, f.Unknown, f.Cases, cases)
			}
			cases = f.Cases
			room += f.PossiblyIn - f.In
		}
	}
	if room == 0 {
		t.Error("no undated row made a difference anywhere: the test sees nothing")
	}
}
