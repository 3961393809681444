package link

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
)

func TestRecordsWithTheSameValueOfAnyKeyAreOnePerson(t *testing.T) {
	r := Exact(7, []Key{
		{Name: "pnc", Values: []string{"", "p1", "", "p1", "p2", "", ""}},
		{Name: "cro", Values: []string{"c1", "", "", "c1", "", "", ""}},
		{Name: "ref", Values: []string{"r0", "r1", "r2", "r3", "r2", "r5", ""}},
	})
	if got, want := fmt.Sprint(r.Cluster), "[0 0 1 0 1 2 3]"; got != want {
		t.Errorf("clusters %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(r.First), "[0 2 5 6]"; got != want {
		t.Errorf("first records %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(r.Links), "[{1 3 pnc p1} {0 3 cro c1} {2 4 ref r2}]"; got != want {
		t.Errorf("links %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(r.Path(0, 1)), "[{0 3 cro c1} {1 3 pnc p1}]"; got != want {
		t.Errorf("path from 0 to 1 %s, want %s", got, want)
	}
	for _, pair := range [][2]int32{{0, 0}, {0, 2}, {5, 6}} {
		if p := r.Path(pair[0], pair[1]); p != nil {
			t.Errorf("path from %d to %d %v, want none", pair[0], pair[1], p)
		}
	}
}

func TestRecordsThatShareAValueAreOneStepApart(t *testing.T) {
	r := Exact(4, []Key{{Name: "pnc", Values: []string{"p", "p", "p", "p"}}})
	if got, want := fmt.Sprint(r.Path(3, 1)), "[{1 3 pnc p}]"; got != want {
		t.Errorf("path %s, want %s", got, want)
	}
}

func TestAValueThatTooManyRecordsCarryIsReportedAndNotUsed(t *testing.T) {
	values := []string{"filler", "filler", "filler", "p", "p", "odd", "odd", "odd"}
	r := Exact(8, []Key{{Name: "pnc", Values: values, MaxShared: 2}})
	if got, want := fmt.Sprint(r.Cluster), "[0 1 2 3 3 4 5 6]"; got != want {
		t.Errorf("clusters %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(r.Skipped), "[{pnc filler 3} {pnc odd 3}]"; got != want {
		t.Errorf("skipped %s, want %s", got, want)
	}
	if r := Exact(8, []Key{{Name: "ref", Values: values, MaxShared: -1}}); len(r.Skipped) != 0 || len(r.First) != 3 {
		t.Errorf("without a limit: skipped %v, %d clusters, want none and 3", r.Skipped, len(r.First))
	}
	many := make([]string, DefaultMaxShared+1)
	for i := range many {
		many[i] = "filler"
	}
	if r := Exact(len(many), []Key{{Name: "pnc", Values: many}}); len(r.First) != len(many) {
		t.Errorf("%d records share a value: %d clusters, want %d", len(many), len(r.First), len(many))
	}
	if r := Exact(len(many)-1, []Key{{Name: "pnc", Values: many[1:]}}); len(r.First) != 1 {
		t.Errorf("%d records share a value: %d clusters, want 1", len(many)-1, len(r.First))
	}
}

func TestTwoIdsOfOnePersonAreReportedAndNotSplit(t *testing.T) {
	r := Exact(6, []Key{
		{Name: "pnc", Values: []string{"p2", "p1", "p2", "", "p9", "p1"}, OnePerPerson: true, MaxShared: -1},
		{Name: "cro", Values: []string{"c", "c", "", "c", "", ""}, OnePerPerson: true},
	})
	if got, want := fmt.Sprint(r.Cluster), "[0 0 0 0 1 0]"; got != want {
		t.Errorf("clusters %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(r.Conflicts), "[{0 pnc [{p2 0} {p1 1}]}]"; got != want {
		t.Errorf("conflicts %s, want %s", got, want)
	}
}

func TestARefusedValueIsNoConflict(t *testing.T) {
	r := Exact(4, []Key{
		{Name: "pnc", Values: []string{"filler", "filler", "filler", "p1"}, OnePerPerson: true, MaxShared: 2},
		{Name: "cro", Values: []string{"c", "", "", "c"}},
	})
	if len(r.Conflicts) != 0 {
		t.Errorf("conflicts %v, want none", r.Conflicts)
	}
}

func TestNoRecordsAndNoKeys(t *testing.T) {
	if r := Exact(0, nil); len(r.Cluster) != 0 || len(r.First) != 0 {
		t.Errorf("no records: %v", r)
	}
	if r := Exact(2, nil); fmt.Sprint(r.Cluster) != "[0 1]" {
		t.Errorf("no keys: clusters %v, want [0 1]", r.Cluster)
	}
}

func TestAKeyThatIsNotAColumnOfTheRecordsIsRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a key with 1 value for 2 records was accepted")
		}
	}()
	Exact(2, []Key{{Name: "pnc", Values: []string{"p"}}})
}

// randomKeys makes columns where about one value in share is carried by several.
func randomKeys(r *rand.Rand, n, columns, distinct int) []Key {
	keys := make([]Key, columns)
	for k := range keys {
		keys[k] = Key{Name: "key" + strconv.Itoa(k), Values: make([]string, n), MaxShared: 1 + r.IntN(6), OnePerPerson: k == 0}
		for i := range n {
			if r.IntN(3) > 0 {
				keys[k].Values[i] = strconv.Itoa(r.IntN(distinct))
			}
		}
	}
	return keys
}

// naive joins records in every way that the definition allows, pair by pair.
func naive(n int, keys []Key) [][]bool {
	same := make([][]bool, n)
	for i := range same {
		same[i] = make([]bool, n)
		same[i][i] = true
	}
	for _, k := range keys {
		count := map[string]int{}
		for _, v := range k.Values {
			count[v]++
		}
		for i := range n {
			for j := range n {
				v := k.Values[i]
				same[i][j] = same[i][j] || v != "" && v == k.Values[j] && count[v] <= k.MaxShared
			}
		}
	}
	for m := range n {
		for i := range n {
			for j := range n {
				same[i][j] = same[i][j] || same[i][m] && same[m][j]
			}
		}
	}
	return same
}

func TestClustersAreTheClosureOfSharedValuesAndPathsProveThem(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		n := 1 + r.IntN(40)
		keys := randomKeys(r, n, 1+r.IntN(3), 1+r.IntN(40))
		got, want := Exact(n, keys), naive(n, keys)
		values := map[string][]string{}
		for _, k := range keys {
			values[k.Name] = k.Values
		}
		for a := range int32(n) {
			for b := range int32(n) {
				if (got.Cluster[a] == got.Cluster[b]) != want[a][b] {
					t.Fatalf("records %d and %d: one cluster %v, want %v", a, b, !want[a][b], want[a][b])
				}
				checkPath(t, got, values, a, b)
			}
		}
		if len(got.Links) != n-len(got.First) {
			t.Fatalf("%d links join %d records into %d clusters", len(got.Links), n, len(got.First))
		}
		if again := Exact(n, keys); !reflect.DeepEqual(got, again) {
			t.Fatal("the same columns gave another result")
		}
	}
}

func checkPath(t *testing.T, r Result, values map[string][]string, a, b int32) {
	t.Helper()
	at := a
	for _, l := range r.Path(a, b) {
		if l.A >= l.B || values[l.Key][l.A] != l.Value || values[l.Key][l.B] != l.Value || l.Value == "" {
			t.Fatalf("link %v does not hold", l)
		}
		if at != l.A && at != l.B {
			t.Fatalf("path from %d to %d leaves the trail at %d", a, b, at)
		}
		at = l.other(at)
	}
	if r.Cluster[a] == r.Cluster[b] && at != b {
		t.Fatalf("path from %d ends at %d, want %d", a, at, b)
	}
}

func TestTheOrderOfTheKeysDoesNotChangeTheClusters(t *testing.T) {
	keys := randomKeys(rand.New(rand.NewPCG(3, 3)), 500, 3, 300)
	forward := Exact(500, keys)
	backward := Exact(500, []Key{keys[2], keys[1], keys[0]})
	if !reflect.DeepEqual(forward.Cluster, backward.Cluster) {
		t.Error("clusters depend on the order of the keys")
	}
}

// Three columns as an extract has them: a PNC id for two thirds, a CRO number for
// a third, a reference for all; a person has two or three records.
func identifying(n int) []Key {
	r := rand.New(rand.NewPCG(1, 1))
	keys := []Key{{Name: "pnc", OnePerPerson: true}, {Name: "cro", OnePerPerson: true}, {Name: "ref", MaxShared: -1}}
	for k := range keys {
		keys[k].Values = make([]string, n)
	}
	for i := range n {
		person := r.IntN(n * 2 / 5)
		if r.IntN(3) > 0 {
			keys[0].Values[i] = fmt.Sprintf("2004/%07dA", person)
		}
		if r.IntN(3) == 0 {
			keys[1].Values[i] = fmt.Sprintf("%06d/04A", person)
		}
		keys[2].Values[i] = fmt.Sprintf("system:%d", i)
	}
	return keys
}

func BenchmarkExact(b *testing.B) {
	for _, n := range []int{100_000, 300_000, 1_000_000, 3_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			if n > 300_000 && testing.Short() {
				b.Skip("large")
			}
			keys := identifying(n)
			b.ReportAllocs()
			for b.Loop() {
				r := Exact(n, keys)
				b.ReportMetric(float64(len(r.First)), "clusters")
			}
		})
	}
}

func FuzzExact(f *testing.F) {
	f.Add("aab", "b c")
	f.Fuzz(func(t *testing.T, one, two string) {
		n := min(len(one), len(two), 60)
		keys := []Key{{Name: "one", Values: make([]string, n), MaxShared: 3, OnePerPerson: true}, {Name: "two", Values: make([]string, n), MaxShared: -1}}
		for i := range n {
			keys[0].Values[i], keys[1].Values[i] = one[i:i+1], two[i:i+1]
		}
		r := Exact(n, keys)
		values := map[string][]string{"one": keys[0].Values, "two": keys[1].Values}
		for a := range int32(n) {
			checkPath(t, r, values, r.First[r.Cluster[a]], a)
		}
	})
}
