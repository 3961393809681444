package narrative

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
