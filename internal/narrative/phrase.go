package narrative

import "strings"

// A phrase is one noun phrase about people: "three unknown males", "the
// suspect", "S1, S2 and S3", "both arrested".
type phrase struct {
	start, end int   // tokens
	class      trait // culprit, male, neutral, bystand, official or heAlone
	extent
	counted  bool // holds a number, a vague amount or a rank
	exactly1 bool // "one male", "1 male"
	indef    bool // a, an
	definite bool // the, both, all, one of: what it speaks of is taken to exist
	denied   bool // no, any, which
	other    bool // another, other, further
	ranked   bool // "a second male": the others are counted in
	labels   bool // by label: suspect 1, S1
	marked   bool // unknown, alleged: a person so described is a suspect
	gendered bool
	plural   bool
}

// A premodifier is what has been read of a phrase before its noun.
type premodifier struct {
	phrase
	number, amount, part, all bool
	rank, skipped             int
}

// maxDescriptors is how many unknown words may stand between a number and its
// noun ("two tall slim hooded local males").
const maxDescriptors = 5

// longestPhrase is how many tokens a phrase may take to reach its noun.
const longestPhrase = 20

// begins are the traits of a word that may open a phrase.
const begins = number | vague | ordinal | compare | times | articles | definite | nought | anyOf | whole | pairOf | otherOne |
	unknown | accused | lone | person | negates | codeWord | heAlone

// phrase reads the noun phrase that starts at token i.
func (r *reader) phrase(i int) (phrase, bool) {
	t := &r.tokens[i]
	if t.kind == label {
		return r.labelList(i)
	}
	if !t.is(begins) && !r.says(i, "~") {
		return phrase{}, false
	}
	if t.is(heAlone) {
		return phrase{start: i, end: i + 1, class: heAlone, extent: extent{1, 1}}, true
	}
	p := premodifier{phrase: phrase{start: i}}
	for j := i; j < min(i+longestPhrase, len(r.tokens)); {
		if r.isNoun(j) && !(r.tokens[j].is(otherOne) && r.isNoun(j+1)) {
			return r.noun(j, p)
		}
		next := r.premodify(j, &p)
		if next == j {
			break
		}
		j = next
	}
	return phrase{}, false
}

// isNoun reports whether token i is a noun for people. A bare letter is one only
// after "unknown", an identity code or an x.
func (r *reader) isNoun(i int) bool {
	if !r.has(i, person) {
		return false
	}
	return !r.tokens[i].is(initial) || r.has(i-1, unknown|codeWord|times) || r.has(i-2, codeWord) && r.has(i-1, number)
}

// premodify reads one word or number before the noun and returns the token
// after it, or j if the phrase cannot go on.
func (r *reader) premodify(j int, p *premodifier) int {
	t := &r.tokens[j]
	if e, next := r.quantity(j); next > j {
		if p.number && !p.part {
			return j
		}
		p.number, p.amount, p.extent = true, false, e
		return next
	}
	if next := r.measure(j); next > j {
		return next
	}
	switch {
	case t.kind == mark:
		return r.inside(j, p)
	case t.is(articles):
		p.indef = true
		return orStay(j, j == p.start)
	case t.is(nought | anyOf):
		p.denied = !r.says(j, "which") || !r.has(j-1, function) && !r.says(j-1, ",") // "at which two males ..."
		return orStay(j, j == p.start && !(r.says(j, "no") && r.says(j+1, "of")))    // "no of suspects" is a heading
	case t.is(definite):
		p.definite = true
		return orStay(j, j == p.start || p.all || p.part || r.says(j-1, "of"))
	case t.is(whole):
		p.all, p.definite = true, true
		return orStay(j, j == p.start || r.says(j-1, "of"))
	case t.is(pairOf):
		p.number, p.definite, p.extent = true, true, extent{2, 2}
		if _, next := r.quantity(j + 1); next > j+1 {
			p.number, p.definite = false, false // "either two or three"
		}
		return orStay(j, j == p.start)
	case t.is(otherOne):
		p.other = true
		return orStay(j, !r.says(j, "more") || p.number)
	case t.is(ordinal):
		p.rank = int(t.n)
		return j + 1
	case t.is(vague):
		return r.amount(j, p)
	case r.says(j, "of"):
		return r.partOf(j, p)
	case t.is(codeWord):
		if r.has(j+1, number) {
			return j + 2
		}
		return j + 1
	case t.is(unknown | accused):
		p.marked = true
		return j + 1
	case t.is(lone):
		p.exactly1 = true
		return j + 1
	case t.is(names) && j > p.start, t.is(times):
		return j + 1
	}
	return r.descriptor(j, p)
}

