package narrative

import "strings"

// An extent is the range of a number phrase: lo to hi, hi 0 if it is open.
type extent struct{ lo, hi int }

// A comparison says how a phrase such as "at least" changes the number after it.
type comparison uint8

const (
	same comparison = iota
	orMore
	above
	atMost
	below
	between
)

// comparing is the words of a comparison.
type comparing struct {
	words []string
	does  comparison
}

var comparisons = []comparing{
	{strings.Fields("at least"), orMore}, {strings.Fields("at the least"), orMore}, {strings.Fields("at the very least"), orMore}, {strings.Fields("a minimum of"), orMore}, {strings.Fields("minimum of"), orMore},
	{strings.Fields("minimum"), orMore}, {strings.Fields("min"), orMore}, {strings.Fields("no fewer than"), orMore}, {strings.Fields("no less than"), orMore}, {strings.Fields("not fewer than"), orMore},
	{strings.Fields("not less than"), orMore}, {strings.Fields("upwards of"), orMore}, {strings.Fields("more than"), above}, {strings.Fields("over"), above}, {strings.Fields("in excess of"), above},
	{strings.Fields("no more than"), atMost}, {strings.Fields("not more than"), atMost}, {strings.Fields("at most"), atMost}, {strings.Fields("at the most"), atMost}, {strings.Fields("up to"), atMost},
	{strings.Fields("a maximum of"), atMost}, {strings.Fields("maximum of"), atMost}, {strings.Fields("maximum"), atMost}, {strings.Fields("max"), atMost},
	{strings.Fields("fewer than"), below}, {strings.Fields("less than"), below}, {strings.Fields("between"), between},
	{strings.Fields("about"), same}, {strings.Fields("around"), same}, {strings.Fields("approximately"), same}, {strings.Fields("approx"), same}, {strings.Fields("aprox"), same}, {strings.Fields("roughly"), same}, {strings.Fields("circa"), same},
	{strings.Fields("a total of"), same}, {strings.Fields("total of"), same}, {strings.Fields("exactly"), same}, {strings.Fields("only"), same}, {strings.Fields("just"), same}, {strings.Fields("nearly"), same}, {strings.Fields("almost"), same}, {strings.Fields("some"), same},
}

// afterwards are the comparisons that follow the number or the noun.
var afterwards = []comparing{
	{strings.Fields("or more"), orMore}, {strings.Fields("plus"), orMore}, {strings.Fields("+"), orMore}, {strings.Fields("at least"), orMore}, {strings.Fields("at the least"), orMore}, {strings.Fields("minimum"), orMore},
	{strings.Fields("or so"), same}, {strings.Fields("or fewer"), atMost}, {strings.Fields("or less"), atMost}, {strings.Fields("at most"), atMost}, {strings.Fields("maximum"), atMost},
}

// of returns the extent of a comparison with the numbers lo to hi.
func (c comparison) of(e extent) extent {
	switch c {
	case orMore:
		return extent{e.lo, 0}
	case above:
		return extent{e.lo + 1, 0}
	case atMost:
		return extent{1, max(e.lo, e.hi)}
	case below:
		return extent{1, max(1, max(e.lo, e.hi)-1)}
	default:
		return e
	}
}

// says reports whether token i is the word w, whatever its case.
func (r *reader) says(i int, w string) bool {
	if i < 0 || i >= len(r.tokens) {
		return false
	}
	t := &r.tokens[i]
	if t.kind == mark {
		return len(w) == 1 && t.ch == w[0]
	}
	return t.end-t.start == len(w) && strings.EqualFold(r.text[t.start:t.end], w)
}

// follows returns the token after the words at i, or i if they do not stand there.
func (r *reader) follows(i int, words []string) int {
	for k, w := range words {
		if !r.says(i+k, w) {
			return i
		}
	}
	return i + len(words)
}

// has reports whether token i exists and has any of the traits.
func (r *reader) has(i int, want trait) bool {
	return i >= 0 && i < len(r.tokens) && r.tokens[i].traits&want != 0
}

