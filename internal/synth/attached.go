package synth

import (
	"strconv"

	"lookback/internal/casefile"
)

// use writes one row of uses: a person or the case, and a place or a thing.
func (c *record) use(nominal, place, thing, how string, from, to casefile.Day) {
	crime := c.ref
	if nominal != "" && c.r.in(300) {
		crime = "" // held on the person, not on the case
	}
	var until string
	if to > from && c.r.in(500) {
		until = dayText(to)
	}
	c.g.table(casefile.Uses).row(crime, nominal, place, thing, how, c.partial(from), until,
		pick(&c.r, []string{"crime report", "intelligence", "custody record", "phone download", "victim account", ""}), c.g.recordedAt(&c.r, c.reported, 40))
}

// writeUses writes where people lived, what they called from and drove, and what
// everybody shares without knowing each other.
func (c *record) writeUses() {
	c.liveAndCall(c.victim, "", 700, 330)
	for i := range c.suspects {
		if s := &c.suspects[i]; s.stands == asNamed {
			c.liveAndCall(s.party, s.nominal, 640, 420)
			c.drive(s)
		}
	}
	c.shareInNetwork()
	c.shareInstitutions()
}

// homeVersion is which record of a home is meant: one made again always has its
// own, and so does one in twelve of the others.
func (c *record) homeVersion() int {
	switch {
	case c.f.again:
		return 2
	case c.r.in(80):
		return 1
	}
	return 0
}

func (c *record) liveAndCall(p *party, nominal string, lives, calls int) {
	if nominal == "" {
		nominal = c.g.nominalRef(p.named, p.version)
	}
	year := casefile.Day(365)
	if c.r.in(lives) {
		if p.kin {
			c.g.trap(Household)
		}
		home := c.g.home(c.f, p.home, c.homeVersion(), c.reported)
		c.use(nominal, home, "", "home", c.f.from-casefile.Day(c.r.below(900)), c.reported+year)
	}
	if c.r.in(calls) && !(c.f.again && !p.named.shared()) {
		thing := phoneThing
		if c.r.in(120) {
			thing = secondPhone
		}
		c.use(nominal, "", c.g.identifier(c.f, p.named, thing, c.reported), pick(&c.r, []string{"used", "contact", "used"}), c.f.from, c.reported+year)
	}
	writes := 70
	if c.f.kind == online {
		writes = 650
	}
	if c.r.in(writes) && !(c.f.again && !p.named.shared()) {
		c.use(nominal, "", c.g.identifier(c.f, p.named, onlineThing, c.reported), "used", c.f.from, c.reported)
	}
}

func (c *record) drive(s *suspectRow) {
	if !c.r.in(150) || c.f.again && !s.named.shared() {
		return
	}
	c.use(s.nominal, "", c.g.identifier(c.f, s.named, vehicleThing, c.reported), pick(&c.r, []string{"keeper", "used", "seen_in"}), c.f.from, c.reported)
}

// Things of a network: two phones, two vehicles and two venues pass from hand to
// hand; numbers above its members stand for them.
const networkThings = 28

func (c *record) shareInNetwork() {
	if c.f.network < 0 {
		return
	}
	thing := func() personID { return member(c.f.network, networkThings+c.r.below(2)) }
	someone := func() string {
		if len(c.suspects) == 0 || c.r.in(400) {
			return ""
		}
		s := pick(&c.r, c.suspects)
		if s.stands != asNamed {
			return ""
		}
		return s.nominal
	}
	for range 2 {
		if c.r.in(380) {
			c.use(someone(), "", c.g.identifier(c.f, thing(), phoneThing, c.reported), "used", c.f.from, c.reported)
		}
	}
	if c.r.in(420) {
		c.use(someone(), "", c.g.identifier(c.f, thing(), vehicleThing, c.reported), pick(&c.r, []string{"seen_in", "used", "keeper"}), c.f.from, c.reported)
	}
	if c.r.in(300) {
		c.use("", c.g.home(c.f, thing(), 0, c.reported), "", "venue", c.f.from, c.f.to)
	}
}

// shareInstitutions plants false hubs: homes, hostels, hospitals, custody
// suites, solicitors and pool cars that join people who have nothing in common.
func (c *record) shareInstitutions() {
	victim := c.g.nominalRef(c.victim.named, c.victim.version)
	hub := func(nominal, how, kind string, rate int, byPhone bool) {
		if nominal == "" || !c.r.in(rate) {
			return
		}
		c.g.trap(FalseHub)
		p := c.g.somePlace(&c.r, kind)
		if byPhone && c.r.in(500) {
			c.use(nominal, "", p.phone, "contact", c.f.from, c.reported)
			return
		}
		c.use(nominal, p.address, "", how, c.f.from, c.reported)
	}
	var suspect string
	if c.namesSuspect() {
		suspect = c.suspects[len(c.suspects)-1].nominal
	}
	hub(victim, "stayed", "care_home", 90, true)
	hub(victim, "contact", "school", 60, true)
	hub(victim, "stayed", "hospital", 40, true)
	hub(suspect, "stayed", "hostel", 60, true)
	hub(suspect, "stayed", "police_station", 90, true)
	hub(suspect, "work", "taxi_office", 40, true)
	hub(suspect, "work", "takeaway", 40, true)
	hub(suspect, "stayed", "prison", 20, true)
	c.contactFirm(suspect)
}

