package synth

import "strconv"

// writeTruth writes what is true of one record.
func (c *record) writeTruth(t *told) {
	yes, network, upper := "n", "", ""
	if c.f.group {
		yes = "y"
	}
	if c.f.network >= 0 {
		network = networkRef(c.f.network)
	}
	if t.upper > 0 {
		upper = strconv.Itoa(t.upper)
	}
	c.g.truth["cases"].row(c.ref, yes, network, c.f.kind.String())
	if t.stated == 0 {
		upper = "0"
	}
	c.g.truth["stated"].row(c.ref, strconv.Itoa(t.stated), upper)
	for _, p := range t.language {
		c.g.truth["language"].row(c.ref, p.table, p.seq, p.class)
	}
}

func networkRef(n int32) string { return "W" + pad(int64(n)+1, 6) }

func (g *generator) writeNetworks() {
	for n := range g.plan.networks {
		for k := range g.plan.networks[n].members {
			g.truth["networks"].row(networkRef(int32(n)), g.personRef(member(int32(n), k)))
		}
	}
}
