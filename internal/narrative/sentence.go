package narrative

// A group is phrases that the sentence adds up: "two males and a female".
type group struct {
	extent
	start, end int // tokens
	other      bool
	definite   bool
	exactly1   bool
	labels     bool
}

// sentence reads the tokens of one sentence and returns what it states.
func (r *reader) sentence() (Statement, bool) {
	r.findPhrases()
	r.groups = r.groups[:0]
	for i := 0; i < len(r.phrases); {
		next := i + 1
		for next < len(r.phrases) && r.joined(next) {
			next++
		}
		if g, ok := r.addUp(r.phrases[i:next]); ok && !r.isBreakdown(i, g) {
			r.groups = append(r.groups, g)
		}
		i = next
	}
	best, ok := r.largest()
	if !ok {
		return Statement{}, false
	}
	first, last := &r.tokens[0], &r.tokens[len(r.tokens)-1]
	return Statement{
		Lo: best.lo, Hi: best.hi,
		Sentence: Span{first.start, last.end},
		Phrase:   Span{r.tokens[best.start].start, r.tokens[best.end-1].end},
	}, true
}

// findPhrases fills r.phrases with the noun phrases of the sentence in order.
func (r *reader) findPhrases() {
	r.phrases = r.phrases[:0]
	for i := 0; i < len(r.tokens); {
		p, ok := r.phrase(i)
		if !ok {
			p, ok = r.withoutNoun(i)
		}
		if !ok {
			i++
			continue
		}
		r.phrases = append(r.phrases, p)
		i = p.end
	}
}

// withoutNoun reads a number that stands for people without naming them: "both
// were arrested", "all four charged", and "not two males but one".
func (r *reader) withoutNoun(i int) (phrase, bool) {
	j := i
	p := phrase{start: i, class: culprit}
	for r.has(j, definite|whole) && !r.has(j, owner) {
		p.definite = true
		j++
	}
	if p, ok := r.nextOne(i); ok {
		return p, true
	}
	e, next := r.quantity(j)
	switch {
	case next > j:
	case r.has(j, pairOf) && r.says(j, "both"):
		e, next, p.definite = extent{2, 2}, j+1, true
	default:
		return phrase{}, false
	}
	p.extent, p.counted, p.exactly1 = e, true, e == extent{1, 1}
	if r.has(i-1, being) && r.says(next, "of") && r.says(next+1, "them") {
		p.end = next + 2
		return p, true
	}
	if r.says(next, "of") && (r.says(next+1, "them") || r.says(next+1, "whom")) {
		next += 2
	}
	p.end = next
	if r.says(j-1, "but") && len(r.phrases) > 0 {
		if last := &r.phrases[len(r.phrases)-1]; last.class&(culprit|male) != 0 && i-last.end <= 2 {
			p.class = last.class
			return p, true
		}
	}
	return p, r.predicated(next) && !r.has(i-1, labelled|function&^turns) && (i == 0 || r.tokens[i-1].kind != digits)
}

// nextOne reads a rank that goes on from the number before it: "two males in the
// car, a third outside".
func (r *reader) nextOne(i int) (phrase, bool) {
	if !r.has(i, articles) || !r.has(i+1, ordinal) || len(r.phrases) == 0 || r.has(i+2, unit) {
		return phrase{}, false
	}
	last, rank := &r.phrases[len(r.phrases)-1], int(r.tokens[i+1].n)
	if last.class&(culprit|male) == 0 || rank < 2 || last.hi != rank-1 {
		return phrase{}, false
	}
	return phrase{start: i, end: i + 2, class: last.class, extent: extent{rank, 0}, counted: true}, true
}

// predicated reports whether the words at i say at once that somebody was
// pursued as a suspect: "were arrested", "in custody", "now charged".
func (r *reader) predicated(i int) bool {
	for j := i; j < min(i+4, len(r.tokens)); j++ {
		switch {
		case r.has(j, pursued) && !r.says(j, "suspected"):
			return !r.has(j+1, person)
		case !r.has(j, being|negates) && !r.says(j, "have") && !r.says(j, "has") && !r.says(j, "had") && !r.says(j, "now") && !r.says(j, "in") && !r.says(j, "later"):
			return false
		}
	}
	return false
}

// joined reports whether phrase k is added to the one before it: only joining
// words stand between them, or only a comma and both list people by sex.
func (r *reader) joined(k int) bool {
	a, b := &r.phrases[k-1], &r.phrases[k]
	if r.inCompany(a, b) {
		return true
	}
	and, with, comma := false, false, false
	for i := a.end; i < b.start; i++ {
		switch {
		case r.has(i, joins), r.says(i, "along"), r.says(i, "together"), r.says(i, "also"):
			and = true
		case r.has(i, alongside), r.says(i, "by") && r.has(i-1, alongside):
			with = true
		case r.says(i, ","), r.says(i, "/"):
			comma = true
		default:
			return false
		}
	}
	switch {
	case a.class == heAlone:
		return and
	case b.class == heAlone:
		return and && r.says(b.start, "him") // "and he" begins another clause
	case and:
		return true
	case with:
		return a.class&(culprit|male) != 0 && (b.marked || b.other || !b.gendered)
	case comma || a.end == b.start:
		return a.gendered && (b.gendered || b.other) && !b.definite && (a.counted || a.indef) && (b.counted || b.indef) || a.labels && b.labels
	}
	return false
}

