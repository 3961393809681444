package synth

import (
	"fmt"
	"strconv"
	"strings"

	"lookback/internal/casefile"
)

// Spaces of references: a letter before the number, and bits of their own in
// the record of what has been written.
const (
	nominalSpace    = 1 << 60
	addressSpace    = 2 << 60
	identifierSpace = 3 << 60
	twinSpace       = 4 << 60
)

func (g *generator) nominalRef(id personID, version int) string {
	return "N" + pad(int64(g.scramble.number(uint64(id)<<2|uint64(version))), 11)
}

// personRef names a person in the truth; its numbers are scrambled once more, so
// that they agree with no nominal's.
func (g *generator) personRef(id personID) string {
	return "P" + pad(int64(g.scramble.number(g.scramble.number(uint64(id)<<2)^0x155555555)), 11)
}

// nominalFor returns the reference of the nominal that stands for a party, and
// writes its row when it is met first.
func (g *generator) nominalFor(f *facts, p *party, recorded casefile.Day) string {
	ref := g.nominalRef(p.named, p.version)
	h := p.h
	if h.id.kind() == twinKind {
		h = g.poolHuman(p.named)
	}
	if g.isNew(f, nominalSpace, p.named, p.version) {
		g.writeNominal(ref, &h, p, recorded)
	}
	if p.h.id != h.id && g.first(twinSpace|uint64(p.h.id)<<2|uint64(p.version), true) {
		g.truth["people"].row(ref, g.personRef(p.h.id))
		g.trap(TwoInOneNominal)
	}
	return ref
}

// isNew reports whether a person's nominal or thing must be written now. A
// record made again finds the first version of local ones written.
func (g *generator) isNew(f *facts, space uint64, id personID, version int) bool {
	if f.again && version == 0 && !id.shared() && id != localPerson(f.at, int(id%perEvent)) {
		return false
	}
	return g.first(space|uint64(id)<<2|uint64(version), id.shared())
}

func (g *generator) writeNominal(ref string, h *human, p *party, recorded casefile.Day) {
	r := newRNG(g.seed, nominalStrand, uint64(p.named)<<2|uint64(p.version))
	if p.version > 0 {
		g.trap(ManyNominals)
	}
	suspect := p.role == casefile.RoleSuspect
	name := g.writtenName(&r, h, p.version)
	pnc, cro := g.policeNumbers(&r, h, suspect, recorded)
	b := g.birth(&r, h, p.version, recorded)
	self, seen := g.ethnicity(&r, h, suspect)
	nationality, language := background(&r, h)
	g.table(casefile.Nominals).row(ref, pnc, cro, name.surname, name.forenames, g.aliases(&r, h),
		b.dob, b.estimated, b.from, b.to, b.at, sexText(&r, h.male), self, seen, nationality, language,
		occupation(&r, h.ageOn(recorded)), g.deceased(&r, suspect, recorded), g.recordedAt(&r, recorded, 3))
	g.truth["people"].row(ref, g.personRef(h.id))
}

func (g *generator) writtenName(r *rng, h *human, version int) written {
	t := h.tradition()
	rate := rateVariantFirst
	if version > 0 {
		rate = rateVariantOther
	}
	w := h.name.plain(t, h.male)
	if r.in(rate) {
		var kind Trap
		w, kind = h.name.vary(r, t, h.male)
		g.trap(kind)
	}
	if r.in(330) {
		w.surname = strings.ToUpper(w.surname)
	}
	return w
}

func (g *generator) aliases(r *rng, h *human) string {
	if !r.in(rateAlias) {
		return ""
	}
	g.trap(Alias)
	if r.in(400) {
		return pick(r, nicknames)
	}
	w, _ := h.name.vary(r, h.tradition(), h.male)
	alias := w.forenames + " " + w.surname
	if r.in(250) {
		alias += ";" + pick(r, nicknames)
	}
	return alias
}

// policeNumbers gives a PNC id and a CRO number of the real shapes. The year of
// the PNC id lies after 2090, so that none can be a real one.
func (g *generator) policeNumbers(r *rng, h *human, suspect bool, on casefile.Day) (pnc, cro string) {
	rate := ratePNCOther
	if suspect {
		rate = ratePNC
	}
	if !r.in(rate) || h.ageOn(on) < 10 {
		return "", ""
	}
	own := newRNG(g.seed, personStrand, uint64(h.id)|1<<41) // the same on every nominal
	year, serial := 90+own.below(10), own.below(10_000_000)
	if r.in(ratePNCSecond) {
		g.trap(PNCSecond)
		year, serial = 90+r.below(10), r.below(10_000_000)
	}
	pnc = fmt.Sprintf("20%d/%s%c", year, pad(int64(serial), 7), checkLetter(year*10_000_000+serial))
	croSerial := 990_000 + own.below(10_000)
	croYear := own.below(100)
	if r.in(rateCRO) {
		cro = fmt.Sprintf("%d/%02d%c", croSerial, croYear, checkLetter(croYear*1_000_000+croSerial))
	}
	if r.in(ratePNCMistyped) {
		g.trap(PNCMistyped)
		pnc = swapDigits(r, pnc)
	}
	return pnc, cro
}

// checkLetter is the check letter of both numbers: the remainder by 23, in an
// alphabet without I, O and S.
func checkLetter(n int) byte { return "ZABCDEFGHJKLMNPQRTUVWXY"[n%23] }

func swapDigits(r *rng, pnc string) string {
	b := []byte(pnc)
	for at := 5 + r.below(5); at < 11; at++ {
		if b[at] != b[at+1] {
			b[at], b[at+1] = b[at+1], b[at]
			return string(b)
		}
	}
	b[11] = '0' + (b[11]-'0'+1)%10
	return string(b)
}

