package casefile

import (
	"log/slog"
	"strconv"
	"time"
)

// An ActionState is how far an action has got. It is stored as this string.
type ActionState string

const (
	ForAllocation   ActionState = "for allocation"
	ActionAllocated ActionState = "allocated" // it has an owner
	ActionResulted  ActionState = "resulted"  // the owner said what came of it
	ActionFiled     ActionState = "filed"     // somebody else accepted the result
	ActionWithdrawn ActionState = "withdrawn" // with a reason, without a result
)

// ActionStates returns every state of an action, in the order in which it passes through them.
func ActionStates() []ActionState {
	return []ActionState{ForAllocation, ActionAllocated, ActionResulted, ActionFiled, ActionWithdrawn}
}

// Open reports whether somebody has still to do something about the action.
func (s ActionState) Open() bool {
	return s == ForAllocation || s == ActionAllocated || s == ActionResulted
}

// A ResultKind says what came of an action. Looking and finding nothing is a
// result; not having been able to look is another.
type ResultKind string

const (
	ResultFound       ResultKind = "found"
	ResultNothing     ResultKind = "nothing found"
	ResultNotPossible ResultKind = "not possible"
)

// ResultKinds returns every kind of result, in the order in which a form shows it.
func ResultKinds() []ResultKind { return []ResultKind{ResultFound, ResultNothing, ResultNotPossible} }

// The priorities of an action.
const (
	PriorityHigh   = "high"
	PriorityNormal = "normal"
)

// An Action is a task from a line of enquiry, from a decision, or free.
type Action struct {
	ID         int64
	Case       CaseID
	Line       int64 // 0: from no line of enquiry
	Decision   int64 // 0: from no decision
	Title      string
	Detail     string
	Priority   string
	RaisedBy   string
	RaisedAt   time.Time
	State      ActionState
	Owner      string // an account, "" for nobody
	Due        string // a day in London, or ""
	ResultKind ResultKind
	Result     string
	StateAt    time.Time
	LastStep   int64  // its latest step: what a move must have been made against
	Unit       string // of its case; in lists only
}

func (a Action) LogValue() slog.Value { return slog.StringValue(a.String()) }
func (a Action) String() string       { return "action " + strconv.FormatInt(a.ID, 10) }

// An ActionMove is what somebody did about an action. It is stored as this string.
type ActionMove string

const (
	MoveRaise    ActionMove = "raise"
	MoveAllocate ActionMove = "allocate" // to an owner, for the first time or anew
	MoveDue      ActionMove = "due"      // another due day
	MoveResult   ActionMove = "result"
	MoveFile     ActionMove = "file"
	MoveReturn   ActionMove = "return" // a result, to its owner
	MoveWithdraw ActionMove = "withdraw"
	MoveUndo     ActionMove = "undo" // of a batch
	MoveNote     ActionMove = "note" // words only
)

// An ActionStep is one thing done about an action, and what holds after it. Steps
// are only ever added.
type ActionStep struct {
	ID     int64
	Action int64
	Move   ActionMove
	State  ActionState
	Owner  string
	Due    string
	Kind   ResultKind // of a result
	Note   string     // the result, or the reason
	Batch  string     // done together, undone together
	By     string
	At     time.Time
}

func (s ActionStep) LogValue() slog.Value { return slog.StringValue(s.String()) }
func (s ActionStep) String() string       { return "step of action " + strconv.FormatInt(s.Action, 10) }

// A Workload is how many actions one person has.
type Workload struct {
	Owner     string // "" for those that nobody owns
	Open      int    // allocated, or for allocation where nobody owns them
	High      int    // of these, of high priority
	DueSoon   int    // of these, due from today to the last day asked for
	Overdue   int    // of these, due before today
	Undated   int    // of these, without a due day
	ForFiling int    // resulted, not yet filed
}

// A Closing is one closing of a case, and its reopening if it was reopened.
type Closing struct {
	ID           int64
	Case         CaseID
	Decision     int64
	Verdict      Verdict // of that decision
	Reason       string
	ClosedBy     string
	ClosedAt     time.Time
	Watermark    int64 // the last row received when it was closed
	ReopenedBy   string
	ReopenedAt   time.Time // zero while it is closed
	ReopenReason string
}
