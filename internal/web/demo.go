package web

import (
	"net/http"
	"slices"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
)

// The demo's way in: whoever looks at made-up data chooses who to be, and can be
// somebody else a moment later, since a decision needs two people.
var demoRoutes = []route{
	{"GET /demo", anyone, (*Site).showDemo},
	{"POST /demo", anyone, (*Site).enterDemo},
}

var errNoDemo = casefile.Errorf(casefile.NotFound, "This is no demo: sign in with your own account.")

// A demoMember is somebody whom a visitor can be.
type demoMember struct {
	account.Account
	About string
}

type demoPage struct {
	Team []demoMember
	Next string // the page to come back to
	Demo demoFound
}

// demoFound is what stands in the made-up register, as cases.
type demoFound struct {
	*cohort.View
	OnlyStated int // two suspects or more in the text, fewer on record
	Grouped    int // with suspects of a group
}

// demoFirst are the roles that a visitor should be first, in this order.
var demoFirst = []casefile.Role{casefile.Reviewer, casefile.Supervisor, casefile.Analyst}

func demoRank(m demoMember) int {
	if i := slices.Index(demoFirst, m.Roles[0]); i >= 0 {
		return i
	}
	return len(demoFirst)
}

func (s *Site) demoFound(r *request) (f demoFound, err error) {
	f.View, err = cohort.Snapshot(r.Context(), s.Desk, casefile.Actor{ID: "operator:demo", Roles: []casefile.Role{casefile.Operator}})
	if err != nil {
		return f, err
	}
	for i := range f.Rows {
		c := &f.Rows[i]
		if c.Stated >= 2 && c.Recordeds() < 2 {
			f.OnlyStated++
		}
		if c.Group != "" {
			f.Grouped++
		}
	}
	return f, nil
}

func (s *Site) showDemo(w http.ResponseWriter, r *request) error {
	if !s.Demo {
		return errNoDemo
	}
	accounts, err := s.Accounts.List(r.Context())
	if err != nil {
		return err
	}
	var team []demoMember
	for _, a := range accounts {
		if a.Disabled || len(a.Roles) == 0 {
			continue
		}
		team = append(team, demoMember{a, s.Desk.Policy().About[a.Roles[0]]})
	}
	slices.SortStableFunc(team, func(a, b demoMember) int { return demoRank(a) - demoRank(b) })
	found, err := s.demoFound(r)
	if err != nil {
		return err
	}
	return s.render(w, r, "demo", "Try Lookback", demoPage{team, localPath(r.URL.Query().Get("next")), found})
}

func (s *Site) enterDemo(w http.ResponseWriter, r *request) error {
	if !s.Demo {
		return errNoDemo
	}
	token, err := s.Accounts.Enter(r.Context(), r.PostFormValue("as"), s.device(r))
	if err != nil {
		return err
	}
	s.setSession(w, token)
	return redirect(w, r, localPath(r.PostFormValue("next")), "")
}
