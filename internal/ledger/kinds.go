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
