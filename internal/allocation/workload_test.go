package allocation

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/store"
)

// readCase stores a review of a case by an account, as submitted now.
func readCase(t *testing.T, d *desk.Desk, id casefile.CaseID, account string) {
	t.Helper()
	write(t, d, func(tx *store.Tx) error {
		if _, err := tx.AddReview(t.Context(), casefile.Review{Case: id, Form: "f@1", Reviewer: account, Body: "{}", Verdict: casefile.NoFurtherLines, Reason: "r", Shown: "{}"}); err != nil {
			return err
		}
		_, err := tx.TouchCase(t.Context(), id, store.CaseChange{Stage: casefile.StageSubmitted, Reviewer: account})
		return err
	})
}

func load(t *testing.T, d *desk.Desk) (*Workload, map[string]Load) {
	t.Helper()
	w, err := Loads(t.Context(), d, sup)
	if err != nil {
		t.Fatal(err)
	}
	people := map[string]Load{}
	for _, p := range w.People {
		people[p.Account] = p
	}
	return w, people
}

func TestWorkloadCountsWhatEverybodyHas(t *testing.T) {
	d := office(t, 60)
	cases := ids(t, d)
	w, people := load(t, d)
	if w.Team != 3 || len(people) != 3 || w.Backlog.InScope+w.Backlog.Unknown != len(cases) || w.Backlog.Unassigned != len(cases) {
		t.Fatalf("at first: %+v", w)
	}
	yesterday := (casefile.DayAt(time.Now()) - 1).String()
	if _, err := Assign(t.Context(), d, sup, cases[:3], "one", yesterday, ""); err != nil {
		t.Fatal(err)
	}
	assign(t, d, cases[3:5], "one")
	readCase(t, d, cases[0], "one")
	restrict(t, d, cases[4], "one")
	write(t, d, func(tx *store.Tx) error {
		_, err := tx.AddReview(t.Context(), casefile.Review{Case: cases[0], Form: "f@1", Reviewer: "one", Body: "{}", Verdict: casefile.NoFurtherLines, Reason: "again", Shown: "{}", Supersedes: 1})
		if err != nil {
			return err
		}
		for i, stage := range map[int]casefile.Stage{5: casefile.StageReturned, 6: casefile.StageDisputed, 7: casefile.StageDecided, 8: casefile.StageClosed, 9: casefile.StageDeferred} {
			if _, err := tx.TouchCase(t.Context(), cases[i], store.CaseChange{Stage: stage, Reviewer: "two"}); err != nil {
				return err
			}
		}
		_, err = tx.RaiseRisk(t.Context(), casefile.Risk{Case: cases[10], Who: "somebody", RaisedBy: "one"})
		return err
	})
	if err := d.DB.Housekeep(t.Context(), func(tx *store.Tx) error {
		return tx.TakeLease(t.Context(), casefile.Lease{Case: cases[1], Account: "one", Purpose: casefile.ForReview, Until: tx.Now.Add(time.Hour)})
	}); err != nil {
		t.Fatal(err)
	}
	w, people = load(t, d)
	o := people["one"]
	if o.Assigned != 4 || o.Overdue != 2 || o.Undated != 2 || o.Reading != 1 || o.Waiting != 1 || o.Read7 != 1 || o.Read28 != 1 || o.Returned != 0 {
		t.Errorf("Oak: %+v", o)
	}
	if two := people["two"]; two.Returned != 1 || two.Waiting != 1 || two.Assigned != 0 {
		t.Errorf("Ash: %+v", two)
	}
	b := w.Backlog
	if b.Deferred != 1 || b.Decided != 1 || b.Closed != 1 || b.Waiting != 2 || b.Returned != 0 || b.OverdueCases != 2 || b.AtRisk != 1 || b.AtRiskNobody != 1 {
		t.Errorf("backlog %+v", b)
	}
	// Cases 0, 6, 7, 8 and 9 are out of what is to be read; the returned one, of which
	// no review was submitted here, is in it.
	if b.InScope+b.Unknown != len(cases)-5 || b.Unassigned != len(cases)-5-4 {
		t.Errorf("%d to read of %d, %d unassigned", b.InScope+b.Unknown, len(cases), b.Unassigned)
	}
	sum := UnitLoad{}
	for _, u := range w.Units {
		if u.Cases != u.ToRead+u.Waiting+u.Decided+u.Deferred {
			t.Errorf("unit %+v does not add up", u)
		}
		sum.Cases += u.Cases
		sum.ToRead += u.ToRead
	}
	if sum.Cases != len(cases) || sum.ToRead != b.InScope+b.Unknown {
		t.Errorf("the units have %d cases, %d to read; want %d and %d", sum.Cases, sum.ToRead, len(cases), b.InScope+b.Unknown)
	}
	all, err := json.Marshal(w)
	if err != nil || strings.Contains(string(all), string(cases[4])) {
		t.Errorf("the figures name a case: %v", err)
	}
}

