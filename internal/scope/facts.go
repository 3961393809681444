package scope

import (
	"fmt"
	"strings"
)

// A Fact is one thing about a case that a criterion may ask: its index in
// [Facts] and in a [Case].
type Fact int

// The facts of a case, in the order of [Facts].
const (
	NFA Fact = iota
	NFABy
	NFAOn
	ClosedOn
	ReportedOn
	RecordedOn
	OffenceFrom
	OffenceTo
	RecordStatus
	OutcomeCode
	OutcomeScheme
	OffenceCode
	System
	Unit
	Area
	SuspectsNamed
	SuspectsUnidentified
	SuspectsRecorded
	SuspectsStated
	SuspectsReached
	Victims
	VictimUnder18
	SuspectsUnder18
	ContactOffence
	ChildSexualOffence
	SuspectAlive
	PreviouslyReviewed
	ExploitationFlag
	SuspectRelated
	Institutional
	Ritualistic
	Online
	SuspectsAssociated
	InGroup
	HasText
)

// A Type says what values a fact takes, and which tests it allows.
type Type string

const (
	YesNo  Type = "yes/no"
	Number Type = "number"
	Text   Type = "text"
	Day    Type = "date" // a civil day, or the days among which it lies
)

// A FactInfo describes one fact: its name in criteria, what it means, and how it
// reads in a sentence.
type FactInfo struct {
	Name string
	Type Type
	Doc  string // one sentence of plain English

	// Rises says that further rows of a register can only raise a number or turn
	// no into yes. It decides whether the two ends of a count as known on a day
	// are bounds (see [Program.Limits]).
	Rises bool

	yes, no string // a yes/no fact, said and denied
	// is says any other fact of a case: {not} stands for "" or " not", {} for
	// the number with its noun, the texts or the day.
	is        string
	one, many string      // the noun that a number counts
	noun      string      // the fact as the subject of a sentence
	ask       string      // "it is not known " + ask
	none      string      // said where there is no such thing; empty if that cannot be
	values    [][2]string // the only texts allowed, and how each is said
	extends   []Fact      // statements that this date may complete
}

func (f Fact) info() *FactInfo { return &Facts[f] }

// String returns the fact's name in criteria.
func (f Fact) String() string { return f.info().Name }

