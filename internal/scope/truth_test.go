package scope

import (
	"fmt"
	"strings"
	"testing"
)

// compiled returns a program with one criterion a test, titled T1, T2, …
func compiled(t testing.TB, tests ...string) *Program {
	t.Helper()
	p, err := Compile(terms(tests...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func terms(tests ...string) Terms {
	t := Terms{Name: "test", Version: 1, Title: "Test", Source: "made up"}
	for i, s := range tests {
		t.Criteria = append(t.Criteria, Criterion{ID: fmt.Sprintf("t%d", i+1), Title: fmt.Sprintf("T%d", i+1), Test: s})
	}
	return t
}

// T, F and U stand for a yes/no fact that is yes, no and not known.
func three(letter byte) Value {
	switch letter {
	case 'T':
		return Bool(true)
	case 'F':
		return Bool(false)
	}
	return NotKnown("nobody asked")
}

var letters = map[Verdict]string{Met: "T", NotMet: "F", CannotTell: "U"}

func TestConnectivesFollowKleenesTables(t *testing.T) {
	// One line a pair of values of nfa and online: and, or, not nfa.
	table := `
		TT T T F
		TF F T F
		TU U T F
		FT F T T
		FF F F T
		FU F U T
		UT U T U
		UF F U U
		UU U U U`
	and, or, not := compiled(t, "nfa && online"), compiled(t, "nfa || online"), compiled(t, "!nfa")
	for line := range strings.Lines(strings.TrimSpace(table)) {
		w := strings.Fields(line)
		c := NewCase()
		c[NFA], c[Online] = three(w[0][0]), three(w[0][1])
		for i, p := range []*Program{and, or, not} {
			if got := letters[p.Evaluate(c).Verdict(0)]; got != w[i+1] {
				t.Errorf("%s with nfa, online = %s: got %s, want %s", p.Terms().Criteria[0].Test, w[0], got, w[i+1])
			}
		}
	}
}

// Where each fact is asked once, a test is unknown exactly if it is met under
// one way of filling in what is not known and not met under another.
func TestTestsThatAskEachFactOnceAgreeWithEveryWayOfFillingIn(t *testing.T) {
	facts := []Fact{NFA, Online, InGroup, HasText}
	for _, test := range []string{
		"nfa && online && in_group && has_text",
		"nfa || online || in_group || has_text",
		"nfa && (online || !in_group) && has_text",
		"!(nfa || (online && in_group)) || has_text",
		"nfa == false || (online != true && in_group == true)",
		"at_least(1, nfa, online, in_group, has_text)",
		"at_least(2, nfa, online, in_group, has_text)",
		"at_least(3, nfa, online, in_group, has_text)",
		"at_least(4, nfa, online, in_group, has_text)",
		"!at_least(2, nfa, online && in_group, !has_text)",
	} {
		p := compiled(t, test)
		for i := range 81 {
			c, values := NewCase(), ""
			for k, n := 0, i; k < 4; k, n = k+1, n/3 {
				values += string("TFU"[n%3])
				c[facts[k]] = three(values[k])
			}
			got, want := p.Evaluate(c).Verdict(0), filled(p, c, facts)
			if got != want {
				t.Errorf("%s with %s: got %s, want %s", test, values, got, want)
			}
		}
	}
}

// filled evaluates every way of filling in the unknown facts of a case.
func filled(p *Program, c Case, facts []Fact) Verdict {
	for _, f := range facts {
		if c[f].Known() {
			continue
		}
		yes, no := append(Case(nil), c...), append(Case(nil), c...)
		yes[f], no[f] = Bool(true), Bool(false)
		if v := filled(p, yes, facts); v != filled(p, no, facts) {
			return CannotTell
		} else {
			return v
		}
	}
	return p.Evaluate(c).Verdict(0)
}

func TestCountsComparedWithWhatIsNotKnown(t *testing.T) {
	for _, x := range []struct {
		test             string
		recorded, stated Value
		want             Verdict
	}{
		{"suspects_recorded >= 2 || suspects_stated >= 2", Int(2), NotKnown(""), Met},
		{"suspects_recorded >= 2 || suspects_stated >= 2", Int(1), NotKnown(""), CannotTell},
		{"suspects_recorded >= 2 || suspects_stated >= 2", Int(1), Int(1), NotMet},
		{"suspects_recorded >= 2 || suspects_stated >= 2", NotKnown(""), Int(3), Met},
		{"suspects_recorded >= 2 || suspects_stated >= 2", NotKnown(""), Int(1), CannotTell},
		{"suspects_stated > suspects_recorded", Int(1), Int(3), Met},
		{"suspects_stated > suspects_recorded", Int(3), Int(3), NotMet},
		{"suspects_stated > suspects_recorded", NotKnown(""), Int(3), CannotTell},
		{"suspects_recorded in [2, 3]", Int(3), Int(0), Met},
		{"suspects_recorded in [2, 3]", Int(4), Int(0), NotMet},
		{"suspects_recorded in [2, 3]", NotKnown(""), Int(0), CannotTell},
		{"2 <= suspects_recorded", Int(2), Int(0), Met},
		{"2 < suspects_recorded", Int(2), Int(0), NotMet},
		{"known(suspects_stated)", Int(0), NotKnown(""), NotMet},
		{"known(suspects_stated)", Int(0), Int(0), Met},
		{"!known(suspects_stated) || suspects_stated >= 2", Int(0), NotKnown(""), Met},
	} {
		c := NewCase()
		c[SuspectsRecorded], c[SuspectsStated] = x.recorded, x.stated
		if got := compiled(t, x.test).Evaluate(c).Verdict(0); got != x.want {
			t.Errorf("%s with recorded %v, stated %v: got %s, want %s", x.test, x.recorded, x.stated, got, x.want)
		}
	}
}

func TestTextsComparedWithNothingAndWithWhatIsNotKnown(t *testing.T) {
	for _, x := range []struct {
		test  string
		value Value
		want  Verdict
	}{
		{`nfa_by == "cps"`, Words("cps"), Met},
		{`nfa_by == "cps"`, Words("police"), NotMet},
		{`nfa_by == "cps"`, None(), NotMet},
		{`nfa_by != "cps"`, None(), Met},
		{`nfa_by == "cps"`, NotKnown(""), CannotTell},
		{`nfa_by in ["police", "cps"]`, Words("police"), Met},
		{`nfa_by in ["police", "cps"]`, None(), NotMet},
		{`nfa_by in ["police", "cps"]`, NotKnown(""), CannotTell},
		{`known(nfa_by)`, None(), Met},
		{`nfa_by.startsWith("c")`, Words("cps"), Met},
		{`nfa_by.endsWith("c")`, Words("cps"), NotMet},
		{`nfa_by.contains("p")`, NotKnown(""), CannotTell},
	} {
		c := NewCase()
		c[NFABy] = x.value
		if got := compiled(t, x.test).Evaluate(c).Verdict(0); got != x.want {
			t.Errorf("%s with %v: got %s, want %s", x.test, x.value, got, x.want)
		}
	}
}

// A date known to a span of days is before a day if all days of the span are,
// not before it if none is, and otherwise unknown; so for every test of dates.
func TestDateTestsAgreeWithEveryDayThatTheDateMayBe(t *testing.T) {
	from, to := day("2014-03-05"), day("2014-03-08")
	exact := map[string]func(d int32) bool{
		`before(nfa_on, "2014-03-05")`:                func(x int32) bool { return x < from },
		`after(nfa_on, "2014-03-05")`:                 func(x int32) bool { return x > from },
		`on_or_before(nfa_on, "2014-03-05")`:          func(x int32) bool { return x <= from },
		`on_or_after(nfa_on, "2014-03-05")`:           func(x int32) bool { return x >= from },
		`between(nfa_on, "2014-03-05", "2014-03-08")`: func(x int32) bool { return x >= from && x <= to },
	}
	for test, is := range exact {
		p := compiled(t, test)
		for first := from - 3; first < to+3; first++ {
			for last := first; last < to+3; last++ {
				c := NewCase()
				c[NFAOn] = Days(first, last)
				got, want := p.Evaluate(c).Verdict(0), overDays(first, last, is)
				if got != want {
					t.Errorf("%s with days %d to %d after %s: got %s, want %s", test, first-from, last-from, dayWords(from), got, want)
				}
			}
		}
		for _, v := range []struct {
			value Value
			want  Verdict
		}{{None(), NotMet}, {NotKnown(""), CannotTell}} {
			c := NewCase()
			c[NFAOn] = v.value
			if got := p.Evaluate(c).Verdict(0); got != v.want {
				t.Errorf("%s with %v: got %s, want %s", test, v.value, got, v.want)
			}
		}
	}
}

func day(s string) int32 {
	d, err := parseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func overDays(first, last int32, is func(int32) bool) Verdict {
	yes, no := false, false
	for x := first; x <= last; x++ {
		if is(x) {
			yes = true
		} else {
			no = true
		}
	}
	switch {
	case yes && no:
		return CannotTell
	case yes:
		return Met
	}
	return NotMet
}

func TestTwoCoarseDatesAreComparedByEveryPairOfDays(t *testing.T) {
	exact := map[string]func(a, b int32) bool{
		"before(nfa_on, recorded_on)":       func(a, b int32) bool { return a < b },
		"after(nfa_on, recorded_on)":        func(a, b int32) bool { return a > b },
		"on_or_before(nfa_on, recorded_on)": func(a, b int32) bool { return a <= b },
		"on_or_after(nfa_on, recorded_on)":  func(a, b int32) bool { return a >= b },
	}
	for test, is := range exact {
		p := compiled(t, test)
		for i := range 4 * 4 * 4 * 4 {
			a1, a2, b1, b2 := int32(i%4), int32(i/4%4), int32(i/16%4), int32(i/64)
			if a2 < a1 || b2 < b1 {
				continue
			}
			c := NewCase()
			c[NFAOn], c[RecordedOn] = Days(a1, a2), Days(b1, b2)
			want := Verdict("")
			for x := a1; x <= a2; x++ {
				v := overDays(b1, b2, func(y int32) bool { return is(x, y) })
				if want != "" && want != v {
					v = CannotTell
				}
				want = v
				if v == CannotTell {
					break
				}
			}
			if got := p.Evaluate(c).Verdict(0); got != want {
				t.Errorf("%s with days %d-%d and %d-%d: got %s, want %s", test, a1, a2, b1, b2, got, want)
			}
		}
	}
}

func TestACaseIsOutIfAnyCriterionIsNotMetElseUnknownIfAnyIs(t *testing.T) {
	p := compiled(t, "nfa", "online", "in_group")
	for values, want := range map[string]Status{
		"TTT": In, "TTU": Unknown, "UUU": Unknown, "FTT": Out, "UFT": Out, "TUF": Out, "FUF": Out,
	} {
		c := NewCase()
		c[NFA], c[Online], c[InGroup] = three(values[0]), three(values[1]), three(values[2])
		if got := p.Evaluate(c).Status; got != want {
			t.Errorf("criteria %s: got %s, want %s", values, got, want)
		}
	}
}

func TestAValueOfTheWrongTypeIsNotKnownAndIsSaid(t *testing.T) {
	c := NewCase()
	c[Victims] = Bool(true)
	p := compiled(t, "victims >= 1")
	if r := p.Evaluate(c); r.Status != Unknown {
		t.Errorf("a yes/no value in a number: got %s, want unknown", r.Status)
	}
	if err := c.Check(); err == nil {
		t.Error("Check accepts a yes/no value in a number")
	}
	if err := append(NewCase(), Int(1)).Check(); err == nil {
		t.Error("Check accepts a case with too many facts")
	}
	if r := p.Evaluate(nil); r.Status != Unknown {
		t.Errorf("a case without facts: got %s, want unknown", r.Status)
	}
}

// No test that Compile accepts can fail while it runs. Should one do so all the
// same, the case is unknown and the reason says what happened.
func TestAFaultInATestIsNeverADecision(t *testing.T) {
	p := compiled(t, "victims >= 1")
	checked, issues := environment().Compile("1 / (victims - victims) == 1")
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	program, err := environment().Program(checked)
	if err != nil {
		t.Fatal(err)
	}
	p.criteria[0].program = program
	c := NewCase()
	c[Victims] = Int(1)
	r := p.Evaluate(c)
	if r.Status != Unknown {
		t.Errorf("got %s, want unknown", r.Status)
	}
	if got, want := p.Reason(c, r), "unknown: “T1” cannot be told: the test failed: division by zero"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
