package synth

import (
	"strconv"
	"strings"

	"lookback/internal/casefile"
)

// A record is one crime report on its way to the tables.
type record struct {
	g   *generator
	f   *facts
	r   rng
	e   *event
	no  int32 // over the whole extract
	nth int   // of the event
	ref string

	reported casefile.Day
	closed   casefile.Day // zero while open
	end      closure
	scheme   string
	nfaBy    string
	status   string
	offence  offence
	oic      string
	unit     string
	venue    string
	suspects []suspectRow // with a nominal
	parts    map[string]bool
	victim   *party
	voice    voice
}

// A suspectRow is a suspect who has a nominal in the record.
type suspectRow struct {
	*party
	nominal string
}

// writeRecord writes crime number no, the nth of its event.
func (g *generator) writeRecord(f *facts, no int32, nth int) error {
	c := &record{g: g, f: f, r: newRNG(g.seed, recordStrand, uint64(no)), e: &g.plan.events[f.at], no: no, nth: nth}
	c.ref, c.reported = g.crimeRef(no), g.reportDay(no)
	c.victim = &f.victims[nth]
	c.oic, c.unit = collar(&c.r), c.drawUnit()
	c.chooseOffence()
	c.venue = c.chooseVenue()
	c.writeInvolvements()
	c.close()
	c.listen()
	told := c.writeLog()
	c.writeInvestigation(told)
	c.writeOutcomes()
	c.writeUses()
	c.writeFlags()
	c.writeMissing()
	c.writeExhibits()
	c.writeTruth(told)
	return c.writeDocument()
}

func (c *record) drawUnit() string {
	switch {
	case c.f.kind == online && c.r.in(500):
		return "Online Investigation"
	case c.r.in(700):
		return areas[c.f.area] + " " + pick(&c.r, unitKinds)
	}
	return pick(&c.r, units)
}

// chooseOffence takes an offence that fits the victim, the year and the kind;
// for a few records it does not look at the age.
func (c *record) chooseOffence() {
	age, year := c.victim.h.ageOn(c.f.from), 0
	year, _, _ = civil(c.f.from)
	sex := byte('f')
	if c.victim.h.male {
		sex = 'm'
	}
	careless := c.r.in(rateOffenceConflict)
	var fit []offence
	for _, o := range offences {
		if (o.sex == 0 || o.sex == sex) && o.year <= year && o.suits(c.f.kind) && (careless || o.from <= age && age <= o.to) {
			fit = append(fit, o)
			if len(o.kinds) > 0 { // those of the kind are the likelier
				fit = append(fit, o, o)
			}
		}
	}
	if len(fit) == 0 {
		fit = offences[:1]
	}
	c.offence = pick(&c.r, fit)
	if age < c.offence.from || age > c.offence.to {
		c.g.trap(OffenceAgeConflict)
	}
}

func (o *offence) suits(k typology) bool {
	if len(o.kinds) == 0 {
		return k != online
	}
	for _, kind := range o.kinds {
		if kind == k {
			return true
		}
	}
	return false
}

// code writes the offence as this record does: by class, by sub-code, or by
// sub-code without its leading zero.
func (c *record) offenceCode() string {
	switch k := c.r.below(100); {
	case c.offence.code == "" || k < 33:
		return c.offence.class
	case k < 40:
		return strings.TrimLeft(c.offence.code, "0")
	case k < 42:
		return ""
	}
	return c.offence.code
}

// writeInvolvements writes who had a part, and remembers the suspects.
func (c *record) writeInvolvements() {
	c.parts = map[string]bool{}
	c.involve(c.victim, casefile.RoleVictim, c.victimAge(), "")
	for k := range c.f.suspects {
		c.writeSuspect(k)
	}
	for k := range c.f.victims {
		if k != c.nth && c.r.in(300) {
			c.involve(&c.f.victims[k], casefile.RoleWitness, "", "")
		}
	}
	for k := range c.f.others {
		c.involve(&c.f.others[k], c.f.others[k].role, "", "")
	}
}