func orStay(j int, on bool) int {
	if on {
		return j + 1
	}
	return j
}

// amount reads a vague amount: "several", "a group of", "a number of". Only with
// an article is "number of" an amount; otherwise it is a heading.
func (r *reader) amount(j int, p *premodifier) int {
	if (r.says(j, "number") || r.says(j, "numbers")) && !p.indef {
		return j
	}
	if p.number {
		return j + 1 // "two groups of males"
	}
	p.number, p.amount, p.extent = true, true, extent{int(r.tokens[j].n), 0}
	return j + 1
}

// partOf reads "of". After a number it makes a part of a whole ("one of the
// three males" states three); after an amount it only joins it to the noun.
func (r *reader) partOf(j int, p *premodifier) int {
	if j == p.start || !r.has(j-1, number|vague|whole|pairOf|nought|anyOf) {
		return j
	}
	switch {
	case r.has(j+1, owner): // "two of his friends": the two count
	case r.has(j+1, definite|whole) && p.number && (p.all || p.definite):
		return j + 1 // "all seven of the males", "both of the males"
	case r.has(j+1, definite|whole):
		p.part, p.denied = true, false
		p.lo, p.hi = max(2, p.lo), 0
	}
	if p.amount {
		if _, next := r.quantity(j + 1); next > j+1 {
			p.number = false // "a group of five": the five counts
		}
	}
	return j + 1
}

// inside reads a mark between two descriptors: "tall, hooded", "mixed-build".
func (r *reader) inside(j int, p *premodifier) int {
	ch := r.tokens[j].ch
	if j == p.start {
		return orStay(j, ch == '~')
	}
	between := j+1 < len(r.tokens) && r.tokens[j+1].kind == word && !r.tokens[j+1].is(function|articles|definite|nought)
	tight := between && r.tokens[j].start == r.tokens[j-1].end && r.tokens[j].end == r.tokens[j+1].start
	switch {
	case ch == ',':
		return orStay(j, between && p.skipped > 0 && !r.has(j+1, number|begins&^(unknown|accused|person|codeWord)))
	case ch == '-' || ch == '/':
		return orStay(j, tight)
	case ch == '"' || ch == '\'':
		return orStay(j, between)
	}
	return j
}

// descriptor reads a word that the lexicon does not know as anything else.
func (r *reader) descriptor(j int, p *premodifier) int {
	t := &r.tokens[j]
	if t.kind != word || t.is(function|unit|joins|supposes|turns|negates) || t.possessive || p.skipped == maxDescriptors {
		return j
	}
	if w := r.text[t.start:t.end]; t.traits == 0 && len(w) > 3 && w[len(w)-1]|0x20 == 's' && w[len(w)-2]|0x20 != 's' {
		return j // most likely a noun in the plural: "two calls males ..."
	}
	p.skipped++
	return j + 1
}

// noun reads the noun at token h, which may be several ("male driver", "male
// officer"), and what is attached to it, and settles the number.
func (r *reader) noun(h int, p premodifier) (phrase, bool) {
	j := h
	p.class = r.tokens[h].traits & person
	for {
		k := r.furtherNoun(j)
		if k == j {
			break
		}
		j = k
		p.class = compound(p.class, r.tokens[j].traits&person)
	}
	last := &r.tokens[j]
	p.end, p.plural = j+1, last.is(plural)
	p.gendered = r.tokens[h].is(gendered)
	p.marked = p.marked || r.tokens[h].is(culprit) || last.is(culprit)
	if r.says(h-1, "appropriate") || r.says(h-2, "isle") || r.ofAnInstitution(p.end) {
		p.class = official
	}
	p.settle(last)
	if r.isAdjective(h, &p) {
		return phrase{}, false
	}
	r.mayBeMore(&p)
	r.attached(&p)
	p.denied = p.denied || r.isNone(p.end)
	return p.phrase, true
}