// inCompany reports whether the sentence says that the people of a were with
// those of b: "the suspect was accompanied by a male", "arrived with two males".
func (r *reader) inCompany(a, b *phrase) bool {
	if (a.class|b.class)&^(culprit|male) != 0 || b.definite || b.start-a.end > 5 {
		return false
	}
	last := b.start - 1
	if r.says(last, "by") {
		last--
	}
	if last < a.end || !r.has(last, alongside) {
		return false
	}
	for i := a.end; i < last; i++ {
		if r.tokens[i].kind == mark || r.has(i, joins|turns|negates) {
			return false
		}
	}
	return true
}

// addUp adds those of the phrases that are suspects.
func (r *reader) addUp(phrases []phrase) (group, bool) {
	first, last := &phrases[0], &phrases[len(phrases)-1]
	question := r.tokens[len(r.tokens)-1].ch == '?'
	s := r.side(first.start, last.end, len(phrases) > 1 || last.lo > 1 || last.plural)
	carried := carries(phrases)
	var g group
	for i := range phrases {
		p := &phrases[i]
		if r.counts(p, s, carried) && r.asserted(p, question) {
			g.add(p)
		}
	}
	return g, g.lo > 0
}

// isBreakdown reports whether the group from phrase k on only says who the people
// before it were: "three officers, two male and one female".
func (r *reader) isBreakdown(k int, g group) bool {
	if k == 0 {
		return false
	}
	of, before := &r.phrases[k-1], r.phrases[k].start-1
	if !r.says(before, ",") && !r.says(before, "(") && !r.says(before, ":") && !r.says(before, "-") {
		return false
	}
	return of.class&(official|bystand) != 0 && of.counted && of.lo == g.lo && r.after(g.end) != suspected
}

// carries reports whether the list holds somebody who is a suspect without help:
// a suspect, a male, or "him" with somebody else who may be one.
func carries(phrases []phrase) bool {
	var held trait
	for i := range phrases {
		held |= phrases[i].class
	}
	return held&(culprit|male) != 0 || held&heAlone != 0 && held&neutral != 0
}

// counts reports whether the people of p are suspects, given the side that the
// cues put them on and whether p stands in one list with a suspect.
func (r *reader) counts(p *phrase, s side, carried bool) bool {
	switch p.class {
	case culprit:
		return s != witnessing || !r.isNegatedAfter(p.end)
	case male:
		return s != witnessing
	case neutral:
		return s != witnessing && (p.marked || s == suspected || carried)
	case heAlone:
		return s != witnessing && carried
	}
	return false
}

// isNegatedAfter reports whether a suspect is said to be none: "the suspects were
// eliminated", "the suspect is not involved".
func (r *reader) isNegatedAfter(end int) bool {
	for i := end; i < min(end+reach, len(r.tokens)); i++ {
		if r.isNegatedRole(i) || r.has(i, cleared) {
			return true
		}
		if r.isNoun(i) || r.tokens[i].kind == mark {
			return false
		}
	}
	return false
}

func (g *group) add(p *phrase) {
	if g.lo == 0 {
		*g = group{extent: p.extent, start: p.start, end: p.end, other: p.other, definite: p.definite, exactly1: p.exactly1, labels: p.labels}
		return
	}
	g.end = p.end
	hi := p.hi
	if p.other && p.lo == 1 {
		hi = 1 // "another male", once he is added to somebody, is one
	}
	switch {
	case g.labels && p.labels:
		g.lo = max(g.lo, p.lo)
		g.hi = g.lo
	case g.labels || p.labels:
		g.lo, g.hi, g.labels = max(g.lo, p.lo), 0, true
	case p.ranked:
		g.lo, g.hi = max(g.lo+1, p.lo), sum(g.hi, 1)
	default:
		g.lo, g.hi = g.lo+p.lo, sum(g.hi, hi)
	}
	g.exactly1 = false
}

// sum adds two upper bounds, of which 0 is open.
func sum(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return a + b
}

// largest returns the group with the most people, after adding those that the
// sentence marks as further people: "a male ... another male", "one male ... one
// male", "one male ... the other male".
func (r *reader) largest() (best group, ok bool) {
	var run group
	for _, g := range r.groups {
		switch {
		case run.lo > 0 && g.other && !g.definite,
			run.lo == 1 && g.other && g.definite,
			run.exactly1 && g.exactly1 && !g.definite:
			ones := run.exactly1 && g.exactly1
			run.lo, run.hi, run.end, run.other, run.exactly1 = run.lo+g.lo, sum(run.hi, max(g.hi, g.lo)), g.end, false, ones
		default:
			run = g
		}
		if !ok || run.lo > best.lo || run.lo == best.lo && best.hi == 0 && run.hi != 0 {
			best, ok = run, true
		}
	}
	return best, ok
}
