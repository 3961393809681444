package scope

import (
	"strings"
	"testing"
)

func preset(t testing.TB, name string) *Program {
	t.Helper()
	terms, err := Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// with returns a case that every preset takes in, changed by the values given.
func with(changes map[Fact]Value) Case {
	c := NewCase()
	for f, v := range map[Fact]Value{
		NFA: Bool(true), NFABy: Words("police"), NFAOn: OnDay(day("2014-05-03")), OffenceCode: Words("019/07"),
		SuspectsRecorded: Int(3), SuspectsStated: Int(2), Victims: Int(2), VictimUnder18: Bool(true), ContactOffence: Bool(true),
		ChildSexualOffence: Bool(true), SuspectAlive: Bool(true), PreviouslyReviewed: Bool(false), ExploitationFlag: Bool(false),
		SuspectRelated: Bool(false), Institutional: Bool(false), SuspectsAssociated: Bool(true), InGroup: Bool(false),
	} {
		c[f] = v
	}
	for f, v := range changes {
		c[f] = v
	}
	return c
}

func TestPresetsDecideAsTheirSourcesSay(t *testing.T) {
	why := NotKnown("the extract does not say")
	type change = map[Fact]Value
	for _, x := range []struct {
		preset string
		change change
		want   string
	}{
		{"national-all-victims", nil, "in: every criterion is met"},
		{"national-all-victims", change{Victims: Int(1)}, "in: every criterion is met"},
		{"national-two-victims", change{Victims: Int(1)}, "out: “More than one victim” is not met: the case has 1 victim"},
		{"national-all-victims", change{NFAOn: OnDay(day("2009-12-31"))},
			"out: “Closed with no further action in the window” is not met: the police or the CPS decided on no further action; the decision of no further action was made on 31 December 2009"},
		{"national-all-victims", change{NFAOn: OnDay(day("2010-01-01"))}, "in: every criterion is met"},
		{"national-all-victims", change{NFAOn: OnDay(day("2025-03-31"))}, "in: every criterion is met"},
		{"national-all-victims", change{NFAOn: Days(day("2025-01-01"), day("2025-12-31"))},
			"unknown: “Closed with no further action in the window” cannot be told: the police or the CPS decided on no further action; the decision of no further action was made in 2025, which is not exact enough to tell"},
		{"national-all-victims", change{NFA: Bool(false), NFAOn: None()},
			"out: “Closed with no further action in the window” is not met: neither the police nor the CPS decided on no further action; there is no decision of no further action"},
		{"national-all-victims", change{NFA: Bool(false), NFAOn: why}, // the verdict rests on what is known
			"out: “Closed with no further action in the window” is not met: neither the police nor the CPS decided on no further action"},
		{"national-all-victims", change{SuspectsRecorded: Int(1), SuspectsStated: Int(0)},
			"out: “Two or more suspects” is not met: the case has 1 recorded suspect; the text states no suspects"},
		{"national-all-victims", change{SuspectsRecorded: Int(1), SuspectsStated: NotKnown("the case holds no text")},
			"unknown: “Two or more suspects” cannot be told: the case has 1 recorded suspect; it is not known how many suspects the text states, because the case holds no text"},
		{"national-all-victims", change{ContactOffence: NotKnown("the offence code is not in the list")},
			"unknown: “Contact offence” cannot be told: it is not known whether the offence is a contact offence, because the offence code is not in the list"},
		{"national-all-victims", change{SuspectAlive: Bool(false), PreviouslyReviewed: why},
			"out: “A suspect believed alive” is not met: no suspect is believed alive"},
		{"national-all-victims", change{PreviouslyReviewed: Bool(true)},
			"out: “Not already reviewed” is not met: the case has already been reviewed"},
		{"two-suspects", change{SuspectsRecorded: Int(1), SuspectsStated: Int(1)},
			"out: “Two or more suspects” is not met: the case has 1 recorded suspect; the text states 1 suspect"},
		{"two-suspects", change{SuspectsRecorded: Int(0), SuspectsStated: Int(2)}, "in: every criterion is met"},
		{"organised-network", change{SuspectsRecorded: Int(1), SuspectsStated: Int(1), InGroup: Bool(true)}, "in: every criterion is met"},
		{"organised-network", change{SuspectsAssociated: Bool(false)},
			"out: “Known to or associated with each other” is not met: the suspects are not known to or associated with each other"},
		{"organised-network", change{ChildSexualOffence: Bool(false), ExploitationFlag: Bool(true)}, "in: every criterion is met"},
		{"organised-network", change{ChildSexualOffence: Bool(false)},
			"out: “Sexual exploitation of a child” is not met: the offence is not a sexual offence against a child; the case is not flagged as child sexual exploitation; a victim was under 18 at the time of the offence"},
	} {
		c := with(x.change)
		p := preset(t, x.preset)
		if got := p.Reason(c, p.Evaluate(c)); got != x.want {
			t.Errorf("%s with %v\n got %s\nwant %s", x.preset, x.change, got, x.want)
		}
	}
}

func TestKindsOfOffendingStandSideBySide(t *testing.T) {
	why := NotKnown("the extract does not say")
	type change = map[Fact]Value
	p := preset(t, "typologies")
	for _, x := range []struct {
		name   string
		change change
		want   string
	}{
		{"nothing applies", nil, "other"},
		{"two apply", change{SuspectRelated: Bool(true), Institutional: Bool(true)}, "familial institutional"},
		{"by the flag", change{ExploitationFlag: Bool(true)}, "cse"},
		{"by the offence", change{OffenceCode: Words("071/08")}, "cse"},
		{"one cannot be told, none applies", change{SuspectRelated: why}, "unknown"},
		{"one cannot be told, another applies", change{SuspectRelated: why, ExploitationFlag: Bool(true)}, "cse"},
		{"a record says so", change{Ritualistic: Bool(true)}, "ritualistic"},
	} {
		r := p.Evaluate(with(x.change))
		var got []string
		for i, c := range p.Terms().Classes {
			if r.InClass(i) == Met {
				got = append(got, c.ID)
			}
		}
		if strings.Join(got, " ") != x.want {
			t.Errorf("%s: got %v, want %s", x.name, got, x.want)
		}
	}
	if r := p.Evaluate(with(change{SuspectsRecorded: Int(1), SuspectsStated: Int(1)})); r.ClassMet|r.ClassUnknown != 0 {
		t.Errorf("a case that is out has classes: %v", r)
	}
}

func TestCriteriaReadAsPlainEnglish(t *testing.T) {
	for test, want := range map[string]string{
		`nfa && between(nfa_on, "2010-01-01", "2025-03-31")`:   "the police or the CPS decided on no further action between 1 January 2010 and 31 March 2025",
		`nfa_by == "cps" && on_or_after(nfa_on, "2013-06-05")`: "the decision of no further action was made by the CPS on or after 5 June 2013",
		`nfa_by in ["police", "cps"]`:                          "the decision of no further action was made by the police or the CPS",
		`nfa_by != "cps"`:                                      "the decision of no further action was not made by the CPS",
		`!(nfa_by in ["police"]) `:                             "the decision of no further action was not made by the police",
		`!before(offence_from, "2004-05-01")`:                  "the offence is not said to have begun before 1 May 2004",
		`before(nfa_on, recorded_on)`:                          "the decision of no further action was made before the day of recording",
		`victims > 1`:                                          "the case has more than one victim",
		`victims >= 1`:                                         "the case has at least one victim",
		`!(victims > 1)`:                                       "the case has at most one victim",
		`!(victims < 2)`:                                       "the case has two or more victims",
		`!(victims <= 2)`:                                      "the case has more than two victims",
		`!(victims >= 2)`:                                      "the case has fewer than two victims",
		`!(victims == 2)`:                                      "the case has any number but two victims",
		`!(victims != 2)`:                                      "the case has exactly two victims",
		`3 > victims`:                                          "the case has fewer than three victims",
		`!(suspects_recorded in [2, 3])`:                       "the case has any number but two or three recorded suspects",
		`2 <= suspects_stated`:                                 "the text states two or more suspects",
		`suspects_reached == 0`:                                "links reach no suspects of other cases",
		`suspects_recorded in [2, 3]`:                          "the case has two or three recorded suspects",
		`suspects_stated > suspects_recorded`:                  "the number of suspects stated in the text is more than the number of recorded suspects",
		`offence_code.startsWith("019/")`:                      "the offence code is one that starts with “019/”",
		`area == "North" || unit != "CID"`:                     "the area is “North”, or the investigating unit is not “CID”",
		`!(nfa || online)`:                                     "neither the police nor the CPS decided on no further action, and no part of the offence was committed online",
		`in_group && (online || institutional)`:                "a suspect belongs to a group of suspects tied over two or more cases, and either the offence was committed online, at least in part, or the offence is tied to an institution",
		`at_least(2, in_group, has_text, victims >= 2)`:        "at least two of these hold: (1) a suspect belongs to a group of suspects tied over two or more cases; (2) the case holds text that was read; (3) the case has two or more victims",
		`!known(previously_reviewed)`:                          "it is not known whether the case has already been reviewed",
		`nfa == false`:                                         "neither the police nor the CPS decided on no further action",
	} {
		if got := compiled(t, test).English()[0]; got != want {
			t.Errorf("%s\n got %s\nwant %s", test, got, want)
		}
	}
}

func TestAnUnknownPresetIsNamedWithThoseThereAre(t *testing.T) {
	_, err := Preset("natonal")
	want := `terms of reference: there is no preset "natonal"; there are national-all-victims, national-two-victims, organised-network, two-suspects and typologies`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAProgramNamesTheFactsItAsks(t *testing.T) {
	got := preset(t, "national-all-victims").Facts()
	want := []Fact{NFA, NFAOn, SuspectsRecorded, SuspectsStated, Victims, ContactOffence, SuspectAlive, PreviouslyReviewed}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
