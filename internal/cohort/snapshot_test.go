package cohort

import (
	"testing"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/scope"
)

// madeUp is an analysed register of a made-up force with terms in force.
func madeUp(t *testing.T, cases int) *desk.Desk {
	t.Helper()
	d := desktest.NewDesk(t)
	dir, _ := desktest.Force(t, cases)
	desktest.Import(t, d, dir)
	desktest.Analyse(t, d)
	adopt(t, d, "national-two-victims")
	return d
}

func adopt(t *testing.T, d *desk.Desk, name string) {
	t.Helper()
	terms, err := scope.Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := Adopt(t.Context(), d, desktest.Operator, terms, "for the test"); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t *testing.T, d *desk.Desk) *View {
	t.Helper()
	v, err := Snapshot(t.Context(), d, desktest.Operator)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheTableOfCasesAgreesWithTheCountUnderTheTerms(t *testing.T) {
	d := madeUp(t, 300)
	terms, err := Terms(t.Context(), d, "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := RunScope(t.Context(), d, desktest.Operator, terms, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := snapshot(t, d)
	if v.In != f.In || v.Out != f.Out || v.Unknown != f.Unknown || len(v.Rows) != f.In+f.Out+f.Unknown {
		t.Errorf("table: %d in, %d out, %d unknown of %d; the count: %d, %d, %d", v.In, v.Out, v.Unknown, len(v.Rows), f.In, f.Out, f.Unknown)
	}
	groups, flagged, missing := 0, 0, map[Answer]int{}
	for i := range v.Rows {
		r, ok := v.Find(v.Rows[i].ID)
		if !ok || r != &v.Rows[i] {
			t.Fatalf("%s is not found", v.Rows[i].ID)
		}
		if r.Why == "" || r.Offence == "" || r.Outcome == "" {
			t.Errorf("%s: why %q, offence %q, outcome %q", r.ID, r.Why, r.Offence, r.Outcome)
		}
		if r.Group != "" {
			groups++
		}
		if r.Flagged == Yes {
			flagged++
		}
		missing[r.Missing]++
	}
	figures, err := analysisFigures(t, d)
	if err != nil {
		t.Fatal(err)
	}
	if groups != figures.GroupCases || groups == 0 {
		t.Errorf("%d cases with a group, the analysis found %d", groups, figures.GroupCases)
	}
	if flagged == 0 || missing[Yes] == 0 || missing[No] == 0 || missing[NotKnown] != 0 {
		t.Errorf("%d flagged, missing: %v", flagged, missing)
	}
	if _, ok := v.Find("nowhere:1"); ok {
		t.Error("a case that is not held was found")
	}
}

func analysisFigures(t *testing.T, d *desk.Desk) (*analysis.Figures, error) {
	t.Helper()
	return analysis.Run(t.Context(), d, desktest.Operator, nil)
}

func TestTheTableOfCasesIsMadeOnceAndAgainWhenSomethingChanged(t *testing.T) {
	d := desktest.NewDesk(t)
	empty := snapshot(t, d)
	if len(empty.Rows) != 0 || empty.Empty == "" {
		t.Fatalf("before the first analysis: %d rows, %q", len(empty.Rows), empty.Empty)
	}
	one := desktest.Folder(t, desktest.Tables{
		casefile.Investigations: "crime_ref,recorded_at,offence_code,nfa_by,outcome_code,outcome_scheme\nA1,2014-03-01,19D,police,15,ho2013\n",
		casefile.Nominals:       "nominal_ref,surname\nN1,Testperson\n",
		casefile.Involvements:   "crime_ref,nominal_ref,role\nA1,N1,victim\n",
	})
	desktest.Import(t, d, one)
	desktest.Analyse(t, d)
	first := snapshot(t, d)
	if first != snapshot(t, d) {
		t.Error("it was made twice")
	}
	if len(first.Rows) != 1 || first.Stale || first.Terms != "" {
		t.Fatalf("rows %v, stale %t, terms %q", first.Rows, first.Stale, first.Terms)
	}
	r := first.Rows[0]
	if r.Scope != scope.Unknown || r.Why != "no terms of reference are in force" {
		t.Errorf("without terms: %s, %q", r.Scope, r.Why)
	}
	if r.Missing != NotKnown {
		t.Errorf("missing episodes were never delivered, and the answer is %s", r.Missing)
	}
	if r.Stated != NoCount || r.Suspects() != 0 || r.Text || r.Year != 2014 || r.Outcome != NFAByPolice || r.Offence != RapeOffence || r.Closed != NoDay {
		t.Errorf("row: %+v", r)
	}
	adopt(t, d, "national-two-victims")
	adopted := snapshot(t, d)
	if adopted == first || adopted.Terms != "national-two-victims version 1" || adopted.Rows[0].Scope == scope.In {
		t.Errorf("after adopting: %q, %s", adopted.Terms, adopted.Rows[0].Scope)
	}
	two := desktest.Folder(t, desktest.Tables{
		casefile.Investigations: "crime_ref,recorded_at\nA2,2015\n",
		casefile.Nominals:       "nominal_ref\nN2\n", casefile.Involvements: "crime_ref,nominal_ref,role\nA2,N2,victim\n",
	})
	desktest.Import(t, d, two)
	if v := snapshot(t, d); !v.Stale || len(v.Rows) != 1 || &v.Rows[0] != &adopted.Rows[0] {
		t.Errorf("rows were received since: stale %t, %d rows, made again %t", v.Stale, len(v.Rows), &v.Rows[0] != &adopted.Rows[0])
	}
}
