package desk

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"lookback/internal/casefile"
)

// An Act is something that needs permission. Its text completes the sentence
// "Your roles do not let you …".
type Act string

const (
	// Everyone who is signed in may do this.
	UseLookback Act = "use Lookback"

	ImportExtracts Act = "import extracts"
	MendRows       Act = "mend quarantined rows"
	RunAnalysis    Act = "run the analysis"
	ReadFigures    Act = "read figures without personal data"
	AdoptCriteria  Act = "adopt terms of reference"
	ExportPersonal Act = "export personal data"
	SearchTexts    Act = "search the texts"
	ShareSearches  Act = "share saved searches"
	ReadCases      Act = "read cases"
	ReadIntake     Act = "see imports and quarantine"
	ReadGroups     Act = "see groups of people"

	RaiseRisk       Act = "raise a present risk"
	EndRisks        Act = "end a present risk that nobody acknowledged"
	ReviewCases     Act = "review cases"
	ApproveReviews  Act = "approve reviews"
	Adjudicate      Act = "settle a disagreement between two reviewers"
	DeferCases      Act = "defer cases unread"
	CloseCases      Act = "close and reopen cases"
	WorkActions     Act = "work on actions and lines of enquiry"
	AllocateActions Act = "allocate actions"
	AllocateCases   Act = "allocate cases"
	ReadWorkload    Act = "see workload, pace and forecast"

	ReadLedger   Act = "see the ledger"
	ExportLedger Act = "export the ledger"
	ShowOpenings Act = "export the ledger with its openings"
	TakeBackup   Act = "take a backup"

	ManageAccounts Act = "manage accounts"
	ReadAccess     Act = "see who may do what"
	RestrictCases  Act = "restrict cases to named readers"
	ImportSkills   Act = "import skills and training"
)

// acts is the list of what may be granted.
var acts = []Act{
	UseLookback, ImportExtracts, MendRows, RunAnalysis, ReadFigures, AdoptCriteria, ExportPersonal, SearchTexts, ShareSearches, ReadCases, ReadIntake,
	ReadGroups, RaiseRisk, EndRisks, ReviewCases, ApproveReviews, Adjudicate, DeferCases, CloseCases, WorkActions, AllocateActions, AllocateCases, ReadWorkload,
	ReadLedger, ExportLedger, ShowOpenings, TakeBackup, ManageAccounts, ReadAccess, RestrictCases, ImportSkills,
}

// Acts returns everything that a role may be granted, in the order in which a
// page shows it.
func Acts() []Act { return slices.Clone(acts) }

// A Policy is one version of the table of who may do what: for each role, its
// acts. The operator, who sits at the machine with the register's key, may do
// everything and is not in it.
type Policy struct {
	Version int                      `json:"version"`
	Roles   map[casefile.Role][]Act  `json:"roles"`
	About   map[casefile.Role]string `json:"about"` // one sentence a role
}

//go:embed roles.json
var shippedRoles []byte

var shipped = func() *Policy {
	p, err := ParsePolicy(shippedRoles)
	if err != nil {
		panic("desk: roles.json: " + err.Error())
	}
	return p
}()

// ParsePolicy reads a table of roles and refuses acts that do not exist.
func ParsePolicy(text []byte) (*Policy, error) {
	var p Policy
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("the table of roles is not JSON: %w", err)
	}
	if p.Version < 1 || len(p.Roles) == 0 {
		return nil, fmt.Errorf("the table of roles needs a version from 1 and at least one role")
	}
	for role, granted := range p.Roles {
		if role == casefile.Operator {
			return nil, fmt.Errorf("the operator is whoever holds the key and cannot be granted to an account")
		}
		for _, act := range granted {
			if !slices.Contains(acts, act) {
				return nil, fmt.Errorf("role %q is granted %q, which is not an act", role, act)
			}
		}
	}
	return &p, nil
}

// ShippedPolicy returns the table of roles that Lookback ships with.
func ShippedPolicy() *Policy { return shipped }

// Policy returns the table in force.
func (d *Desk) Policy() *Policy {
	if p := d.policy.Load(); p != nil {
		return p
	}
	return shipped
}

// SetPolicy puts a table in force. Only what adopts or loads one calls it.
func (d *Desk) SetPolicy(p *Policy) { d.policy.Store(p) }

// Allows reports whether any of the actor's roles is granted the act.
func (p *Policy) Allows(by casefile.Actor, act Act) bool {
	if by.ID == "" {
		return false
	}
	if by.Has(casefile.Operator) {
		return true
	}
	return slices.ContainsFunc(by.Roles, func(r casefile.Role) bool {
		granted, known := p.Roles[r]
		return known && (act == UseLookback || slices.Contains(granted, act))
	})
}

// May returns an error unless the actor holds a role that is granted the act.
func (d *Desk) May(by casefile.Actor, act Act) error {
	if d.Policy().Allows(by, act) {
		return nil
	}
	return casefile.Errorf(casefile.Forbidden, "Your roles do not let you %s. Ask an administrator.", act)
}
