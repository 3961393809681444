package scope

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// letterCase returns a case from one letter a fact: nfa, online, in_group.
func letterCase(letters string) Case {
	c := NewCase()
	for i, f := range []Fact{NFA, Online, InGroup}[:len(letters)] {
		c[f] = three(letters[i])
	}
	return c
}

func TestAWaterfallSaysWhereEachCaseLeaves(t *testing.T) {
	p := compiled(t, "nfa", "online", "in_group")
	w := NewWaterfall(p)
	// Unknown at T2 and not met at T3 is out, at T3: it is not lost at T2.
	for _, letters := range []string{"TTT", "TTT", "FTT", "FFT", "UTT", "TUF", "TUU", "TTU", "TFT", "UFT"} {
		w.Add(p.Evaluate(letterCase(letters)))
	}
	r := w.Report()
	if err := r.Check(); err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{Entered: 10, Dropped: 2, Unknown: 1, Kept: 7, NotMet: 2, Alone: 1},
		{Entered: 7, Dropped: 2, Unknown: 1, Kept: 4, NotMet: 3, Alone: 1},
		{Entered: 4, Dropped: 1, Unknown: 1, Kept: 2, NotMet: 1, Alone: 0},
	}
	for i, s := range r.Steps {
		s.ID, s.Title, s.English = "", "", ""
		if s != want[i] {
			t.Errorf("step %d: got %+v, want %+v", i+1, s, want[i])
		}
	}
	if r.In != 2 || r.Out != 5 || r.Unknown != 3 || r.Cases != 10 {
		t.Errorf("totals: %+v", r.Tally)
	}
	const table = `
  entered  dropped  unknown  kept  not met alone  criterion
       10        2        1     7              1  1. T1
        7        2        1     4              1  2. T2
        4        1        1     2              0  3. T3

10 cases = 2 in + 5 out + 3 unknown
`
	if got := r.String(); !strings.HasSuffix(got, table) {
		t.Errorf("got\n%s\nwant\n%s", got, table)
	}
}

func TestAWaterfallThatLosesACaseIsNoticed(t *testing.T) {
	p := compiled(t, "nfa", "online")
	w := NewWaterfall(p)
	for _, letters := range []string{"TT", "FT", "UT", "TF"} {
		w.Add(p.Evaluate(letterCase(letters)))
	}
	for name, spoil := range map[string]func(*WaterfallReport){
		"a case more":            func(r *WaterfallReport) { r.Cases++ },
		"one in less":            func(r *WaterfallReport) { r.In-- },
		"dropped twice":          func(r *WaterfallReport) { r.Steps[0].Dropped++ },
		"unknown moved a step":   func(r *WaterfallReport) { r.Steps[0].Unknown--; r.Steps[1].Unknown++ },
		"an out counted unknown": func(r *WaterfallReport) { r.Out--; r.Unknown++ },
	} {
		r := w.Report()
		if err := r.Check(); err != nil {
			t.Fatal(err)
		}
		if spoil(&r); r.Check() == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
}

func TestWaterfallsAddUpOverRandomCasesAndMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, terms := range Presets() {
		p := preset(t, terms.Name)
		whole, parts := NewWaterfall(p), []*Waterfall{NewWaterfall(p), NewWaterfall(p)}
		for i := range 2000 {
			result := Combine(p.Evaluate(randomCase(r)), p.Evaluate(randomCase(r)))
			whole.Add(result)
			parts[i%2].Add(result)
		}
		report := whole.Report()
		if err := report.Check(); err != nil {
			t.Error(err)
		}
		parts[0].Merge(parts[1])
		if got, want := fmt.Sprint(parts[0].Report()), fmt.Sprint(report); got != want {
			t.Errorf("merged:\n%s\nwhole:\n%s", got, want)
		}
	}
}

func TestAWaterfallWritesTheTotalsThatCallersRead(t *testing.T) {
	p := compiled(t, "nfa")
	w := NewWaterfall(p)
	w.Add(p.Evaluate(letterCase("T")))
	got, err := json.Marshal(w.Report())
	if err != nil {
		t.Fatal(err)
	}
	if want := `"cases":1,"in":1,"out":0,"unknown":0,"unknown_because_undated":0,"steps":[{"criterion":"t1"`; !strings.Contains(string(got), want) {
		t.Errorf("got %s, want it to hold %s", got, want)
	}
}

