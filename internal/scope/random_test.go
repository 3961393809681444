package scope

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
)

// kleene evaluates a tree by the rules of the package comment, without CEL. It
// is the second opinion on every test below.
func (n *node) kleene(c Case) Verdict {
	v := c.at(n.fact)
	switch n.op {
	case opNot:
		return map[Verdict]Verdict{Met: NotMet, NotMet: Met, CannotTell: CannotTell}[n.of[0].kleene(c)]
	case opAll:
		return n.atLeastKleene(c, len(n.of))
	case opAny:
		return n.atLeastKleene(c, 1)
	case opAtLeast:
		return n.atLeastKleene(c, int(n.n))
	case opKnown:
		return verdict(v.Known())
	}
	if !v.Known() {
		return CannotTell
	}
	switch n.op {
	case opTrue:
		return verdict(v.n != 0)
	case opCompare:
		return verdict(compares(v.n, n.how, n.n))
	case opCompareFact:
		if o := c.at(n.other); o.Known() {
			return verdict(compares(v.n, n.how, o.n))
		}
		return CannotTell
	case opOneOf:
		for _, x := range n.ns {
			if x == v.n {
				return Met
			}
		}
		return NotMet
	case opText:
		return verdict(n.textHolds(v.text))
	}
	return n.dateKleene(c, v)
}

func verdict(b bool) Verdict {
	if b {
		return Met
	}
	return NotMet
}

func (n *node) atLeastKleene(c Case, least int) Verdict {
	met, unknown := 0, 0
	for i := range n.of {
		switch n.of[i].kleene(c) {
		case Met:
			met++
		case CannotTell:
			unknown++
		}
	}
	switch {
	case met >= least:
		return Met
	case met+unknown < least:
		return NotMet
	}
	return CannotTell
}

func compares(a int64, how string, b int64) bool {
	return map[string]bool{"==": a == b, "!=": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[how]
}

func (n *node) textHolds(s string) bool {
	holds := map[string]func(string, string) bool{"startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
		"contains": strings.Contains, "": func(a, b string) bool { return a == b }}[n.how]
	for _, t := range n.texts {
		if holds(s, t) {
			return true
		}
	}
	return false
}

// dateKleene asks every pair of days in two spans that are kept short.
func (n *node) dateKleene(c Case, v Value) Verdict {
	var o Value
	if n.op == opDateFact {
		if o = c.at(n.other); !o.Known() {
			return CannotTell
		}
	} else {
		o = Days(n.days[0], n.days[0])
	}
	if v.IsNone() || o.IsNone() {
		return NotMet
	}
	seen := map[bool]bool{}
	for a := v.first; a <= v.last; a++ {
		for b := o.first; b <= o.last; b++ {
			switch n.how {
			case "before":
				seen[a < b] = true
			case "after":
				seen[a > b] = true
			case "on_or_before":
				seen[a <= b] = true
			case "on_or_after":
				seen[a >= b] = true
			default:
				seen[a >= b && a <= n.days[1]] = true
			}
		}
	}
	if len(seen) == 2 {
		return CannotTell
	}
	return verdict(seen[true])
}

var leaves = []string{"nfa", "!online", "in_group == false", "has_text != false", "known(nfa_on)", "known(victims)", "!known(nfa)",
	"victims >= 2", "victims == 0", "victims != 0", "victims != 2", "3 > victims", "1 < victims", "2 <= suspects_stated", "1 >= suspects_recorded", "victims <= 2", "victims > 3", "suspects_recorded < suspects_stated", "suspects_recorded in [1, 3]",
	`nfa_by == "cps"`, `nfa_by != "cps"`, `nfa_by in ["police", "cps"]`, `unit.startsWith("No")`, `unit.contains("th")`, `!unit.endsWith("th")`,
	`before(nfa_on, "2014-03-05")`, `on_or_after(nfa_on, "2014-03-05")`, `between(nfa_on, "2014-03-05", "2014-03-07")`, `!after(nfa_on, "2014-03-06")`,
	"before(nfa_on, recorded_on)", "on_or_before(recorded_on, nfa_on)"}

func randomTest(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(4) == 0 {
		return leaves[r.IntN(len(leaves))]
	}
	a, b := randomTest(r, depth-1), randomTest(r, depth-1)
	switch r.IntN(6) {
	case 0:
		return "!(" + a + ")"
	case 1:
		return fmt.Sprintf("at_least(%d, %s, %s, %s)", 1+r.IntN(3), a, b, randomTest(r, depth-1))
	case 2, 3:
		return "(" + a + ") && (" + b + ")"
	}
	return "(" + a + ") || (" + b + ")"
}

func randomCase(r *rand.Rand) Case {
	c := NewCase()
	near := day("2014-03-05")
	for f := range c {
		if r.IntN(4) == 0 {
			c[f] = NotKnown("it was left out by chance")
			continue
		}
		switch Facts[f].Type {
		case YesNo:
			c[f] = Bool(r.IntN(2) == 0)
		case Number:
			c[f] = Int(r.IntN(5))
		case Text:
			c[f] = []Value{Words("cps"), Words("police"), Words("North"), Words("South"), None()}[r.IntN(5)]
		case Day:
			first := near + int32(r.IntN(7)) - 3
			c[f] = []Value{Days(first, first+int32(r.IntN(3))), OnDay(first), None()}[r.IntN(3)]
		}
	}
	return c
}

func TestCELAgreesWithASecondEvaluatorOnRandomTests(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	seen := map[Verdict]int{}
	for range 400 {
		test := randomTest(r, 3)
		p := compiled(t, test)
		for range 40 {
			c := randomCase(r)
			got, want := p.Evaluate(c).Verdict(0), p.criteria[0].tree.kleene(c)
			if got != want {
				t.Fatalf("%s: CEL says %s, the second evaluator %s", test, got, want)
			}
			seen[got]++
		}
	}
	for _, v := range []Verdict{Met, NotMet, CannotTell} {
		if seen[v] < 1000 {
			t.Errorf("only %d of 16000 verdicts were %q: the tests are too easy", seen[v], v)
		}
	}
}

// Two tests that read alike must mean alike, or the English would mislead.
func TestTestsThatReadAlikeDecideAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	cases := make([]Case, 300)
	for i := range cases {
		cases[i] = randomCase(r)
	}
	byEnglish, alike := map[string]string{}, 0
	verdicts := map[string]string{}
	for range 3000 {
		test := randomTest(r, r.IntN(4))
		p := compiled(t, test)
		english := p.English()[0]
		var says strings.Builder
		for _, c := range cases {
			says.WriteString(letters[p.criteria[0].tree.kleene(c)])
		}
		if first, ok := byEnglish[english]; ok {
			if first != test {
				alike++
			}
			if verdicts[english] != says.String() {
				t.Fatalf("both read %q but decide differently:\n%s\n%s", english, first, test)
			}
			continue
		}
		byEnglish[english], verdicts[english] = test, says.String()
	}
	if alike < 50 {
		t.Errorf("only %d pairs of different tests read alike: nothing was compared", alike)
	}
}

