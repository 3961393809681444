package synth

import "lookback/internal/casefile"

// close ends the investigation, if it ended: when, how, by whom, and in which
// framework's words.
func (c *record) close() {
	day := c.reported + casefile.Day(20+c.r.below(1+c.r.below(900)))
	if day > extracted {
		c.status, c.end = "open", closure{}
		return
	}
	c.closed = day
	c.end, c.scheme = c.drawEnd()
	c.nfaBy = c.decidedBy(c.end)
	c.status = c.statusText()
}

func (c *record) drawEnd() (closure, string) {
	r := &c.r
	if r.in(rateLocalOutcome) {
		return closureOf(r, localCodes), "local"
	}
	if c.f.again && r.in(500) {
		return c.cancelled()
	}
	named := c.namesSuspect()
	if c.closed >= framework {
		list := withoutSuspect
		if named {
			list = withSuspect
		}
		for {
			end := closureOf(r, list)
			if end.from <= c.closed {
				return end, "ho2013"
			}
			if c.closed < fullCodes { // the older labels lived on for the first year
				break
			}
		}
	}
	if named {
		return closureOf(r, before2013WithSuspect), "pre2013"
	}
	return closureOf(r, before2013WithoutSuspect), "pre2013"
}

func (c *record) cancelled() (closure, string) {
	if c.closed < framework {
		return closure{code: "NC", reason: "No crime"}, "pre2013"
	}
	return closure{code: "NC", reason: "Cancelled"}, "ho2013"
}

func (c *record) namesSuspect() bool {
	for _, s := range c.suspects {
		if s.stands == asNamed {
			return true
		}
	}
	return false
}

func closureOf(r *rng, list []closure) closure {
	total := 0
	for i := range list {
		total += list[i].weight
	}
	at := r.below(total)
	for i := range list {
		if at < list[i].weight {
			return list[i]
		}
		at -= list[i].weight
	}
	return list[len(list)-1]
}

// decidedBy says who decided on no further action; one in sixteen records does
// not say.
func (c *record) decidedBy(end closure) string {
	switch {
	case !end.nfa || c.r.in(60):
		return ""
	case c.r.in(end.cps):
		return "cps"
	}
	return "police"
}

func (c *record) statusText() string {
	switch c.end.code {
	case "NC":
		c.g.trap(Cancelled)
		return "cancelled"
	case "20":
		c.g.trap(Transferred)
		return "transferred"
	case "1", "SD-charge":
		return "charged"
	}
	return pick(&c.r, []string{"closed", "closed", "filed", "NFA", "finalised"})
}

// writeOutcomes writes the history: what was first decided, what changed, and
// what each named suspect's outcome was.
func (c *record) writeOutcomes() {
	if c.closed == 0 {
		return
	}
	t := c.g.table(casefile.Outcomes)
	if c.r.in(170) {
		first, scheme := c.drawEnd()
		day := c.reported + (c.closed-c.reported)/2
		t.row(c.ref, "", first.code, scheme, dayText(day), c.decidedBy(first), "Superseded: "+first.reason)
	}
	last, scheme := c.end, c.scheme
	if c.r.in(rateHistoryDiffers) {
		last, scheme = c.drawEnd()
		if last.code != c.end.code {
			c.g.trap(OutcomeHistoryDiffers)
		}
	}
	wrote := false
	for _, s := range c.suspects {
		if s.stands == asNamed && c.r.in(600) {
			end := last
			if wrote && c.r.in(350) && last.code == "1" && c.closed >= fullCodes {
				end = closure{code: "15", nfa: true, reason: "Evidential difficulties, victim supports"}
			}
			t.row(c.ref, s.nominal, end.code, scheme, dayText(c.closed), c.decidedBy(end), end.reason)
			wrote = true
		}
	}
	if !wrote {
		t.row(c.ref, "", last.code, scheme, dayText(c.closed), c.nfaBy, last.reason)
	}
}