// furtherNoun returns the noun that the one at j describes ("male driver", "male
// care worker"), or j. Words that look like verbs may not stand between the two.
func (r *reader) furtherNoun(j int) int {
	if r.has(j, plural) || r.tokens[j].possessive {
		return j
	}
	if r.isNoun(j + 1) {
		return j + 1
	}
	for k := j + 1; r.has(j, gendered) && k <= j+2 && r.isPlain(k); k++ {
		if r.isNoun(k+1) && r.has(k+1, neutral|official) {
			return k + 1
		}
	}
	return j
}

// isPlain reports whether token i is a word that may describe a noun and does
// not look like a verb.
func (r *reader) isPlain(i int) bool {
	if i >= len(r.tokens) || r.tokens[i].kind != word || r.tokens[i].traits&^(police|labelled) != 0 {
		return false
	}
	w := r.text[r.tokens[i].start:r.tokens[i].end]
	for _, ending := range [...]string{"ed", "ing", "s"} {
		if len(w) > len(ending) && strings.EqualFold(w[len(w)-len(ending):], ending) && !r.has(i, police) {
			return false
		}
	}
	return true
}

// mayBeMore reads what leaves a bare noun's number open: "suspect(s)", and the
// heading "suspects" of an entry that says they are unknown.
func (r *reader) mayBeMore(p *premodifier) {
	i := p.end
	if (r.says(i, "(") || r.says(i, "/")) && r.says(i+1, "s") {
		p.hi, p.end = 0, i+2
		if r.says(i+2, ")") {
			p.end++
		}
		return
	}
	if r.says(i, ":") || r.says(i, "-") {
		i++
	}
	negated := false
	for r.has(i, being|negates) || r.says(i, "yet") || r.says(i, "currently") {
		negated = negated || r.has(i, negates)
		i++
	}
	named := r.says(i, "known") || r.says(i, "identified") || r.says(i, "named") || r.says(i, "traced")
	if p.plural && !p.counted && !p.definite && (r.has(i, unknown) || named && negated) {
		p.extent = extent{1, 0}
	}
}

// isNone reports whether the words at i say that there is nobody: "suspects: none".
func (r *reader) isNone(i int) bool {
	if !r.says(i, ":") && !r.says(i, "-") && !r.says(i, "=") {
		return false
	}
	return r.has(i+1, nought) && !r.says(i+1, "no") || r.says(i+1, "n") && r.says(i+2, "/") || r.says(i+1, "n/a")
}

// compound returns the class of two nouns that stand together: "male officer" is
// an officer, "male friend" a friend, "male driver" a male.
func compound(a, b trait) trait {
	for _, c := range [...]trait{official, bystand, culprit, male} {
		if (a|b)&c != 0 {
			return c
		}
	}
	return neutral
}

// settle works out the extent once number and noun are known.
func (p *premodifier) settle(noun *token) {
	p.counted = p.number || p.rank > 0
	switch {
	case p.number:
		p.exactly1 = p.extent == extent{1, 1}
	case p.rank > 0:
		p.extent, p.ranked = extent{p.rank, 0}, true
	case p.plural && !p.indef, p.all:
		p.extent = extent{2, 0}
	case p.other && !noun.is(plural):
		p.extent = extent{1, 0}
	default:
		p.extent = extent{1, 1}
	}
	if p.part {
		p.definite = true
	}
}

// ofAnInstitution reports whether "of staff", "of the public", "of interest" or
// the like follows.
func (r *reader) ofAnInstitution(i int) bool {
	if !r.says(i, "of") {
		return false
	}
	i++
	if r.says(i, "the") {
		i++
	}
	return r.says(i, "staff") || r.says(i, "public") || r.says(i, "family") || r.says(i, "interest") || r.says(i, "household")
}