// What a finding blames is to blame: once those facts are known, the verdict is.
func TestAnUnknownVerdictBlamesTheFactsThatWouldSettleIt(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	checked := 0
	for range 300 {
		test := randomTest(r, 3)
		if strings.Contains(test, "known(") {
			continue // becoming known may itself turn such a test over
		}
		p := compiled(t, test)
		for range 20 {
			c := randomCase(r)
			f := p.Explain(c)[0]
			if f.Verdict != CannotTell {
				continue
			}
			checked++
			mended := append(Case(nil), c...)
			for _, fact := range f.Facts {
				mended[fact] = map[Type]Value{YesNo: Bool(true), Number: Int(2), Text: Words("cps"), Day: OnDay(c[fact].first)}[fact.info().Type]
			}
			if v := p.Evaluate(mended).Verdict(0); v == CannotTell {
				t.Fatalf("%s: still unknown once %v are known", p.Terms().Criteria[0].Test, f.Facts)
			}
		}
	}
	if checked < 500 {
		t.Errorf("only %d unknown verdicts were checked", checked)
	}
}

func TestManyGoroutinesMayUseOneProgram(t *testing.T) {
	terms, err := Preset("typologies")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(terms)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, 4))
	cases, want := make([]Case, 200), make([]Result, 200)
	for i := range cases {
		cases[i] = randomCase(r)
		want[i] = p.Evaluate(cases[i])
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, c := range cases {
				if got := p.Evaluate(c); got != want[i] {
					t.Errorf("case %d: got %v, want %v", i, got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

func FuzzCompile(f *testing.F) {
	for _, s := range append(leaves, "at_least(2, nfa, online)", "nfa ? online : nfa", "[1].map(x, x)", "((((nfa", "\"\\u00e9\" in [unit]", "victims >= 99999999999999999999",
		"type(nfa) == bool", "nfa_on in [nfa_on]", "dyn(1) == victims", "unit in ['a', unit]", "-9223372036854775808 == victims") {
		f.Add(s)
	}
	r := rand.New(rand.NewPCG(5, 5))
	cases := make([]Case, 20)
	for i := range cases {
		cases[i] = randomCase(r)
	}
	f.Fuzz(func(t *testing.T, test string) {
		p, err := Compile(terms(test))
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		if p.English()[0] == "" {
			t.Fatalf("%s reads as nothing", test)
		}
		for _, c := range cases {
			if _, _, err := p.criteria[0].program.Eval(&activation{c}); err != nil {
				t.Fatalf("%s fails: %v", test, err)
			}
			if got, want := p.Evaluate(c).Verdict(0), p.criteria[0].tree.kleene(c); got != want {
				t.Fatalf("%s: CEL says %s, the second evaluator %s", test, got, want)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, t := range Presets() {
		f.Add([]byte(strings.ReplaceAll(presetText(t.Name), "\n", " ")))
	}
	f.Add([]byte(`{"name":"a","version":1,"title":"a","source":"a","criteria":[{"id":"a","title":"a","test":"nfa"}]}`))
	f.Add([]byte(`{"name":`))
	f.Add([]byte(`[]{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		terms, err := Parse(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(terms)
		if err != nil {
			t.Fatal(err)
		}
		same, err := Parse(again)
		if err != nil || same.Fingerprint() != terms.Fingerprint() {
			t.Fatalf("written and read again: %v, or another fingerprint", err)
		}
		if p, err := Compile(terms); err == nil && p.Evaluate(nil).Status == In && !strings.Contains(string(data), "known") {
			t.Fatal("a case of which nothing is known is in")
		}
	})
}

func presetText(name string) string {
	data, err := presetFiles.ReadFile("presets/" + name + ".json")
	if err != nil {
		panic(err)
	}
	return string(data)
}
