package web

import (
	"fmt"
	"html/template"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"lookback/internal/desk"
	"lookback/internal/reading"
)

var groupRoutes = []route{
	{"GET /groups", desk.ReadGroups, (*Site).showGroups},
	{"GET /groups/{id}", desk.ReadGroups, (*Site).showGroup},
}

type groupsPage struct {
	*reading.Groups
	Shown        []reading.GroupLine
	First, Last  int
	Newer, Older string
}

func (groupsPage) Wide() bool { return true }

const groupsPerPage = 50

func (s *Site) showGroups(w http.ResponseWriter, r *request) error {
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	after = max(after, 0)
	g, err := reading.ListGroups(r.Context(), s.Desk, r.By, after, groupsPerPage)
	if err != nil {
		return err
	}
	after = min(after, len(g.Lines))
	p := groupsPage{Groups: g, Shown: g.Lines[after:min(after+groupsPerPage, len(g.Lines))]}
	p.First, p.Last = after+1, after+len(p.Shown)
	if p.Last < len(g.Lines) {
		p.Older = fmt.Sprintf("/groups?after=%d", p.Last)
	}
	if after > 0 {
		p.Newer = fmt.Sprintf("/groups?after=%d", max(0, after-groupsPerPage))
	}
	if r.URL.Query().Get("format") != "" {
		return s.sendTable(w, r, "groups", []string{"group", "members", "cases", "joint_cases", "shared_phones", "shared_vehicles"}, func(yield func([]string, error) bool) {
			for _, l := range g.Lines {
				if !yield([]string{l.ID, strconv.Itoa(l.Members), strconv.Itoa(l.Cases), strconv.Itoa(l.Joint), strconv.Itoa(l.Phones), strconv.Itoa(l.Cars)}, nil) {
					return
				}
			}
		})
	}
	return s.render(w, r, "groups", "Groups", p)
}

type groupPage struct {
	*reading.GroupFile
	Chart     template.HTML
	Charted   int // members on the chart
	Innocent  []string
	Weak      []reading.GroupTie // the group falls apart without one of these
	MoreTies  int
	TiesShown []reading.GroupTie
}

func (groupPage) Wide() bool { return true }

// mostTies bounds the table of ties.
const mostTies = 300

func (s *Site) showGroup(w http.ResponseWriter, r *request) error {
	g, err := reading.ReadGroup(r.Context(), s.Desk, r.By, r.PathValue("id"))
	if err != nil {
		return err
	}
	p := groupPage{GroupFile: g, TiesShown: g.Ties[:min(mostTies, len(g.Ties))]}
	p.MoreTies = len(g.Ties) - len(p.TiesShown)
	for _, t := range g.Ties {
		if t.Holds {
			p.Weak = append(p.Weak, t)
		}
	}
	p.Chart, p.Charted = drawGroup(g)
	p.Innocent = innocent(g)
	return s.render(w, r, "group", "Group "+g.ID, p)
}

// premisesSays is how members can come to share an address without knowing each
// other for it.
var premisesSays = map[string]string{
	"dwelling":  "%s used the same dwelling. They may be family, housemates, or tenants one after the other.",
	"care_home": "%s used the same care home. Children placed in one home meet whether they want to or not, and may be victims themselves.",
	"hostel":    "%s used the same hostel. Hostels take in people who do not know each other.",
	"hotel":     "%s used the same hotel, which many people do.",
	"school":    "%s used the same school.", "hospital": "%s used the same hospital, which many people do.",
	"police_station": "%s are recorded at the same police station, which says where they were dealt with and not where they live.",
	"prison":         "%s are recorded at the same prison.", "taxi_office": "%s are recorded at the same taxi office: they may have worked there, or been customers.",
	"takeaway": "%s are recorded at the same takeaway: they may have worked there, or been customers.", "park": "%s are recorded at the same park.",
}

// innocent says what else could explain the group than that its members acted
// together.
func innocent(g *reading.GroupFile) (out []string) {
	said := map[string]bool{}
	for _, p := range g.Places {
		form, ok := premisesSays[p.Premises]
		if !ok {
			form = "%s used the same address, of which no kind is recorded."
		}
		if text := fmt.Sprintf(form, membersSay(p.Members)); !said[text] {
			said[text] = true
			out = append(out, text)
		}
		if len(out) == 12 {
			break
		}
	}
	phone, vehicle := 0, 0
	for _, t := range g.Ties {
		if len(t.Because) != 1 || t.Because[0].Case != "" {
			continue
		}
		if strings.HasPrefix(t.Because[0].What, "phone ") {
			phone++
		} else {
			vehicle++
		}
	}
	if phone > 0 {
		text, _ := plural(phone, "tie")
		out = append(out, text+" rest on one phone alone. Phones are lent, sold and passed on, and numbers are given out again: look at when each person used it.")
	}
	if vehicle > 0 {
		text, _ := plural(vehicle, "tie")
		out = append(out, text+" rest on one vehicle alone. Vehicles are sold, hired and shared at work: look at when each person used it.")
	}
	if g.Joint > 0 {
		text, _ := plural(g.Joint, "case")
		out = append(out, text+" name two or more members as suspects. A crime is recorded for each victim, so several cases can be one event; and a suspect named once may have been eliminated since.")
	}
	for _, m := range g.Members {
		for _, o := range m.Other {
			if o.Role == "victim" {
				out = append(out, fmt.Sprintf("Person %d is a victim in %s: somebody who is exploited can be recorded as a suspect too.", m.Number, o.Case))
				break
			}
		}
	}
	return out
}

