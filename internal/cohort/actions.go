package cohort

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/store"
)

// actionsHeader are the columns of the list of actions. Titles and results are
// typed by people and may name others.
var actionsHeader = []string{"action", "system", "crime_ref", "unit", "title", "detail", "priority", "state", "owner", "due", "raised", "raised_by",
	"result_kind", "result", "state_since"}

// actionFilter reads the filter of the page of actions. "me" is the actor; without
// an owner it is anybody's.
func actionFilter(by casefile.Actor, today casefile.Day, q url.Values) (f store.ActionFilter, err error) {
	f = store.ActionFilter{State: q.Get("state"), Owner: q.Get("owner"), Case: casefile.CaseID(q.Get("case")), Unit: q.Get("unit"), Priority: q.Get("priority")}
	switch f.State {
	case "", "open":
		f.State = "open"
	case "all":
		f.State = ""
	default:
		if !slices.Contains(casefile.ActionStates(), casefile.ActionState(f.State)) {
			return f, casefile.Errorf(casefile.Invalid, "There is no state %q. Choose one on the page of actions.", f.State)
		}
	}
	switch f.Owner {
	case "me":
		f.Owner = by.ID
	case "any":
		f.Owner = ""
	}
	if q.Get("overdue") == "y" {
		f.Overdue = today.String()
	}
	return f, nil
}

// exportActions writes the actions of a filter, those due first on top, a page of
// them in a transaction.
func exportActions(ctx context.Context, x *leaving) error {
	q, err := url.ParseQuery(x.query)
	if err != nil {
		return badQuery(err)
	}
	f, err := actionFilter(x.by, casefile.DayAt(x.now), q)
	if err != nil {
		return err
	}
	f.Limit = 500
	for {
		var page []casefile.Action
		err := x.d.DB.View(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Actions(ctx, desk.Reader(x.by), f)
			return err
		})
		if err != nil {
			return err
		}
		for _, a := range page {
			system, ref := a.Case.Split()
			err := x.row(strconv.FormatInt(a.ID, 10), system, ref, a.Unit, a.Title, a.Detail, a.Priority, string(a.State), a.Owner, a.Due,
				casefile.InLondon(a.RaisedAt).Format("2006-01-02"), a.RaisedBy, string(a.ResultKind), a.Result, casefile.InLondon(a.StateAt).Format("2006-01-02"))
			if err != nil {
				return err
			}
			f.After = store.Place{Due: a.Due, ID: a.ID}
		}
		if len(page) < f.Limit {
			return nil
		}
	}
}

// actionsInWords says what the list of actions is limited to.
func actionsInWords(q url.Values) (parts []string) {
	for _, p := range [][2]string{{"state", "state: "}, {"owner", "owner: "}, {"priority", "priority: "}, {"unit", "unit: "}, {"case", "case: "}} {
		if v := q.Get(p[0]); v != "" && v != "any" {
			parts = append(parts, p[1]+v)
		}
	}
	if q.Get("overdue") == "y" {
		parts = append(parts, "overdue only")
	}
	return parts
}
