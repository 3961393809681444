package synth

import (
	"math"
	"regexp"
	"strconv"
	"testing"

	"lookback/internal/casefile"
)

func TestPrevalenceHoldsWithinAPoint(t *testing.T) {
	for _, want := range []float64{0, 0.01, 0.05, 0.25, 0.28, 0.55, 1} {
		for _, cases := range []int{400, 3000} {
			p := newPlan(Options{Cases: cases, Seed: 3, Prevalence: want})
			n := 0
			for at := range p.events {
				e := &p.events[at]
				if e.again >= 0 {
					e = &p.events[e.again]
				}
				if e.group {
					n += int(p.events[at].size)
				}
			}
			if got := float64(n) / float64(cases); math.Abs(got-want) > 0.01 || n != p.group {
				t.Errorf("%d cases at prevalence %v: %v (%d counted, %d in the plan)", cases, want, got, n, p.group)
			}
		}
	}
}

func TestTruthOfCasesIsWhatWasAskedFor(t *testing.T) {
	x := common()
	yes, kinds := 0, map[string]int{}
	for _, c := range x.table("truth/cases") {
		if c["group_based"] == "y" {
			yes++
		}
		if c["network"] != "" && c["group_based"] != "y" {
			t.Errorf("%s belongs to %s but is not group-based", c["crime_ref"], c["network"])
		}
		kinds[c["typology"]]++
	}
	if yes != x.summary.GroupBased || math.Abs(float64(yes)/3000-0.25) > 0.01 {
		t.Errorf("%d of 3,000 cases are group-based, summary says %d, want a quarter", yes, x.summary.GroupBased)
	}
	for _, name := range typologyNames {
		if kinds[name] < 20 {
			t.Errorf("typology %s has %d of 3,000 cases", name, kinds[name])
		}
	}
}

func TestTruthJoinsToTheTables(t *testing.T) {
	x := common()
	crimes := map[string]int{}
	for _, row := range x.table("investigations") {
		if wrongWith(casefile.SchemaOf(casefile.Investigations), row) == "" {
			crimes[row["crime_ref"]]++
		}
	}
	for _, name := range []string{"truth/cases", "truth/stated"} {
		if got := len(x.table(name)); got != len(crimes) {
			t.Errorf("%s has %d rows for %d cases", name, got, len(crimes))
		}
		for _, row := range x.table(name) {
			if crimes[row["crime_ref"]] != 1 {
				t.Errorf("%s: %s is no case", name, row["crime_ref"])
			}
		}
	}
	nominals, people := refs(x.table("nominals"), "nominal_ref"), map[string]bool{}
	known := map[string]bool{}
	for _, row := range x.table("truth/people") {
		if !nominals[row["nominal_ref"]] {
			t.Errorf("people: %s is no nominal", row["nominal_ref"])
		}
		people[row["person"]], known[row["nominal_ref"]] = true, true
	}
	for _, row := range x.table("involvements") {
		if ref := row["nominal_ref"]; !known[ref] && row["role"] != casefile.RoleSuspect && wrongWith(casefile.SchemaOf(casefile.Involvements), row) == "" {
			t.Errorf("nobody stands behind nominal %s", ref)
		}
	}
	recorded := 0
	for _, row := range x.table("truth/networks") {
		if people[row["person"]] {
			recorded++
		}
	}
	if total := len(x.table("truth/networks")); recorded*10 < total*7 {
		t.Errorf("only %d of %d members of networks have any nominal", recorded, total)
	}
}

