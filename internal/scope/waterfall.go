package scope

import (
	"fmt"
	"math/bits"
	"strings"
	"text/tabwriter"
)

// A Waterfall accounts for every case: at which criterion it fell out, or first
// could not be told. It holds counts only. One goroutine fills it; several are
// joined with [Waterfall.Merge].
type Waterfall struct {
	p       *Program
	totals  Tally
	dropped []int
	stopped []Tally // cases that end unknown, by their first criterion that cannot be told
	notMet  []int
	alone   []int
	classes []ClassCount
}

// NewWaterfall returns an empty waterfall for a version of terms.
func NewWaterfall(p *Program) *Waterfall {
	n := len(p.criteria)
	return &Waterfall{p: p, dropped: make([]int, n), stopped: make([]Tally, n), notMet: make([]int, n), alone: make([]int, n),
		classes: make([]ClassCount, len(p.classes))}
}

// Add counts one case.
func (w *Waterfall) Add(r Result) {
	w.totals.Add(r)
	for set := r.NotMet; set != 0; set &= set - 1 {
		w.notMet[bits.TrailingZeros64(set)]++
	}
	switch r.Status {
	case Out:
		w.dropped[r.First()]++
		if r.NotMet&(r.NotMet-1) == 0 && r.Unknown|r.Undated == 0 {
			w.alone[r.First()]++
		}
	case Unknown:
		w.stopped[r.First()].Add(r)
	case In:
		w.addClasses(r)
	}
}

func (w *Waterfall) addClasses(r Result) {
	for i := range w.classes {
		switch r.InClass(i) {
		case Met:
			w.classes[i].Met++
		case CannotTell:
			w.classes[i].Unknown++
		default:
			w.classes[i].NotMet++
		}
	}
}

// Merge adds the counts of another waterfall for the same terms.
func (w *Waterfall) Merge(o *Waterfall) {
	if w.p.print != o.p.print {
		panic("scope: waterfalls of different terms do not add up")
	}
	w.totals.merge(o.totals)
	for i := range w.dropped {
		w.dropped[i] += o.dropped[i]
		w.stopped[i].merge(o.stopped[i])
		w.notMet[i] += o.notMet[i]
		w.alone[i] += o.alone[i]
	}
	for i := range w.classes {
		w.classes[i].Met += o.classes[i].Met
		w.classes[i].NotMet += o.classes[i].NotMet
		w.classes[i].Unknown += o.classes[i].Unknown
	}
}

func (t *Tally) merge(o Tally) {
	t.In += o.In
	t.Out += o.Out
	t.Unknown += o.Unknown
	t.Undated += o.Undated
}

// A WaterfallReport is a waterfall worked out. Each case leaves at one step at
// most, so that Entered = Kept + Dropped + Unknown at every step, the Kept of one
// is the Entered of the next, and the last Kept is In.
//
// A case leaves as dropped at its first criterion that is not met, even where an
// earlier one could not be told, and as unknown, if none is, at the first that cannot be told.
type WaterfallReport struct {
	Terms       string `json:"terms"`
	Version     int    `json:"version"`
	Title       string `json:"title"`
	Fingerprint string `json:"fingerprint"`
	Cases       int    `json:"cases"`
	Tally
	Steps   []Step       `json:"steps"`
	Classes []ClassCount `json:"classes,omitempty"`
}

// A Step is one criterion's part in a waterfall.
type Step struct {
	ID      string `json:"criterion"`
	Title   string `json:"title"`
	English string `json:"english"`
	Entered int    `json:"entered"`
	Kept    int    `json:"kept"`
	Dropped int    `json:"dropped"`
	Unknown int    `json:"unknown"`
	Undated int    `json:"unknown_because_undated"`
	// NotMet counts the cases that do not meet it wherever they left; Alone those
	// that meet every other criterion, and so would be in without this one.
	NotMet int `json:"not_met_anywhere"`
	Alone  int `json:"not_met_alone"`
}

// A ClassCount counts the cases in scope by one class.
type ClassCount struct {
	ID      string `json:"class"`
	Title   string `json:"title"`
	English string `json:"english"`
	Met     int    `json:"met"`
	NotMet  int    `json:"not_met"`
	Unknown int    `json:"unknown"`
}

// Report works out the waterfall.
func (w *Waterfall) Report() WaterfallReport {
	t := &w.p.terms
	r := WaterfallReport{Terms: t.Name, Version: t.Version, Title: t.Title, Fingerprint: w.p.print, Cases: w.totals.Cases(), Tally: w.totals}
	english, entered := w.p.English(), r.Cases
	for i, c := range t.Criteria {
		s := Step{ID: c.ID, Title: c.Title, English: english[i], Entered: entered, Dropped: w.dropped[i],
			Unknown: w.stopped[i].Unknown, Undated: w.stopped[i].Undated, NotMet: w.notMet[i], Alone: w.alone[i]}
		s.Kept = s.Entered - s.Dropped - s.Unknown
		entered = s.Kept
		r.Steps = append(r.Steps, s)
	}
	english = w.p.ClassEnglish()
	for i, c := range t.Classes {
		k := w.classes[i]
		k.ID, k.Title, k.English = c.ID, c.Title, english[i]
		r.Classes = append(r.Classes, k)
	}
	return r
}

// Check returns an error unless every case is accounted for exactly once.
func (r *WaterfallReport) Check() error {
	entered, out, unknown := r.Cases, 0, 0
	for _, s := range r.Steps {
		if s.Entered != entered || s.Kept+s.Dropped+s.Unknown != s.Entered || s.Kept < 0 {
			return fmt.Errorf("the waterfall of %s does not add up at criterion %q: %d entered, %d kept, %d dropped, %d unknown",
				r.Terms, s.ID, s.Entered, s.Kept, s.Dropped, s.Unknown)
		}
		entered, out, unknown = s.Kept, out+s.Dropped, unknown+s.Unknown
	}
	if entered != r.In || out != r.Out || unknown != r.Unknown || r.In+r.Out+r.Unknown != r.Cases {
		return fmt.Errorf("the waterfall of %s ends with %d in, %d out, %d unknown; counted were %d, %d, %d of %d cases",
			r.Terms, entered, out, unknown, r.In, r.Out, r.Unknown, r.Cases)
	}
	return nil
}

// String returns the report as a table with aligned columns.
func (r WaterfallReport) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, version %d (%s, %.12s)\n\n", r.Title, r.Version, r.Terms, r.Fingerprint)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "entered\tdropped\tunknown\tkept\tnot met alone\t  criterion")
	for i, s := range r.Steps {
		fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t  %d. %s\n", s.Entered, s.Dropped, s.Unknown, s.Kept, s.Alone, i+1, s.Title)
	}
	w.Flush()
	fmt.Fprintf(&b, "\n%d cases = %d in + %d out + %d unknown", r.Cases, r.In, r.Out, r.Unknown)
	if r.Undated > 0 {
		fmt.Fprintf(&b, "\n%d of the unknown depend only on undated rows: between %d (certain) and %d (possible) are in", r.Undated, r.In, r.PossiblyIn())
	}
	b.WriteByte('\n')
	if len(r.Classes) > 0 {
		b.WriteString("\nOf the cases in, side by side:\n\n")
		w = tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "met\tnot met\tunknown\t  class")
		for _, c := range r.Classes {
			fmt.Fprintf(w, "%d\t%d\t%d\t  %s\n", c.Met, c.NotMet, c.Unknown, c.Title)
		}
		w.Flush()
	}
	return b.String()
}
