package scope

import (
	"os"
	"strings"
	"testing"
)

func TestATestThatCannotBeUsedIsRefusedWithItsPlaceAndWhatToWrite(t *testing.T) {
	for test, want := range map[string]string{
		`suspect_recorded >= 2`:               `criterion "t1", character 1: there is no fact or function "suspect_recorded"; did you mean "suspects_recorded"?`,
		`nfa && betwen(nfa_on, "2010-01-01")`: `criterion "t1", character 14: there is no fact or function "betwen"; did you mean "between"?`,
		`zebra`:                               `criterion "t1", character 1: there is no fact or function "zebra"`,
		`nfa >= 2`:                            `criterion "t1", character 5: >= does not take (yes/no, number)`,
		`victims`:                             `criterion "t1": the test gives a number; expected yes or no`,
		`nfa_by == "plice"`:                   `criterion "t1", character 11: nfa_by is never "plice"; expected police or cps`,
		`before(nfa_on, "2010")`:              `criterion "t1", character 16: "2010" is not a day; expected YYYY-MM-DD, such as "2010-01-01"`,
		`before(nfa_on, "2010-02-30")`:        `criterion "t1", character 16: "2010-02-30" is not a day; expected YYYY-MM-DD, such as "2010-01-01"`,
		`between(nfa_on,"2011-01-01","2010-01-01")`: `criterion "t1", character 29: the period ends before it begins`,
		`suspects_recorded + suspects_stated >= 2`:  `criterion "t1", character 19: counts are not added: suspects counted in different ways are never summed; compare each on its own and join the tests with ||`,
		`nfa ? online : has_text`:                   `criterion "t1", character 5: a choice (? :) cannot be said in plain English; write it with && and ||`,
		`unit.matches("^N")`:                        `criterion "t1", character 13: a pattern cannot be said in plain English; use startsWith, endsWith, contains or in`,
		`unit < "N"`:                                `criterion "t1", character 6: unit is text, which has no order; use == or !=`,
		`nfa_on == recorded_on`:                     `criterion "t1", character 8: two facts are compared only if both are numbers; dates have before, after, on_or_before and on_or_after`,
		`at_least(3, nfa, online)`:                  `criterion "t1", character 10: at_least asks for 3 of 2 conditions; expected 1 to 2`,
		`victims >= -1`:                             `criterion "t1", character 12: victims is a count, which is never below zero`,
		`true`:                                      `criterion "t1", character 1: a test that is always true tests nothing; name a fact`,
		`unit == ""`:                                `criterion "t1", character 9: an empty text is no value of unit; to ask whether it is recorded, write known(unit)`,
		`size(unit) == 2`:                           `criterion "t1", character 5: expected the name of a fact here`,
	} {
		_, err := Compile(terms(test))
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", test, err, want)
		}
	}
	_, err := Compile(terms(`nfa &&`))
	if err == nil || !strings.HasPrefix(err.Error(), `criterion "t1", character 7: this cannot be read as a test: `) {
		t.Errorf("a test cut short: got %v", err)
	}
}

const sound = `{"name":"a","version":1,"title":"A","source":"made up","criteria":[{"id":"x","title":"X","test":"nfa"}]}`

func TestAFileThatIsNotTermsIsRefusedWithItsLine(t *testing.T) {
	if _, err := Parse([]byte(sound)); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ old, new, want string }{
		{`"version":1`, `"version":"one"`, `terms of reference: line 1: "version" holds a string; expected a whole number`},
		{`"version":1`, `"version":0`, `terms of reference: the version is 0; expected 1 or more`},
		{`"title":"A"`, "\n\"titel\":\"A\"", `terms of reference: line 2: unknown field "titel"`},
		{`"source":"made up",`, ``, `terms of reference: there is no source: say whose terms these are`},
		{`"name":"a"`, `"name":"A b"`, `terms of reference: the name "A b" is not lower-case letters, digits and hyphens`},
		{`"test":"nfa"`, `"test":" "`, `criterion "x": there is no test`},
		{`"nfa"}`, `"nfa"},{"id":"x","title":"X","test":"nfa"}`, `criterion "x": this id is used twice`},
		{`]}`, `],"classes":[{"id":"y","title":"Y","test":"nfa","undecided":true}]}`, `class "y": a class has a test or is the undecided one, not both`},
		{`]}`, `]} {}`, `terms of reference: line 1: there is more after the end of the terms; expected one JSON object`},
		{`]}`, ``, `terms of reference: the file ends in the middle; expected one JSON object`},
		{`{"name"`, `<name`, `terms of reference: line 1: this is not JSON: invalid character '<' looking for beginning of value`},
		{`[{"id":"x","title":"X","test":"nfa"}]`, `[]`, `terms of reference: there is no criterion`},
		{sound, ``, `terms of reference: the file ends in the middle; expected one JSON object`},
	} {
		_, err := Parse([]byte(strings.Replace(sound, x.old, x.new, 1)))
		if err == nil || err.Error() != x.want {
			t.Errorf("%s for %s\n got %v\nwant %s", x.new, x.old, err, x.want)
		}
	}
	if _, err := Read(strings.NewReader(sound + strings.Repeat(" ", maxFile))); err == nil {
		t.Error("a file beyond the limit is accepted")
	}
}

