package casework

import (
	"path/filepath"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/extract"
	"lookback/internal/scope"
)

func suspect(ref, surname, recorded string) casefile.Involvement {
	return casefile.Involvement{Role: casefile.RoleSuspect, RecordedAt: casefile.MustDate(recorded), Nominal: casefile.Nominal{
		ID: casefile.NominalID("T:" + ref), Surname: surname, RecordedAt: casefile.MustDate(recorded)}}
}

func TestFactsSayWhatIsNotKnownAndNothingMore(t *testing.T) {
	people := []casefile.Involvement{
		suspect("N1", "ARDEN", "2014-03-01"), suspect("N2", "UNKNOWN MALE 1", "2014-03-01"),
		suspect("N3", "BEECH", "2016-03-01"), suspect("N4", "CEDAR", ""), suspect("N1", "ARDEN", "2014-03-01"),
	}
	on, _ := casefile.ParseDay("2015-06-30")
	certain, possible := clock{set: true, day: on}, clock{set: true, day: on, undated: true}
	texts := []casefile.StatedCount{{Lo: 2, At: casefile.MustDate("2014-04-01")}, {Lo: 5, At: casefile.MustDate("2016-04-01")}, {Lo: 3}}
	flag := func(set, cleared string) []casefile.Flag {
		return []casefile.Flag{{Code: "CSE", SetAt: casefile.MustDate(set), ClearedAt: casefile.MustDate(cleared), Cleared: cleared != ""}}
	}
	outcome := func(at string) []casefile.OutcomeEntry {
		return []casefile.OutcomeEntry{{Code: "16", Scheme: "ho2013", At: casefile.MustDate(at)}}
	}
	for _, c := range []struct {
		name string
		d    dossier
		at   clock
		fact scope.Fact
		want string
	}{
		{"a person named twice counts once", dossier{people: people}, clock{}, scope.SuspectsNamed, "3"},
		{"a placeholder is recorded, not named", dossier{people: people}, clock{}, scope.SuspectsUnidentified, "1"},
		{"by then: one named", dossier{people: people}, certain, scope.SuspectsNamed, "1"},
		{"by then or undated: two named", dossier{people: people}, possible, scope.SuspectsNamed, "2"},
		{"by then: two recorded", dossier{people: people}, certain, scope.SuspectsRecorded, "2"},
		{"no text is not a text that states nobody", dossier{}, clock{}, scope.SuspectsStated, "unknown"},
		{"a text that states nobody", dossier{texts: true}, clock{}, scope.SuspectsStated, "0"},
		{"the largest number of any one text", dossier{texts: true, stated: texts}, clock{}, scope.SuspectsStated, "5"},
		{"of texts by then", dossier{texts: true, stated: texts}, certain, scope.SuspectsStated, "2"},
		{"of texts by then or undated", dossier{texts: true, stated: texts}, possible, scope.SuspectsStated, "3"},
		{"nobody is dead because nothing is recorded", dossier{people: people}, clock{}, scope.SuspectAlive, "y"},
		{"no suspect, so nobody to be alive", dossier{}, clock{}, scope.SuspectAlive, "unknown"},
		{"a flag", dossier{flags: flag("2014-05-01", "")}, clock{}, scope.ExploitationFlag, "y"},
		{"a flag that was cleared", dossier{flags: flag("2014-05-01", "2016-05-01")}, clock{}, scope.ExploitationFlag, "n"},
		{"a flag cleared only later", dossier{flags: flag("2014-05-01", "2016-05-01")}, certain, scope.ExploitationFlag, "y"},
		{"a flag set only later", dossier{flags: flag("2016-05-01", "")}, certain, scope.ExploitationFlag, "n"},
		{"no outcome", dossier{}, clock{}, scope.NFA, "unknown"},
		{"no outcome of an open case", dossier{Investigation: casefile.Investigation{Status: "Open"}}, clock{}, scope.NFA, "n"},
		{"an outcome of no further action", dossier{outcomes: outcome("2014-05-01")}, clock{}, scope.NFA, "y"},
		{"the day of it", dossier{outcomes: outcome("2014-05-01")}, clock{}, scope.NFAOn, "2014-05-01"},
		{"an outcome that came later", dossier{outcomes: outcome("2016-05-01")}, certain, scope.NFA, "n"},
		{"what links add is not what the force knew", dossier{}, certain, scope.SuspectsReached, "unknown"},
		{"reviewed before", dossier{Investigation: casefile.Investigation{PreviouslyReviewed: "y"}}, clock{}, scope.PreviouslyReviewed, "y"},
		{"reviewed before: not said", dossier{}, clock{}, scope.PreviouslyReviewed, "unknown"},
	} {
		src := &sources{delivered: map[casefile.Table]bool{casefile.Flags: true}}
		c.d.ID = "T:C1"
		links := &reach{}
		if got := src.facts(&c.d, c.at, links)[c.fact].String(); got != c.want {
			t.Errorf("%s: %s is %s, want %s", c.name, c.fact, got, c.want)
		}
	}
}

func TestFlagsThatWereNeverDeliveredAreNotAbsent(t *testing.T) {
	src := &sources{delivered: map[casefile.Table]bool{}}
	if got := src.facts(&dossier{}, clock{}, &reach{})[scope.ExploitationFlag]; got.String() != "unknown" || got.Why() != "flags were not delivered" {
		t.Errorf("flag is %s because %q", got, got.Why())
	}
}

func TestAsKnownOnADayTheCertainEndIsNeverAboveThePossible(t *testing.T) {
	dir, _ := force(t, 120)
	d := newDesk(t)
	d.mustImport(t, dir)
	room := 0
	for _, terms := range scope.Presets() {
		cases := -1
		for _, text := range []string{"2011-01-01", "2015-01-01", "2019-01-01", "2026-01-01"} {
			day, err := casefile.ParseDay(text)
			if err != nil {
				t.Fatal(err)
			}
			f, err := d.RunScope(t.Context(), operator, terms, &day, nil)
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

func TestOneThingInTwoFilesOfATableIsNoticed(t *testing.T) {
	m, err := extract.ParseMapping([]byte(`{"version":1,"name":"two files","tables":{"nominals":{"file":["nominals.csv","more.csv"]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	d := newDesk(t)
	r, err := d.Import(t.Context(), operator, folder(t, tables{
		"investigations": "crime_ref\nC1\n",
		"nominals":       "nominal_ref,surname\nN1,ARDEN\nN2,BEECH\n",
		"more":           "surname,nominal_ref\nARDEN,N1\nCEDAR,N2\nDOGWOOD,N3\n",
		"involvements":   "crime_ref,nominal_ref,role\nC1,N3,suspect\n",
	}), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	// more.csv is read first.
	want := TableReport{Rows: 5, Accepted: 3, Quarantined: 1, Held: 1}
	if got := *r.Tables[casefile.Nominals]; got != want {
		t.Errorf("nominals %+v, want %+v", got, want)
	}
	if got, want := r.Reasons[0].Example, "nominal_ref N2 stands twice in this extract with different content, first on line 3 of more.csv: keep one."; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if a := d.mustAnalyse(t); a.Nominals != 3 {
		t.Errorf("%d nominals, want 3", a.Nominals)
	}
}

func TestAnExportAppearsWholeOrNotAtAll(t *testing.T) {
	d := newDesk(t)
	out := filepath.Join(t.TempDir(), "missing", "x.csv")
	if _, err := d.Export(t.Context(), operator, "quarantine", out, scope.Terms{}, nil); casefile.KindOf(err) != casefile.Invalid {
		t.Errorf("an export into no folder: %v", err)
	}
}