func membersSay(numbers []int) string {
	if len(numbers) > 6 {
		return fmt.Sprintf("%d members", len(numbers))
	}
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return "Persons " + strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// mostNodes bounds a chart: beyond, it would tell nobody anything.
const mostNodes = 60

// drawGroup draws members as numbered circles and ties as lines. It is the same
// whenever it is drawn; its figures stand in the tables beside it. With more
// members than mostNodes, those with the most ties are drawn.
func drawGroup(g *reading.GroupFile) (template.HTML, int) {
	order := make([]int, len(g.Members))
	for i := range order {
		order[i] = i
	}
	if len(order) > mostNodes {
		slices.SortStableFunc(order, func(a, b int) int { return len(g.Members[b].Ties) - len(g.Members[a].Ties) })
		order = order[:mostNodes]
		slices.Sort(order)
	}
	node := map[int]int{} // number of a member -> node
	for i, m := range order {
		node[g.Members[m].Number] = i
	}
	var edges [][2]int
	var weak []bool
	for _, t := range g.Ties {
		a, okA := node[t.A]
		b, okB := node[t.B]
		if okA && okB {
			edges, weak = append(edges, [2]int{a, b}), append(weak, t.Holds)
		}
	}
	const width, edge = 640.0, 26.0
	height := 180 + min(260, 12*float64(len(order)))
	at := layout(len(order), edges)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="lb-network" viewBox="0 0 %g %g" role="group" aria-label="Chart of the group: %d people and %d ties, as listed in the tables">`, width, height, len(order), len(edges))
	place := func(i int) (float64, float64) {
		return edge + at[i][0]*(width-2*edge), edge + at[i][1]*(height-2*edge)
	}
	for i, e := range edges {
		x1, y1 := place(e[0])
		x2, y2 := place(e[1])
		stroke := `stroke="#63717d" stroke-width="1.5"`
		if weak[i] {
			stroke = `stroke="#63717d" stroke-width="2" stroke-dasharray="6 4"`
		}
		fmt.Fprintf(&b, `<line x1="%s" y1="%s" x2="%s" y2="%s" %s/>`, short(x1), short(y1), short(x2), short(y2), stroke)
	}
	for i, m := range order {
		x, y := place(i)
		n := g.Members[m].Number
		fmt.Fprintf(&b, `<a href="#person-%d" aria-label="Person %[1]d"><circle cx="%s" cy="%s" r="14" fill="#fff" stroke="#1d4f73" stroke-width="2"/>`+
			`<text x="%[2]s" y="%s" text-anchor="middle" font-size="13" fill="#0b0c0c">%[1]d</text></a>`, n, short(x), short(y), short(y+4.5))
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String()), len(order)
}

// layout places n nodes in the unit square by springs along the edges and
// repulsion between all (Fruchterman and Reingold, Software: Practice and
// Experience 21, 1991), from a circle, so that the same graph always gives the
// same picture. Cost: n² a step; n is at most mostNodes.
func layout(n int, edges [][2]int) [][2]float64 {
	at := make([][2]float64, n)
	for i := range at {
		a := 2 * math.Pi * float64(i) / float64(max(n, 1))
		at[i] = [2]float64{0.5 + 0.4*math.Cos(a), 0.5 + 0.4*math.Sin(a)}
	}
	k := math.Sqrt(1 / float64(max(n, 1)))
	const steps = 150
	for step := range steps {
		heat := 0.1 * (1 - float64(step)/steps)
		move := make([][2]float64, n)
		push := func(i, j int, f func(distance float64) float64) {
			dx, dy := at[i][0]-at[j][0], at[i][1]-at[j][1]
			distance := math.Max(math.Hypot(dx, dy), 1e-4)
			force := f(distance) / distance
			move[i][0] += dx * force
			move[i][1] += dy * force
			move[j][0] -= dx * force
			move[j][1] -= dy * force
		}
		for i := range n {
			for j := range i {
				push(i, j, func(d float64) float64 { return k * k / d })
			}
		}
		for _, e := range edges {
			push(e[0], e[1], func(d float64) float64 { return -d * d / k })
		}
		for i := range n {
			length := math.Max(math.Hypot(move[i][0], move[i][1]), 1e-9)
			for axis := range 2 {
				at[i][axis] += move[i][axis] / length * math.Min(length, heat)
				at[i][axis] = math.Min(1, math.Max(0, at[i][axis]))
			}
		}
	}
	return stretch(at)
}

// stretch fills the square.
func stretch(at [][2]float64) [][2]float64 {
	for axis := range 2 {
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, p := range at {
			lo, hi = math.Min(lo, p[axis]), math.Max(hi, p[axis])
		}
		for i := range at {
			if hi-lo < 1e-6 {
				at[i][axis] = 0.5
			} else {
				at[i][axis] = (at[i][axis] - lo) / (hi - lo)
			}
		}
	}
	return at
}
