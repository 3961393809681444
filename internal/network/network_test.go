package network

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// suspects and others write roles as "case: people".
func suspects(c int32, people ...int32) []Role { return part(true, c, people) }
func others(c int32, people ...int32) []Role   { return part(false, c, people) }

func part(suspect bool, c int32, people []int32) []Role {
	var out []Role
	for _, p := range people {
		out = append(out, Role{p, c, suspect})
	}
	return out
}

func sharedBy(thing int32, people ...int32) []Share {
	var out []Share
	for _, p := range people {
		out = append(out, Share{thing, p, None})
	}
	return out
}

// show writes ties as "A-B kind number, kind number" and groups as members and cases.
func show(r Result) string {
	var out []string
	for _, t := range r.Ties {
		var why []string
		for _, b := range t.Because {
			why = append(why, fmt.Sprint([]string{"case", "phone", "vehicle"}[b.Kind], b.Of))
		}
		out = append(out, fmt.Sprintf("%d-%d %s", t.A, t.B, strings.Join(why, " ")))
	}
	for _, g := range r.Groups {
		var members []int32
		for _, m := range g.Members {
			members = append(members, m.Person)
		}
		out = append(out, fmt.Sprintf("group %v cases %v joint %d linked %v", members, g.Cases, g.Joint, g.Linked))
	}
	return strings.Join(out, "; ")
}

func TestTiesAndGroups(t *testing.T) {
	phone, vehicle := Thing{Kind: Phone}, Thing{Kind: Vehicle}
	for _, c := range []struct {
		behaviour string
		in        Input
		want      string
	}{
		{"two suspects of one case are tied, and are no group",
			Input{Persons: 2, Cases: 1, Roles: suspects(0, 1, 0)},
			"0-1 case0"},
		{"a suspect and a victim of one case are not tied",
			Input{Persons: 2, Cases: 1, Roles: slices.Concat(suspects(0, 0), others(0, 1))},
			""},
		{"co-suspects of whom one is a suspect elsewhere are a group over both cases",
			Input{Persons: 2, Cases: 2, Roles: slices.Concat(suspects(0, 0, 1), suspects(1, 1))},
			"0-1 case0; group [0 1] cases [0 1] joint 1 linked []"},
		{"suspects twice together have two reasons and two joint cases",
			Input{Persons: 2, Cases: 2, Roles: slices.Concat(suspects(1, 0, 1), suspects(0, 1, 0))},
			"0-1 case0 case1; group [0 1] cases [0 1] joint 2 linked []"},
		{"suspects of different cases who share a phone are a group with no joint case",
			Input{Persons: 2, Cases: 2, Things: []Thing{phone}, Roles: slices.Concat(suspects(0, 0), suspects(1, 1)), Shares: sharedBy(0, 0, 1)},
			"0-1 phone0; group [0 1] cases [0 1] joint 0 linked []"},
		{"all reasons of a tie are kept, each once",
			Input{Persons: 2, Cases: 1, Things: []Thing{vehicle, phone}, Roles: slices.Concat(suspects(0, 0, 1), suspects(0, 0)),
				Shares: slices.Concat(sharedBy(0, 0, 1), sharedBy(1, 1, 0), sharedBy(0, 1))},
			"0-1 case0 phone1 vehicle0"},
		{"one person in two cases is no group",
			Input{Persons: 1, Cases: 2, Roles: slices.Concat(suspects(0, 0), suspects(1, 0))},
			""},
		{"a victim who shares a phone with a member is linked, and never a member",
			Input{Persons: 3, Cases: 2, Things: []Thing{phone}, Roles: slices.Concat(suspects(0, 0, 1), suspects(1, 1), others(0, 2)), Shares: sharedBy(0, 1, 2)},
			"0-1 case0; 1-2 phone0; group [0 1] cases [0 1] joint 1 linked [2]"},
		{"a victim does not join two suspects",
			Input{Persons: 3, Cases: 2, Things: []Thing{phone, phone}, Roles: slices.Concat(suspects(0, 0), suspects(1, 1), others(0, 2)),
				Shares: slices.Concat(sharedBy(0, 0, 2), sharedBy(1, 1, 2))},
			"0-2 phone0; 1-2 phone1"},
		{"a thing that an institution has ties nobody",
			Input{Persons: 2, Cases: 2, Things: []Thing{{Phone, true}}, Roles: slices.Concat(suspects(0, 0), suspects(1, 1)), Shares: sharedBy(0, 0, 1)},
			""},
		{"a chain over three cases is one group",
			Input{Persons: 4, Cases: 3, Roles: slices.Concat(suspects(2, 2, 3), suspects(1, 1, 2), suspects(0, 0, 1))},
			"0-1 case0; 1-2 case1; 2-3 case2; group [0 1 2 3] cases [0 1 2] joint 3 linked []"},
	} {
		if got := show(Find(c.in)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.behaviour, got, c.want)
		}
	}
}

func TestAThingTiesAtMostFivePeople(t *testing.T) {
	in := Input{Persons: 6, Cases: 6, Things: []Thing{{Kind: Phone}}}
	for p := range int32(5) {
		in.Roles = append(in.Roles, suspects(p, p)...)
		in.Shares = append(in.Shares, sharedBy(0, p, p)...) // twice the same person
	}
	if r := Find(in); len(r.Ties) != 10 || len(r.Hubs) != 0 {
		t.Errorf("five people: %d ties, hubs %v, want 10 and none", len(r.Ties), r.Hubs)
	}
	in.Shares = append(in.Shares, Share{0, 5, None}) // a sixth, suspect of nothing
	r := Find(in)
	if want := []Hub{{Phone, 0, TooManyPeople, 6}}; len(r.Ties) != 0 || !slices.Equal(r.Hubs, want) {
		t.Errorf("six people: %d ties, hubs %v, want none and %v", len(r.Ties), r.Hubs, want)
	}
}

