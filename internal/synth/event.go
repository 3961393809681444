package synth

import "lookback/internal/casefile"

// A party is one person's part in an event.
type party struct {
	h       human
	role    string
	stands  standing // of suspects
	named   personID // whose nominal stands for this person; mostly their own
	version int      // which of that person's nominals
	home    personID // whose home they live in
	kin     bool     // a relative of the victim
}

// facts are what one event was. They follow from the seed and the event alone,
// so that a record made later about the same event can have them again.
type facts struct {
	at       int32 // the event that records them
	source   int32 // the event that they are of
	again    bool
	network  int32
	group    bool
	kind     typology
	from     casefile.Day // of the offence
	to       casefile.Day
	area     int
	victims  []party
	suspects []party
	others   []party
}

// Numbers of an event's local people: victims from 0, suspects from 4, others
// from 16, nominals for people nobody identified from 20.
const (
	suspectBase     = 4
	otherBase       = 16
	placeholderBase = 20
)

// reportDay returns the day on which a record was reported. Records are
// numbered in order of time; how many fall in a year follows yearWeights.
func (g *generator) reportDay(record int32) casefile.Day {
	total := 0
	for _, w := range yearWeights {
		total += w
	}
	at := int64(record) * int64(total) * 365 / int64(g.plan.records)
	for y, w := range yearWeights {
		if at < int64(w)*365 {
			return casefile.DayOf(firstYear+y, 1, 1) + casefile.Day(at/int64(w))
		}
		at -= int64(w) * 365
	}
	return extracted
}

// factsOf works out an event, following it to the one that it records again.
func (g *generator) factsOf(at int32) *facts {
	source := at
	e := &g.plan.events[at]
	if e.again >= 0 {
		source = e.again
	}
	src := &g.plan.events[source]
	r := newRNG(g.seed, eventStrand, uint64(source))
	f := &facts{at: at, source: source, again: e.again >= 0, network: src.network, group: src.group}
	f.kind = f.drawKind(&r)
	f.area = r.below(len(areas))
	f.dates(&r, g.reportDay(src.first))
	g.addVictims(&r, f, int(src.size))
	g.addSuspects(&r, f, src)
	g.addOthers(&r, f)
	if f.again {
		again := newRNG(g.seed, eventStrand, uint64(at))
		f.recordAgain(&again)
	}
	return f
}

func (f *facts) drawKind(r *rng) typology {
	switch {
	case f.network >= 0:
		return typology(r.weighted(typologyInNetwork))
	case f.group:
		return typology(r.weighted(typologyInGroup))
	}
	return typology(r.weighted(typologyInOthers))
}

func (f *facts) dates(r *rng, reported casefile.Day) {
	lag := r.below(60)
	switch {
	case f.network >= 0 && r.in(150):
		lag = r.between(90, 700)
	case f.network < 0 && r.in(170):
		lag = r.between(365, 18*365)
	}
	f.from = reported - casefile.Day(lag)
	f.to = f.from
	if r.in(350) {
		f.to += casefile.Day(r.below(lag + 1))
	}
}

// victimAge draws an age at the time of the offence.
func (f *facts) victimAge(r *rng) int {
	switch f.kind {
	case intraFamilial:
		return r.between(4, 16)
	case otherKind, institutional:
		return r.between(6, 17)
	case online:
		return r.between(9, 17)
	}
	return 11 + r.weighted([]int{4, 9, 18, 26, 24, 12, 7})
}

func bornAt(r *rng, age int, on casefile.Day) casefile.Day {
	return on - casefile.Day(age*365+age/4+r.below(365))
}

// local draws a person of the event or, now and then, one met elsewhere.
func (g *generator) local(r *rng, f *facts, k int, male bool, born casefile.Day, kin *human) party {
	id := localPerson(f.source, k)
	if kin == nil && r.in(rateFromPool) {
		h := g.fromPool(r, male, born)
		p := party{h: h, named: h.id, home: h.id}
		if r.in(rateTwin) {
			p.h = twinOf(h)
		} else if r.in(rateOtherNominal) {
			p.version = r.between(1, 3)
		}
		return p
	}
	return party{h: g.newHuman(id, male, born, kin), named: id, home: id}
}

