// Package network finds who is tied to whom, and which suspects hold together over
// several cases.
//
// It works on numbers alone: people (identities), cases, and things that people
// share. This is its first form: a tie is there or not, and a group is a connected
// component. Weights, a null model and communities are to come behind the same
// [Input] and [Result].
package network

import (
	"cmp"
	"fmt"
	"slices"
)

// Input is everything there is to know. Placeholders and identifiers that are no
// use (withheld, not known) are left out by the caller.
type Input struct {
	Persons int // people are 0 to Persons-1
	Cases   int // cases are 0 to Cases-1
	Roles   []Role
	Things  []Thing
	Shares  []Share

	// Above these, a thing, a case or a person is a hub: it ties nobody, and is
	// reported. 0 is the default.
	MaxPeople   int // who use one thing
	MaxSuspects int // of one case
	MaxCases    int // in which one person is a suspect: beyond, a name for many people
}

// The hubs' limits if the input gives none.
const (
	DefaultMaxPeople   = 5
	DefaultMaxSuspects = 100
	DefaultMaxCases    = 200
)

// A Role is a person's part in a case. The same role given twice counts once.
type Role struct {
	Person, Case int32
	Suspect      bool // else victim, witness or any other part
}

// A Thing is a telephone or a vehicle.
type Thing struct {
	Kind        Kind // Phone or Vehicle
	Institution bool // a care home's, a solicitor's, a pool car: ties nobody
}

// A Share says that a thing was used by a person, in a case, or both.
type Share struct {
	Thing  int32
	Person int32 // None if it is not known who used it
	Case   int32 // None if it is not known in which case
}

// None stands where a Share has no person or no case.
const None int32 = -1

// A Kind is what two people share.
type Kind uint8

const (
	Case Kind = iota // both are suspects in it
	Phone
	Vehicle
	Person // of a [Hub] only
)

func (k Kind) String() string {
	switch k {
	case Case:
		return "suspects of one case"
	case Phone:
		return "shared phone"
	case Vehicle:
		return "shared vehicle"
	case Person:
		return "person"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// A Reason is one thing that two people share.
type Reason struct {
	Kind Kind
	Of   int32 // the case for [Case], else the thing
}

// A Tie is what holds two people together, with every reason for it.
type Tie struct {
	A, B    int32    // people, A < B
	Because []Reason // at least one, by kind, then number
}

// A Group is suspects who hold together by ties over two or more cases.
type Group struct {
	Members []Member // two or more, by person
	Cases   []int32  // two or more: where a member is a suspect, ascending
	Joint   int      // how many of the cases have two or more members as suspects
	Ties    []int32  // between members, as indexes of Result.Ties, ascending
	// Linked are people who are suspects nowhere but are tied to a member by a phone
	// or a vehicle, ascending. A victim or witness is never a member.
	Linked []int32
}

// A Member is a suspect in a group, with what puts the person there.
type Member struct {
	Person    int32
	Suspect   []int32 // cases in which the person is a suspect
	Otherwise []int32 // cases in which the person has another part: a victim there, perhaps
	Ties      []int32 // to other members, as indexes of Result.Ties; at least one
}

// A Hub was left out because it would tie people who have nothing to do with each other.
type Hub struct {
	Kind Kind
	Of   int32 // the case, the thing or the person
	Why  Why
	Size int // suspects of the case, people who use the thing, cases of the person
}

// Why says why a hub was left out. It is stored as this string.
type Why string

const (
	OfInstitution   Why = "of an institution"
	TooManyPeople   Why = "used by too many people"
	TooManySuspects Why = "too many suspects"
	TooManyCases    Why = "suspect in too many cases"
)

// A Result is the network. The same input in any order gives the same result.
type Result struct {
	Ties   []Tie   // by A, then B
	Groups []Group // by first member
	// Reached holds, for each case, how many suspects of other cases are one step
	// away; see [Result.Reach].
	Reached []int32
	Hubs    []Hub // that would have tied people; by kind, then number

	ix index
}

// Find ties people and groups suspects. It panics if a number in the input is out
// of range, as indexing a slice would.
func Find(in Input) Result {
	in.check()
	in.MaxPeople = cmp.Or(in.MaxPeople, DefaultMaxPeople)
	in.MaxSuspects = cmp.Or(in.MaxSuspects, DefaultMaxSuspects)
	in.MaxCases = cmp.Or(in.MaxCases, DefaultMaxCases)
	catchAlls := in.dropCatchAlls()
	r := Result{ix: newIndex(in)}
	r.Hubs = append(r.ix.dropHubs(in), catchAlls...)
	r.Ties = r.ix.ties()
	r.Groups = r.groups()
	r.Reached = r.reached()
	return r
}

func (in Input) check() {
	within := func(what string, i int, number int32, most int) {
		if number < 0 || int(number) >= most {
			panic(fmt.Sprintf("network: %s %d has number %d; expected 0 to %d", what, i, number, most-1))
		}
	}
	for i, r := range in.Roles {
		within("person of role", i, r.Person, in.Persons)
		within("case of role", i, r.Case, in.Cases)
	}
	for i, s := range in.Shares {
		within("thing of share", i, s.Thing, len(in.Things))
		if s.Person != None {
			within("person of share", i, s.Person, in.Persons)
		}
		if s.Case != None {
			within("case of share", i, s.Case, in.Cases)
		}
	}
}

// lists holds a list of numbers for each of 0 to n-1, ascending and without
// repeats, in one array.
type lists struct {
	start []int32
	items []int32
}

func (l lists) of(i int32) []int32 { return l.items[l.start[i]:l.start[i+1]] }

// collect builds the lists from the pairs that each calls back with.
func collect(n int, each func(add func(at, item int32))) lists {
	start := make([]int32, n+1)
	each(func(at, _ int32) { start[at+1]++ })
	for i := range n {
		start[i+1] += start[i]
	}
	items := make([]int32, start[n])
	next := slices.Clone(start[:n])
	each(func(at, item int32) {
		items[next[at]] = item
		next[at]++
	})
	return lists{start, items}.tidy()
}

// tidy sorts every list and drops repeats.
func (l lists) tidy() lists {
	kept := int32(0)
	for i := range len(l.start) - 1 {
		list := l.items[l.start[i]:l.start[i+1]]
		slices.Sort(list)
		list = slices.Compact(list)
		l.start[i] = kept
		kept += int32(copy(l.items[kept:], list))
	}
	l.start[len(l.start)-1] = kept
	l.items = l.items[:kept]
	return l
}
