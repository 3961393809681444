package synth

import (
	"math"
	"slices"
)

// An event is what happened once; it is recorded as one crime for each victim,
// and now and then again, later, by somebody who did not look it up.
type event struct {
	first   int32 // its first record, counted over the whole extract
	size    uint8 // records, one a victim
	again   int32 // the event that this one records again, -1 if none
	network int32 // -1 if none
	turn    int16 // its place among the events of its network
	group   bool  // two or more people acted together
	doubled bool  // another event records this one again
}

// A network is people who acted together over several events.
type network struct {
	members int
	events  []int32 // in order of time
	records int
}

// A plan says which record belongs to which event and which event to which
// network. It is all that is kept of the whole: about 25 bytes a case.
type plan struct {
	seed     uint64
	records  int
	events   []event
	networks []network
	group    int // records whose truth is group-based
}

const maxMembers, maxNetworkRecords = 20, 40

func newPlan(o Options) *plan {
	p := &plan{seed: o.Seed, records: o.Cases}
	r := newRNG(o.Seed, layoutStrand, 0)
	p.layEvents(&r)
	target := int(math.Round(o.Prevalence * float64(o.Cases)))
	p.plantNetworks(target-target*rateStandaloneGroup/1000, target)
	p.plantGroups(&r, target)
	return p
}

func (p *plan) layEvents(r *rng) {
	for at := 0; at < p.records; {
		e := event{first: int32(at), size: 1, again: -1, network: -1}
		if r.in(rateRerecorded) {
			e.again = p.earlier(r)
		}
		if e.again < 0 {
			e.size = uint8(min(1+r.weighted([]int{880, 75, 30, 15}), p.records-at))
		}
		p.events = append(p.events, e)
		at += int(e.size)
	}
}

// earlier chooses an event of the last tenth to be recorded again, -1 if none
// offers itself.
func (p *plan) earlier(r *rng) int32 {
	n := len(p.events)
	if n < 10 {
		return -1
	}
	at := n - 1 - r.below(n/10+1)
	if e := &p.events[at]; e.again < 0 && !e.doubled {
		e.doubled = true
		return int32(at)
	}
	return -1
}

// weight is how many records tell of the event.
func (e *event) weight() int {
	if e.doubled {
		return int(e.size) + 1
	}
	return int(e.size)
}

// claim finds a free event at or after from that tells of at most room records.
func (p *plan) claim(from, room int) (int32, bool) {
	for i := range p.events {
		at := (from + i) % len(p.events)
		if e := &p.events[at]; !e.group && e.again < 0 && e.weight() <= room {
			e.group = true
			p.group += e.weight()
			return int32(at), true
		}
	}
	return 0, false
}

// plantNetworks plants networks until they hold target records, in an extract
// that has room for limit.
func (p *plan) plantNetworks(target, limit int) {
	for id := 0; p.group < target && limit-p.group >= 2; id++ {
		r := newRNG(p.seed, networkStrand, uint64(id))
		want := min(2+r.below(r.below(maxNetworkRecords-1)+1), max(2, target-p.group))
		n := p.gather(&r, want)
		if len(n.events) < 2 {
			p.release(n)
			return
		}
		n.members = min(3+r.below(2*len(n.events)+1), maxMembers)
		for turn, at := range n.events {
			p.events[at].network, p.events[at].turn = int32(len(p.networks)), int16(turn)
		}
		p.networks = append(p.networks, n)
	}
}

// gather claims events for a network that is active for one to eight years.
func (p *plan) gather(r *rng, want int) (n network) {
	start := r.below(len(p.events))
	span := max(1, len(p.events)*r.between(1, 8)/yearCount)
	start = min(start, max(0, len(p.events)-span))
	for n.records < want {
		room := want - n.records
		if len(n.events) == 0 {
			room-- // a network is of two events at least
		}
		at, ok := p.claim(start+r.below(span), room)
		if !ok {
			break
		}
		n.events = append(n.events, at)
		n.records += p.events[at].weight()
	}
	slices.Sort(n.events)
	return n
}

func (p *plan) release(n network) {
	for _, at := range n.events {
		p.events[at].group = false
		p.group -= p.events[at].weight()
	}
}

// plantGroups makes single events group-based until exactly target records are;
// events with several victims come first more often than not.
func (p *plan) plantGroups(r *rng, target int) {
	for p.group < target {
		at := r.below(len(p.events))
		if p.events[at].size == 1 && r.in(400) {
			continue
		}
		if _, ok := p.claim(at, target-p.group); !ok {
			return
		}
	}
}
