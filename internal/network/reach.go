package network

import "slices"

// A Reach is a suspect of other cases who is one step away from a case.
type Reach struct {
	Person int32
	Steps  []Step // every way there, by Via, then reason
}

// A Step leads to somebody from a suspect of the case, or from a thing that was
// used in it.
type Step struct {
	Via     int32 // the suspect of the case, None for a thing used in it
	Because Reason
}

// Reach returns the suspects of other cases who are tied to a suspect of case c, or
// who use a phone or vehicle that was used in c, without those recorded as suspects
// in c itself. Each has every step that leads there. Ordered by person.
func (r *Result) Reach(c int32) []Reach {
	steps := map[int32][]Step{}
	r.ix.reach(c, func(person, via int32, because Reason) {
		steps[person] = append(steps[person], Step{via, because})
	})
	out := make([]Reach, 0, len(steps))
	for person, s := range steps {
		out = append(out, Reach{person, s})
	}
	slices.SortFunc(out, func(a, b Reach) int { return int(a.Person) - int(b.Person) })
	for _, one := range out {
		slices.SortFunc(one.Steps, func(a, b Step) int { return byOther(half{a.Via, a.Because}, half{b.Via, b.Because}) })
	}
	return out
}

// reach calls back with everybody in reach of a case, once for each step.
func (x *index) reach(c int32, step func(person, via int32, because Reason)) {
	recorded := x.suspects.of(c)
	reached := func(person, via int32, because Reason) {
		if _, here := slices.BinarySearch(recorded, person); !here && x.suspect(person) {
			step(person, via, because)
		}
	}
	for _, s := range recorded {
		x.neighbours(s, func(other int32, because Reason) {
			if because != (Reason{Case, c}) {
				reached(other, s, because)
			}
		})
	}
	for _, t := range x.usedIn.of(c) {
		if x.thingHub[t] {
			continue
		}
		for _, user := range x.users.of(t) {
			reached(user, None, Reason{x.things[t].Kind, t})
		}
	}
}

// reached returns how many people [Result.Reach] would give for every case. The
// ties are enough for it: whoever a case itself ties is recorded in it.
func (r *Result) reached() []int32 {
	tied := r.suspectsTied()
	counts := make([]int32, len(r.ix.caseHub))
	seen := make([]int32, len(r.ix.suspectIn.start)-1) // the case a person was last met in, plus one
	for c := range int32(len(counts)) {
		recorded := r.ix.suspects.of(c)
		for _, s := range recorded {
			seen[s] = c + 1
		}
		meet := func(p int32) {
			if seen[p] != c+1 {
				seen[p] = c + 1
				counts[c]++
			}
		}
		for _, s := range recorded {
			for _, p := range tied.of(s) {
				meet(p)
			}
		}
		for _, t := range r.ix.usedIn.of(c) {
			if r.ix.thingHub[t] {
				continue
			}
			for _, p := range r.ix.users.of(t) {
				if r.ix.suspect(p) {
					meet(p)
				}
			}
		}
	}
	return counts
}

// suspectsTied lists, for each suspect, the suspects tied to him.
func (r *Result) suspectsTied() lists {
	return collect(len(r.ix.suspectIn.start)-1, func(add func(at, item int32)) {
		for _, t := range r.Ties {
			if r.ix.suspect(t.A) && r.ix.suspect(t.B) {
				add(t.A, t.B)
				add(t.B, t.A)
			}
		}
	})
}
