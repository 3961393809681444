package cohort

import (
	"context"
	"strings"
	"unicode/utf8"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// Limits of what one account keeps.
const (
	maxSaved      = 300
	maxSavedName  = 80
	maxSavedQuery = 4000
)

// A SavedSearch is a list or search kept under a name.
type SavedSearch = store.SavedSearch

// SaveSearch keeps a list or a search: its address from / on, as the page showed
// it. It may be shared with everybody who searches, and pinned to a case.
func SaveSearch(ctx context.Context, d *desk.Desk, by casefile.Actor, s SavedSearch) (id int64, err error) {
	if err := d.May(by, desk.SearchTexts); err != nil {
		return 0, err
	}
	if s.Shared {
		if err := d.May(by, desk.ShareSearches); err != nil {
			return 0, err
		}
	}
	s.Account, s.Name = by.ID, strings.Join(strings.Fields(strings.ToValidUTF8(s.Name, "")), " ")
	switch {
	case s.Name == "":
		return 0, casefile.Errorf(casefile.Invalid, "Give the search a name, so that you find it again.")
	case utf8.RuneCountInString(s.Name) > maxSavedName:
		return 0, casefile.Errorf(casefile.Invalid, "A name has up to %d characters. Shorten it.", maxSavedName)
	case !Keepable(s.Query):
		return 0, casefile.Errorf(casefile.Invalid, "Only lists of cases and searches can be kept. Open the one that you want and save it there.")
	}
	err = d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		if s.Case != "" {
			if err := d.Readable(ctx, tx, by, s.Case); err != nil {
				return nil, err
			}
		}
		n, err := tx.CountSaved(ctx, by.ID)
		if err != nil {
			return nil, err
		}
		if n >= maxSaved {
			return nil, casefile.Errorf(casefile.Conflict, "You keep %d searches, which is as many as there may be. Remove one first.", n)
		}
		if id, err = tx.AddSavedSearch(ctx, s); err != nil {
			return nil, err
		}
		s.ID = id
		return []ledger.Event{savedEvent(ledger.SearchSaved, s)}, nil
	})
	return id, err
}

// Keepable reports whether an address is a list or a search of this site.
func Keepable(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	return len(address) <= maxSavedQuery && (path == "/cases" || path == "/search") && !strings.ContainsAny(address, "\r\n\x00")
}

func savedEvent(kind ledger.Kind, s SavedSearch) ledger.Event {
	return ledger.Event{Kind: kind, Purpose: "review", Subject: string(s.Case), Body: map[string]any{
		"search": s.ID, "name": s.Name, "query": s.Query, "shared": s.Shared,
	}}
}

// SavedSearches returns what the actor keeps and what others share, by name.
func SavedSearches(ctx context.Context, d *desk.Desk, by casefile.Actor) (list []SavedSearch, err error) {
	if err := d.May(by, desk.SearchTexts); err != nil {
		return nil, err
	}
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		list, err = tx.SavedSearches(ctx, by.ID, desk.Reader(by))
		return err
	})
	return list, err
}

// PinnedSearches returns the searches pinned to a case that the actor may see.
func PinnedSearches(ctx context.Context, tx *store.Tx, by casefile.Actor, id casefile.CaseID) ([]SavedSearch, error) {
	return tx.PinnedSearches(ctx, id, by.ID)
}

// RemoveSearch puts a saved search aside; its owner may, and whoever may share.
// RestoreSearch takes it up again.
func RemoveSearch(ctx context.Context, d *desk.Desk, by casefile.Actor, id int64) (SavedSearch, error) {
	return moveSearch(ctx, d, by, id, true)
}

// RestoreSearch takes a removed search up again.
func RestoreSearch(ctx context.Context, d *desk.Desk, by casefile.Actor, id int64) (SavedSearch, error) {
	return moveSearch(ctx, d, by, id, false)
}

func moveSearch(ctx context.Context, d *desk.Desk, by casefile.Actor, id int64, removed bool) (s SavedSearch, err error) {
	if err := d.May(by, desk.SearchTexts); err != nil {
		return s, err
	}
	err = d.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		var ok bool
		if s, ok, err = tx.SavedSearch(ctx, id); err != nil {
			return nil, err
		}
		if !ok || s.Account != by.ID && !(s.Shared && d.May(by, desk.ShareSearches) == nil) {
			return nil, casefile.Errorf(casefile.NotFound, "There is no such saved search of yours.")
		}
		kind := ledger.SearchSaved
		if removed {
			kind = ledger.SearchRemoved
		}
		if s.Removed.IsZero() != removed {
			return nil, casefile.Errorf(casefile.Conflict, "That was done already. Open the list of searches again.")
		}
		return []ledger.Event{savedEvent(kind, s)}, tx.RemoveSavedSearch(ctx, id, removed)
	})
	return s, err
}

// RemovedSearch returns a search that the actor removed and may take up again; nil
// if there is none.
func RemovedSearch(ctx context.Context, d *desk.Desk, by casefile.Actor, id int64) (found *SavedSearch, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		s, ok, err := tx.SavedSearch(ctx, id)
		if ok && !s.Removed.IsZero() && (s.Account == by.ID || s.Shared && d.May(by, desk.ShareSearches) == nil) {
			found = &s
		}
		return err
	})
	return found, err
}

// CaseByReference returns the one case that a reference names and that the actor
// may read: its id, or its reference however it is written.
func CaseByReference(ctx context.Context, d *desk.Desk, by casefile.Actor, ref string) (casefile.CaseID, error) {
	var asked error
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		asked = d.Readable(ctx, tx, by, casefile.CaseID(ref))
		return nil
	})
	if err != nil || asked == nil {
		return casefile.CaseID(ref), err
	}
	found, err := d.DB.FindReferences(ctx, []string{store.ReferenceKey(ref)}, desk.Reader(by))
	if err != nil {
		return "", err
	}
	ids := map[casefile.CaseID]bool{}
	var id casefile.CaseID
	for _, f := range found {
		if f.Kind == "crime" {
			id, ids[f.Cases[0]] = f.Cases[0], true
		}
	}
	switch len(ids) {
	case 0:
		return "", casefile.Errorf(casefile.Invalid, "There is no case %q here. Check the reference.", ref)
	case 1:
		return id, nil
	}
	return "", casefile.Errorf(casefile.Invalid, "%d cases of different systems have the reference %q. Write the system before it, as in SYSTEM:%s.", len(ids), ref, ref)
}
