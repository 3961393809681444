package narrative

import "strings"

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
	if p.class&neutral != 0 && r.says(h-1, "young") {
		p.class = bystand // "young person" is how these files say child
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
