package scope

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Diff says what moving from one version of terms to another does: which cases
// enter, which leave, which become or stop being unknown, and by which
// criteria. It holds counts, and at most Keep ids for each kind of move.
type Diff struct {
	Keep  int // set before the first Add; 0 keeps no ids
	a, b  *Program
	cases int
	moves map[move]*moved
}

type move struct{ from, to Status }

type moved struct {
	cases   int
	reasons map[[2]uint64]int // criteria of the old terms, and of the new
	ids     []string
}

// NewDiff returns an empty diff from a to b.
func NewDiff(a, b *Program) *Diff { return &Diff{a: a, b: b, moves: map[move]*moved{}} }

// Add counts one case: its id, and its results under the old and the new terms.
// Ids are kept in the order in which they come.
func (d *Diff) Add(id string, old, now Result) {
	d.cases++
	if old.Status == now.Status {
		return
	}
	key := move{old.Status, now.Status}
	m := d.moves[key]
	if m == nil {
		m = &moved{reasons: map[[2]uint64]int{}}
		d.moves[key] = m
	}
	m.cases++
	m.reasons[[2]uint64{old.decisive(), now.decisive()}]++
	if len(m.ids) < d.Keep {
		m.ids = append(m.ids, id)
	}
}

// decisive returns the criteria that put the case where it stands.
func (r Result) decisive() uint64 {
	switch r.Status {
	case Out:
		return r.NotMet
	case Unknown:
		return r.Unknown | r.Undated
	}
	return 0
}

// A DiffReport is a diff worked out: how the terms changed, and how cases moved.
// Cases = Same + the cases of all moves.
type DiffReport struct {
	From             Edition  `json:"from"`
	To               Edition  `json:"to"`
	Cases            int      `json:"cases"`
	Same             int      `json:"same"`
	Enter            int      `json:"enter"` // become in
	Leave            int      `json:"leave"` // stop being in
	BecomeUnknown    int      `json:"become_unknown"`
	StopBeingUnknown int      `json:"stop_being_unknown"`
	Changes          []Change `json:"changes"`
	Moves            []Move   `json:"moves"`
}

// An Edition names one version of terms.
type Edition struct {
	Terms       string `json:"terms"`
	Version     int    `json:"version"`
	Fingerprint string `json:"fingerprint"`
}

// A Change is a criterion or class that is in one version only, or whose test differs.
type Change struct {
	ID  string `json:"id"`
	Old string `json:"old,omitempty"` // in plain English; empty if it is new
	New string `json:"new,omitempty"` // empty if it is gone
}

// A Move is all cases that go from one status to another.
type Move struct {
	From    Status   `json:"from"`
	To      Status   `json:"to"`
	Cases   int      `json:"cases"`
	Reasons []Reason `json:"reasons"` // most cases first
	IDs     []string `json:"ids,omitempty"`
}

// A Reason is a set of criteria that together account for a move: those of the
// old terms that kept the case where it was, and those of the new that put it
// where it is. A criterion worded alike in both cannot be the cause of a move
// out of "out", and is not listed there.
type Reason struct {
	Cases int      `json:"cases"`
	Old   []string `json:"old_criteria,omitempty"`
	New   []string `json:"new_criteria,omitempty"`
	Text  string   `json:"text"`
}

// Report works out the diff.
func (d *Diff) Report() DiffReport {
	r := DiffReport{From: d.a.edition(), To: d.b.edition(), Cases: d.cases, Same: d.cases, Changes: Changes(d.a, d.b)}
	for key, m := range d.moves {
		r.Same -= m.cases
		r.count(key, m.cases)
		r.Moves = append(r.Moves, Move{From: key.from, To: key.to, Cases: m.cases, Reasons: d.reasons(key, m), IDs: m.ids})
	}
	slices.SortFunc(r.Moves, func(x, y Move) int {
		return cmp.Or(cmp.Compare(x.To, y.To), cmp.Compare(x.From, y.From))
	})
	return r
}

func (p *Program) edition() Edition {
	return Edition{p.terms.Name, p.terms.Version, p.print}
}

