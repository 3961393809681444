package synth

import (
	"lookback/internal/casefile"
)

// A personID says who somebody is in truth: a kind in bits 30 and 31 and a
// number below them. Nothing in the extract shows it but the folder truth.
type personID uint64

const (
	localKind  personID = iota << 30 // known in one event only
	memberKind                       // of a network
	poolKind                         // met in several cases, in any role
	twinKind                         // of a person of the pool: same name, recorded as that person
)

const (
	kindMask     personID = 3 << 30
	perEvent              = 32  // numbers for local people of an event
	perNetwork            = 32  // numbers for the people and things of a network
	poolBits              = 17  // for people of the pool born in one year
	institutions          = 127 // the birth year that stands for no person but a place
)

func localPerson(event int32, k int) personID {
	return localKind | personID(event)*perEvent + personID(k)
}
func member(network int32, k int) personID {
	return memberKind | personID(network)*perNetwork + personID(k)
}
func poolPerson(birthYear, k int) personID {
	return poolKind | personID(birthYear-1900)<<poolBits | personID(k)
}
func institution(k int) personID   { return poolKind | institutions<<poolBits | personID(k) }
func (id personID) kind() personID { return id & kindMask }
func (id personID) shared() bool   { return id.kind() != localKind }
func (id personID) birthYear() (year, k int) {
	return 1900 + int(id&^kindMask>>poolBits), int(id & (1<<poolBits - 1))
}
func (id personID) twin() personID { return id&^kindMask | twinKind }

// A human is one person as they are, not as anybody recorded them.
type human struct {
	id     personID
	origin int // index of the tradition of the name; depends on nothing else
	male   bool
	name   fullName
	born   casefile.Day
}

func (h *human) tradition() *tradition { return &traditions[h.origin] }

func (h *human) ageOn(d casefile.Day) int { return int(d-h.born) * 4 / 1461 }

// newHuman makes a person. A relative's surname and tradition are kept.
func (g *generator) newHuman(id personID, male bool, born casefile.Day, relative *human) human {
	r := newRNG(g.seed, personStrand, uint64(id))
	h := human{id: id, male: male, born: born, origin: r.weighted(traditionWeights)}
	var family *named
	if relative != nil {
		h.origin, family = relative.origin, &relative.name.family
	}
	h.name = drawName(&r, h.tradition(), male, family)
	return h
}

// memberOf returns a member of a network.
func (g *generator) memberOf(network int32, k int) human {
	r := newRNG(g.seed, personStrand, uint64(member(network, k))|1<<40)
	start := g.reportDay(g.plan.events[g.plan.networks[network].events[0]].first)
	born := start - casefile.Day(r.between(17*365, 46*365))
	return g.newHuman(member(network, k), r.in(900), born, nil)
}

// fromPool returns somebody met in several cases, of about an age on a day.
func (g *generator) fromPool(r *rng, male bool, born casefile.Day) human {
	year, _, _ := civil(born)
	k := r.below(g.poolSize) * 2
	if male {
		k++
	}
	return g.poolHuman(poolPerson(min(max(year, 1901), 2025), k))
}

func (g *generator) poolHuman(id personID) human {
	year, k := id.birthYear()
	r := newRNG(g.seed, personStrand, uint64(id)|1<<40)
	return g.newHuman(id, k%2 == 1, casefile.DayOf(year, 1, 1)+casefile.Day(r.below(365)), nil)
}

// twinOf returns a relative of nearly the same age and the very same name,
// whom the system holds under the other's nominal.
func twinOf(h human) human {
	h.id = h.id.twin()
	h.born -= 400
	return h
}

// civil returns year, month and day of a Day (Hinnant's days_from_civil, turned
// round), which is quicker than package time and needed for every date.
func civil(d casefile.Day) (year, month, day int) {
	z := int(d) + 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	month = mp + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func put2(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

func appendDay(b []byte, d casefile.Day) []byte {
	y, m, day := civil(d)
	b = put2(put2(b, y/100), y%100)
	b = put2(append(b, '-'), m)
	return put2(append(b, '-'), day)
}

func dayText(d casefile.Day) string { return string(appendDay(make([]byte, 0, 10), d)) }

// moment writes a day with a time of day, as most stamps of a system are.
func moment(r *rng, d casefile.Day) string {
	b := append(appendDay(make([]byte, 0, 16), d), 'T')
	b = put2(b, r.between(2, 23)) // from 02:00: London's clocks skip 01:00 to 02:00 once a year
	return string(put2(append(b, ':'), r.below(60)))
}
