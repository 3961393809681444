package web

import (
	"net/http"

	"lookback/internal/account"
	"lookback/internal/casefile"
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
	return s.render(w, r, "demo", "Try Lookback", demoPage{team, localPath(r.URL.Query().Get("next"))})
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
