package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"lookback/internal/ledger"
)

// A Report says what was checked and what was found, in a form to print with
// String and to keep as JSON.
type Report struct {
	Whole        bool     `json:"whole"`
	InternalOnly bool     `json:"internally_consistent_only"` // neither a key nor a checkpoint was brought along
	Checkpoint   Point    `json:"checkpoint"`
	SignedBy     string   `json:"signed_by,omitempty"` // name+hash of the key
	KeyGiven     bool     `json:"key_given"`           // by the checker, not taken from the log
	Against      *Against `json:"against,omitempty"`
	Earlier      int64    `json:"earlier_checkpoints"` // that came with the log
	Tiles        int64    `json:"tiles"`               // compared
	Seen         Seen     `json:"seen"`
	NotCovered   []string `json:"not_covered,omitempty"` // files beside the log
	Faults       []Fault  `json:"faults,omitempty"`      // the first is the one to look at
	MoreFaults   int64    `json:"more_faults,omitempty"` // beyond those listed

	sorts []sorted
}

// A Point is the state of a log: number of events and root.
type Point struct {
	Origin string `json:"origin"`
	Events int64  `json:"events"`
	Root   string `json:"root"` // base64
}

func point(c ledger.Checkpoint) Point {
	return Point{c.Origin, c.Tree.N, c.Tree.Hash.String()}
}

// Against is the checker's own earlier checkpoint.
type Against struct {
	Point
	Consistent bool `json:"consistent"` // the log begins with exactly the events it speaks of
}

// Seen counts what the events say.
type Seen struct {
	Opened    int64                 `json:"opened"` // events of which all four fields were shown and agree
	Partly    int64                 `json:"partly_opened"`
	Closed    int64                 `json:"closed"` // withheld or erased: only time and kind are known
	First     time.Time             `json:"first"`
	Last      time.Time             `json:"last"`
	Backwards int64                 `json:"backwards"` // events timed before the one they follow
	Kinds     map[ledger.Kind]int64 `json:"kinds,omitempty"`
}

// A Fault is one thing that does not agree. Events are numbered from 0.
type Fault struct {
	Events *Range `json:"events,omitempty"` // where it lies, as closely as can be said
	Where  string `json:"where"`
	What   string `json:"what"`
}

// A Range is the events from First to Last, both included.
type Range struct {
	First int64 `json:"first"`
	Last  int64 `json:"last"`
}

func only(i int64) *Range { return &Range{i, i} }

func (f Fault) String() string {
	switch {
	case f.Events == nil:
		return fmt.Sprintf("%s: %s", f.Where, f.What)
	case f.Events.First == f.Events.Last:
		return fmt.Sprintf("event %d (%s): %s", f.Events.First, f.Where, f.What)
	}
	return fmt.Sprintf("events %d to %d (%s): %s", f.Events.First, f.Events.Last, f.Where, f.What)
}

// An aspect is what kind of thing is at fault. Faults are told in this order,
// those about events among each other by number.
type aspect int

const (
	trust aspect = iota // key, signature: nothing else can be believed
	event
	tile
	opening
	contradiction // between events and a checkpoint
)

type sorted struct {
	what  aspect
	fault Fault
}

// listed is how many faults of an aspect are listed; the rest are counted.
const listed = 20

func (r *Report) add(what aspect, f Fault) {
	same := 0
	for _, s := range r.sorts {
		if s.what == what {
			same++
		}
	}
	if same == listed {
		r.MoreFaults++
		return
	}
	r.sorts = append(r.sorts, sorted{what, f})
}

// finish orders the faults and gives the verdict.
func (r *Report) finish(rootAgrees bool) {
	slices.SortStableFunc(r.sorts, func(a, b sorted) int {
		return cmp.Or(cmp.Compare(a.group(), b.group()), cmp.Compare(a.first(), b.first()), cmp.Compare(a.what, b.what))
	})
	for _, s := range r.sorts {
		if s.what == tile && rootAgrees {
			s.fault.What += "; the events themselves agree with the checkpoint, so it is the tile that was changed"
		}
		r.Faults = append(r.Faults, s.fault)
	}
	r.sorts = nil
	r.Whole = len(r.Faults) == 0
}

func (s sorted) group() int {
	switch s.what {
	case trust:
		return 0
	case contradiction:
		return 2
	}
	return 1
}

func (s sorted) first() int64 {
	if s.fault.Events == nil {
		return never
	}
	return s.fault.Events.First
}

// Verdict is the report in one line.
func (r Report) Verdict() string {
	switch {
	case r.Whole:
		return fmt.Sprintf("log of %d events is whole", r.Checkpoint.Events)
	case r.SignedBy == "":
		return "log cannot be trusted: " + r.Faults[0].String()
	}
	return fmt.Sprintf("log of %d events is NOT whole: %s", r.Checkpoint.Events, r.Faults[0])
}

// String is the report in plain words, the verdict first.
func (r Report) String() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", r.Verdict())
	if r.Whole && r.InternalOnly {
		line("internally consistent only")
		line("  whoever keeps this log may have rewritten all of it: bring the verifier key from elsewhere, or a checkpoint you kept")
	}
	for i := 1; i < len(r.Faults); i++ {
		line("  also: %s", r.Faults[i])
	}
	if r.MoreFaults > 0 {
		line("  and %d more faults", r.MoreFaults)
	}
	if r.SignedBy != "" {
		r.details(line)
	}
	return b.String()
}

func (r Report) details(line func(string, ...any)) {
	line("  root       %s", r.Checkpoint.Root)
	from := "taken from the log itself"
	if r.KeyGiven {
		from = "the key you gave"
	}
	line("  signed by  %s (%s)", r.SignedBy, from)
	if a := r.Against; a != nil {
		agrees := "CONTRADICTED"
		if a.Consistent {
			agrees = "consistent"
		}
		line("  against    your checkpoint of %d events, root %s: %s", a.Events, a.Root, agrees)
	}
	if r.Earlier > 0 {
		line("  earlier    %d checkpoints that came with the log", r.Earlier)
	}
	s := r.Seen
	line("  opened     %d events in full, %d in part; %d closed", s.Opened, s.Partly, s.Closed)
	if len(s.Kinds) > 0 {
		line("  time       %s to %s, %d events timed before the one they follow",
			s.First.Format(time.RFC3339), s.Last.Format(time.RFC3339), s.Backwards)
		line("  events     %s", s.kinds())
	}
	if n := len(r.NotCovered); n > 0 {
		line("  beside it  %d files that the log does not cover, such as %s", n, r.NotCovered[0])
	}
}

// kinds lists how many events there are of each kind.
func (s Seen) kinds() string {
	var all []string
	for k, n := range s.Kinds {
		class := string(k.Class())
		if class == "" {
			class = "unknown to this version"
		}
		all = append(all, fmt.Sprintf("%s %d (%s)", k, n, class))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