func TestHubsAreReportedInOrderOfKindAndNumber(t *testing.T) {
	in := Input{Persons: 9, Cases: 12, MaxSuspects: 2, MaxCases: 9, Things: []Thing{{Vehicle, true}, {Phone, true}, {Phone, true}, {Vehicle, false}}}
	in.Roles = slices.Concat(suspects(1, 0, 1, 2), suspects(0, 3, 4))
	in.Shares = slices.Concat(sharedBy(0, 0, 1), sharedBy(1, 0, 1, 2), sharedBy(2, 0), sharedBy(3, 0, 1, 2, 3, 4, 5))
	for c := range int32(11) {
		in.Roles = append(in.Roles, suspects(c+1, 8, 8)...)
	}
	want := []Hub{{Case, 1, TooManySuspects, 3}, {Phone, 1, OfInstitution, 3}, {Vehicle, 0, OfInstitution, 2}, {Vehicle, 3, TooManyPeople, 6}, {Person, 8, TooManyCases, 11}}
	r := Find(in)
	if !slices.Equal(r.Hubs, want) {
		t.Errorf("hubs %v, want %v", r.Hubs, want)
	}
	if got, want := show(r), "3-4 case0"; got != want {
		t.Errorf("ties %s, want %s", got, want)
	}
}

func TestAMembershipSaysWhy(t *testing.T) {
	r := Find(Input{Persons: 4, Cases: 4, Things: []Thing{{Kind: Phone}},
		Roles:  slices.Concat(suspects(0, 1, 2), suspects(1, 2), suspects(2, 3), others(3, 2), others(0, 0)),
		Shares: sharedBy(0, 2, 3, 0)})
	want := []Member{
		{Person: 1, Suspect: []int32{0}, Otherwise: []int32{}, Ties: []int32{2}},
		{Person: 2, Suspect: []int32{0, 1}, Otherwise: []int32{3}, Ties: []int32{2, 3}},
		{Person: 3, Suspect: []int32{2}, Otherwise: []int32{}, Ties: []int32{3}},
	}
	if got, text := r.Groups[0].Members, show(r); !reflect.DeepEqual(got, want) ||
		text != "0-2 phone0; 0-3 phone0; 1-2 case0; 2-3 phone0; group [1 2 3] cases [0 1 2] joint 1 linked [0]" {
		t.Errorf("members %v, want %v\n%s", got, want, text)
	}
}

func TestReach(t *testing.T) {
	in := Input{Persons: 8, Cases: 5, Things: []Thing{{Kind: Phone}, {Kind: Vehicle}, {Phone, true}}}
	in.Roles = slices.Concat(
		suspects(0, 0, 1),    // the case asked about
		suspects(1, 1, 2),    // 2 is a co-suspect elsewhere
		suspects(2, 2, 3),    // 3 is two steps away
		suspects(3, 4, 5, 1), // 4 and 5 too, 4 also by the phone
		others(0, 6), suspects(4, 7))
	in.Shares = slices.Concat(sharedBy(0, 0, 4, 6), sharedBy(1, 7), sharedBy(2, 0, 3), []Share{{1, None, 0}, {2, None, 0}})
	r := Find(in)
	want := []Reach{
		{2, []Step{{1, Reason{Case, 1}}}},
		{4, []Step{{0, Reason{Phone, 0}}, {1, Reason{Case, 3}}}},
		{5, []Step{{1, Reason{Case, 3}}}},
		{7, []Step{{None, Reason{Vehicle, 1}}}}, // uses the vehicle seen in the case
	}
	if got := r.Reach(0); !reflect.DeepEqual(got, want) {
		t.Errorf("reached from case 0: %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(r.Reached), "[4 4 1 2 0]"; got != want {
		t.Errorf("reached %s, want %s", got, want)
	}
}

func TestNobodyIsReachedWhoIsRecordedInTheCaseItself(t *testing.T) {
	r := Find(Input{Persons: 2, Cases: 2, Things: []Thing{{Kind: Phone}},
		Roles:  slices.Concat(suspects(0, 0, 1), suspects(1, 0, 1)),
		Shares: []Share{{0, 0, 0}, {0, 1, 1}}})
	if got := r.Reached; got[0] != 0 || got[1] != 0 {
		t.Errorf("reached %v, want [0 0]", got)
	}
}

func TestAnEmptyInputGivesAnEmptyNetwork(t *testing.T) {
	if r := Find(Input{}); len(r.Ties)+len(r.Groups)+len(r.Reached)+len(r.Hubs) != 0 {
		t.Errorf("%+v", r)
	}
}

func TestANumberOutOfRangeIsRefusedWithItsPlace(t *testing.T) {
	defer func() {
		want := "network: case of role 1 has number 7; expected 0 to 1"
		if got := recover(); got != want {
			t.Errorf("panic %v, want %v", got, want)
		}
	}()
	Find(Input{Persons: 2, Cases: 2, Roles: []Role{{0, 1, true}, {1, 7, true}}})
}
