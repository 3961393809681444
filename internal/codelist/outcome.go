package codelist

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The schemes that an extract may state for an outcome code.
const (
	HO2013  = "ho2013"  // the Home Office outcomes framework, from April 2013
	Pre2013 = "pre2013" // what was recorded before it: several lists, see [Outcome.List]
	Local   = "local"   // a force's own codes: in no published list
)

// An Outcome is how an investigation was closed, as one code of one scheme. It
// holds what was asked for even where no list has it; then only the answers
// say so.
type Outcome struct {
	Row
	Scheme    string // as asked, or HO2013 / Pre2013 in a listing
	List      string // before 2013: cleared-up-1996, detections-2013, cancelled, police.uk
	Code      string // as the list writes it: "15", "1A", "NFA-police"
	Label     string // empty where no list has the code
	Group     string // the published group of labels; 2013 only
	Meaning   string // before 2013 only
	DecidedBy string // "police", "CPS", "police or CPS", ...: as listed, see [Outcome.By]
	Within    string // "1" for 1A: a subset already counted inside it, never added to it

	nfa     string // y, n, na
	suspect string // y, n, na
	missing string // why there is no row, if there is none
}

func addOutcome(s *Set, r record) {
	o := Outcome{
		Row: r.row(), Scheme: HO2013,
		Code: r.filled("code"), Label: r.filled("label"), Group: r.filled("group"), DecidedBy: r.text("decided_by"),
		nfa:     r.oneOf("is_nfa", "y", "n", "na"),
		suspect: r.oneOf("suspect_identified", "y", "n", "na"),
	}
	if main := strings.TrimRight(o.Code, "A"); main != o.Code {
		o.Within = main
	}
	s.outcomes = append(s.outcomes, o)
}

func addOldOutcome(s *Set, r record) {
	s.outcomes = append(s.outcomes, Outcome{
		Row: r.row(), Scheme: Pre2013, List: r.filled("scheme"),
		Code: r.filled("code"), Label: r.filled("label"), Meaning: r.text("meaning"),
		nfa:     r.oneOf("is_nfa", "y", "n", "na"),
		suspect: r.oneOf("suspect_identified", "y", "n", "na"),
	})
}

// Outcomes returns every listed outcome, in the order of the lists.
func (s *Set) Outcomes() []Outcome { return slices.Clone(s.outcomes) }

// Outcome returns the outcome with a code under a scheme. Codes are found as
// people write them: "15", "outcome 15", "015", "1a", "16 - victim declines".
// Before 2013 a code may name its list, as "cleared-up-1996:8"; there a bare
// number is not looked up, because it does not say which list it is from.
func (s *Set) Outcome(scheme, code string) Outcome {
	code = strings.TrimSpace(code)
	asked := Outcome{Scheme: scheme, Code: code}
	switch {
	case code == "":
		asked.missing = "no outcome is recorded"
		return asked
	case scheme == "":
		asked.missing = "the scheme of outcome " + quoted(code) + " is not recorded"
		return asked
	case scheme == Local:
		asked.missing = "outcome " + quoted(code) + " is a local code, which no published list explains"
		return asked
	case scheme == Pre2013:
		return s.oldOutcome(asked)
	case scheme != HO2013:
		asked.missing = "the outcome scheme " + quoted(scheme) + " is not known"
		return asked
	}
	number := outcomeNumber(code)
	for _, o := range s.outcomes {
		if o.Scheme == HO2013 && o.Code == number {
			return o
		}
	}
	asked.missing = "outcome " + quoted(code) + " is not in the list of outcomes from April 2013"
	return asked
}

