package network

import (
	"maps"
	"slices"
)

// index holds the input by person, by case and by thing.
type index struct {
	suspects    lists // of a case
	suspectIn   lists // the cases of a person
	otherwiseIn lists // the cases in which a person has another part
	users       lists // people, of a thing
	uses        lists // things, of a person
	usedIn      lists // things, of a case
	things      []Thing
	caseHub     []bool
	thingHub    []bool
}

func newIndex(in Input) index {
	roles := func(suspect bool) func(add func(at, item int32)) {
		return func(add func(at, item int32)) {
			for _, r := range in.Roles {
				if r.Suspect == suspect {
					add(r.Person, r.Case)
				}
			}
		}
	}
	return index{
		things:      in.Things,
		suspectIn:   collect(in.Persons, roles(true)),
		otherwiseIn: collect(in.Persons, roles(false)),
		suspects: collect(in.Cases, func(add func(at, item int32)) {
			roles(true)(func(person, c int32) { add(c, person) })
		}),
		users: collect(len(in.Things), func(add func(at, item int32)) {
			in.eachUse(func(thing, person int32) { add(thing, person) })
		}),
		uses: collect(in.Persons, func(add func(at, item int32)) {
			in.eachUse(func(thing, person int32) { add(person, thing) })
		}),
		usedIn: collect(in.Cases, func(add func(at, item int32)) {
			for _, s := range in.Shares {
				if s.Case != None {
					add(s.Case, s.Thing)
				}
			}
		}),
		caseHub:  make([]bool, in.Cases),
		thingHub: make([]bool, len(in.Things)),
	}
}

func (in Input) eachUse(use func(thing, person int32)) {
	for _, s := range in.Shares {
		if s.Person != None {
			use(s.Thing, s.Person)
		}
	}
}

// dropCatchAlls takes people who are suspects in more than MaxCases out of the
// input, and returns them. One reference that an office uses for everybody unknown
// would otherwise join all its cases, in time that grows with their square.
func (in *Input) dropCatchAlls() []Hub {
	parts := make([]int32, in.Persons) // a case may be in here twice
	for _, r := range in.Roles {
		if r.Suspect {
			parts[r.Person]++
		}
	}
	busy := map[int32][]int32{}
	for _, r := range in.Roles {
		if r.Suspect && int(parts[r.Person]) > in.MaxCases {
			busy[r.Person] = append(busy[r.Person], r.Case)
		}
	}
	var hubs []Hub
	for _, p := range slices.Sorted(maps.Keys(busy)) {
		slices.Sort(busy[p])
		if n := len(slices.Compact(busy[p])); n > in.MaxCases {
			hubs = append(hubs, Hub{Person, p, TooManyCases, n})
		} else {
			delete(busy, p)
		}
	}
	if len(hubs) == 0 {
		return nil
	}
	in.Roles = slices.DeleteFunc(slices.Clone(in.Roles), func(r Role) bool { return busy[r.Person] != nil })
	in.Shares = slices.Clone(in.Shares)
	for i, s := range in.Shares {
		if busy[s.Person] != nil { // the thing was used in the case all the same
			in.Shares[i].Person = None
		}
	}
	return hubs
}

// dropHubs marks the cases and things that tie nobody, and returns those that
// would have tied two people or more.
func (x *index) dropHubs(in Input) []Hub {
	var hubs []Hub
	for c := range int32(in.Cases) {
		if n := len(x.suspects.of(c)); n > in.MaxSuspects {
			x.caseHub[c] = true
			hubs = append(hubs, Hub{Case, c, TooManySuspects, n})
		}
	}
	for t := range int32(len(in.Things)) {
		n, why := len(x.users.of(t)), OfInstitution
		if !in.Things[t].Institution {
			if n <= in.MaxPeople {
				continue
			}
			why = TooManyPeople
		}
		x.thingHub[t] = true
		if n > 1 {
			hubs = append(hubs, Hub{in.Things[t].Kind, t, why, n})
		}
	}
	slices.SortStableFunc(hubs, func(a, b Hub) int { return int(a.Kind) - int(b.Kind) })
	return hubs
}

func (x *index) suspect(person int32) bool { return len(x.suspectIn.of(person)) > 0 }

// neighbours calls back with everybody who is tied to a person, once for each
// reason, and may call back with the person too.
func (x *index) neighbours(person int32, tie func(other int32, because Reason)) {
	for _, c := range x.suspectIn.of(person) {
		if x.caseHub[c] {
			continue
		}
		for _, other := range x.suspects.of(c) {
			tie(other, Reason{Case, c})
		}
	}
	for _, t := range x.uses.of(person) {
		if x.thingHub[t] {
			continue
		}
		for _, other := range x.users.of(t) {
			tie(other, Reason{x.things[t].Kind, t})
		}
	}
}

// half is one end of a tie as its other end sees it.
type half struct {
	other   int32
	because Reason
}

func byOther(a, b half) int {
	switch {
	case a.other != b.other:
		return int(a.other) - int(b.other)
	case a.because.Kind != b.because.Kind:
		return int(a.because.Kind) - int(b.because.Kind)
	}
	return int(a.because.Of) - int(b.because.Of)
}

// ties lists every tie. Taking people in order and only those after each gives the
// total order without sorting all of it.
func (x *index) ties() []Tie {
	var ties []Tie
	reasons := make([]Reason, 0, x.countReasons())
	var at []half
	for a := range int32(len(x.suspectIn.start) - 1) {
		at = at[:0]
		x.neighbours(a, func(other int32, because Reason) {
			if other > a {
				at = append(at, half{other, because})
			}
		})
		slices.SortFunc(at, byOther)
		for i, h := range at {
			reasons = append(reasons, h.because)
			end := len(reasons)
			if i > 0 && at[i-1].other == h.other {
				last := &ties[len(ties)-1]
				last.Because = reasons[end-len(last.Because)-1 : end : end]
				continue
			}
			ties = append(ties, Tie{a, h.other, reasons[end-1 : end : end]})
		}
	}
	return ties
}

// countReasons returns how many reasons all ties have together, so that they lie
// in one array that never moves.
func (x *index) countReasons() int {
	total := 0
	for c, hub := range x.caseHub {
		if n := len(x.suspects.of(int32(c))); !hub {
			total += n * (n - 1) / 2
		}
	}
	for t, hub := range x.thingHub {
		if n := len(x.users.of(int32(t))); !hub {
			total += n * (n - 1) / 2
		}
	}
	return total
}
