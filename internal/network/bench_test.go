package network

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// force makes a network of the size of a force's: ten involvements a person, two
// fifths of them as suspect, one phone or vehicle a person of which one in six is
// shared, and some hubs. Most people appear once or twice, a few very often.
func force(people int) Input {
	r := rand.New(rand.NewPCG(1, 9))
	cases := people * 4
	in := Input{Persons: people, Cases: cases}
	someone := func() int32 {
		if r.IntN(4) == 0 {
			return int32(r.IntN(max(people/50, 1))) // the prolific few
		}
		return int32(r.IntN(people))
	}
	for range people * 10 {
		in.Roles = append(in.Roles, Role{someone(), int32(r.IntN(cases)), r.IntN(5) < 2})
	}
	for t := range int32(people) {
		in.Things = append(in.Things, Thing{Phone + Kind(r.IntN(2)), r.IntN(500) == 0})
		users := 1
		switch r.IntN(60) {
		case 0:
			users = 30
		case 1, 2, 3, 4, 5, 6, 7, 8, 9, 10:
			users = 2 + r.IntN(4)
		}
		for range users {
			in.Shares = append(in.Shares, Share{t, someone(), int32(r.IntN(cases))})
		}
	}
	return in
}

func BenchmarkFind(b *testing.B) {
	for _, people := range []int{10_000, 100_000, 300_000, 1_000_000} {
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			if people > 100_000 && testing.Short() {
				b.Skip("large")
			}
			in := force(people)
			b.ReportAllocs()
			for b.Loop() {
				r := Find(in)
				b.ReportMetric(float64(len(r.Ties)), "ties")
				b.ReportMetric(float64(len(r.Groups)), "groups")
			}
		})
	}
}