func TestADiffSaysWhoMovesAndByWhichCriteria(t *testing.T) {
	a, b := compiled(t, "nfa", "victims >= 1"), compiled(t, "nfa", "victims > 1", "online")
	d := NewDiff(a, b)
	d.Keep = 1
	add := func(id string, nfa, online byte, victims Value) {
		c := NewCase()
		c[NFA], c[Online], c[Victims] = three(nfa), three(online), victims
		d.Add(id, a.Evaluate(c), b.Evaluate(c))
	}
	add("stays in", 'T', 'T', Int(2))
	add("stays out", 'F', 'T', Int(2))
	add("leaves 1", 'T', 'T', Int(1))
	add("leaves 2", 'T', 'F', Int(1))
	add("leaves 3", 'T', 'T', Int(1))
	add("becomes unknown", 'T', 'U', Int(2))
	add("stops being unknown", 'U', 'F', Int(2))
	r := d.Report()
	if r.Cases != 7 || r.Same != 2 || r.Enter != 0 || r.Leave != 4 || r.BecomeUnknown != 1 || r.StopBeingUnknown != 1 {
		t.Errorf("counts: %+v", r)
	}
	var got []string
	for _, m := range r.Moves {
		for _, why := range m.Reasons {
			got = append(got, fmt.Sprintf("%d %s %v", why.Cases, why.Text, m.IDs))
		}
	}
	want := []string{
		"2 was in; is out, since not met: “T2” [leaves 1]",
		"1 was in; is out, since not met: “T2” and “T3” [leaves 1]",
		"1 was unknown, since cannot be told: “T1”; is out, since not met: “T3” [stops being unknown]",
		"1 was in; is unknown, since cannot be told: “T3” [becomes unknown]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	changes := []Change{
		{ID: "t2", Old: "the case has at least one victim", New: "the case has more than one victim"},
		{ID: "t3", New: "the offence was committed online, at least in part"},
	}
	if !slices.Equal(r.Changes, changes) {
		t.Errorf("changes: got %v, want %v", r.Changes, changes)
	}
	back := NewDiff(b, a)
	c := with(map[Fact]Value{Victims: Int(1)})
	back.Add("enters", b.Evaluate(c), a.Evaluate(c))
	if r := back.Report(); r.Enter != 1 || r.Leave != 0 || !slices.Equal(r.Moves[0].Reasons[0].Old, []string{"t2"}) {
		t.Errorf("the other way round: %+v", r)
	}
}

func TestADiffAccountsForEveryCase(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	a, b := preset(t, "national-two-victims"), preset(t, "organised-network")
	d := NewDiff(a, b)
	var direct [3][3]int
	for i := range 5000 {
		c := randomCase(r)
		old, now := a.Evaluate(c), b.Evaluate(c)
		direct[old.Status][now.Status]++
		d.Add(fmt.Sprint(i), old, now)
	}
	report := d.Report()
	sum := report.Same
	for _, m := range report.Moves {
		reasons := 0
		for _, why := range m.Reasons {
			reasons += why.Cases
		}
		if m.Cases != direct[m.From][m.To] || reasons != m.Cases {
			t.Errorf("%s to %s: %d cases with %d in reasons, want %d", m.From, m.To, m.Cases, reasons, direct[m.From][m.To])
		}
		sum += m.Cases
	}
	if sum != 5000 || report.Same != direct[In][In]+direct[Out][Out]+direct[Unknown][Unknown] {
		t.Errorf("%d of 5000 cases accounted for, %d the same", sum, report.Same)
	}
	if text := report.String(); !strings.Contains(text, fmt.Sprintf("5000 cases: %d stay as they are, %d enter", report.Same, report.Enter)) {
		t.Errorf("the text does not say the counts:\n%s", text)
	}
}

// certain / possible: what one criterion says at each end, and what comes out.
func TestTwoEndsAreCombinedCriterionByCriterion(t *testing.T) {
	p := compiled(t, "nfa", "online")
	for _, x := range []struct {
		certain, possible string
		want              Status
		mayBeIn           bool
	}{
		{"TT", "TT", In, true}, {"FT", "FT", Out, false}, {"FT", "TT", Unknown, true}, {"TT", "FT", Unknown, true},
		{"UT", "TT", Unknown, false}, {"UT", "UT", Unknown, false}, {"UT", "FT", Unknown, false}, {"FU", "TU", Unknown, false},
		// Both ends are out, but by different criteria: with only one of the undated rows the case would be in.
		{"FT", "TF", Unknown, true},
		{"FF", "TF", Out, false}, {"UF", "TF", Out, false},
	} {
		r := Combine(p.Evaluate(letterCase(x.certain)), p.Evaluate(letterCase(x.possible)))
		if r.Status != x.want || r.MayBeIn() != x.mayBeIn {
			t.Errorf("%s and %s: got %s, may be in: %v; want %s, %v", x.certain, x.possible, r.Status, r.MayBeIn(), x.want, x.mayBeIn)
		}
		if r.NotMet&r.Unknown|r.NotMet&r.Undated|r.Unknown&r.Undated != 0 {
			t.Errorf("%s and %s: a criterion has two verdicts: %+v", x.certain, x.possible, r)
		}
	}
}

// Where Limits names nothing, whatever part of the undated rows is taken gives
// a result that the two ends allow.
func TestTheTwoEndsBoundWhatLiesBetween(t *testing.T) {
	p := compiled(t, "suspects_recorded >= 2 || in_group", "!previously_reviewed || victims == 0")
	if limits := p.Limits(); limits != nil {
		t.Fatalf("limits: %v", limits)
	}
	r := rand.New(rand.NewPCG(8, 8))
	seen := [3]int{}
	for range 10_000 {
		certain, between, possible := risingCases(r)
		got := Combine(p.Evaluate(certain), p.Evaluate(possible))
		seen[got.Status]++
		if s := p.Evaluate(between).Status; got.Status != Unknown && s != got.Status {
			t.Fatalf("the ends say %s; with part of the undated rows it is %s", got.Status, s)
		}
	}
	if slices.Min(seen[:]) < 100 {
		t.Errorf("in, out, unknown came %v times: the test is too easy", seen)
	}
}

