package casefile

import "log/slog"

// An Investigation is one crime report as its force's system holds it now.
type Investigation struct {
	ID                                             CaseID
	RecordedAt, ReportedAt, OffenceFrom, OffenceTo Date
	OffenceCode, Status                            string
	OutcomeCode, OutcomeScheme                     string
	OutcomeAt                                      Date
	NFABy, Unit, Area, VenueAddress                string
	PreviouslyReviewed                             string // y, n, or a state; "" not recorded
	HasText                                        bool   // an MO or closing text was received
}

// A Nominal is a person as recorded in one force's system. It logs and prints as
// its ID, so that names stay out of logs and errors.
type Nominal struct {
	ID                 NominalID
	PNC, CRO           string
	Surname, Forenames string
	DOB                Date
	Deceased           Date
	RecordedAt         Date
}

func (n Nominal) LogValue() slog.Value { return slog.StringValue(string(n.ID)) }
func (n Nominal) String() string       { return string(n.ID) }

// An Involvement is a nominal's part in an investigation, with what of the
// nominal a count needs.
type Involvement struct {
	Case         CaseID
	Role         string
	Relationship string
	AgeAtOffence string
	RecordedAt   Date
	Nominal      Nominal
}

func (i Involvement) LogValue() slog.Value { return slog.StringValue(i.String()) }
func (i Involvement) String() string       { return string(i.Case) + " " + string(i.Nominal.ID) }

// An OutcomeEntry is one change in an investigation's history of outcomes.
type OutcomeEntry struct {
	Case      CaseID
	Nominal   NominalID // "" for the investigation as a whole
	Code      string
	Scheme    string
	At        Date
	DecidedBy string
}

// A Flag marks an investigation or a person.
type Flag struct {
	Case      CaseID
	Nominal   NominalID
	Code      string
	Label     string
	SetAt     Date
	ClearedAt Date
	Cleared   bool
}

// A Usage says that a person or an investigation used an address or identifier.
type Usage struct {
	Case       CaseID
	Nominal    NominalID
	Identifier string
}

// An Identifier is a phone, a vehicle, an online handle, an e-mail or a bank account.
type Identifier struct {
	ID, Kind, Value, Description string
}

// A Passage is one text of a case: a log entry, an MO, a closing text or a page.
type Passage struct {
	Case   CaseID
	Row    int64
	Source string // log, mo, closing, document
	At     Date
	Text   string
}

// A StatedCount is a passage that states how many suspects there were. Hi 0
// means that it leaves the upper end open.
type StatedCount struct {
	Case     CaseID
	Row      int64
	Source   string
	At       Date
	Lo, Hi   int
	Sentence string
}
