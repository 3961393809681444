package review

import (
	"lookback/internal/normalise"
	"lookback/internal/store"
)

// officerNames are how the force's records may name the owner of an account as an
// officer, folded.
func officerNames(a store.Account) map[string]bool {
	names := map[string]bool{}
	for _, name := range append([]string{a.ID, a.Name}, a.KnownAs...) {
		if name = normalise.Fold(name); name != "" {
			names[name] = true
		}
	}
	return names
}

// An Officer is somebody who may be given cases, as far as the records name them.
type Officer struct{ r reviewer }

// OfficerOf returns the owner of an account.
func OfficerOf(a store.Account) Officer {
	return Officer{reviewer{account: a.ID, names: officerNames(a)}}
}

// NamedIn reports whether the names of the officers and supervisors of a case, in
// any version received (see [store.Tx.OfficersOf]), name the owner. It is the rule
// by which the queue withholds a case.
func (o Officer) NamedIn(officers []string) bool { return o.r.namedIn(officers) }