func (c *record) victimAge() string {
	if c.r.in(rateImpossible) {
		c.g.trap(VictimTooOld)
		return strconv.Itoa(c.r.between(105, 180))
	}
	if c.r.in(300) {
		return ""
	}
	return strconv.Itoa(max(0, c.victim.h.ageOn(c.f.from)))
}

// involve writes one part and returns the nominal; a part already written is
// not written again.
func (c *record) involve(p *party, role, age, description string) string {
	nominal := c.g.nominalFor(c.f, p, c.reported+casefile.Day(c.r.below(4)))
	if c.parts[nominal+role] {
		return nominal
	}
	c.parts[nominal+role] = true
	c.hear(role, p)
	c.g.table(casefile.Involvements).row(c.ref, nominal, role, c.otherStatus(role), c.relationship(p, role), age, "", "", description,
		c.g.recordedAt(&c.r, c.reported, 6))
	return nominal
}

func (c *record) hear(role string, p *party) {
	c.g.notePart(p.h.id, role)
	if c.g.heard != nil {
		c.g.heard(role, &p.h)
	}
}

// notePart counts people of the pool who are a victim here and a suspect there.
func (g *generator) notePart(id personID, role string) {
	const victim, suspect = 1, 2
	var part uint8
	switch role {
	case casefile.RoleVictim:
		part = victim
	case casefile.RoleSuspect:
		part = suspect
	}
	if part == 0 || !id.shared() {
		return
	}
	before := g.roles[id]
	g.roles[id] = before | part
	if before != victim|suspect && before|part == victim|suspect {
		g.trap(VictimElsewhereSuspect)
	}
}

func (c *record) otherStatus(role string) string {
	if role == casefile.RoleVictim || c.r.in(600) {
		return ""
	}
	return "named"
}

func (c *record) relationship(p *party, role string) string {
	switch {
	case role == casefile.RoleSuspect:
		return pick(&c.r, relationships[c.f.kind])
	case p.kin && role != casefile.RoleVictim:
		return pick(&c.r, []string{"mother", "father", "sibling", "relative"})
	}
	return ""
}

// writeSuspect writes suspect k as the record knows them: by name, as somebody
// whom nobody identified, or not at all.
func (c *record) writeSuspect(k int) {
	p := &c.f.suspects[k]
	switch p.stands {
	case asAbsent:
		c.g.trap(SuspectAbsent)
	case asStated:
		c.g.trap(StatedOnly)
	case asNamed:
		c.nameSuspect(p, 0)
	default:
		nominal := c.g.placeholder(&c.r, c.f, p, k, c.reported)
		c.involveSuspect(p, nominal, "", 0, c.descriptionOf(k))
		if p.stands == asPlaceholder && c.r.in(60) {
			c.g.trap(PlaceholderIdentified)
			c.nameSuspect(p, c.r.between(20, 300))
		}
	}
}

// nameSuspect writes a suspect under their own nominal, lag days after the report.
func (c *record) nameSuspect(p *party, lag int) {
	if lag == 0 && c.r.in(250) {
		lag = c.r.between(7, 400)
	}
	nominal := c.g.nominalFor(c.f, p, c.reported+casefile.Day(lag))
	status := pick(&c.r, []string{"named", "named", "arrested", "interviewed", "interviewed", "nfa", "eliminated", "named"})
	c.involveSuspect(p, nominal, status, lag, "")
	c.hear(casefile.RoleSuspect, p)
}

func (c *record) involveSuspect(p *party, nominal, status string, lag int, description string) {
	if c.parts[nominal+casefile.RoleSuspect] && description == "" {
		return
	}
	c.parts[nominal+casefile.RoleSuspect] = true
	day := c.reported + casefile.Day(lag)
	var arrested, interviewed string
	if status == "arrested" || status == "interviewed" && c.r.in(500) {
		arrested = dayText(day + casefile.Day(c.r.below(30)))
	}
	if status == "interviewed" || status == "nfa" && c.r.in(700) {
		interviewed = moment(&c.r, day+casefile.Day(c.r.between(1, 60)))
	}
	c.g.table(casefile.Involvements).row(c.ref, nominal, casefile.RoleSuspect, status, c.relationship(p, casefile.RoleSuspect),
		c.suspectAge(p, status), arrested, interviewed, description, c.g.recordedAt(&c.r, day, 5))
	c.suspects = append(c.suspects, suspectRow{p, nominal})
}

