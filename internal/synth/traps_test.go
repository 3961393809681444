package synth

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"lookback/internal/casefile"
)

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// countRows counts the rows of which something holds.
func countRows(rows []map[string]string, holds func(map[string]string) bool) (n int) {
	for _, row := range rows {
		if holds(row) {
			n++
		}
	}
	return n
}

func TestEveryTrapIsPlanted(t *testing.T) {
	x := common()
	for _, trap := range []Trap{
		SharedGenericNominal, PlaceholderNominal, PlaceholderIdentified, StatedOnly, SuspectAbsent, StatedRange, Negated, Distractor,
		ManyNominals, TwoInOneNominal, DOBSwapped, DOBFirstJanuary, DOBEstimated, DOBYearOnly, DOBAgeOnly, DOBMissing, Alias, PNCMistyped,
		PNCSecond, FalseHub, Household, VictimElsewhereSuspect, Sibling, Rerecorded, LinkMissing, Reclassified, Cancelled, Transferred,
		Migrated, MigrationDate, CopiedClosing, TruncatedLog, RecordedMissing, EthnicityMissing, EthnicityConflict, PreviouslyReviewed,
		DeceasedSuspect, FlagMissing, FlagWrong, FlagCleared, OutcomeHistoryDiffers, OutcomeBeforeReport, SuspectUnderEight, VictimTooOld,
		OffenceAgeConflict, VictimBlaming, BlamingChallenged, VehicleMisread,
		spelledOtherwise, petName, orderSwapped, middleDropped, fathersSurname, doubleCut, otherMarriage, initialOnly, typed,
	} {
		if x.summary.Traps[trap] == 0 {
			t.Errorf("no %q in 3,000 cases", trap)
		}
	}
}

// Rates are checked in the tables, not in the counters of the generator.
func TestTrapsStandInTheTablesAtTheirRates(t *testing.T) {
	x := common()
	cases := x.table("investigations")
	suspects := map[string]bool{}
	for _, row := range x.table("involvements") {
		if row["role"] == casefile.RoleSuspect {
			suspects[row["nominal_ref"]] = true
		}
	}
	var named []map[string]string
	for _, row := range x.table("nominals") {
		if suspects[row["nominal_ref"]] && !placeholderLike.MatchString(row["surname"]+" "+row["forenames"]) {
			named = append(named, row)
		}
	}
	blank := func(column string) func(map[string]string) bool {
		return func(row map[string]string) bool { return row[column] == "" }
	}
	for _, c := range []struct {
		what     string
		rows     []map[string]string
		holds    func(map[string]string) bool
		from, to float64
	}{
		{"ethnicity missing for named suspects", named, func(r map[string]string) bool {
			return !regexp.MustCompile("^[A-Z][1-9]$").MatchString(r["self_defined_ethnicity"]) && (r["officer_seen_ethnicity"] == "" || strings.Contains("09", r["officer_seen_ethnicity"]))
		}, 0.62, 0.72},
		{"PNC id held for named suspects", named, func(r map[string]string) bool { return r["pnc_id"] != "" }, 0.36, 0.46},
		{"log entries that end in DETS", x.table("log"), func(r map[string]string) bool { return strings.Contains(r["text"], "DETS") }, 0.01, 0.04},
		{"cases before April 2013 by report", cases, func(r map[string]string) bool { return r["reported_at"] < "2013-04" }, 0.10, 0.18},
		{"outcome scheme pre2013", cases, func(r map[string]string) bool { return r["outcome_scheme"] == "pre2013" }, 0.08, 0.18},
		{"outcome scheme local", cases, func(r map[string]string) bool { return r["outcome_scheme"] == "local" }, 0.02, 0.07},
		{"open", cases, blank("outcome_code"), 0.02, 0.10},
		{"outcome 15 or 16", cases, func(r map[string]string) bool { return r["outcome_code"] == "15" || r["outcome_code"] == "16" }, 0.33, 0.52},
		{"NFA by the CPS", cases, func(r map[string]string) bool { return r["nfa_by"] == "cps" }, 0.06, 0.16},
		{"copied closing texts", cases, func(r map[string]string) bool { return oneOf(copiedClosings, r["closing_text"]) }, 0.30, 0.55},
		{"cases without recorded_at", cases, blank("recorded_at"), 0.08, 0.15},
		{"recording class instead of sub-code", cases, func(r map[string]string) bool {
			return r["offence_code"] != "" && !strings.Contains(r["offence_code"], "/")
		}, 0.28, 0.42},
		{"linked to other crimes", cases, func(r map[string]string) bool { return r["linked_refs"] != "" }, 0.10, 0.25},
		{"legacy reference", cases, func(r map[string]string) bool { return r["legacy_ref"] != "" }, 0.20, 0.35},
		{"previously reviewed", cases, func(r map[string]string) bool { return r["previously_reviewed"] == "y" }, 0.025, 0.055},
		{"retained not known", x.table("exhibits"), func(r map[string]string) bool { return r["retained"] == "unknown" || r["retained"] == "" }, 0.35, 0.5},
	} {
		got := float64(countRows(c.rows, c.holds)) / float64(len(c.rows))
		if got < c.from || got > c.to {
			t.Errorf("%s: %.3f of %d rows, want %.2f to %.2f", c.what, got, len(c.rows), c.from, c.to)
		}
	}
}