// risingCases returns a case with the certain facts, one with some undated rows and one with all.
func risingCases(r *rand.Rand) (certain, between, possible Case) {
	certain, between, possible = NewCase(), NewCase(), NewCase()
	for f := range Facts {
		switch Facts[f].Type {
		case YesNo:
			v := []int{r.IntN(2), r.IntN(2), r.IntN(2)}
			slices.Sort(v)
			certain[f], between[f], possible[f] = Bool(v[0] == 1), Bool(v[1] == 1), Bool(v[2] == 1)
		case Number:
			v := []int{r.IntN(4), r.IntN(4), r.IntN(4)}
			slices.Sort(v)
			certain[f], between[f], possible[f] = Int(v[0]), Int(v[1]), Int(v[2])
		}
	}
	return certain, between, possible
}

func TestLimitsNameTheCriteriaThatUndatedRowsMoveBothWays(t *testing.T) {
	for test, want := range map[string]string{
		"suspects_recorded >= 2":       "",
		"!previously_reviewed":         "",
		"victims == 0":                 "",
		"victims != 0":                 "",
		"!(victims == 0 || !in_group)": "",
		"victims == 2":                 "“T1”: undated rows may change victims either way, or past the value asked for",
		"suspect_alive":                "“T1”: undated rows may change suspect_alive either way, or past the value asked for",
		"known(victims)":               "“T1”: undated rows may change victims either way, or past the value asked for",
		`before(nfa_on, "2014-01-01")`: "“T1”: undated rows may change nfa_on either way, or past the value asked for",
		"suspects_recorded >= 2 && !previously_reviewed": "“T1”: undated rows that raise suspects_recorded and previously_reviewed pull in opposite directions",
	} {
		if got := strings.Join(compiled(t, test).Limits(), "; "); got != want {
			t.Errorf("%s: got %q, want %q", test, got, want)
		}
	}
	// What the limit means: both ends are out, the middle would be in.
	p := compiled(t, "victims == 2")
	results := make([]Status, 4)
	for n := 1; n <= 3; n++ {
		c := NewCase()
		c[Victims] = Int(n)
		results[n] = p.Evaluate(c).Status
	}
	if !slices.Equal(results[1:], []Status{Out, In, Out}) {
		t.Errorf("one, two and three victims: %v", results[1:])
	}
}

func TestAReasonAsKnownOnADaySaysBothEnds(t *testing.T) {
	p := compiled(t, "suspects_recorded >= 2")
	certain, possible := NewCase(), NewCase()
	certain[SuspectsRecorded], possible[SuspectsRecorded] = Int(1), Int(2)
	r := Combine(p.Evaluate(certain), p.Evaluate(possible))
	want := "unknown: “T1” depends on rows that nobody dated. Without them: the case has 1 recorded suspect. With them: the case has 2 recorded suspects"
	if got := p.ReasonKnownOn(certain, possible, r); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	var tally Tally
	tally.Add(r)
	if tally.In != 0 || tally.PossiblyIn() != 1 || tally.Cases() != 1 {
		t.Errorf("tally: %+v", tally)
	}
}

// One operation is one case under one preset, a waterfall and a diff included
// where named. Facts are as uneven as real ones: a quarter is not known.
func BenchmarkEvaluate(b *testing.B) {
	for _, terms := range Presets() {
		b.Run(terms.Name, func(b *testing.B) {
			p, cases := preset(b, terms.Name), manyCases()
			w := NewWaterfall(p)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				w.Add(p.Evaluate(cases[i%len(cases)]))
				i++
			}
		})
	}
}

func BenchmarkKnownOn(b *testing.B) {
	p, cases := preset(b, "national-all-victims"), manyCases()
	w := NewWaterfall(p)
	i := 0
	for b.Loop() {
		w.Add(Combine(p.Evaluate(cases[i%len(cases)]), p.Evaluate(cases[(i+1)%len(cases)])))
		i++
	}
}

func BenchmarkReason(b *testing.B) {
	p, cases := preset(b, "national-all-victims"), manyCases()
	i := 0
	for b.Loop() {
		c := cases[i%len(cases)]
		if p.Reason(c, p.Evaluate(c)) == "" {
			b.Fatal("no reason")
		}
		i++
	}
}

func BenchmarkCompile(b *testing.B) {
	terms, err := Preset("national-all-victims")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Compile(terms); err != nil {
			b.Fatal(err)
		}
	}
}

func manyCases() []Case {
	r := rand.New(rand.NewPCG(9, 9))
	cases := make([]Case, 5000)
	for i := range cases {
		cases[i] = randomCase(r)
	}
	return cases
}