func TestNetworksAreOfThePlannedSizes(t *testing.T) {
	for _, c := range []struct {
		cases      int
		prevalence float64
	}{{3000, 0.25}, {3000, 0.01}, {9000, 0.25}, {9000, 0.55}, {50_000, 0.25}, {12, 0.9}} {
		p := newPlan(Options{Cases: c.cases, Seed: 11, Prevalence: c.prevalence})
		for n, w := range p.networks {
			if w.members < 3 || w.members > 20 || w.records < 2 || w.records > 40 || len(w.events) < 2 {
				t.Errorf("%v: network %d has %d members, %d records, %d events", c, n, w.members, w.records, len(w.events))
			}
		}
		held := 0
		for _, w := range p.networks {
			held += w.records
		}
		if share := float64(held) / float64(p.group); c.cases >= 3000 && (share < 0.5 || share > 0.75) {
			t.Errorf("%v: %d networks hold %.2f of the group-based records, want a little over half", c, len(p.networks), share)
		}
	}
}

func TestEveryMemberTakesPartAndTheNetworkHangsTogether(t *testing.T) {
	g := newGenerator("", Options{Cases: 3000, Seed: 7, Prevalence: 0.25})
	for n, w := range g.plan.networks {
		seen := map[personID]bool{}
		for turn, at := range w.events {
			joined := turn == 0
			for _, s := range g.factsOf(at).suspects {
				joined = joined || seen[s.h.id]
				seen[s.h.id] = true
			}
			if !joined {
				t.Errorf("network %d: event %d shares nobody with those before it", n, turn)
			}
		}
		if len(seen) != w.members {
			t.Errorf("network %d: %d of %d members take part", n, len(seen), w.members)
		}
	}
}

func TestNetworksCrossUnitsAndYearsAndAreRarelyFlagged(t *testing.T) {
	x := common()
	unit, year, flagged := map[string]string{}, map[string]string{}, map[string]bool{}
	for _, row := range x.table("investigations") {
		unit[row["crime_ref"]], year[row["crime_ref"]] = row["unit"], row["reported_at"][:4]
	}
	for _, f := range x.table("flags") {
		if f["code"] == "CSE" && f["cleared_at"] == "" {
			flagged[f["crime_ref"]] = true
		}
	}
	type spread struct{ units, years map[string]bool }
	networks, cases, marked := map[string]*spread{}, 0, 0
	for _, c := range x.table("truth/cases") {
		w := c["network"]
		if w == "" {
			continue
		}
		if networks[w] == nil {
			networks[w] = &spread{map[string]bool{}, map[string]bool{}}
		}
		networks[w].units[unit[c["crime_ref"]]], networks[w].years[year[c["crime_ref"]]] = true, true
		cases++
		if flagged[c["crime_ref"]] {
			marked++
		}
	}
	wide, long := 0, 0
	for _, s := range networks {
		if len(s.units) > 1 {
			wide++
		}
		if len(s.years) > 1 {
			long++
		}
	}
	if wide*10 < len(networks)*8 || long*10 < len(networks)*6 {
		t.Errorf("of %d networks %d cross units and %d years", len(networks), wide, long)
	}
	if marked*2 > cases {
		t.Errorf("%d of %d cases of networks are rightly flagged; most must not be", marked, cases)
	}
}

func TestStatedNumbersStandInTheTexts(t *testing.T) {
	x := common()
	texts := map[string]string{}
	for _, row := range x.table("investigations") {
		texts[row["crime_ref"]] = row["mo_text"]
	}
	for _, row := range x.table("log") {
		texts[row["crime_ref"]] += "\n" + row["text"]
	}
	found := 0
	for _, row := range x.table("truth/stated") {
		n, err := strconv.Atoi(row["stated"])
		if err != nil || n < 0 || n > 9 {
			t.Fatalf("%s states %q", row["crime_ref"], row["stated"])
		}
		if n >= 2 && !mentions(texts[row["crime_ref"]], n) {
			t.Errorf("%s: truth says %d stated, but the texts do not say so:\n%s", row["crime_ref"], n, texts[row["crime_ref"]])
		}
		if n >= 2 {
			found++
		}
	}
	if found < 300 {
		t.Errorf("only %d of 3,000 cases state two or more suspects", found)
	}
}