func oneOf(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

var placeholderLike = regexp.MustCompile(`UNKNOWN|UNK |NOT KNOWN|UNIDENTIFIED|U/K`)

func TestOneGenericNominalServesManyCases(t *testing.T) {
	uses := map[string]map[string]bool{}
	for _, row := range common().table("involvements") {
		if uses[row["nominal_ref"]] == nil {
			uses[row["nominal_ref"]] = map[string]bool{}
		}
		uses[row["nominal_ref"]][row["crime_ref"]] = true
	}
	most, ref := 0, ""
	for nominal, cases := range uses {
		if len(cases) > most {
			most, ref = len(cases), nominal
		}
	}
	if most < 50 {
		t.Fatalf("the busiest nominal stands in %d cases", most)
	}
	for _, row := range common().table("nominals") {
		if row["nominal_ref"] == ref && row["surname"]+row["forenames"] != "UNKNOWNUNKNOWN" {
			t.Errorf("the busiest nominal is called %s %s", row["forenames"], row["surname"])
		}
	}
}

func TestLogsHaveFiveToFifteenEntriesNumberedFromOne(t *testing.T) {
	entries := map[string]int{}
	for _, row := range common().table("log") {
		if row["seq"] != "" {
			entries[row["crime_ref"]]++
		}
	}
	if len(entries) != 3000 {
		t.Errorf("%d of 3,000 cases have a log", len(entries))
	}
	for crime, n := range entries {
		if n < 5 || n > 15 {
			t.Errorf("%s has %d entries", crime, n)
		}
	}
}

// The origin of a name must say nothing about what somebody is in a case.
func TestNameOriginsAreSpreadAlikeOverRoles(t *testing.T) {
	dir := t.TempDir()
	g := newGenerator(dir, Options{Cases: 6000, Seed: 9, Prevalence: 0.25})
	met := map[string]map[personID]int{}
	g.heard = func(role string, h *human) {
		if met[role] == nil {
			met[role] = map[personID]int{}
		}
		met[role][h.id] = h.origin
	}
	if err := g.openTables(); err != nil {
		t.Fatal(err)
	}
	if err := g.everything(); err != nil {
		t.Fatal(err)
	}
	if err := g.closeTables(); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, w := range traditionWeights {
		total += w
	}
	for _, role := range []string{casefile.RoleVictim, casefile.RoleSuspect, casefile.RoleWitness, casefile.RoleReporter} {
		of := make([]int, len(traditions))
		for _, origin := range met[role] {
			of[origin]++
		}
		n := float64(len(met[role]))
		for k, tr := range traditions {
			want := float64(tr.weight) / float64(total)
			got := float64(of[k]) / n
			// 4.5 standard errors, and room for families that share an origin
			if room := 4.5 * math.Sqrt(1.4*want*(1-want)/n); math.Abs(got-want) > room {
				t.Errorf("%s: %s names are %.4f of %.0f people, want %.4f ± %.4f", role, tr.name, got, n, want, room)
			}
		}
	}
}

func TestNothingCouldBeReal(t *testing.T) {
	x := common()
	phone := regexp.MustCompile(`^(?:0|\+44|0044 )(?:7700 ?900|20 ?7946 ?0|11[345678] ?496 ?0|1[2-6]1 ?496 ?0|191 ?498 ?0|1632 ?960|3069 ?990)[0-9]{3}$`)
	mark := regexp.MustCompile(`(?i)^QQ[0-9OI]{2} ?([A-Z0-9]{3})?$`)
	for _, row := range x.table("identifiers") {
		ok := row["value"] == "" // one of the planted faults
		switch row["kind"] {
		case "phone":
			ok = ok || phone.MatchString(row["value"])
		case "vehicle":
			ok = mark.MatchString(row["value"])
		case "online":
			ok = strings.HasPrefix(row["value"], "synth_")
		case "email":
			ok = strings.HasSuffix(row["value"], "@example.org")
		case "bank":
			ok = strings.HasPrefix(row["value"], "00-00-00 ")
		}
		if !ok {
			t.Errorf("%s %q could be real", row["kind"], row["value"])
		}
	}
	for _, row := range x.table("addresses") {
		if !strings.HasPrefix(row["postcode"], "ZZ") {
			t.Errorf("postcode %q could be real", row["postcode"])
		}
	}
	pnc := regexp.MustCompile(`^209[0-9]/[0-9]{7}[A-Z]$`)
	for _, row := range x.table("nominals") {
		if row["pnc_id"] != "" && !pnc.MatchString(row["pnc_id"]) {
			t.Errorf("PNC id %q could be real", row["pnc_id"])
		}
	}
	crime := regexp.MustCompile(`^ZZ/([0-9]{7}/[0-9]{2}|BAD[A-Z]+[0-9]+)$`)
	for _, row := range x.table("investigations") {
		if row["crime_ref"] != "" && !crime.MatchString(row["crime_ref"]) {
			t.Errorf("crime reference %q could be real", row["crime_ref"])
		}
	}
}

func TestPhonesAndMarksAreGivenOutOnce(t *testing.T) {
	g := &generator{}
	phones, marks := map[string]bool{}, map[string]bool{}
	for range 40_000 {
		phones[g.nextPhone()], marks[g.nextMark()] = true, true
	}
	if len(phones) != 40_000 || len(marks) != 40_000 {
		t.Errorf("of 40,000 given out, %d phones and %d marks differ", len(phones), len(marks))
	}
}
