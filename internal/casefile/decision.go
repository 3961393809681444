package casefile

import (
	"strings"
	"time"
)

// A Verdict is what a review concludes about a case. It is stored as this string.
type Verdict string

const (
	NoFurtherLines Verdict = "no further lines"
	Reinvestigate  Verdict = "reinvestigate"
	ReferNational  Verdict = "refer to the national operation"
	SafeguardNow   Verdict = "safeguard now"
	// DeferredUnread is a supervisor's act and never the end of a review: nobody
	// has read the case.
	DeferredUnread Verdict = "deferred unread"
)

// Verdicts returns what a review may conclude, in the order in which a form shows it.
func Verdicts() []Verdict {
	return []Verdict{NoFurtherLines, Reinvestigate, ReferNational, SafeguardNow}
}

// A Stage is where a case stands in its review. It is stored as this string.
type Stage string

const (
	StageOpen      Stage = "open"      // to be reviewed, or being reviewed
	StageSubmitted Stage = "submitted" // waits for a second person
	StageReturned  Stage = "returned"  // back with its reviewer, with a reason
	StageDisputed  Stage = "disputed"  // two people differ; a third decides
	StageDecided   Stage = "decided"   // two people stand behind a verdict
	StageClosed    Stage = "closed"
	StageDeferred  Stage = "deferred" // put off unread
)

// Stages returns every stage, in the order in which a case passes through them.
func Stages() []Stage {
	return []Stage{StageOpen, StageReturned, StageSubmitted, StageDisputed, StageDecided, StageClosed, StageDeferred}
}

// A CaseState says where a case stands now. Version rises with everything decided
// about the case; it is 0 for a case that nobody has touched, whose stage is open.
type CaseState struct {
	Case     CaseID
	Version  int
	Stage    Stage
	Reviewer string    // account of the review that the stage is about
	Verdict  Verdict   // of that review, or as decided
	Since    time.Time // when the stage began; zero for an untouched case
}

// The texts of a case that may be cited. Log entries and pages of documents are
// one text each; an investigation's row holds two.
const (
	PartLog      = "log"
	PartMO       = "mo"
	PartClosing  = "closing"
	PartDocument = "document"
)

// A Citation is a passage of a case's texts. Start and End count characters
// (Unicode code points, not bytes) of the text as [Shown]; Text is what stands
// between them, word for word. Page is set for a document only.
type Citation struct {
	Row   int64  `json:"row"`
	Part  string `json:"part"`
	Page  int    `json:"page,omitempty"`
	Start int    `json:"start"`
	End   int    `json:"end"`
	Text  string `json:"text"`
}

// Shown returns a text as a page shows it, which is what citations count in: line
// ends are one character, bytes that are no text are the replacement character.
func Shown(text string) string {
	if strings.ContainsRune(text, '\r') {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// A Review is what one reviewer concluded about one case, as submitted. It is
// never edited: a later review supersedes it, and both are kept.
type Review struct {
	ID          int64
	Case        CaseID
	Form        string // name@version
	Reviewer    string
	Body        string // JSON: answers and citations
	Verdict     Verdict
	Reason      string
	Shown       string // JSON: what the reviewer had on the page
	SubmittedAt time.Time
	Supersedes  int64 // 0 for none
}

// What others may say of a review.
const (
	StepApproved    = "approved"
	StepReturned    = "returned"
	StepDisagreed   = "disagreed"
	StepAdjudicated = "adjudicated"
	StepWithdrawn   = "withdrawn" // by its reviewer
	StepReopened    = "reopened"  // a new review of a decided case was asked for
)

// A ReviewStep is what somebody said of a review. Never edited.
type ReviewStep struct {
	ID      int64
	Review  int64
	Case    CaseID
	Step    string
	Verdict Verdict // theirs, where they disagree or adjudicate
	Reason  string
	By      string
	At      time.Time
}

// A Decision is a verdict on a case that two people stand behind: who concluded
// it and who approved or adjudicated. A case deferred unread has one, and no
// review. Decisions are never edited: a later one supersedes an earlier one, and
// both are kept.
type Decision struct {
	ID         int64
	Case       CaseID
	Review     int64
	Verdict    Verdict
	Reason     string
	MadeBy     string
	Second     string
	Shown      string // JSON: what its maker was shown
	DecidedAt  time.Time
	Supersedes int64
}

// A Lease says that somebody has a case open to work on it. It lapses by itself.
type Lease struct {
	Case    CaseID
	Account string
	Purpose string
	TakenAt time.Time
	Until   time.Time
	// EndedBy is the supervisor who took the case back before Until, with the reason.
	EndedBy, EndedReason string
}

// What a case may be open for.
const (
	ForReview       = "review"
	ForApproval     = "approval"
	ForAdjudication = "adjudication"
)

// Holds reports whether the lease is somebody's at a time.
func (l Lease) Holds(at time.Time) bool { return l.Account != "" && at.Before(l.Until) }

// A Draft is what somebody is typing about a case. Version counts the saves.
type Draft struct {
	Case    CaseID
	Account string
	Form    string // name@version
	Body    string // JSON
	Version int
	SavedAt time.Time
}

// A KeptDraft is a text that was typed against an older version of a draft or a
// case: it lost the race, and not its words.
type KeptDraft struct {
	ID      int64
	Case    CaseID
	Account string
	Form    string
	Body    string
	Because string
	KeptAt  time.Time
}