// isAdjective reports whether the noun at h only describes the word after the
// phrase ("male clothing", "suspect vehicle", "males' clothing") or is a verb
// ("we suspect that"). An owner that is definite or counted still is a person.
func (r *reader) isAdjective(h int, p *premodifier) bool {
	last := &r.tokens[p.end-1]
	if last.possessive && p.class != culprit {
		return !p.definite && !p.indef && p.lo < 2 || p.plural && !p.definite && !p.counted
	}
	if !last.possessive && r.has(p.end, property) && !(p.counted && p.plural) {
		if p.definite && p.plural {
			p.extent = extent{1, 1} // "the suspects phone": an apostrophe left out
			return false
		}
		return true
	}
	if r.tokens[h].is(culprit) && p.start == h {
		return r.says(p.end, "that") || r.says(h-1, "i") || r.says(h-1, "we") || r.says(h-1, "they") || r.says(h-1, "to")
	}
	return r.sharedAdjective(p)
}

// sharedAdjective reports whether "male" in "male and female officers" belongs to
// a later noun that is no suspect.
func (r *reader) sharedAdjective(p *premodifier) bool {
	if p.plural || !p.gendered || !r.has(p.end, joins) && !r.says(p.end, "/") && !r.says(p.end, "or") {
		return false
	}
	j := p.end + 1
	if r.has(j, number) {
		j++
	}
	return r.has(j, gendered) && !r.has(j, plural) && r.has(j+1, official|bystand)
}

// attached reads what follows the noun: labels, a number in brackets, after a
// colon or after x, and "or more".
func (r *reader) attached(p *premodifier) {
	if p.class&(official|bystand) != 0 {
		return
	}
	if !p.number && p.rank == 0 && !r.headed(p.start) && r.numbered(&p.phrase) {
		return
	}
	if e, next := r.countAfter(p); next > p.end {
		p.extent, p.end, p.counted = e, next, true
	}
	p.extent, p.end = r.afterwards(p.extent, p.end)
	if p.counted && p.hi > 0 {
		r.widen(p)
	}
}

// countAfter reads "x2", "(2)", ": 2" and "= 2" after a noun.
func (r *reader) countAfter(p *premodifier) (extent, int) {
	i := p.end
	switch {
	case p.number:
	case p.plural && r.headed(p.start):
		for r.has(i, being) || r.says(i, ":") || r.says(i, "-") || r.says(i, "=") {
			i++
		}
		if e, next := r.quantity(i); next > i && !r.has(next, person) {
			return e, next
		}
		return extent{}, p.end
	case r.has(i, times) && r.has(i+1, number):
		n := int(r.tokens[i+1].n)
		return extent{n, n}, i + 2
	case r.says(i, "(") && r.has(i+1, number|times):
		if e, next := r.quantity(i + 1); next > i+1 && r.says(next, ")") {
			return e, next + 1
		}
	case p.plural && (r.says(i, ":") || r.says(i, "=")):
		if e, next := r.quantity(i + 1); next > i+1 && !r.has(next, person) && !r.has(next, labelled) {
			return e, next
		}
	}
	return extent{}, p.end
}

// headed reports whether "number of" or "no. of" stands before token i.
func (r *reader) headed(i int) bool {
	if !r.says(i-1, "of") {
		return false
	}
	i -= 2
	return r.says(i, "number") || r.says(i, "no") || r.says(i, "nos") || r.says(i, "total") || r.says(i, "count")
}

// widen reads a second thought after the noun: "three males, possibly four".
func (r *reader) widen(p *premodifier) {
	i := p.end
	if r.says(i, ",") {
		i++
	}
	if r.says(i, "or") {
		i++
	}
	if i == p.end || !r.has(i, hedge) && !r.says(i-1, "or") {
		if !r.has(i, hedge) {
			return
		}
	}
	if r.has(i, hedge) {
		i++
	}
	n, next := r.numeral(i)
	if next == i || n <= p.hi || r.has(next, person|unit|ageUnit|unknown|otherOne) {
		return
	}
	p.hi, p.end = n, next
}