func TestOfficerDays(t *testing.T) {
	mon := casefile.DayOf(2026, time.June, 1)
	at := func(day casefile.Day, hour int) time.Time { return time.Unix(int64(day)*86400+int64(hour)*3600, 0) }
	read := []store.Done{{Account: "one", At: at(mon, 9)}, {Account: "one", At: at(mon, 10)}, {Account: "one", At: at(mon+3, 9)}, {Account: "two", At: at(mon+2, 9)},
		{Account: "one", At: at(mon+4, 9)}, {Account: "sup", At: at(mon, 9)}}
	work := append([]store.Done{
		{Account: "one", At: at(mon+1, 9)},              // at work, read nothing
		{Account: "two", At: at(mon+1, 23)},             // half past midnight on Wednesday in London's summer
		{Account: "three", At: at(mon, 9)},              // never reads
		{Account: "one", At: at(mon-7, 9)},              // before the window
		{Account: "sup", At: at(mon, 9)},                // does not review
		{Account: "two", At: time.Now().Add(time.Hour)}, // the clock was put back
	}, read...)
	counts, present, days := officerDays(read, work, mon, mon+4, func(a string) bool { return a != "sup" })
	// One: Monday 2, Tuesday 0, Thursday 1. Two: Wednesday 1. Friday is today.
	if !slices.Equal(counts, []int{0, 1, 1, 2}) {
		t.Errorf("counts %v", counts)
	}
	// One: of Monday to Thursday three. Two: of Wednesday and Thursday one.
	if present != 4 || days != 6 {
		t.Errorf("present on %d of %d days", present, days)
	}
}

func TestTheForecastSaysWhatItRestsOn(t *testing.T) {
	w := &Workload{Day: monday, Team: 26, Backlog: Backlog{InScope: 8000, Unknown: 1000, Deferred: 50, Decided: 7}}
	o := outlook(w, Question{})
	if o.Backlog != 9000 || o.Officers != 26 || !o.Pace.Assumed || o.Pace.Mean != PlannedFiles || o.Away != PlannedAway {
		t.Errorf("%+v", o.Conditions)
	}
	said := strings.Join(o.Says(), " ")
	for _, want := range []string{"An even chance that all 9000 files have been read by", "Eight chances in ten that it is done between", "planning assumption"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q does not say %q", said, want)
		}
	}
	text := fmt.Sprint(o.Assumptions)
	for _, want := range []string{"planning assumption, until 30 files have been read on 10 days at work; so far 0 on 0", "8000 in scope", "1000 of which it is not known"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", text, want)
		}
	}
	later := outlook(w, Question{Officers: "13"})
	if later.Officers != 13 || later.Middle.Days < 2*o.Middle.Days-3 {
		t.Errorf("half the officers: %d days against %d", later.Middle.Days, o.Middle.Days)
	}
	if x := outlook(w, Question{Unknown: "n", Deferred: "y"}); x.Backlog != 8050 {
		t.Errorf("%d files", x.Backlog)
	}
	if x := outlook(w, Question{PerDay: "0"}); x.Told || len(x.Says()) != 1 || !strings.Contains(x.Says()[0], "cannot be told") {
		t.Errorf("no pace: %v", x.Says())
	}
}

func TestAQuestionThatMakesNoSenseIsSaid(t *testing.T) {
	w := &Workload{Day: monday, Team: 26, Backlog: Backlog{InScope: 9000}}
	for field, q := range map[string]Question{
		"officers": {Officers: "-1"}, "away": {Away: "100"}, "per_day": {PerDay: "NaN"}, "joiners": {Joiners: "1e9"}, "joining": {Joiners: "3", Joining: "soon"},
	} {
		o := outlook(w, q)
		if len(o.Faults) != 1 || o.Faults[0].Field != field || o.Officers != 26 || !o.Told {
			t.Errorf("%s: %+v", field, o.Faults)
		}
	}
}

func TestAnObservedPaceTakesThePlaceOfTheAssumption(t *testing.T) {
	p, ok := ObservePace([]int{4, 4, 4, 4, 2, 6, 4, 4, 4, 4})
	if !ok {
		t.Fatal("too little")
	}
	w := &Workload{Day: monday, Team: 5, Backlog: Backlog{InScope: 900}, Pace: p, Seen: true, Present: 30, Days: 40}
	o := outlook(w, Question{})
	if o.Pace.Assumed || o.Pace.Mean != 4 || o.Away != .25 {
		t.Errorf("%+v", o.Forecast.Conditions)
	}
	if text := fmt.Sprint(o.Assumptions); !strings.Contains(text, "observed: 40 files on 10 days at work") || !strings.Contains(text, "no trace of work on 10 of 40 working days") {
		t.Error(text)
	}
	if o := outlook(w, Question{PerDay: "3", Away: "10"}); !o.Pace.Assumed || o.Pace.Mean != 3 || o.Away != .1 {
		t.Errorf("the form is not obeyed: %+v", o.Conditions)
	}
}

func TestASummaryForTheSupervisor(t *testing.T) {
	d := office(t, 60)
	cases := ids(t, d)
	readCase(t, d, cases[0], "one")
	b, err := Summary(t.Context(), d, sup)
	if err != nil || !b.Told || !b.Assumed || b.Read7 != 1 || b.ToRead != len(cases)-1 || b.Officers != 3 || b.Unassigned != len(cases)-1 {
		t.Errorf("%+v, %v", b, err)
	}
	if b.Early > b.Middle || b.Middle > b.Late || b.Expected28 < 100 || b.Expected28 > 150 { // 3 officers, about 20 days, 4 in 5 at work, 3 files
		t.Errorf("%+v", b)
	}
}
