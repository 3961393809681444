package casefile

import (
	"log/slog"
	"strconv"
	"time"
)

// A RiskState is how far a present risk has got. It is stored as this string.
type RiskState string

const (
	RiskRaised       RiskState = "raised"
	RiskTold         RiskState = "told"         // somebody who can act was told
	RiskSent         RiskState = "sent"         // a referral went out, with its reference
	RiskAcknowledged RiskState = "acknowledged" // they said that they have it
	RiskEnded        RiskState = "ended"        // without that, by a supervisor, with a reason
	// RiskNote is the state of a step that adds words and moves nothing.
	RiskNote RiskState = "note"
)

// RiskStates returns every state of a risk, in the order in which it passes through them.
func RiskStates() []RiskState {
	return []RiskState{RiskRaised, RiskTold, RiskSent, RiskAcknowledged, RiskEnded}
}

// Open reports whether nobody has acknowledged the risk yet, and nobody ended it.
func (s RiskState) Open() bool { return s == RiskRaised || s == RiskTold || s == RiskSent }

// A Risk is a present risk to somebody, raised from a case. Its state is that of
// the last step that moved it. Nothing of a risk is ever edited.
type Risk struct {
	ID       int64
	Case     CaseID
	Nominal  NominalID // "" where the person was described
	Who      string    // who is at risk or poses one, as known when it was raised
	Kinds    []string  // codes, see casework/risk_kinds.json
	Detail   string
	RaisedBy string
	RaisedAt time.Time
	State    RiskState
	StateAt  time.Time
}

func (r Risk) LogValue() slog.Value { return slog.StringValue(r.String()) }
func (r Risk) String() string       { return "risk " + strconv.FormatInt(r.ID, 10) }

// A RiskStep is one thing done about a risk. Steps are only ever added.
type RiskStep struct {
	ID        int64
	Risk      int64
	State     RiskState
	Whom      string // told or sent to, acknowledged by: a role and its agency
	How       string
	Reference string    // of the referral, or of the acknowledgement
	Happened  time.Time // zero where it happened when it was written down
	Note      string
	By        string
	At        time.Time
}

func (s RiskStep) LogValue() slog.Value { return slog.StringValue(s.String()) }
func (s RiskStep) String() string       { return "step of risk " + strconv.FormatInt(s.Risk, 10) }
