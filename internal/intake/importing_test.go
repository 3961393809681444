package intake_test

import (
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/desk/desktest"
	"lookback/internal/extract"
	"lookback/internal/intake"
)

func TestEveryRowOfAForceEndsInOneOfThreePlaces(t *testing.T) {
	dir, made := desktest.Force(t, 120)
	d := desktest.NewDesk(t)
	for _, round := range []string{"first", "again"} {
		r := desktest.Import(t, d, dir)
		for table, n := range made.Rows {
			got := r.Tables[table]
			if got == nil {
				t.Errorf("%s: nothing is said of %s", round, table)
				continue
			}
			want := intake.TableReport{Rows: n, Accepted: n - made.Faults[table], Quarantined: made.Faults[table]}
			if round == "again" {
				want.Accepted, want.Held = 0, want.Accepted
			}
			if *got != want {
				t.Errorf("%s import of %s: %+v, want %+v", round, table, *got, want)
			}
		}
	}
}

func TestOneThingInTwoFilesOfATableIsNoticed(t *testing.T) {
	m, err := extract.ParseMapping([]byte(`{"version":1,"name":"two files","tables":{"nominals":{"file":["nominals.csv","more.csv"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	d := desktest.NewDesk(t)
	r, err := intake.Import(t.Context(), d, desktest.Operator, desktest.Folder(t, desktest.Tables{
		"investigations": "crime_ref\nC1\n",
		"nominals":       "nominal_ref,surname\nN1,ARDEN\nN2,BEECH\n",
		"more":           "surname,nominal_ref\nARDEN,N1\nCEDAR,N2\nDOGWOOD,N3\n",
		"involvements":   "crime_ref,nominal_ref,role\nC1,N3,suspect\n",
	}), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	// more.csv is read first.
	want := intake.TableReport{Rows: 5, Accepted: 3, Quarantined: 1, Held: 1}
	if got := *r.Tables[casefile.Nominals]; got != want {
		t.Errorf("nominals %+v, want %+v", got, want)
	}
	if got, want := r.Reasons[0].Example, "nominal_ref N2 stands twice in this extract with different content, first on line 3 of more.csv: keep one."; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if a := desktest.Analyse(t, d); a.Nominals != 3 {
		t.Errorf("%d nominals, want 3", a.Nominals)
	}
}
