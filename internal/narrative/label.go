package narrative

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