// A birthCell is what a nominal holds about a birth.
type birthCell struct{ dob, estimated, from, to, at string }

func (g *generator) birth(r *rng, h *human, version int, on casefile.Day) birthCell {
	weights := []int{800, 30, 35, 25, 30, 40, 40}
	if version > 0 {
		weights = []int{500, 110, 90, 70, 80, 80, 70}
	}
	y, m, d := civil(h.born)
	switch r.weighted(weights) {
	case 1:
		if d <= 12 && d != m {
			g.trap(DOBSwapped)
			return birthCell{dob: dayText(casefile.DayOf(y, 1, 1))[:5] + string(put2(append(put2(nil, d), '-'), m)), estimated: "n"}
		}
	case 2:
		g.trap(DOBFirstJanuary)
		return birthCell{dob: strconv.Itoa(y) + "-01-01", estimated: pick(r, []string{"", "n", "y"})}
	case 3:
		g.trap(DOBEstimated)
		return birthCell{dob: dayText(h.born + casefile.Day(r.between(-700, 700))), estimated: "y"}
	case 4:
		g.trap(DOBYearOnly)
		return birthCell{dob: strconv.Itoa(y + r.between(-1, 1)*r.below(2)), estimated: pick(r, []string{"", "y"})}
	case 5:
		g.trap(DOBAgeOnly)
		age := max(0, h.ageOn(on))
		return birthCell{from: strconv.Itoa(max(0, age-r.below(4))), to: strconv.Itoa(age + r.below(4)), at: dayText(on)}
	case 6:
		g.trap(DOBMissing)
		return birthCell{}
	}
	return birthCell{dob: dayText(h.born), estimated: pick(r, []string{"n", "n", ""})}
}

func sexText(r *rng, male bool) string {
	switch {
	case r.in(15):
		return ""
	case male:
		return pick(r, []string{"M", "M", "M", "Male"})
	}
	return pick(r, []string{"F", "F", "F", "Female"})
}

// ethnicity fills the two monitoring columns. They come from different people,
// are mostly missing and sometimes disagree.
func (g *generator) ethnicity(r *rng, h *human, suspect bool) (self, seen string) {
	rate := rateEthnicityOther
	if suspect {
		rate = rateEthnicityKept
	}
	if !r.in(rate) {
		if suspect {
			g.trap(EthnicityMissing)
		}
		return pick(r, []string{"", "", "", "NS", "unknown"}), pick(r, []string{"", "", "", "0", "9"})
	}
	t := h.tradition()
	own := newRNG(g.seed, personStrand, uint64(h.id)|1<<42)
	self, seen = pick(&own, t.self), t.seen
	switch r.below(4) {
	case 0:
		return self, ""
	case 1:
		return pick(r, []string{"", "refused", "not asked"}), seen
	}
	if r.in(rateEthnicityConflict) {
		g.trap(EthnicityConflict)
		seen = strconv.Itoa(1 + (int(seen[0]-'1')+r.between(1, 5))%6)
	}
	return self, seen
}

func background(r *rng, h *human) (nationality, language string) {
	switch r.below(10) {
	case 0, 1, 2:
		nationality = "British"
	case 3:
		nationality = h.tradition().nationality
	case 4:
		nationality = pick(r, []string{"unknown", "not asked", "refused"})
	}
	switch r.below(12) {
	case 0, 1:
		language = "English"
	case 2:
		language = h.tradition().language
	}
	return nationality, language
}

func occupation(r *rng, age int) string {
	switch {
	case r.in(550):
		return ""
	case age < 17:
		return "School pupil"
	}
	return pick(r, occupations)
}

func (g *generator) deceased(r *rng, suspect bool, on casefile.Day) string {
	if !suspect || !r.in(rateDeceased) {
		return ""
	}
	g.trap(DeceasedSuspect)
	return dayText(min(on+casefile.Day(r.between(30, 9*365)), extracted))
}

// placeholder returns the nominal of a suspect whom nobody identified, number k
// of the event: one of its own, or the generic one that many cases share.
func (g *generator) placeholder(r *rng, f *facts, p *party, k int, recorded casefile.Day) string {
	if p.stands == asGeneric {
		g.trap(SharedGenericNominal)
		ref := g.nominalRef(institution(0), 0)
		if g.first(nominalSpace|uint64(institution(0))<<2, true) {
			g.placeholderRow(ref, "UNKNOWN", "UNKNOWN", birthCell{}, "", "")
		}
		return ref
	}
	id := localPerson(f.at, placeholderBase+k)
	ref := g.nominalRef(id, 0)
	if g.first(nominalSpace|uint64(id)<<2, false) {
		g.trap(PlaceholderNominal)
		name := pick(r, placeholderNames)
		age := p.h.ageOn(f.from)
		b := birthCell{}
		if r.in(450) {
			b = birthCell{from: strconv.Itoa(max(10, age-5)), to: strconv.Itoa(max(15, age+5)), at: dayText(recorded)}
		}
		n := strconv.Itoa(k + 1)
		g.placeholderRow(ref, strings.ReplaceAll(name.surname, "%d", n), strings.ReplaceAll(name.forenames, "%d", n), b, "M", g.recordedAt(r, recorded, 3))
		g.truth["people"].row(ref, g.personRef(p.h.id))
	}
	return ref
}

func (g *generator) placeholderRow(ref, surname, forenames string, b birthCell, sex, recorded string) {
	g.table(casefile.Nominals).row(ref, "", "", surname, forenames, "", b.dob, b.estimated, b.from, b.to, b.at,
		sex, "", "", "", "", "", "", recorded)
}