func (g *generator) addVictims(r *rng, f *facts, n int) {
	for k := range n {
		age := f.victimAge(r)
		p := g.local(r, f, k, r.in(210), bornAt(r, age, f.from), nil)
		p.role = casefile.RoleVictim
		f.victims = append(f.victims, p)
	}
}

func (g *generator) addSuspects(r *rng, f *facts, e *event) {
	switch {
	case f.network >= 0:
		g.addMembers(r, f, e)
	case f.group:
		for k := range 2 + r.weighted([]int{46, 27, 14, 8, 5}) {
			g.addSuspect(r, f, k, standingInGroup)
		}
	default:
		g.addSuspect(r, f, 0, standingInOthers)
		if r.in(110) { // somebody else was suspected; the two did not act together
			g.addSuspect(r, f, 1, []int{1})
		}
	}
}

func (g *generator) addSuspect(r *rng, f *facts, k int, stands []int) {
	var p party
	switch {
	case f.kind == intraFamilial:
		p = g.local(r, f, suspectBase+k, r.in(900), bornAt(r, r.between(15, 60), f.from), &f.victims[0].h)
		p.kin = true
		if r.in(650) {
			p.home = f.victims[0].home
		}
	case f.kind == peerOnPeer:
		p = g.local(r, f, suspectBase+k, r.in(900), bornAt(r, r.between(11, 18), f.from), nil)
	default:
		p = g.local(r, f, suspectBase+k, r.in(930), bornAt(r, r.between(17, 58), f.from), nil)
	}
	p.role, p.stands = casefile.RoleSuspect, standing(r.weighted(stands))
	f.suspects = append(f.suspects, p)
}

// addMembers takes a run of the network's members that overlaps with the run of
// the event before, so that every member takes part and the network hangs
// together in truth, whatever the records show.
func (g *generator) addMembers(r *rng, f *facts, e *event) {
	n := &g.plan.networks[f.network]
	stride := (n.members + len(n.events) - 1) / len(n.events)
	size := min(stride+1+r.below(3), n.members, 8)
	for i := range size {
		h := g.memberOf(f.network, (int(e.turn)*stride+i)%n.members)
		p := party{h: h, role: casefile.RoleSuspect, named: h.id, home: h.id}
		p.stands = standing(r.weighted(standingInGroup))
		if r.in(rateOtherNominal) {
			p.version = r.between(1, 3)
		}
		f.suspects = append(f.suspects, p)
	}
}

func (g *generator) addOthers(r *rng, f *facts) {
	roles := []string{casefile.RoleWitness, casefile.RoleReporter, casefile.RoleOther, casefile.RoleMissing}
	for k := range r.weighted([]int{24, 38, 26, 12}) {
		role := roles[r.weighted([]int{52, 30, 14, 4})]
		var kin *human
		if r.in(rateHouseholdWitness) {
			kin = &f.victims[0].h
		}
		age := r.between(12, 70)
		if role == casefile.RoleMissing {
			age = r.between(10, 17)
		}
		p := g.local(r, f, otherBase+k, r.in(450), bornAt(r, age, f.from), kin)
		p.role = role
		if kin != nil {
			p.kin, p.home = true, f.victims[0].home
		}
		f.others = append(f.others, p)
	}
}

// recordAgain makes the facts those of a second record: only one victim, and
// people held again under nominals of their own.
func (f *facts) recordAgain(r *rng) {
	f.victims = f.victims[:1]
	for _, ps := range [][]party{f.victims, f.suspects, f.others} {
		for i := range ps {
			switch p := &ps[i]; {
			case p.named.shared():
				p.version = r.below(4)
			case r.in(500):
				p.version = 1
			}
		}
	}
}

// tookPart is how many suspects the event had, whatever the records show.
func (f *facts) tookPart() int {
	if !f.group {
		return 1
	}
	return len(f.suspects)
}