// mentions looks for the number as digits, as a word, in words that mean it, or
// for one less with a female beside them.
func mentions(text string, n int) bool {
	forms := []string{strconv.Itoa(n) + " ", strconv.Itoa(n) + "-", strconv.Itoa(n) + "/", numberWords[n]}
	if n == 2 {
		forms = append(forms, "pair of", "several", "group of", "number of")
	}
	for _, f := range forms {
		if containsFold(text, f) {
			return true
		}
	}
	return containsFold(text, "and a female")
}

var countedSuspects = regexp.MustCompile(`(?i)\b(two|three|four|five|six|seven|eight|nine|ten|[2-9]|several|group of|number of|pair of) (x )?(unknown |adult |older )?(males|men|suspects|boys|youths|lads)\b`)

func TestCasesThatStateNoneCountNoSuspectAnywhere(t *testing.T) {
	x := common()
	none := map[string]bool{}
	for _, row := range x.table("truth/stated") {
		none[row["crime_ref"]] = row["stated"] == "0"
	}
	checked := 0
	for _, table := range []string{"investigations", "log"} {
		for _, row := range x.table(table) {
			text := row["text"] + row["mo_text"] + " " + row["closing_text"]
			if none[row["crime_ref"]] && countedSuspects.MatchString(text) {
				t.Errorf("%s states none, but says %q", row["crime_ref"], text)
			}
			checked++
		}
	}
	if n := len(none); n != 3000 || checked < 20_000 {
		t.Errorf("looked at %d cases and %d texts", n, checked)
	}
}

func TestMostCasesOfANetworkShareSomethingRecorded(t *testing.T) {
	x := common()
	network := map[string]string{}
	for _, row := range x.table("truth/cases") {
		network[row["crime_ref"]] = row["network"]
	}
	person := map[string]string{}
	for _, row := range x.table("truth/people") {
		person[row["nominal_ref"]] = row["person"]
	}
	held := map[string]map[string]bool{} // network and thing or person -> cases
	join := func(crime, thing string) {
		if w := network[crime]; w != "" && thing != "" {
			key := w + " " + thing
			if held[key] == nil {
				held[key] = map[string]bool{}
			}
			held[key][crime] = true
		}
	}
	for _, row := range x.table("involvements") {
		if row["role"] == casefile.RoleSuspect {
			join(row["crime_ref"], person[row["nominal_ref"]])
		}
	}
	for _, row := range x.table("uses") {
		join(row["crime_ref"], row["identifier_ref"])
	}
	tied, all := map[string]bool{}, 0
	for _, cases := range held {
		if len(cases) > 1 {
			for crime := range cases {
				tied[crime] = true
			}
		}
	}
	for _, w := range network {
		if w != "" {
			all++
		}
	}
	if len(tied)*10 < all*8 || len(tied) == all {
		t.Errorf("%d of %d cases of networks share a person or a thing on record with another; want most, not all", len(tied), all)
	}
}

func TestWhatWasRecordedLaterIsDatedLater(t *testing.T) {
	x := common()
	reported := map[string]string{}
	for _, row := range x.table("investigations") {
		if wrongWith(casefile.SchemaOf(casefile.Investigations), row) == "" {
			reported[row["crime_ref"]] = row["reported_at"][:10]
		}
	}
	later, before, dated := 0, 0, 0
	for _, row := range x.table("involvements") {
		day := reported[row["crime_ref"]]
		if row["role"] != casefile.RoleSuspect || row["recorded_at"] == "" || day == "" {
			continue
		}
		from, err := casefile.ParseDay(day)
		if err != nil {
			t.Fatal(err)
		}
		recorded, err := casefile.ParseDay(row["recorded_at"][:10])
		if err != nil {
			t.Fatal(err)
		}
		dated++
		if recorded < from {
			before++
		}
		if recorded > from+14 {
			later++
		}
	}
	if before > 0 || later*100 < dated*12 || later*100 > dated*35 {
		t.Errorf("of %d dated suspects %d were recorded before the report and %d more than two weeks after", dated, before, later)
	}
}
