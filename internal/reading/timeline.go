package reading

import (
	"fmt"
	"slices"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Moment is one thing that happened, or was written down, about a case.
type Moment struct {
	At, To    casefile.Date // To is set where it lasted
	Kind      string        // one of [MomentKinds]
	Title     string
	Detail    string
	Who       casefile.NominalID  // whom it is about, "" for nobody or for all
	Anchor    string              // of the part of the page that has more
	Entry     int64               // the row of the log to open, 0 for none
	Suggested bool                // Title or Detail is what a machine read from a text
	Entries   []casefile.LogEntry // of a month, where only their number is shown
}

// A MomentKind is one kind of moment, by its code, with its name for a filter.
type MomentKind struct{ Code, Name string }

// MomentKinds are the kinds of moment, in the order in which a filter shows them.
var MomentKinds = []MomentKind{
	{"offence", "Offence"}, {"report", "Report"}, {"log", "Log"}, {"missing", "Missing"}, {"exhibit", "Exhibits"}, {"arrest", "Arrests"},
	{"interview", "Interviews"}, {"outcome", "Outcomes"}, {"flag", "Flags"}, {"document", "Documents"}, {"risk", "Present risk"}, {"review", "Review"},
}

// A Timeline is everything of a case in the order of time. What nobody dated
// stands apart.
type Timeline struct {
	Dated, Undated []Moment
	Counts         map[string]int // by kind, before any filter
	Last           casefile.Date  // of the force's own records
}

// Timeline merges what is recorded of the case; kinds limits it, none means all.
// Dates keep their precision: "March 2014" stands before the days of that month.
func (f *File) Timeline(kinds ...string) Timeline {
	t := Timeline{Counts: map[string]int{}}
	for _, m := range f.moments() {
		n := max(1, len(m.Entries))
		t.Counts[m.Kind] += n
		if m.Kind != "risk" && m.Kind != "review" && t.Last.String() < m.At.String() {
			t.Last = m.At
		}
		switch {
		case len(kinds) > 0 && !slices.Contains(kinds, m.Kind):
		case m.At.IsZero():
			t.Undated = append(t.Undated, m)
		default:
			t.Dated = append(t.Dated, m)
		}
	}
	slices.SortStableFunc(t.Dated, func(a, b Moment) int { return strings.Compare(a.At.String(), b.At.String()) })
	return t
}

func (f *File) moments() (all []Moment) {
	r := f.Report
	if !r.OffenceFrom.IsZero() || !r.OffenceTo.IsZero() {
		m := Moment{At: r.OffenceFrom, To: r.OffenceTo, Kind: "offence", Title: "Offence", Anchor: "report"}
		if m.At.IsZero() {
			m.At, m.To, m.Title = r.OffenceTo, casefile.Date{}, "Offence, at the latest"
		}
		if m.To == m.At {
			m.To = casefile.Date{}
		}
		all = append(all, m)
	} else {
		all = append(all, Moment{Kind: "offence", Title: "Offence", Anchor: "report"})
	}
	all = append(all,
		Moment{At: r.ReportedAt, Kind: "report", Title: "Reported to the police", Anchor: "report"},
		Moment{At: r.RecordedAt, Kind: "report", Title: "Recorded as a crime", Anchor: "report"})
	all = append(all, f.logMoments()...)
	for _, e := range f.Episodes {
		all = append(all, Moment{At: e.From, To: e.To, Kind: "missing", Title: "Missing", Who: e.Nominal, Detail: SayEpisode(e), Anchor: "missing"})
	}
	for _, x := range f.Exhibits {
		detail := "no result recorded"
		if x.Result != "" {
			detail = "result: " + x.Result
		}
		all = append(all, Moment{At: x.SubmittedAt, Kind: "exhibit", Title: "Exhibit " + x.Ref + " submitted", Detail: detail, Anchor: fmt.Sprintf("exhibit-%d", x.Row)})
	}
	for _, p := range f.People {
		for _, i := range p.Parts {
			if !i.ArrestedAt.IsZero() {
				all = append(all, Moment{At: i.ArrestedAt, Kind: "arrest", Title: "Arrested", Who: p.ID, Anchor: fmt.Sprintf("person-%d", p.Row)})
			}
			if !i.InterviewedAt.IsZero() {
				all = append(all, Moment{At: i.InterviewedAt, Kind: "interview", Title: "Interviewed as " + RoleWord(i.Role), Who: p.ID, Anchor: fmt.Sprintf("person-%d", p.Row)})
			}
		}
	}
	all = append(all, f.outcomeMoments()...)
	for _, m := range f.Marks {
		name := m.Label
		if name == "" {
			name = m.Code
		}
		all = append(all, Moment{At: m.SetAt, Kind: "flag", Title: "Flag set: " + name, Who: m.Nominal, Anchor: "flags"})
		if m.Cleared {
			all = append(all, Moment{At: m.ClearedAt, Kind: "flag", Title: "Flag cleared: " + name, Who: m.Nominal, Anchor: "flags"})
		}
	}
	for _, p := range f.Papers {
		all = append(all, Moment{At: p.Date, Kind: "document", Title: "Document: " + p.Called(), Anchor: fmt.Sprintf("paper-%d", p.Row)})
	}
	return append(all, decidedMoments(f.Decided)...)
}

// logMoments shows each entry that is marked, and of the others how many there
// are in each month.
func (f *File) logMoments() (all []Moment) {
	said := map[int64]casefile.StatedCount{}
	for _, s := range f.Stated {
		if s.Source == casefile.PartLog {
			said[s.Row] = s
		}
	}
	months := map[string][]casefile.LogEntry{}
	for _, e := range f.Log {
		s, states := said[e.Row]
		switch {
		case states:
			all = append(all, Moment{At: e.At, Kind: "log", Title: fmt.Sprintf("Log entry %d states %s", e.Seq, saysHowMany(s.Lo, s.Hi)), Detail: cut(casefile.Shown(s.Sentence), 240), Entry: e.Row, Suggested: true})
		case e.Supervisor == "y":
			all = append(all, Moment{At: e.At, Kind: "log", Title: fmt.Sprintf("Log entry %d, by a supervisor", e.Seq), Detail: e.Type, Entry: e.Row})
		default:
			month := e.At.String()
			month = month[:min(7, len(month))]
			months[month] = append(months[month], e)
		}
	}
	for month, entries := range months {
		all = append(all, Moment{At: casefile.StoredDate(month), Kind: "log", Title: plural(len(entries), "log entry", "log entries"), Entry: entries[0].Row, Entries: entries})
	}
	return all
}

func (f *File) outcomeMoments() (all []Moment) {
	own := false
	for _, o := range f.Endings {
		m := Moment{At: o.At, Kind: "outcome", Title: "Outcome " + o.Code, Who: o.Nominal, Anchor: "outcomes", Detail: o.Reason}
		if by := deciders[o.DecidedBy]; by != "" {
			m.Title += ", decided by " + by
		}
		all = append(all, m)
		own = own || o.Code == f.Report.OutcomeCode && o.At == f.Report.OutcomeAt
	}
	if r := f.Report; !own && r.OutcomeCode != "" {
		all = append(all, Moment{At: r.OutcomeAt, Kind: "outcome", Title: "Outcome " + r.OutcomeCode, Anchor: "outcomes", Detail: f.Outcome})
	}
	return all
}

var deciders = map[string]string{"police": "the police", "cps": "the CPS"}

// SayEpisode says what is recorded of a missing episode, but for its dates.
func SayEpisode(e casefile.Episode) string {
	var said []string
	if e.Grade != "" {
		said = append(said, "grade "+e.Grade)
	}
	if e.Placement != "" {
		said = append(said, "from "+e.Placement)
	}
	switch e.Debrief {
	case "y":
		said = append(said, "debrief held")
	case "n":
		said = append(said, "no debrief")
	case "":
		said = append(said, "debrief not recorded")
	default:
		said = append(said, "debrief: "+e.Debrief)
	}
	return strings.Join(said, "; ")
}

// RoleWord says a role in words.
func RoleWord(role string) string { return strings.ReplaceAll(role, "_", " ") }

// decidedWords are what the timeline says of what was decided here. It names
// nobody and no verdict: a second reader must not see the first one's.
var decidedWords = map[ledger.Kind][2]string{
	ledger.RiskRaised:        {"risk", "Present risk raised"},
	ledger.RiskMoved:         {"risk", "Present risk: next step"},
	ledger.ReviewSubmitted:   {"review", "Review submitted"},
	ledger.ReviewApproved:    {"review", "Review approved"},
	ledger.ReviewReturned:    {"review", "Review returned"},
	ledger.ReviewDisputed:    {"review", "A second reader differed"},
	ledger.ReviewAdjudicated: {"review", "Disagreement settled"},
	ledger.DecisionMade:      {"review", "Decision made"},
	ledger.CaseDeferred:      {"review", "Deferred unread"},
	ledger.CaseClosed:        {"review", "Closed in this review"},
	ledger.CaseReopened:      {"review", "Opened again"},
	ledger.ActionRaised:      {"review", "Action raised"},
	ledger.LineAdded:         {"review", "Line of enquiry put on record"},
}

func decidedMoments(events []store.Reading) (all []Moment) {
	for _, e := range slices.Backward(events) {
		words, shown := decidedWords[e.Kind]
		at, err := casefile.ParseDate(e.At)
		if !shown || err != nil {
			continue
		}
		all = append(all, Moment{At: at, Kind: words[0], Title: words[1], Anchor: "review"})
	}
	return all
}
