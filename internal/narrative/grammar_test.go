package narrative

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// The second grammar. It writes log entries whose truth is known by
// construction: every template says how many suspects it states, and everything
// drawn around it is chosen to state none. Its templates are worded apart from
// the cases in narrative_test.go and from the grammar of package synth.
//
// A template's truth is a sum of terms: a slot (N, M, R, O, V), a number, or
// nothing at all; a trailing + makes it open.

const (
	eachTemplate = 60
	grammarSeed  = 20140309
)

type template struct{ truth, text string }

// An entry is one written log entry and its truth.
type entry struct {
	text     string
	lo, hi   int
	template string
}

func (e entry) want() string { return extent{e.lo, e.hi}.String() }

func (e extent) String() string {
	switch {
	case e.lo == 0:
		return "nothing"
	case e.hi == 0:
		return strconv.Itoa(e.lo) + "+"
	case e.hi == e.lo:
		return strconv.Itoa(e.lo)
	}
	return fmt.Sprintf("%d-%d", e.lo, e.hi)
}

var numerals = []string{"nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}

// A writer draws the slots of one entry.
type writer struct {
	*rand.Rand
	values map[string]extent
}

func (w *writer) pick(of ...string) string { return of[w.IntN(len(of))] }

func (w *writer) figure(n int) string {
	if w.IntN(2) == 0 {
		return numerals[n]
	}
	return strconv.Itoa(n)
}

// slot writes one slot and notes what it is worth.
func (w *writer) slot(name string) string {
	switch name {
	case "N", "M": // an exact number, the same throughout the entry
		if v, drawn := w.values[name]; drawn {
			return w.figure(v.lo)
		}
		n := 2 + w.IntN(6)
		w.values[name] = extent{n, n}
		return w.figure(n)
	case "X": // an exact number with an x
		n := 2 + w.IntN(5)
		w.values["X"] = extent{n, n}
		return w.pick(fmt.Sprintf("x%d", n), fmt.Sprintf("%dx", n), fmt.Sprintf("%d x", n), fmt.Sprintf("x %d", n))
	case "R": // a range
		n := 2 + w.IntN(4)
		w.values["R"] = extent{n, n + 1}
		return w.pick(fmt.Sprintf("%d-%d", n, n+1), fmt.Sprintf("%d or %d", n, n+1), fmt.Sprintf("%d to %d", n, n+1),
			numerals[n]+" or "+numerals[n+1], "between "+numerals[n]+" and "+numerals[n+1], numerals[n]+" to "+numerals[n+1],
			fmt.Sprintf("%d/%d", n, n+1), fmt.Sprintf("%d – %d", n, n+1))
	case "O": // an open number
		n := 2 + w.IntN(4)
		w.values["O"] = extent{n, 0}
		return w.pick("at least "+w.figure(n), w.figure(n)+" or more", "no fewer than "+w.figure(n),
			"a minimum of "+w.figure(n), "more than "+w.figure(n-1), fmt.Sprintf("%d+", n))
	case "men":
		return w.pick("males", "men", "lads", "adult males", "older males", "blokes", "unknown males", "hooded males", "IC1 males", "IC3 males")
	case "male":
		return w.pick("male", "man", "lad", "adult male", "older male", "bloke", "unknown male", "IC6 male", "23 year old male")
	case "suspects":
		return w.pick("suspects", "offenders", "perpetrators", "named suspects", "alleged offenders", "susps")
	case "day":
		return w.pick("Monday", "Tuesday", "03/05/2014", "the 14th", "12 June", "last week")
	case "time":
		return w.pick("21:30", "2130hrs", "0915", "9pm", "14.25", "about 3am")
	case "place":
		return w.pick("the address", "Flat 4", "the car park", "the station", "the takeaway", "the bus stop", "the hotel", "Ward 7")
	case "who":
		return w.pick("Victim", "IP", "Complainant", "V1", "She", "The child", "The AP")
	case "officer":
		return w.pick("PC 1234", "DC Alder", "DS 45", "OIC", "the duty sergeant")
	}
	panic("grammar: no slot " + name)
}

// write fills a template.
func (w *writer) write(t template) entry {
	w.values = map[string]extent{}
	var b strings.Builder
	rest := t.text
	for {
		before, after, found := strings.Cut(rest, "{")
		b.WriteString(before)
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		b.WriteString(w.slot(name))
		rest = tail
	}
	e := w.worth(t.truth)
	return entry{text: w.dress(b.String()), lo: e.lo, hi: e.hi, template: t.text}
}

// worth evaluates a truth such as "N+1", "2+" or "".
func (w *writer) worth(truth string) (e extent) {
	if truth == "" {
		return extent{}
	}
	open := strings.HasSuffix(truth, "+")
	for term := range strings.SplitSeq(strings.TrimSuffix(truth, "+"), "+") {
		v, drawn := w.values[term]
		if !drawn {
			n, err := strconv.Atoi(term)
			if err != nil {
				panic("grammar: " + truth + " has no value")
			}
			v = extent{n, n}
		}
		open = open || v.hi == 0
		e.lo, e.hi = e.lo+v.lo, e.hi+v.hi
	}
	if open {
		e.hi = 0
	}
	return e
}

// surroundings are sentences of other entries that state no suspects.
var surroundings = []string{
	"Two officers deployed.", "Log reviewed, 3 actions outstanding.", "Call taken at 19:42.", "Victim aged 15 at the time.",
	"Strategy meeting held with four professionals.", "Exhibit RT/2 booked in.", "See DETS page 12.", "2 phones submitted for download.",
	"Social worker updated.", "Three calls made to the carer, no reply.", "Statement taken from her mother.", "No CCTV held.",
	"Crime ref 4402/13 refers.", "Home visit completed by two PCSOs.", "Five witnesses approached, none willing.",
}

// dress puts a text among others, the way logs are written.
func (w *writer) dress(s string) string {
	if w.IntN(3) == 0 {
		s = w.pick(surroundings...) + " " + s
	}
	if w.IntN(3) == 0 {
		s += w.pick(" ", "\r\n", "\n", "\n\n") + w.pick(surroundings...)
	}
	switch w.IntN(6) {
	case 0:
		s = strings.ToUpper(s)
	case 1:
		s = strings.TrimSuffix(s, ".")
	case 2:
		s = "OEL 14: " + s
	}
	return s
}

// entries writes so many entries of each template.
func entries(templates []template, each int, seed uint64) []entry {
	w := &writer{Rand: rand.New(rand.NewPCG(seed, 7))}
	var out []entry
	for _, t := range templates {
		for range each {
			out = append(out, w.write(t))
		}
	}
	return out
}

// A tally counts what a reading got right.
type tally struct {
	entries, stating, read   int // in all; that state suspects; in which some were read
	exact, exactLo           int // read with the true Lo and Hi; with the true Lo
	two, readTwo, agreeOnTwo int // two or more: true, read, both
	wrong                    map[string]string
}

func measure(all []entry) tally {
	t := tally{wrong: map[string]string{}}
	for _, e := range all {
		most, at := Stated(e.text)
		got := extent{most.Lo, most.Hi}
		t.entries++
		t.stating += b2i(e.lo > 0)
		t.read += b2i(at >= 0)
		t.two += b2i(e.lo >= 2)
		t.readTwo += b2i(got.lo >= 2)
		t.agreeOnTwo += b2i(e.lo >= 2 && got.lo >= 2)
		right := got == extent{e.lo, e.hi}
		t.exact += b2i(right && e.lo > 0)
		t.exactLo += b2i(got.lo == e.lo && e.lo > 0)
		if !right {
			t.wrong[e.template] = fmt.Sprintf("%q: read %v, true %v", e.text, got, e.want())
		}
	}
	return t
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func share(a, b int) float64 { return float64(a) / float64(max(1, b)) }

func (t tally) report(tb testing.TB, name string, templates int) {
	tb.Logf("%s: %d templates, %d entries, %d state suspects", name, templates, t.entries, t.stating)
	tb.Logf("  number exact (lo and hi): precision %.3f recall %.3f", share(t.exact, t.read), share(t.exact, t.stating))
	tb.Logf("  least number exact (lo):  precision %.3f recall %.3f", share(t.exactLo, t.read), share(t.exactLo, t.stating))
	tb.Logf("  two or more:              precision %.3f recall %.3f", share(t.agreeOnTwo, t.readTwo), share(t.agreeOnTwo, t.two))
	tb.Logf("  templates without any error: %d of %d", templates-len(t.wrong), templates)
}

// The floors stand a little below what was measured (docs/narrative.md), so that
// a change of the rules that reads worse fails here.
func TestAccuracyOnTheSecondGrammar(t *testing.T) {
	for _, part := range []struct {
		name         string
		templates    []template
		exact, twoUp float64 // the least precision and recall
		slips        int     // of the keyboard, in each entry
	}{
		{"part 1", openTemplates, .98, .99, 0},
		{"part 2", heldOutTemplates, .98, .98, 0},
		{"part 3", blindTemplates, .98, .99, 0},
		{"all parts, one slip of the keyboard an entry", everyTemplate(), .90, .93, 1},
	} {
		all := entries(part.templates, eachTemplate, grammarSeed)
		mistype(all, part.slips)
		got := measure(all)
		got.report(t, part.name, len(part.templates))
		for _, template := range slices.Sorted(maps.Keys(got.wrong)) {
			if part.slips == 0 {
				t.Log(got.wrong[template])
			}
		}
		floor(t, part.name+": exact number", part.exact, got.exact, got.read, got.stating)
		floor(t, part.name+": two or more", part.twoUp, got.agreeOnTwo, got.readTwo, got.two)
	}
}

func everyTemplate() []template {
	return slices.Concat(openTemplates, heldOutTemplates, blindTemplates)
}

func floor(t *testing.T, what string, least float64, right, read, stating int) {
	t.Helper()
	if share(right, read) < least || share(right, stating) < least {
		t.Errorf("%s: precision %.3f, recall %.3f, want at least %.2f", what, share(right, read), share(right, stating), least)
	}
}

// mistype makes so many slips in each entry: two letters swapped or one dropped,
// inside any word of four letters or more.
func mistype(all []entry, slips int) {
	w := &writer{Rand: rand.New(rand.NewPCG(grammarSeed, 11))}
	for i := range all {
		for range slips {
			all[i].text = w.slip(all[i].text)
		}
	}
}

func (w *writer) slip(text string) string {
	fields := strings.SplitAfter(text, " ")
	for range 20 {
		k := w.IntN(len(fields))
		word := strings.TrimRight(fields[k], " .,:;?")
		if len(word) < 4 || strings.IndexFunc(word, func(c rune) bool { return !unicode.IsLetter(c) }) >= 0 {
			continue
		}
		i := 1 + w.IntN(len(word)-2)
		if w.IntN(2) == 0 {
			fields[k] = word[:i] + word[i+1:i+2] + word[i:i+1] + fields[k][i+2:]
		} else {
			fields[k] = word[:i] + fields[k][i+1:]
		}
		break
	}
	return strings.Join(fields, "")
}
