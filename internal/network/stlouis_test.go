package network

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
)

// St. Louis is 557 real crime events and 870 people of the 1990s (Decker, Kohfeld,
// Rosenfeld and Sprague; the Freeman archive), as an extract. It is not part of the
// project: name its folder in LOOKBACK_STLOUIS to run this.
func TestStLouisGivesTheKnownFigures(t *testing.T) {
	dir := os.Getenv("LOOKBACK_STLOUIS")
	if dir == "" {
		t.Skip("LOOKBACK_STLOUIS names no folder with investigations.csv, nominals.csv, involvements.csv")
	}
	cases := column(t, dir, "investigations.csv")
	people := column(t, dir, "nominals.csv")
	in := Input{Persons: len(people), Cases: len(cases)}
	for _, row := range table(t, dir, "involvements.csv") {
		in.Roles = append(in.Roles, Role{people[row[1]], cases[row[0]], row[2] == "suspect"})
	}
	r := Find(in)

	several, repeated := 0, 0
	for c := range int32(in.Cases) {
		if len(r.ix.suspects.of(c)) >= 2 {
			several++
		}
	}
	for p := range int32(in.Persons) {
		if len(r.ix.suspectIn.of(p)) >= 2 {
			repeated++
		}
	}
	for _, f := range []struct {
		what      string
		got, want int
	}{
		{"events", in.Cases, 557},
		{"people", in.Persons, 870},
		{"events with two or more suspects", several, 146},
		{"people who are suspects in two or more events", repeated, 88},
	} {
		if f.got != f.want {
			t.Errorf("%s: %d, want %d", f.what, f.got, f.want)
		}
	}
	members, largest, reached := 0, 0, 0
	for _, g := range r.Groups {
		members += len(g.Members)
		largest = max(largest, len(g.Members))
	}
	for _, n := range r.Reached {
		if n > 0 {
			reached++
		}
	}
	t.Logf("%d ties; %d groups of %d members, the largest %d; %d events reach a suspect of another; hubs %v",
		len(r.Ties), len(r.Groups), members, largest, reached, r.Hubs)
}

func table(t *testing.T, dir, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}

// column numbers the references in the first column of a table.
func column(t *testing.T, dir, name string) map[string]int32 {
	t.Helper()
	out := map[string]int32{}
	for i, row := range table(t, dir, name) {
		out[row[0]] = int32(i)
	}
	return out
}