// contactFirm joins suspects by a solicitor's phone and people by a pool car:
// things that pass through many hands, described or not.
func (c *record) contactFirm(suspect string) {
	if suspect == "" {
		return
	}
	if c.r.in(90) {
		c.g.trap(FalseHub)
		c.use(suspect, "", pick(&c.r, c.g.solicitors), "contact", c.f.from, c.reported)
	}
	if c.r.in(45) {
		c.g.trap(FalseHub)
		c.use(suspect, "", pick(&c.r, c.g.poolCars), "seen_in", c.f.from, c.reported)
	}
}

// chooseVenue gives the record a place where it happened.
func (c *record) chooseVenue() string {
	switch {
	case !c.r.in(rateVenue):
		return ""
	case c.f.network >= 0 && c.r.in(300):
		return c.g.home(c.f, member(c.f.network, networkThings+c.r.below(2)), 0, c.reported)
	case c.f.kind == intraFamilial || c.r.in(300):
		return c.g.home(c.f, c.victim.home, c.homeVersion(), c.reported)
	}
	return c.g.somePlace(&c.r, "takeaway", "hotel", "park", "taxi_office", "other", "school", "hostel").address
}

// A flag of the system, with the words that it shows.
type flag struct{ code, label string }

var otherFlags = []flag{{"CSA", "Child sexual abuse"}, {"DV", "Domestic"}, {"VULN", "Vulnerable person"}, {"MISPER", "Missing person link"}, {"GANG", "Gang related"}}

var (
	cseFlag = flag{"CSE", "Child sexual exploitation"}
	cceFlag = flag{"CCE", "Criminal exploitation"}
	cceFrom = casefile.DayOf(2019, 7, 1)
)

// writeFlags sets the flag for exploitation on few of the cases that need it and
// on some that do not. Before July 2019 it also stood for criminal exploitation.
func (c *record) writeFlags() {
	rate := rateCSEFlagOther
	switch {
	case c.f.network >= 0:
		rate = rateCSEFlagGroup * 2 / 3
	case c.f.group:
		rate = rateCSEFlagGroup + 60
	case c.f.kind == gang && c.reported < cceFrom:
		rate = 300
	}
	flagged := c.r.in(rate)
	if flagged {
		c.setFlag(cseFlag)
	}
	if c.f.group && !flagged {
		c.g.trap(FlagMissing)
	}
	if !c.f.group && flagged {
		c.g.trap(FlagWrong)
	}
	if c.f.kind == gang && c.reported >= cceFrom && c.r.in(400) {
		c.setFlag(cceFlag)
	}
	for range 2 {
		if c.r.in(130) {
			c.setFlag(pick(&c.r, otherFlags))
		}
	}
}

func (c *record) setFlag(f flag) {
	day := c.reported + casefile.Day(c.r.below(1+c.r.below(200)))
	var clearedBy, clearedAt string
	if c.r.in(rateFlagCleared) {
		c.g.trap(FlagCleared)
		clearedBy, clearedAt = collar(&c.r), dayText(day+casefile.Day(c.r.between(1, 300)))
	}
	nominal, crime := "", c.ref
	if c.r.in(60) {
		nominal, crime = c.g.nominalRef(c.victim.named, c.victim.version), ""
	}
	c.g.table(casefile.Flags).row(crime, nominal, f.code, f.label, collar(&c.r), moment(&c.r, day), clearedBy, clearedAt)
}

// writeMissing writes episodes of the victim, more of them where there is a group.
func (c *record) writeMissing() {
	rate := 80
	if c.f.group {
		rate = 400
	}
	if c.f.again || !c.r.in(rate) {
		return
	}
	nominal := c.g.nominalRef(c.victim.named, c.victim.version)
	day := c.f.from - casefile.Day(c.r.below(200))
	for range 1 + c.r.below(1+c.r.below(8)) {
		from := moment(&c.r, day)
		day += casefile.Day(1 + c.r.below(5))
		to := moment(&c.r, day)
		if c.r.in(90) {
			to = ""
		}
		c.g.table(casefile.Missing).row(nominal, from, to, pick(&c.r, []string{"low", "medium", "medium", "high", "absent", ""}),
			pick(&c.r, []string{"home", "care home", "foster care", ""}), pick(&c.r, []string{"y", "n", "n", "", "unknown"}))
		day += casefile.Day(c.r.between(1, 40))
	}
}

func (c *record) writeExhibits() {
	for k := range c.r.weighted([]int{38, 24, 16, 10, 7, 5}) {
		var submitted, result string
		if c.r.in(480) {
			submitted = dayText(c.reported + casefile.Day(c.r.between(2, 120)))
			result = pick(&c.r, []string{"", "awaited", "no profile", "partial profile", "download completed", "nothing of evidential value", "match"})
		}
		c.g.table(casefile.Exhibits).row(c.ref, "SYN/"+strconv.Itoa(k+1), pick(&c.r, retainedKinds), submitted, result,
			pick(&c.r, []string{"y", "y", "n", "n", "unknown", "unknown", ""}))
	}
}
