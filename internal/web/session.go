package web

import (
	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// sessionCookie holds a random token and nothing else.
const sessionCookie = "lookback"

// admit finds out who asks, and refuses who may not.
func (s *Site) admit(r *request, act desk.Act) error {
	if c, err := r.Cookie(sessionCookie); err == nil {
		a, session, err := s.Accounts.Who(r.Context(), c.Value)
		switch {
		case err == nil && session.Stage == "full":
			r.Account, r.Session, r.By = a, session, a.Actor()
		case err != nil && casefile.KindOf(err) != casefile.Forbidden:
			return err
		}
	}
	if act == anyone {
		return nil
	}
	if r.By.ID == "" {
		return errSignIn
	}
	return s.Desk.May(r.By, act)
}
