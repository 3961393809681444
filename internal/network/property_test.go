package network

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// random makes a small network in which most things happen.
func random(r *rand.Rand) Input {
	in := Input{Persons: 1 + r.IntN(25), Cases: 1 + r.IntN(20), MaxPeople: 1 + r.IntN(5), MaxSuspects: 1 + r.IntN(5), MaxCases: 3 + r.IntN(5)}
	for range 1 + r.IntN(12) {
		in.Things = append(in.Things, Thing{Phone + Kind(r.IntN(2)), r.IntN(6) == 0})
	}
	maybe := func(n int) int32 { return int32(r.IntN(n+1)) - 1 }
	for range r.IntN(60) {
		in.Roles = append(in.Roles, Role{int32(r.IntN(in.Persons)), int32(r.IntN(in.Cases)), r.IntN(3) > 0})
	}
	for range r.IntN(40) {
		in.Shares = append(in.Shares, Share{int32(r.IntN(len(in.Things))), maybe(in.Persons), maybe(in.Cases)})
	}
	return in
}

// world answers every question by looking through the whole input.
type world struct{ in Input }

func (w world) suspectIn(p, c int32) bool {
	return !w.catchAll(p) && slices.Contains(w.in.Roles, Role{p, c, true})
}

func (w world) catchAll(p int32) bool {
	n := 0
	for c := range int32(w.in.Cases) {
		if slices.Contains(w.in.Roles, Role{p, c, true}) {
			n++
		}
	}
	return n > w.in.MaxCases
}

func (w world) uses(p, t int32) bool {
	return !w.catchAll(p) && slices.ContainsFunc(w.in.Shares, func(s Share) bool { return s.Person == p && s.Thing == t })
}

func (w world) people(is func(p int32) bool) []int32 {
	var out []int32
	for p := range int32(w.in.Persons) {
		if is(p) {
			out = append(out, p)
		}
	}
	return out
}

func (w world) reasons(a, b int32) []Reason {
	var out []Reason
	for c := range int32(w.in.Cases) {
		all := w.people(func(p int32) bool { return w.suspectIn(p, c) })
		if len(all) <= w.in.MaxSuspects && slices.Contains(all, a) && slices.Contains(all, b) {
			out = append(out, Reason{Case, c})
		}
	}
	for _, kind := range []Kind{Phone, Vehicle} {
		for t := range int32(len(w.in.Things)) {
			if w.in.Things[t].Kind == kind && w.good(t) && w.uses(a, t) && w.uses(b, t) {
				out = append(out, Reason{kind, t})
			}
		}
	}
	return out
}

func (w world) good(t int32) bool {
	return !w.in.Things[t].Institution && len(w.people(func(p int32) bool { return w.uses(p, t) })) <= w.in.MaxPeople
}

func (w world) suspect(p int32) bool {
	for c := range int32(w.in.Cases) {
		if w.suspectIn(p, c) {
			return true
		}
	}
	return false
}

func (w world) reached(c int32) int32 {
	n := int32(0)
	for p := range int32(w.in.Persons) {
		if w.suspectIn(p, c) || !w.suspect(p) {
			continue
		}
		near := slices.ContainsFunc(w.people(func(s int32) bool { return w.suspectIn(s, c) }), func(s int32) bool { return len(w.reasons(s, p)) > 0 }) ||
			slices.ContainsFunc(w.in.Shares, func(s Share) bool { return s.Case == c && w.good(s.Thing) && w.uses(p, s.Thing) })
		if near {
			n++
		}
	}
	return n
}

func TestTiesReachAndGroupsAreWhatTheDefinitionsSay(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 4))
	groups, ties, reached := 0, 0, int32(0)
	for range 80 {
		in := random(r)
		w, got := world{in}, Find(in)
		var want []Tie
		for a := range int32(in.Persons) {
			for b := a + 1; b < int32(in.Persons); b++ {
				if because := w.reasons(a, b); because != nil {
					want = append(want, Tie{a, b, because})
				}
			}
		}
		if !reflect.DeepEqual(got.Ties, want) {
			t.Fatalf("ties\n got %v\nwant %v\nof %+v", got.Ties, want, in)
		}
		for c := range int32(in.Cases) {
			if want := w.reached(c); got.Reached[c] != want || len(got.Reach(c)) != int(want) {
				t.Fatalf("case %d reaches %d, lists %d, want %d\nof %+v", c, got.Reached[c], len(got.Reach(c)), want, in)
			}
			reached += got.Reached[c]
		}
		checkGroups(t, w, got)
		groups, ties = groups+len(got.Groups), ties+len(got.Ties)
	}
	if groups < 50 || ties < 400 || reached < 200 {
		t.Errorf("%d groups, %d ties, %d reached: too few to show anything", groups, ties, reached)
	}
}

// checkGroups spreads over the ties of suspects from every member, and holds the
// groups against what it finds.
func checkGroups(t *testing.T, w world, r Result) {
	t.Helper()
	var want [][]int32
	seen := map[int32]bool{}
	for _, p := range w.people(w.suspect) {
		if seen[p] {
			continue
		}
		members := spread(w, r, p, seen)
		cases := map[int32]bool{}
		for _, m := range members {
			for c := range int32(w.in.Cases) {
				if w.suspectIn(m, c) {
					cases[c] = true
				}
			}
		}
		if len(members) > 1 && len(cases) > 1 {
			want = append(want, members)
		}
	}
	var got [][]int32
	for _, g := range r.Groups {
		var members []int32
		for _, m := range g.Members {
			members = append(members, m.Person)
			if len(m.Ties) == 0 {
				t.Fatalf("person %d is a member without a tie", m.Person)
			}
			for _, i := range m.Ties {
				if r.Ties[i].A != m.Person && r.Ties[i].B != m.Person {
					t.Fatalf("tie %v is given as evidence for person %d", r.Ties[i], m.Person)
				}
			}
		}
		got = append(got, members)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("groups\n got %v\nwant %v", got, want)
	}
}

func spread(w world, r Result, from int32, seen map[int32]bool) []int32 {
	members := []int32{from}
	seen[from] = true
	for i := 0; i < len(members); i++ {
		for _, tie := range r.Ties {
			for _, end := range [][2]int32{{tie.A, tie.B}, {tie.B, tie.A}} {
				if end[0] == members[i] && w.suspect(end[1]) && !seen[end[1]] {
					seen[end[1]] = true
					members = append(members, end[1])
				}
			}
		}
	}
	slices.Sort(members)
	return members
}

func TestTheOrderOfTheInputDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		in := random(r)
		want := Find(in)
		r.Shuffle(len(in.Roles), func(i, j int) { in.Roles[i], in.Roles[j] = in.Roles[j], in.Roles[i] })
		r.Shuffle(len(in.Shares), func(i, j int) { in.Shares[i], in.Shares[j] = in.Shares[j], in.Shares[i] })
		if got := Find(in); !reflect.DeepEqual(got, want) {
			t.Fatal("the same input in another order gives another network")
		}
	}
}