func (s *Set) oldOutcome(asked Outcome) Outcome {
	list, code, named := strings.Cut(asked.Code, ":")
	if !named {
		list, code = "", asked.Code
	}
	list, code = strings.TrimSpace(list), strings.TrimSpace(code)
	if !named && outcomeNumber(code) != "" {
		asked.missing = "the number " + quoted(code) + " does not say which list before April 2013 it is from"
		return asked
	}
	var found []Outcome
	for _, o := range s.outcomes {
		if o.Scheme == Pre2013 && strings.EqualFold(o.Code, code) && (!named || strings.EqualFold(o.List, list)) {
			found = append(found, o)
		}
	}
	switch len(found) {
	case 1:
		return found[0]
	case 0:
		asked.missing = "outcome " + quoted(asked.Code) + " is in no list of outcomes before April 2013"
	default:
		asked.missing = "outcome " + quoted(asked.Code) + " is in several lists of outcomes before April 2013"
	}
	return asked
}

// outcomePattern takes a number of at most two digits, an A where there is one,
// and a label after a dash or colon, which is not read. "15-16" does not match.
var outcomePattern = regexp.MustCompile(`^(?:HO\s*)?(?:OUTCOME|OC)?\s*(?:TYPE|CODE|NO\.?)?[\s:]*0*(\d{1,2})(?:\.0+)?\s*(A?)(?:\s*[-–:]\s*\pL{3}.*)?$`)

// outcomeNumber returns the code of the 2013 framework in what was written, ""
// if there is none.
func outcomeNumber(written string) string {
	m := outcomePattern.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(written)))
	if m == nil {
		return ""
	}
	n, _ := strconv.Atoi(m[1])
	return strconv.Itoa(n) + m[2]
}

// Listed reports whether a list has the code.
func (o Outcome) Listed() bool { return o.missing == "" }

// NFA says whether the outcome is a decision to take no further action against a
// suspect. The Home Office has no such group: the column is this project's
// reading of the label. 14 and 18 are not, because they leave no suspect on the
// record; 0 is not, because the investigation is open.
func (o Outcome) NFA() Answer {
	if o.missing != "" {
		return unknown("%s", o.missing)
	}
	switch {
	case o.nfa == "y":
		return o.rule(yes("%s is a decision to take no further action", o))
	case o.nfa == "na":
		return o.rule(unknown("%s covers decisions of several kinds: the file must be read", o))
	case o.Code == "0":
		return o.rule(no("%s: the investigation is still open", o))
	case o.suspect == "n":
		return o.rule(no("%s leaves no suspect on the record", o))
	default:
		return o.rule(no("%s is not a decision to take no further action", o))
	}
}

// By says whether a body, "police" or "CPS", takes decisions with this outcome:
// unknown where either may.
func (o Outcome) By(body string) Answer {
	if o.missing != "" {
		return unknown("%s", o.missing)
	}
	if o.DecidedBy == "" {
		return o.rule(unknown("the list does not say who decides %s", o))
	}
	only := strings.EqualFold(o.DecidedBy, body)
	named := strings.Contains(strings.ToLower(o.DecidedBy), strings.ToLower(body)) && body != ""
	switch {
	case only:
		return o.rule(yes("%s is decided by %s", o, o.DecidedBy))
	case named:
		return o.rule(unknown("%s may be decided by %s", o, o.DecidedBy))
	default:
		return o.rule(no("%s is decided by %s", o, o.DecidedBy))
	}
}

// rule answers only from a verified row.
func (o Outcome) rule(a Answer) Answer {
	if o.Scheme == Pre2013 {
		return o.gate(o.Code+" before April 2013", a)
	}
	return o.gate("outcome "+o.Code, a)
}

// String names the outcome as a sentence would: "outcome 15 (label)".
func (o Outcome) String() string {
	if o.Label == "" {
		return "outcome " + quoted(o.Code)
	}
	if o.List != "" {
		return "outcome " + o.Code + " of " + o.List + " (" + o.Label + ")"
	}
	return "outcome " + o.Code + " (" + o.Label + ")"
}

// quoted shows what somebody wrote, cut to a length that a sentence can bear.
func quoted(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}