func TestTheFingerprintIsOfTheWordsNotOfTheLayout(t *testing.T) {
	one, err := Parse([]byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Parse([]byte("\ufeff" + strings.ReplaceAll(sound, ",", " ,\n\t")))
	if err != nil {
		t.Fatal(err)
	}
	if one.Fingerprint() != two.Fingerprint() {
		t.Error("another layout has another fingerprint")
	}
	// printf '%s\n' 'lookback terms of reference 1' '{"name":"a",…}' | sha256sum
	if want := "322011e31a83d5bcbd26a2208a24316b37bbf4e506d817ea9b23f55f0bccc303"; one.Fingerprint() != want {
		t.Errorf("fingerprint: got %s, want %s", one.Fingerprint(), want)
	}
	for name, change := range map[string]func(*Terms){
		"name": func(t *Terms) { t.Name = "b" }, "version": func(t *Terms) { t.Version = 2 }, "title": func(t *Terms) { t.Title = "B" },
		"source": func(t *Terms) { t.Source = "b" }, "note": func(t *Terms) { t.Note = "b" },
		"test": func(t *Terms) { t.Criteria[0].Test = "!nfa" }, "why": func(t *Terms) { t.Criteria[0].Why = "b" },
		"class": func(t *Terms) { t.Classes = []Class{{ID: "c", Title: "C", Test: "nfa"}} },
	} {
		other, err := Parse([]byte(sound))
		if err != nil {
			t.Fatal(err)
		}
		if change(&other); other.Fingerprint() == one.Fingerprint() {
			t.Errorf("another %s has the same fingerprint", name)
		}
	}
}

func TestTheTableOfFactsIsComplete(t *testing.T) {
	if len(Facts) != int(HasText)+1 {
		t.Fatalf("%d facts; the last constant is %d", len(Facts), HasText)
	}
	for i, f := range Facts {
		said := f.is
		if f.Type == YesNo {
			said = f.yes
		}
		lacks := f.Name == "" || f.Doc == "" || said == "" || f.asked() == "" ||
			f.Type == YesNo && f.no == "" || f.Type == Number && (f.one == "" || f.many == "" || f.noun == "") || f.Type == Day && f.noun == ""
		if lacks {
			t.Errorf("fact %d (%s) lacks some of its wording", i, f.Name)
		}
		if f.Type != YesNo && !strings.Contains(f.is, "{}") || (f.Type == Text || f.Type == Day) && !strings.Contains(f.is, "{not}") {
			t.Errorf("fact %s cannot be said or denied: %q", f.Name, f.is)
		}
		if got, ok := FactNamed(f.Name); !ok || got != Fact(i) {
			t.Errorf("FactNamed(%q) = %d, want %d", f.Name, got, i)
		}
	}
}

func TestTheDocumentationHoldsTheTableOfFactsAndEveryPreset(t *testing.T) {
	data, err := os.ReadFile("../../docs/scope.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	if !strings.Contains(page, FactsTable()) {
		t.Errorf("docs/scope.md does not hold the table of facts as it stands; it should be:\n\n%s", FactsTable())
	}
	for _, terms := range Presets() {
		p, err := Compile(terms)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range append(p.English(), p.ClassEnglish()...) {
			if !strings.Contains(page, s) {
				t.Errorf("docs/scope.md does not say, for %s: %s", terms.Name, s)
			}
		}
	}
}
