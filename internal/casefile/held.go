package casefile

import (
	"log/slog"
	"strings"
	"unicode/utf8"
)

// What follows is what a register holds of one case, with every field, as its
// page shows it. Row is the row of the extract that says so. Ethnicity,
// nationality and language are in none of it.

// A Report is an investigation as one version of its row holds it.
type Report struct {
	Investigation
	Row                    int64
	LegacyRef, IncidentRef string
	LinkedRefs             []string // references in the same system
	OffenceText            string
	MOText, ClosingText    string // the parts [PartMO] and [PartClosing] of Row
	OIC, Supervisor        string // as the force writes them
}

// A Person is a nominal with every field.
type Person struct {
	Nominal
	Row            int64
	Aliases        []string
	DOBEstimated   string // y, n, a state, or ""
	AgeFrom, AgeTo string
	AgeAt          Date // the day for which an age is given
	Sex            string
	Occupation     string
}

func (p Person) LogValue() slog.Value { return slog.StringValue(string(p.ID)) }
func (p Person) String() string       { return string(p.ID) }

// Name returns the name as recorded, "" if none is.
func (n Nominal) Name() string { return strings.TrimSpace(n.Forenames + " " + n.Surname) }

// Initials returns the first letter of each recorded name: "A.B.".
func (n Nominal) Initials() string {
	var b strings.Builder
	for _, w := range strings.Fields(n.Name()) {
		r, _ := utf8.DecodeRuneInString(w)
		b.WriteString(strings.ToUpper(string(r)))
		b.WriteByte('.')
	}
	return b.String()
}

// A Part is a person's part in a case, with every field.
type Part struct {
	Row                       int64
	Case                      CaseID
	Role, Status              string
	Relationship              string
	AgeAtOffence, Description string
	ArrestedAt, InterviewedAt Date
	RecordedAt                Date
	Person                    Person
}

func (p Part) LogValue() slog.Value { return slog.StringValue(p.String()) }
func (p Part) String() string       { return string(p.Case) + " " + string(p.Person.ID) }

// A LogEntry is one entry of an investigation's log. Its text is read only for
// the entries that a page shows.
type LogEntry struct {
	Row                int64
	Seq                int64
	At                 Date
	Author, Rank, Type string
	Supervisor         string // y: by or for a supervisor; n, a state, or ""
	Bytes              int    // of the text
	Text               string // "" until it is read
}

// A Paper is one document of a case.
type Paper struct {
	Row               int64
	File, Title, Kind string
	Date              Date
	Size              int64 // of the file as received, in bytes; 0 if it is not held
	Pages             []PaperPage
}

// Called returns what to call the document.
func (p Paper) Called() string {
	if p.Title != "" {
		return p.Title
	}
	return p.File
}

// A PaperPage is the text of one page; a file that could not be read has one page
// 0 whose note says why.
type PaperPage struct {
	Page  int
	Bytes int
	Note  string
}

// An Exhibit is one item taken as evidence.
type Exhibit struct {
	Row         int64
	Ref, Kind   string
	SubmittedAt Date
	Result      string
	Retained    string // y, n, a state, or ""
}

// An Episode is one time that a person was missing.
type Episode struct {
	Row              int64
	Nominal          NominalID
	From, To         Date
	Grade, Placement string
	Debrief          string // y, n, a state, or ""
}

// An Ending is one entry of an investigation's history of outcomes.
type Ending struct {
	OutcomeEntry
	Row    int64
	Reason string
}

// A Mark is a flag with every field.
type Mark struct {
	Flag
	Row              int64
	SetBy, ClearedBy string
}

// A Use says that a case, or a person, used an address or an identifier.
type Use struct {
	Row         int64
	Case        CaseID    // "" if it is recorded for the person only
	Nominal     NominalID // "" if it is recorded for the case only
	Use, Source string
	From, To    Date
	AddressID   string // or
	Identifier  string
	Kind        string // phone, vehicle, online, email, bank; address
	Value       string // the number, mark, handle or address as recorded
	Description string // of an identifier; the premises type of an address
}

// An Arrival is one extract that brought rows.
type Arrival struct {
	ID       int64
	Name     string
	System   string
	At       string // when it was imported
	FirstRow int64
	LastRow  int64
}

// A Renewal is one field that a later version of a row changed.
type Renewal struct {
	Table    Table
	Old, New int64 // rows
	Field    string
	Was, Now string
}