// Facts is the table of all facts, indexed by [Fact].
var Facts = []FactInfo{
	NFA: {Name: "nfa", Type: YesNo,
		Doc: "The case was closed with no further action, whether the police or the CPS decided it.",
		yes: "the police or the CPS decided on no further action",
		no:  "neither the police nor the CPS decided on no further action"},
	NFABy: {Name: "nfa_by", Type: Text,
		Doc: "Who decided on no further action: `police` or `cps`.",
		is:  "the decision of no further action was{not} made by {}", ask: "who decided on no further action",
		none:   "there is no decision of no further action",
		values: [][2]string{{"police", "the police"}, {"cps", "the CPS"}}},
	NFAOn: {Name: "nfa_on", Type: Day,
		Doc: "The day of the decision of no further action.",
		is:  "the decision of no further action was{not} made {}", ask: "when no further action was decided on",
		noun: "the day of the decision of no further action", none: "there is no decision of no further action",
		extends: []Fact{NFA, NFABy}},
	ClosedOn: {Name: "closed_on", Type: Day,
		Doc: "The day of the latest outcome, whatever it is.",
		is:  "the latest outcome was{not} given {}", ask: "when the latest outcome was given",
		noun: "the day of the latest outcome", none: "no outcome was given"},
	ReportedOn: {Name: "reported_on", Type: Day,
		Doc: "The day on which the offence was reported to the police.",
		is:  "the offence was{not} reported {}", ask: "when the offence was reported",
		noun: "the day of the report"},
	RecordedOn: {Name: "recorded_on", Type: Day,
		Doc: "The day on which the force's system first held the case.",
		is:  "the case was{not} recorded {}", ask: "when the case was recorded",
		noun: "the day of recording"},
	OffenceFrom: {Name: "offence_from", Type: Day,
		Doc: "The first day on which the offence may have been committed.",
		is:  "the offence is{not} said to have begun {}", ask: "when the offence began",
		noun: "the first day of the offence"},
	OffenceTo: {Name: "offence_to", Type: Day,
		Doc: "The last day on which the offence may have been committed.",
		is:  "the offence is{not} said to have ended {}", ask: "when the offence ended",
		noun: "the last day of the offence"},
	RecordStatus: {Name: "status", Type: Text,
		Doc: "The status of the investigation, as the force writes it.",
		is:  "the status of the investigation is{not} {}", ask: "what the status of the investigation is"},
	OutcomeCode: {Name: "outcome_code", Type: Text,
		Doc: "The code of the latest outcome, as recorded; read it with `outcome_scheme`.",
		is:  "the outcome code is{not} {}", ask: "what the outcome code is", none: "no outcome was given"},
	OutcomeScheme: {Name: "outcome_scheme", Type: Text,
		Doc: "The list that the outcome code belongs to: `ho2013` (Home Office, from April 2013), `pre2013` or `local`.",
		is:  "the outcome is{not} coded in {}", ask: "which list the outcome code belongs to", none: "no outcome was given",
		values: [][2]string{{"ho2013", "the Home Office list of 2013"}, {"pre2013", "a list from before 2013"},
			{"local", "a list of the force's own"}}},
	OffenceCode: {Name: "offence_code", Type: Text,
		Doc: "The Home Office code of the offence, as recorded.",
		is:  "the offence code is{not} {}", ask: "what the offence code is"},
	System: {Name: "system", Type: Text,
		Doc: "The crime-recording system that holds the case.",
		is:  "the recording system is{not} {}", ask: "which system holds the case"},
	Unit: {Name: "unit", Type: Text,
		Doc: "The unit that investigated, as the force writes it.",
		is:  "the investigating unit is{not} {}", ask: "which unit investigated"},
	Area: {Name: "area", Type: Text,
		Doc: "The borough or district, as the force writes it.",
		is:  "the area is{not} {}", ask: "which area the case belongs to"},
	SuspectsNamed: {Name: "suspects_named", Type: Number, Rises: true,
		Doc: "How many suspects of the case are recorded with a name; placeholders such as UNKNOWN MALE 1 are none.",
		is:  "the case has {}", one: "named suspect", many: "named suspects",
		noun: "the number of named suspects", ask: "how many suspects are named"},
	SuspectsUnidentified: {Name: "suspects_unidentified", Type: Number, Rises: true,
		Doc: "How many suspects are recorded on the case but not identified.",
		is:  "the case has {}", one: "unidentified suspect on record", many: "unidentified suspects on record",
		noun: "the number of unidentified suspects on record", ask: "how many unidentified suspects are on record"},
	SuspectsRecorded: {Name: "suspects_recorded", Type: Number, Rises: true,
		Doc: "How many suspects are recorded on the case, identified or not.",
		is:  "the case has {}", one: "recorded suspect", many: "recorded suspects",
		noun: "the number of recorded suspects", ask: "how many suspects are recorded"},
	SuspectsStated: {Name: "suspects_stated", Type: Number, Rises: true,
		Doc: "The largest number of suspects that any one text of the case states; never added to those recorded.",
		is:  "the text states {}", one: "suspect", many: "suspects",
		noun: "the number of suspects stated in the text", ask: "how many suspects the text states"},
	SuspectsReached: {Name: "suspects_reached", Type: Number, Rises: true,
		Doc: "How many suspects of other cases are reached through links from the suspects of this one.",
		is:  "links reach {}", one: "suspect of another case", many: "suspects of other cases",
		noun: "the number of suspects reached through links", ask: "how many suspects of other cases the links reach"},
	Victims: {Name: "victims", Type: Number, Rises: true,
		Doc: "How many victims are recorded on the case and on the crimes linked to it, each person once: a crime is recorded for each victim, so one event with three victims is three linked crimes.",
		is:  "the case has {}", one: "victim", many: "victims",
		noun: "the number of victims", ask: "how many victims the case has"},
	VictimUnder18: {Name: "victim_under_18", Type: YesNo, Rises: true,
		Doc: "At least one victim was under 18 at the time of the offence.",
		yes: "a victim was under 18 at the time of the offence",
		no:  "no victim was under 18 at the time of the offence"},
	SuspectsUnder18: {Name: "suspects_under_18", Type: Number, Rises: true,
		Doc: "How many recorded suspects were under 18 at the time of the offence.",
		is:  "the case has {}", one: "recorded suspect aged under 18 at the time", many: "recorded suspects aged under 18 at the time",
		noun: "the number of suspects aged under 18 at the time", ask: "how many suspects were under 18 at the time"},
	ContactOffence: {Name: "contact_offence", Type: YesNo,
		Doc: "The offence is one that needs physical contact with the victim.",
		yes: "the offence is a contact offence", no: "the offence is not a contact offence"},
	ChildSexualOffence: {Name: "child_sexual_offence", Type: YesNo,
		Doc: "The offence belongs to the family of sexual offences against a child.",
		yes: "the offence is a sexual offence against a child", no: "the offence is not a sexual offence against a child"},
	SuspectAlive: {Name: "suspect_alive", Type: YesNo,
		Doc: "At least one suspect is believed to be alive.",
		yes: "a suspect is believed alive", no: "no suspect is believed alive"},
	PreviouslyReviewed: {Name: "previously_reviewed", Type: YesNo, Rises: true,
		Doc: "The case has already been reviewed independently of the investigation.",
		yes: "the case has already been reviewed", no: "the case has not already been reviewed"},
	ExploitationFlag: {Name: "exploitation_flag", Type: YesNo,
		Doc: "The case or a person in it carries a flag for child sexual exploitation. Flags are often missing or wrong.",
		yes: "the case is flagged as child sexual exploitation", no: "the case is not flagged as child sexual exploitation"},
	SuspectRelated: {Name: "suspect_related", Type: YesNo, Rises: true,
		Doc: "A suspect is family of a victim.",
		yes: "a suspect is family of a victim", no: "no suspect is family of a victim"},
	Institutional: {Name: "institutional", Type: YesNo, Rises: true,
		Doc: "The offence is tied to an institution, by its place or by a suspect's position there.",
		yes: "the offence is tied to an institution", no: "the offence is not tied to an institution"},
	Ritualistic: {Name: "ritualistic", Type: YesNo, Rises: true,
		Doc: "The records say that the offending had a ritual setting. No column of an extract says so, so that silence means unknown.",
		yes: "the offending had a ritual setting", no: "the offending had no ritual setting"},
	Online: {Name: "online", Type: YesNo, Rises: true,
		Doc: "The offence was committed online, wholly or in part.",
		yes: "the offence was committed online, at least in part", no: "no part of the offence was committed online"},
	SuspectsAssociated: {Name: "suspects_associated", Type: YesNo, Rises: true,
		Doc: "Suspects of the case are known to or associated with each other: recorded together, or tied in a group.",
		yes: "the suspects are known to or associated with each other",
		no:  "the suspects are not known to or associated with each other"},
	InGroup: {Name: "in_group", Type: YesNo, Rises: true,
		Doc: "A suspect of the case belongs to a group: suspects tied to each other over two or more cases.",
		yes: "a suspect belongs to a group of suspects tied over two or more cases",
		no:  "no suspect belongs to a group of suspects tied over two or more cases"},
	HasText: {Name: "has_text", Type: YesNo, Rises: true,
		Doc: "The case holds a text that was read: a log, a method or closing text, a document.",
		yes: "the case holds text that was read", no: "the case holds no text that was read"},
}

var factByName = func() map[string]Fact {
	m := make(map[string]Fact, len(Facts))
	for i := range Facts {
		m[Facts[i].Name] = Fact(i)
	}
	return m
}()

// FactNamed returns the fact with that name.
func FactNamed(name string) (Fact, bool) {
	f, ok := factByName[name]
	return f, ok
}

// asked returns the indirect question that the fact answers.
func (i *FactInfo) asked() string {
	if i.Type == YesNo {
		return "whether " + i.yes
	}
	return i.ask
}

// said returns how a text value reads: by its label, or in quotation marks.
func (i *FactInfo) said(text string) string {
	for _, v := range i.values {
		if v[0] == text {
			return v[1]
		}
	}
	return "“" + text + "”"
}

// FactsTable returns the table of facts in Markdown, as docs/scope.md holds it.
func FactsTable() string {
	var b strings.Builder
	b.WriteString("| fact | type | meaning |\n|---|---|---|\n")
	for _, f := range Facts {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", f.Name, f.Type, f.Doc)
	}
	return b.String()
}
