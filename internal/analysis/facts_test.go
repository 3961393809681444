package analysis

import (
	"testing"

	"lookback/internal/casefile"
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
