// Package casework holds the verbs: what people and the command line do to a
// register. Every verb checks the actor's permission, does its work in a
// transaction of the store, and leaves an event in the ledger. It translates
// between cases and the engines, which know nothing of each other.
package casework

import (
	"context"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Desk is where the verbs are done: one register, one version of the program.
type Desk struct {
	DB   *store.DB
	Code string // version of the program, kept with everything derived
}

// A Progress tells how far a long verb has got: what it is doing, how much of
// how much is done (total 0: not known).
type Progress func(doing string, done, total int64)

func (p Progress) tell(doing string, done, total int64) {
	if p != nil {
		p(doing, done, total)
	}
}

// An Act is something that needs permission.
type Act string

const (
	ImportExtracts Act = "import extracts"
	MendRows       Act = "mend quarantined rows"
	RunAnalysis    Act = "run the analysis"
	ReadFigures    Act = "read figures without personal data"
	AdoptCriteria  Act = "adopt terms of reference"
	ExportPersonal Act = "export personal data"
	SearchTexts    Act = "search the texts"
	ExportLedger   Act = "export the ledger"
	ShowOpenings   Act = "export the ledger with its openings"
	TakeBackup     Act = "take a backup"
)

// policy says which roles may do what. There is no other place that says so.
var policy = map[Act][]casefile.Role{
	ImportExtracts: {casefile.Operator, casefile.Records, casefile.Analyst},
	MendRows:       {casefile.Operator, casefile.Records},
	RunAnalysis:    {casefile.Operator, casefile.Records, casefile.Analyst},
	ReadFigures:    {casefile.Operator, casefile.Records, casefile.Analyst, casefile.Reviewer, casefile.Supervisor, casefile.Disclosure, casefile.Inspector},
	AdoptCriteria:  {casefile.Operator, casefile.Supervisor},
	ExportPersonal: {casefile.Operator, casefile.Analyst, casefile.Supervisor, casefile.Disclosure},
	SearchTexts:    {casefile.Operator, casefile.Analyst, casefile.Reviewer, casefile.Supervisor, casefile.Disclosure},
	ExportLedger:   {casefile.Operator, casefile.Disclosure, casefile.Inspector},
	ShowOpenings:   {casefile.Operator, casefile.Disclosure},
	TakeBackup:     {casefile.Operator, casefile.Administrator},
}

// May returns an error unless the actor holds a role that the act needs.
func May(by casefile.Actor, act Act) error {
	if by.ID != "" && by.Has(policy[act]...) {
		return nil
	}
	return casefile.Errorf(casefile.Forbidden, "Your roles do not let you %s. Ask an administrator.", act)
}

// record appends one event and nothing else.
func (d *Desk) record(ctx context.Context, by casefile.Actor, e ledger.Event) error {
	return d.DB.Update(ctx, by, func(*store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{e}, nil
	})
}