// quantity reads a number phrase that starts at token i: "3", "three or four",
// "between 5 and 7", "x2", "at least two", "3-4". It returns the token after it,
// or i if there is none. A number that measures something (years, hours) or
// names something (room 3, PC 12) is no quantity.
func (r *reader) quantity(i int) (extent, int) {
	does, j := same, i
	if r.has(i, compare|vague) || r.has(i, nought|negates|articles) && r.has(i+1, compare) {
		does, j = r.comparison(i)
	} else if r.says(i, "~") {
		j = i + 1
	}
	if j == i && r.isName(i) {
		return extent{}, i
	}
	lo, next := r.numeral(j)
	if next == j {
		return extent{}, i
	}
	e := extent{lo, lo}
	if hi, after := r.rangeEnd(next, does); after > next {
		if hi < lo {
			return extent{}, i
		}
		e.hi, next = hi, after
	}
	e, next = r.afterNumber(does.of(e), next)
	if r.has(next, unit|ageUnit) || r.says(next, "-") && r.has(next+1, unit|ageUnit) {
		return extent{}, i
	}
	return e, next
}

// isName reports whether the number at i is part of a name or a code: "room 3",
// "IC 4". After an article it counts again: "the room 3 males left".
func (r *reader) isName(i int) bool {
	if r.has(i-1, codeWord) {
		return true
	}
	return r.has(i-1, labelled) && r.tokens[i].kind == digits && !r.has(i-2, articles|definite)
}

func (r *reader) comparison(i int) (comparison, int) {
	for _, c := range comparisons {
		if j := r.follows(i, c.words); j > i {
			return c.does, j
		}
	}
	return same, i
}

// afterNumber reads what may stand between a number and its noun: "or more",
// "+", the number again in brackets, and x.
func (r *reader) afterNumber(e extent, i int) (extent, int) {
	if r.says(i, "(") && r.has(i+1, number) && r.says(i+2, ")") {
		i += 3
	}
	e, i = r.afterwards(e, i)
	if r.has(i, times) {
		i++
	}
	return e, i
}

func (r *reader) afterwards(e extent, i int) (extent, int) {
	for _, a := range afterwards {
		j := r.follows(i, a.words)
		if j == i || r.has(i, joins) && r.has(j, number|articles|otherOne|definite) {
			continue
		}
		return a.does.of(e), j
	}
	return e, i
}

// numeral reads one number: digits, a word, "twenty five", "two dozen", "x2".
func (r *reader) numeral(i int) (n, next int) {
	next = i
	if r.has(next, times) && r.has(next+1, number) {
		next++
	}
	if r.has(next, articles) && (r.says(next+1, "dozen") || r.says(next+1, "couple") || r.says(next+1, "pair") || r.says(next+1, "trio")) {
		next++
	}
	if !r.has(next, number) {
		return 0, i
	}
	n = int(r.tokens[next].n)
	switch {
	case r.says(next, "dozen") && r.says(next-2, "half"):
		n = 6
	case r.says(next+1, "dozen"):
		return n * 12, next + 2
	case n >= 20 && n%10 == 0 && r.tokens[next].kind == word:
		after := next + 1
		if r.says(after, "-") {
			after++
		}
		if r.has(after, number) && r.tokens[after].n < 10 {
			return n + int(r.tokens[after].n), after + 1
		}
	}
	return n, next + 1
}

// rangeEnd reads the rest of a range after its first number: "-4", "or four",
// "to 4", "and 7" after "between", ", possibly four".
func (r *reader) rangeEnd(i int, does comparison) (hi, next int) {
	j := i
	switch {
	case r.says(j, ","):
		j++
		if !r.has(j, hedge) && !r.says(j, "or") {
			return 0, i
		}
		if r.says(j, "or") {
			j++
		}
	case r.says(j, "-"), r.says(j, "/"), r.says(j, "or"), r.says(j, "to"):
		j++
	case does == between && r.has(j, joins):
		j++
	case !r.has(j, hedge):
		return 0, i
	}
	if r.has(j, hedge) {
		j++
	}
	hi, next = r.numeral(j)
	if next == j {
		return 0, i
	}
	if r.says(next, ",") {
		if r.has(next+1, person) {
			next++
		}
	}
	return hi, next
}

// measure returns the token after an age or another measure that may describe a
// noun ("15 year old", "18-20 yrs"), or i if there is none.
func (r *reader) measure(i int) int {
	if i < len(r.tokens) && r.tokens[i].kind == opaque {
		return i + 1
	}
	_, j := r.numeral(i)
	if j == i {
		return i
	}
	if _, k := r.rangeEnd(j, same); k > j {
		j = k
	}
	start := j
	for r.has(j, ageUnit) || r.says(j, "-") && r.has(j+1, ageUnit) || r.says(j, "/") && j > start {
		j++
	}
	if j == start {
		return i
	}
	return j
}
