package synth

import (
	"strconv"

	"lookback/internal/casefile"
)

// faultsPer is how many cases there are to each round of faults; a round plants
// every fault once.
const faultsPer = 1500

// A fault is a row that no import can accept, with the one reason why.
type fault struct {
	kind  string
	table casefile.Table
	cells func(r *rng, crime, nominal string, k int) []string
}

// writeFaults writes rows that an import must quarantine. They stand beside the
// good rows and nothing else refers to them, so that each is one row, no more.
func (g *generator) writeFaults() {
	victim := &g.factsOf(0).victims[0]
	nominal := g.nominalRef(victim.named, victim.version)
	for round := range (g.plan.records + faultsPer - 1) / faultsPer {
		r := newRNG(g.seed, badStrand, uint64(round))
		for k := range faults {
			fa := &faults[k]
			t := g.table(fa.table)
			cells := make([]string, t.wide)
			copy(cells, fa.cells(&r, g.crimeRef(int32(r.below(g.plan.records))), nominal, round))
			t.row(cells...)
			g.summary.Faults[fa.table]++
			g.summary.FaultKinds[fa.kind]++
		}
	}
}

func faultOfficer(k int) string { return "WM" + strconv.Itoa(9900+k) }

func faultRef(letter string, k int) string { return "ZZ/BAD" + letter + strconv.Itoa(k) }

var faults = []fault{
	{"impossible date", casefile.Investigations, func(r *rng, _, _ string, k int) []string {
		return []string{faultRef("D", k), "", "", "", "", strconv.Itoa(r.between(2010, 2024)) + "-02-31"}
	}},
	{"crime without reference", casefile.Investigations, func(_ *rng, _, _ string, k int) []string {
		return []string{"", "", "", "", "", "2014-05-06T10:" + string(put2(nil, k%60)), "", "", "20A", "", "closed", "", "", "", "", "", faultOfficer(k)}
	}},
	{"nominal without reference", casefile.Nominals, func(_ *rng, _, _ string, k int) []string {
		return []string{"", "", "", "TEST", "Record " + strconv.Itoa(k)}
	}},
	{"age that is no number", casefile.Nominals, func(_ *rng, _, _ string, k int) []string {
		return []string{"NBAD" + strconv.Itoa(k), "", "", "UNKNOWN", "MALE", "", "", "", "2O", "25"}
	}},
	{"unknown role", casefile.Involvements, func(r *rng, crime, nominal string, _ int) []string {
		return []string{crime, nominal, pick(r, []string{"appropriate adult", "interpreter", "accused?"}), "", "", strconv.Itoa(r.between(18, 80))}
	}},
	{"involvement without its investigation", casefile.Involvements, func(_ *rng, _, nominal string, k int) []string {
		return []string{faultRef("GONE", k), nominal, casefile.RoleSuspect}
	}},
	{"use of two things at once", casefile.Uses, func(r *rng, crime, _ string, k int) []string {
		return []string{crime, "", "A" + strconv.Itoa(k), "I" + strconv.Itoa(k), "venue"}
	}},
	{"identifier without a value", casefile.Identifiers, func(_ *rng, _, _ string, k int) []string {
		return []string{"IBAD" + strconv.Itoa(k), "phone", ""}
	}},
	{"log entry without a number", casefile.Log, func(_ *rng, crime, _ string, k int) []string {
		return []string{crime, "", "2014-05-06T10:00", faultOfficer(k), "PC", "ADMIN", "Migrated entry.", "n"}
	}},
	{"impossible date", casefile.Outcomes, func(r *rng, crime, _ string, _ int) []string {
		return []string{crime, "", "18", "ho2013", pick(r, []string{"2015-13-02", "31/02/2016", "2014-06-31"})}
	}},
}