func (r *DiffReport) count(m move, cases int) {
	switch m.to {
	case In:
		r.Enter += cases
	case Unknown:
		r.BecomeUnknown += cases
	}
	switch m.from {
	case In:
		r.Leave += cases
	case Unknown:
		r.StopBeingUnknown += cases
	}
}

func (d *Diff) reasons(key move, m *moved) []Reason {
	var all []Reason
	for sets, cases := range m.reasons {
		r := Reason{Cases: cases, Old: d.a.ids(sets[0]), New: d.b.ids(sets[1])}
		r.Text = "was " + d.a.blamed(key.from, sets[0]) + "; is " + d.b.blamed(key.to, sets[1])
		all = append(all, r)
	}
	slices.SortFunc(all, func(x, y Reason) int {
		return cmp.Or(cmp.Compare(y.Cases, x.Cases), strings.Compare(x.Text, y.Text))
	})
	return all
}

func (p *Program) ids(set uint64) []string {
	var all []string
	for ; set != 0; set &= set - 1 {
		all = append(all, p.terms.Criteria[bits.TrailingZeros64(set)].ID)
	}
	return all
}

func (p *Program) blamed(s Status, set uint64) string {
	if set == 0 {
		return s.String()
	}
	var titles []string
	for ; set != 0; set &= set - 1 {
		titles = append(titles, "“"+p.terms.Criteria[bits.TrailingZeros64(set)].Title+"”")
	}
	how := "not met"
	if s == Unknown {
		how = "cannot be told"
	}
	return fmt.Sprintf("%s, since %s: %s", s, how, list(titles, "and"))
}

// Changes lists the criteria and classes that differ between two versions, in
// the order of the old terms, then those that are new.
func Changes(a, b *Program) []Change {
	old, now := a.said(), b.said()
	var all []Change
	for _, c := range old {
		i := slices.IndexFunc(now, func(n wording) bool { return n.id == c.id })
		switch {
		case i < 0:
			all = append(all, Change{ID: c.id, Old: c.english})
		case now[i].english != c.english:
			all = append(all, Change{ID: c.id, Old: c.english, New: now[i].english})
		}
	}
	for _, n := range now {
		if !slices.ContainsFunc(old, func(c wording) bool { return c.id == n.id }) {
			all = append(all, Change{ID: n.id, New: n.english})
		}
	}
	return all
}

type wording struct{ id, english string }

func (p *Program) said() []wording {
	var all []wording
	for i, s := range p.English() {
		all = append(all, wording{p.terms.Criteria[i].ID, s})
	}
	for i, s := range p.ClassEnglish() {
		all = append(all, wording{p.terms.Classes[i].ID, s})
	}
	return all
}

// String returns the report as text with aligned columns.
func (r DiffReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "from %s, version %d (%.12s)\nto   %s, version %d (%.12s)\n\n", r.From.Terms, r.From.Version, r.From.Fingerprint,
		r.To.Terms, r.To.Version, r.To.Fingerprint)
	for _, c := range r.Changes {
		switch {
		case c.Old == "":
			fmt.Fprintf(&b, "new      %s: %s\n", c.ID, c.New)
		case c.New == "":
			fmt.Fprintf(&b, "gone     %s: %s\n", c.ID, c.Old)
		default:
			fmt.Fprintf(&b, "changed  %s: %s\n      to %s\n", c.ID, c.Old, c.New)
		}
	}
	fmt.Fprintf(&b, "\n%d cases: %d stay as they are, %d enter, %d leave, %d become unknown, %d are unknown no longer\n",
		r.Cases, r.Same, r.Enter, r.Leave, r.BecomeUnknown, r.StopBeingUnknown)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, m := range r.Moves {
		fmt.Fprintf(w, "\n%s to %s\t%d\n", m.From, m.To, m.Cases)
		for _, why := range m.Reasons {
			fmt.Fprintf(w, "\t%d\t%s\n", why.Cases, why.Text)
		}
	}
	w.Flush()
	return b.String()
}
