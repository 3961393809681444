package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/desk"
)

var closingRoutes = []route{
	{"GET /closed", desk.ReadCases, (*Site).listClosed},
	{"GET /cases/{id}/close", desk.ReadCases, (*Site).askClose},
	{"POST /cases/{id}/close", desk.CloseCases, (*Site).closeCase},
	{"POST /cases/{id}/reopen", desk.CloseCases, (*Site).reopenCase},
}

// A closePage asks before a case is closed or reopened, and says what keeps it open.
type closePage struct {
	Faults
	*casework.ClosePage
	Reason string
	May    bool
}

// At is where a block is settled.
func (p *closePage) At(b casework.Block) string { return blockAddress(p.Case, b) }

func blockAddress(id casefile.CaseID, b casework.Block) string {
	switch b.Kind {
	case casework.BlockRisk:
		return riskAddress(b.Risk)
	case casework.BlockAction:
		return "/actions/" + strconv.FormatInt(b.Action, 10)
	}
	return caseAddress(id) + "/decision"
}

func (s *Site) askClose(w http.ResponseWriter, r *request) error {
	return s.renderClose(w, r, http.StatusOK, &closePage{})
}

func (s *Site) renderClose(w http.ResponseWriter, r *request, status int, p *closePage) (err error) {
	if p.ClosePage, err = casework.ReadClosePage(r.Context(), s.Desk, r.By, caseOf(r)); err != nil {
		return err
	}
	p.May = s.can(r, desk.CloseCases)
	_, ref := p.Case.Split()
	title := "Close case " + ref + "?"
	switch {
	case p.Closed != nil:
		title = "Case " + ref + " is closed"
	case len(p.Blocks) > 0:
		title = "Case " + ref + " cannot be closed yet"
	}
	return s.renderStatus(w, r, status, "close", title, p)
}

func (s *Site) closeCase(w http.ResponseWriter, r *request) error {
	return s.endOrReopen(w, r, casework.Close, "The case is closed. It can be reopened with a reason.")
}

func (s *Site) reopenCase(w http.ResponseWriter, r *request) error {
	return s.endOrReopen(w, r, casework.Reopen, "The case is open again. Its decision stands until another supersedes it.")
}

type closeVerb func(ctx context.Context, d *desk.Desk, by casefile.Actor, id casefile.CaseID, seen int, reason string) error

func (s *Site) endOrReopen(w http.ResponseWriter, r *request, do closeVerb, done string) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	reason := r.PostFormValue("reason")
	seen, _ := strconv.Atoi(r.PostFormValue("seen"))
	faults, status := casework.CloseFaults(reason), http.StatusUnprocessableEntity
	if len(faults) == 0 {
		err := do(r.Context(), s.Desk, r.By, caseOf(r), seen, reason)
		switch casefile.KindOf(err) {
		case casefile.Invalid, casefile.Conflict:
			faults, status = []casefile.Fault{{Message: casefile.Message(err)}}, statusOf(err)
		default:
			if err != nil {
				return err
			}
			return redirect(w, r, caseAddress(caseOf(r)), done)
		}
	}
	p := &closePage{Reason: reason}
	p.addAll(faults)
	return s.renderClose(w, r, status, p)
}

// A closedPage is the list of closed cases.
type closedPage struct {
	*casework.ClosedList
	OnlyChanged bool
	Next        string
}

func (closedPage) Wide() bool { return true }

func (s *Site) listClosed(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	changed := q.Get("changed") == "y"
	before, _ := strconv.ParseInt(q.Get("before"), 10, 64)
	l, err := casework.ListClosed(r.Context(), s.Desk, r.By, casework.ChangedOnly(changed), before)
	if err != nil {
		return err
	}
	p := closedPage{ClosedList: l, OnlyChanged: changed}
	if l.More {
		next := url.Values{"before": {fmt.Sprint(l.Cases[len(l.Cases)-1].ID)}}
		if changed {
			next.Set("changed", "y")
		}
		p.Next = "/closed?" + next.Encode()
	}
	return s.render(w, r, "closed", "Closed cases", p)
}
