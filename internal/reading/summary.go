package reading

import (
	"fmt"
	"strings"
	"time"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/scope"
)

// A SuspectCount is a case's suspects, counted in ways that are never added up:
// who is on record, and the largest number that one text states.
type SuspectCount struct {
	Named        int
	Unidentified int
	Most         casefile.StatedCount // the passage that states the most; Lo 0 if none does
	HasText      bool                 // there is a text that could state some
	Reached      int                  // people one link away, who are suspects elsewhere; after an analysis
	Analysed     bool
}

// Recorded is how many are on record.
func (s SuspectCount) Recorded() int { return s.Named + s.Unidentified }

// More is how many the text states beyond those on record.
func (s SuspectCount) More() int { return max(0, s.Most.Lo-s.Recorded()) }

// Total is the larger of what is on record and what the text states.
func (s SuspectCount) Total() int { return max(s.Recorded(), s.Most.Lo) }

func countSuspects(f *File) (s SuspectCount) {
	for _, p := range f.People {
		switch {
		case !p.Has(casefile.RoleSuspect):
		case p.Named:
			s.Named++
		default:
			s.Unidentified++
		}
	}
	s.Most = analysis.Most(f.Stated)
	s.HasText = f.Report.HasText || len(f.Log) > 0 || len(f.Papers) > 0
	if f.Facts != nil {
		s.Analysed = true
		s.Reached, _ = f.Facts[scope.SuspectsReached].Number()
	}
	return s
}

// sourceWords says where a text stands.
var sourceWords = map[string]string{
	casefile.PartLog: "the log", casefile.PartMO: "the MO text", casefile.PartClosing: "the closing text", casefile.PartDocument: "a document",
}

// String says the count in words: "3 suspects: 1 named, 1 recorded but
// unidentified, 1 more stated in the log".
func (s SuspectCount) String() string {
	var parts []string
	if s.Named > 0 {
		parts = append(parts, fmt.Sprintf("%d named", s.Named))
	}
	if s.Unidentified > 0 {
		parts = append(parts, fmt.Sprintf("%d recorded but unidentified", s.Unidentified))
	}
	if more := s.More(); more > 0 {
		said := "stated in " + sourceWords[s.Most.Source]
		if s.Recorded() > 0 {
			said = "more " + said
		}
		parts = append(parts, fmt.Sprintf("%d %s", more, said))
	}
	if len(parts) == 0 {
		switch {
		case !s.HasText:
			return "No suspect is recorded, and no text was received that could state one"
		case !s.Analysed:
			return "No suspect is recorded; the texts have not been read by an analysis yet"
		}
		return "No suspect is recorded, and no text states how many there were"
	}
	total := plural(s.Total(), "suspect", "suspects")
	if s.More() > 0 && s.Most.Hi == 0 {
		total = "At least " + total
	}
	return total + ": " + strings.Join(parts, ", ")
}

// A Point is one part of a case's summary, with what it rests on.
type Point struct {
	Text  string
	Basis string // the anchor of the part of the page that shows it
}

// Summary says in one sentence what the case is, as points in order. Each rests
// on a part of the page.
func (f *File) Summary() []Point {
	r := f.Report
	var points []Point
	add := func(basis, format string, args ...any) {
		points = append(points, Point{fmt.Sprintf(format, args...), basis})
	}
	offence := r.OffenceText
	if offence == "" {
		offence = f.Offence
	}
	switch {
	case offence == "" && r.OffenceCode == "":
		offence = "an offence that is not recorded"
	case offence == "":
		offence = "offence code " + r.OffenceCode
	}
	if r.RecordedAt.IsZero() {
		add("report", "Recorded on a day that is not recorded, as %s", offence)
	} else {
		add("report", "Recorded %s as %s", OnDate(r.RecordedAt), offence)
	}
	add("outcomes", "%s", f.closed())
	add("suspects", "%s", lowerFirst(f.Suspects.String()))
	victims := 0
	for _, p := range f.People {
		if p.Has(casefile.RoleVictim) {
			victims++
		}
	}
	if victims == 0 {
		add("people", "no victim on record")
	} else {
		add("people", "%s", plural(victims, "victim", "victims"))
	}
	switch n, papers := len(f.Log), len(f.Papers); {
	case n == 0 && papers == 0:
		add("log", "no log and no documents received")
	case n == 0:
		add("log", "no log received, %s", plural(papers, "document", "documents"))
	case papers == 0:
		add("log", "log of %s", plural(n, "entry", "entries"))
	default:
		add("log", "log of %s and %s", plural(n, "entry", "entries"), plural(papers, "document", "documents"))
	}
	switch {
	case f.Scope == nil && f.Facts == nil:
		add("scope", "not analysed yet, so that nothing says whether it is in")
	case f.Scope == nil:
		add("scope", "no terms of reference are in force")
	case f.Scope.Status == scope.Unknown:
		add("scope", "cannot be told whether it is in under %s v%d", f.Scope.Name, f.Scope.Version)
	default:
		add("scope", "%s under %s v%d", f.Scope.Status, f.Scope.Name, f.Scope.Version)
	}
	return points
}

// closed says how the force ended the investigation.
func (f *File) closed() string {
	r := f.Report
	by := map[string]string{"police": "by the force", "cps": "by the CPS"}[r.NFABy]
	if r.OutcomeCode == "" && by == "" {
		if r.Status == "" {
			return "with no outcome and no status on record"
		}
		return "with no outcome on record (status: " + r.Status + ")"
	}
	said := "closed"
	if by != "" {
		said += " " + by
	}
	if !r.OutcomeAt.IsZero() {
		said += " " + OnDate(r.OutcomeAt)
	} else {
		said += " on a day that is not recorded"
	}
	if by != "" {
		said += " with no further action"
	}
	if r.OutcomeCode != "" {
		said += " (outcome " + r.OutcomeCode
		if f.Outcome != "" {
			said += ", " + f.Outcome
		}
		said += ")"
	}
	return said
}

func lowerFirst(s string) string {
	for i, r := range s {
		if i > 0 {
			return strings.ToLower(s[:i]) + s[i:]
		}
		_ = r
	}
	return s
}

// SayDate writes a date as precisely as it was recorded and no more: "14 March
// 2013", "March 2014", "2014", "9 March 2014, 21:40"; "not recorded" for none.
func SayDate(d casefile.Date) string {
	if d.IsZero() {
		return "not recorded"
	}
	s := d.String()
	for _, l := range []struct {
		n        int
		in, said string
	}{{4, "2006", "2006"}, {7, "2006-01", "January 2006"}, {10, "2006-01-02", "2 January 2006"}, {16, "2006-01-02T15:04", "2 January 2006, 15:04"}} {
		if len(s) == l.n || l.n == 16 && len(s) > 16 {
			if t, err := time.Parse(l.in, s[:l.n]); err == nil {
				return t.Format(l.said)
			}
		}
	}
	return s
}

// OnDate is [SayDate] with the word that goes before it: "on 14 March 2013", "in
// March 2014", "in 2014".
func OnDate(d casefile.Date) string {
	if len(d.String()) < 10 {
		return "in " + SayDate(d)
	}
	return "on " + SayDate(d)
}
