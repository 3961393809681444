package casefile

import (
	"log/slog"
	"strconv"
	"time"
)

// A LineState is how far a line of enquiry has got. It is stored as this string.
// Having looked and found nothing is not the same as not having looked.
type LineState string

const (
	LineIdentified       LineState = "identified"
	LineDone             LineState = "done" // somebody looked, and found something
	LineNothingFound     LineState = "nothing found"
	LineNotDone          LineState = "not done" // nobody looked at the time
	LineStillPossible    LineState = "still possible"
	LineNoLongerPossible LineState = "no longer possible"
	LineRefused          LineState = "refused" // a suggestion that a person turned down
)

// LineStates returns what somebody may say of a line of enquiry, in the order in
// which a form shows it.
func LineStates() []LineState {
	return []LineState{LineIdentified, LineDone, LineNothingFound, LineNotDone, LineStillPossible, LineNoLongerPossible}
}

// Said puts the state into words.
func (s LineState) Said() string {
	return map[LineState]string{
		LineIdentified: "Identified", LineDone: "Done: looked, found something", LineNothingFound: "Done: looked, found nothing",
		LineNotDone: "Not done at the time", LineStillPossible: "Still possible", LineNoLongerPossible: "No longer possible",
		LineRefused: "Suggestion refused",
	}[s]
}

// Open reports whether something can still come of the line.
func (s LineState) Open() bool {
	return s == LineIdentified || s == LineNotDone || s == LineStillPossible
}

// A Line is a line of enquiry in a case. Its state is that of its last step;
// nothing of it is ever edited.
type Line struct {
	ID        int64
	Case      CaseID
	Text      string
	Suggested string // rule and thing that suggested it, "" where a person thought of it
	Because   string // what the suggestion said when somebody judged it
	Citation  *Citation
	State     LineState
	MadeBy    string
	MadeAt    time.Time
	Steps     []LineStep // oldest first, never none
}

func (l Line) LogValue() slog.Value { return slog.StringValue(l.String()) }
func (l Line) String() string       { return "line of enquiry " + strconv.FormatInt(l.ID, 10) }

// Last returns the step that made the line what it is.
func (l Line) Last() LineStep {
	if len(l.Steps) == 0 {
		return LineStep{}
	}
	return l.Steps[len(l.Steps)-1]
}

// A LineStep is one thing said of a line of enquiry. Steps are only ever added.
type LineStep struct {
	ID    int64
	Line  int64
	State LineState
	Note  string
	By    string
	At    time.Time
}
