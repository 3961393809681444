package ledger

import "slices"

// A Kind says what happened. It stands in the leaf in clear and is stored as
// this string, so a kind is never renamed: a new meaning is a new kind.
type Kind string

const (
	RegisterCreated  Kind = "register.created"
	ExtractImported  Kind = "extract.imported"
	RowMended        Kind = "row.mended"
	RegisterRestored Kind = "register.restored"

	CriteriaAdopted Kind = "criteria.adopted"
	OpeningErased   Kind = "opening.erased"

	AccountAdded    Kind = "account.added"
	AccountChanged  Kind = "account.changed" // name, roles, second factor, password
	AccountDisabled Kind = "account.disabled"
	AccountReset    Kind = "account.reset"
	AccountLocked   Kind = "account.locked"
	SignedIn        Kind = "account.signedin"
	SignedOut       Kind = "account.signedout"
	SignInRefused   Kind = "account.refused"
	RolesAdopted    Kind = "roles.adopted"
	CaseRestricted  Kind = "case.restricted"
	RestrictionLift Kind = "restriction.lifted"
	ReaderNamed     Kind = "reader.named"
	ReaderWithdrawn Kind = "reader.withdrawn"
	SkillsImported  Kind = "skills.imported"

	RiskRaised Kind = "risk.raised"
	RiskMoved  Kind = "risk.moved" // told, sent, acknowledged, ended

	CaseAssigned      Kind = "case.assigned"
	AssignmentEnded   Kind = "assignment.ended"
	ReviewerRecused   Kind = "reviewer.recused"
	ReviewSubmitted   Kind = "review.submitted"
	ReviewApproved    Kind = "review.approved"
	ReviewReturned    Kind = "review.returned"
	ReviewDisputed    Kind = "review.disputed"
	ReviewAdjudicated Kind = "review.adjudicated"
	ReviewWithdrawn   Kind = "review.withdrawn" // by its reviewer, before anybody said anything of it
	LeaseEnded        Kind = "lease.ended"      // a supervisor took a case back from whoever had it open
	DecisionMade      Kind = "decision.made"
	CaseDeferred      Kind = "case.deferred"
	CaseRequeued      Kind = "case.requeued"     // taken back into the queue after it was deferred
	DecisionReopened  Kind = "decision.reopened" // a new review of a decided case was asked for
	CaseClosed        Kind = "case.closed"
	CaseReopened      Kind = "case.reopened"

	LineAdded    Kind = "line.added" // a line of enquiry
	LineMoved    Kind = "line.moved"
	ActionRaised Kind = "action.raised"
	ActionMoved  Kind = "action.moved"

	SearchSaved   Kind = "search.saved"
	SearchRemoved Kind = "search.removed"

	CaseRead       Kind = "case.read"
	PersonRead     Kind = "person.read"
	ListRead       Kind = "list.read"
	SearchRun      Kind = "search.run"
	ExportWritten  Kind = "export.written"
	LedgerExported Kind = "ledger.exported"
	BackupTaken    Kind = "backup.taken"

	AnalysisRun Kind = "analysis.run"
	ScopeRun    Kind = "scope.run"
)

// A Class says which law an event falls under: data came in, a person decided,
// data was seen or handed on, or the program worked something out.
type Class string

const (
	Received Class = "received"
	Decided  Class = "decided"
	Read     Class = "read"
	Derived  Class = "derived"
)

// Classes returns every class, in the order in which a case meets them.
func Classes() []Class { return []Class{Received, Derived, Read, Decided} }

// kinds is the one list of what may be logged. What leaves the register, even
// as a backup, counts as read: somebody may see it.
var kinds = map[Kind]Class{
	RegisterCreated:  Received,
	ExtractImported:  Received,
	RowMended:        Received,
	RegisterRestored: Received,

	CriteriaAdopted: Decided,
	OpeningErased:   Decided,

	AccountAdded:    Decided,
	AccountChanged:  Decided,
	AccountDisabled: Decided,
	AccountReset:    Decided,
	AccountLocked:   Decided,
	SignedIn:        Read,
	SignedOut:       Read,
	SignInRefused:   Read,
	RolesAdopted:    Decided,
	CaseRestricted:  Decided,
	RestrictionLift: Decided,
	ReaderNamed:     Decided,
	ReaderWithdrawn: Decided,
	SkillsImported:  Decided,

	RiskRaised: Decided,
	RiskMoved:  Decided,

	CaseAssigned:      Decided,
	AssignmentEnded:   Decided,
	ReviewerRecused:   Decided,
	ReviewSubmitted:   Decided,
	ReviewApproved:    Decided,
	ReviewReturned:    Decided,
	ReviewDisputed:    Decided,
	ReviewAdjudicated: Decided,
	ReviewWithdrawn:   Decided,
	LeaseEnded:        Decided,
	DecisionMade:      Decided,
	CaseDeferred:      Decided,
	CaseRequeued:      Decided,
	DecisionReopened:  Decided,
	CaseClosed:        Decided,
	CaseReopened:      Decided,

	LineAdded:    Decided,
	LineMoved:    Decided,
	ActionRaised: Decided,
	ActionMoved:  Decided,

	SearchSaved:   Decided,
	SearchRemoved: Decided,

	CaseRead:       Read,
	PersonRead:     Read,
	ListRead:       Read,
	SearchRun:      Read,
	ExportWritten:  Read,
	LedgerExported: Read,
	BackupTaken:    Read,

	AnalysisRun: Derived,
	ScopeRun:    Derived,
}

// Class returns the class of k, or "" if k is not in the table.
func (k Kind) Class() Class { return kinds[k] }

// Kinds returns every kind that may be logged, sorted.
func Kinds() []Kind {
	all := make([]Kind, 0, len(kinds))
	for k := range kinds {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// wellFormed reports whether k reads noun.participle in small letters, which is
// all that a reader of somebody else's log may demand of it.
func (k Kind) wellFormed() bool {
	dots := 0
	for i := range len(k) {
		switch c := k[i]; {
		case c >= 'a' && c <= 'z':
		case c == '.' && i > 0 && i < len(k)-1:
			dots++
		default:
			return false
		}
	}
	return dots == 1 && len(k) <= 64
}