func (c *record) suspectAge(p *party, status string) string {
	switch {
	case status == "" || c.r.in(450):
		return ""
	case c.r.in(rateImpossible):
		c.g.trap(SuspectUnderEight)
		return strconv.Itoa(c.r.between(1, 7))
	}
	return strconv.Itoa(max(8, p.h.ageOn(c.f.from)))
}

var builds = []string{"slim build", "medium build", "stocky", "tall", "short", "beard", "glasses", "dark clothing", "baseball cap", "grey hooded top"}

// descriptionOf describes an unidentified suspect; the number keeps two of them
// in one case apart.
func (c *record) descriptionOf(k int) string {
	return "Suspect " + strconv.Itoa(k+1) + ": " + pick(&c.r, builds) + ", " + pick(&c.r, builds)
}

func (c *record) writeInvestigation(t *told) {
	code := c.offenceCode()
	c.g.table(casefile.Investigations).row(c.ref, c.legacy(), c.linked(), c.incident(), c.recordedDay(),
		c.reportedText(), c.partial(c.f.from), c.offenceTo(), code, c.offence.title, c.status,
		c.end.code, c.scheme, c.closedText(), c.nfaBy, t.closing, c.oic, c.supervisor(), c.unit,
		areas[c.f.area], c.venue, t.mo, c.reviewed())
}

func (c *record) reportedText() string {
	if c.r.in(200) {
		return dayText(c.reported)
	}
	return moment(&c.r, c.reported)
}

// partial writes a day, for one in eight only to the month or the year.
func (c *record) partial(d casefile.Day) string {
	text := dayText(d)
	switch c.r.below(24) {
	case 0:
		return text[:4]
	case 1, 2:
		return text[:7]
	}
	return text
}

func (c *record) offenceTo() string {
	if c.f.to == c.f.from && c.r.in(500) {
		return ""
	}
	return dayText(c.f.to)
}

func (c *record) closedText() string {
	if c.closed == 0 {
		return ""
	}
	if c.r.in(rateImpossible) {
		c.g.trap(OutcomeBeforeReport)
		return dayText(c.reported - casefile.Day(c.r.between(5, 400)))
	}
	return dayText(c.closed)
}

func (c *record) recordedDay() string {
	if c.reported < migration && c.r.in(rateMigrationDate) {
		c.g.trap(MigrationDate)
		return dayText(migration)
	}
	return c.g.recordedAt(&c.r, c.reported, 3)
}

func (c *record) legacy() string {
	if c.reported >= migration || !c.r.in(rateMigrated) {
		return ""
	}
	c.g.trap(Migrated)
	return "W2-" + strconv.Itoa(100_000+int(c.no)*3+c.r.below(3))
}

func (c *record) incident() string {
	if c.r.in(350) {
		return ""
	}
	y, m, d := civil(c.reported)
	return "INC/" + strconv.Itoa(c.r.between(1, 1900)) + "/" + string(put2(put2(put2(nil, d), m), y%100))
}

// linked lists the other records of the event, unless nobody linked them.
func (c *record) linked() string {
	var refs []string
	for k := range int(c.e.size) {
		if k != c.nth {
			refs = append(refs, c.g.crimeRef(c.e.first+int32(k)))
		}
	}
	if c.nth > 0 {
		c.g.trap(Sibling)
	}
	if c.f.again {
		c.g.trap(Rerecorded)
		if c.r.in(500) { // whoever records an event again has mostly not seen the first record
			refs = append(refs, c.g.crimeRef(c.g.plan.events[c.f.source].first))
		}
	}
	if len(refs) > 0 && c.r.in(rateLinkMissing) {
		c.g.trap(LinkMissing)
		return ""
	}
	return strings.Join(refs, ";")
}

func (c *record) supervisor() string {
	if c.r.in(180) {
		return ""
	}
	return collar(&c.r)
}

func (c *record) reviewed() string {
	switch {
	case c.r.in(rateReviewed):
		c.g.trap(PreviouslyReviewed)
		return "y"
	case c.r.in(rateReviewedUnsaid):
		return ""
	}
	return "n"
}