// maxLabel is the largest number that is read as a suspect's label. Beyond it a
// number after "male" is more likely an age.
const maxLabel = 9

// numbered reads labels after a noun: "suspect 2", "suspects 1 to 4", "male 1, 2
// and 3". A label states that there are at least as many suspects.
func (r *reader) numbered(p *phrase) bool {
	top, next := r.labelAt(p.end)
	if top == 0 {
		return false
	}
	listed := false
	for {
		j := next
		for r.says(j, ",") || r.has(j, joins) || r.says(j, "-") || r.says(j, "to") || r.says(j, "/") || r.says(j, "or") {
			j++
		}
		n, after := r.labelAt(j)
		if j == next || n <= top {
			break
		}
		top, next, listed = n, after, true
	}
	p.end, p.labels, p.counted, p.definite, p.extent = next, true, true, true, extent{top, 0}
	if listed {
		p.hi = top
	}
	return true
}

// labelAt reads one label at token i: a number that measures nothing and does
// not start a phrase of its own.
func (r *reader) labelAt(i int) (n, next int) {
	if n := r.letter(i); n > 0 {
		return n, i + 1
	}
	if !r.has(i, number) || r.says(i+1, "of") {
		return 0, i
	}
	n = int(r.tokens[i].n)
	if n > maxLabel || r.has(i+1, unit|ageUnit|times) || r.startsPhrase(i) {
		return 0, i
	}
	return n, i + 1
}

// letter returns the rank of a capital letter from A to H that stands as a label
// ("suspect B"), and 0 for an article or the initial of a name.
func (r *reader) letter(i int) int {
	if i >= len(r.tokens) || r.tokens[i].end-r.tokens[i].start != 1 || r.tokens[i].kind != word {
		return 0
	}
	c := r.text[r.tokens[i].start]
	if c < 'A' || c > 'H' || i+1 < len(r.tokens) && r.tokens[i+1].kind == word && !r.has(i+1, function|pursued) {
		return 0
	}
	return int(c-'A') + 1
}

// startsPhrase reports whether the number at i counts a noun of its own: "one
// male one female".
func (r *reader) startsPhrase(i int) bool {
	for j := i + 1; j < len(r.tokens) && j < i+4; j++ {
		if r.isNoun(j) {
			return true
		}
		if r.tokens[j].kind == mark || !r.has(j, unknown|accused|otherOne|lone) && r.tokens[j].traits != 0 {
			return false
		}
	}
	return false
}

// labelList reads "S1", "S1 and S2", "S1-S4".
func (r *reader) labelList(i int) (phrase, bool) {
	top, j, n := 0, i, 0
	for j < len(r.tokens) && r.tokens[j].kind == label {
		top, n, j = max(top, int(r.tokens[j].n)), n+1, j+1
		next := j
		for r.says(next, ",") || r.has(next, joins) || r.says(next, "-") || r.says(next, "/") || r.says(next, "to") {
			next++
		}
		if next >= len(r.tokens) || r.tokens[next].kind != label {
			break
		}
		j = next
	}
	p := phrase{start: i, end: j, class: culprit, extent: extent{top, 0}, labels: true, counted: true, definite: true, marked: true}
	if n > 1 {
		p.hi = top
	}
	return p, !r.isReference(i, j)
}

// isReference reports whether "S1" at tokens i to j is no suspect but a section
// of an Act, a form or the start of a postcode.
func (r *reader) isReference(i, j int) bool {
	for _, w := range [...]string{"of", "soa", "pace", "act", "cpia", "statement", "statements", "form", "sexual", "interview", "children"} {
		if r.says(j, w) {
			return true
		}
	}
	if j < len(r.tokens) && r.tokens[j].kind == opaque {
		return true
	}
	for _, w := range [...]string{"under", "section", "contrary", "sheffield", "postcode", "form"} {
		if r.says(i-1, w) {
			return true
		}
	}
	return false
}
