package web

import (
	"net/http"
	"net/url"
	"strings"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// sessionCookie holds a random token and nothing else.
const sessionCookie = "lookback"

// cookieName is what the cookie is called here. Over TLS the prefix makes the
// browser insist that this host set it, for the whole host and over TLS: nobody
// plants one from a neighbouring name.
func (s *Site) cookieName() string {
	if s.Secure {
		return "__Host-" + sessionCookie
	}
	return sessionCookie
}

// setSession gives the browser the token of its session, "" to forget it. It goes
// with the browser's window; the session itself ends on the server. SameSite is
// Lax and not Strict: a link from a colleague's mail or from the force's directory
// must find its reader signed in, and nothing here is changed by following a link.
// Forms from elsewhere are refused besides (see Handler).
func (s *Site) setSession(w http.ResponseWriter, token string) {
	c := &http.Cookie{Name: s.cookieName(), Value: token, Path: "/", HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// token is what the browser holds, "" if nothing.
func (s *Site) token(r *request) string {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// device says where somebody signs in.
func (s *Site) device(r *request) account.Device {
	return account.Device{Agent: r.UserAgent(), Token: s.token(r)}
}

// origin is the address of this site as the browser sees it.
func (s *Site) origin(r *request) string {
	if s.Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// admit finds out who asks, and refuses who may not. Whoever has proved a password
// and nothing else has a Session and is nobody yet: By stays empty.
func (s *Site) admit(r *request, act desk.Act) error {
	if strings.HasPrefix(r.Pattern, "GET /static/") {
		return nil
	}
	if token := s.token(r); token != "" {
		a, session, err := s.Accounts.Who(r.Context(), token)
		switch {
		case err == nil:
			r.Session = session
			if session.Stage == account.Full {
				r.Account, r.By = a, a.Actor()
			}
		case casefile.KindOf(err) != casefile.Forbidden:
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

// signInAddress is where to send whoever must sign in first, with the page to
// come back to. Of a form that is the page it stood on: what it sent is gone, and
// a page that keeps drafts has kept them.
func (s *Site) signInAddress(r *request) string {
	back := r.URL.RequestURI()
	if r.Method != http.MethodGet {
		back = ""
		if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host {
			back = from.RequestURI()
		}
	}
	q := url.Values{}
	if back = localPath(back); back != "/" {
		q.Set("next", back)
	}
	if s.token(r) != "" && r.Session.Account == "" {
		q.Set("ended", "1")
	}
	to := "/sign-in"
	if s.Demo {
		to = "/demo"
	}
	if len(q) == 0 {
		return to
	}
	return to + "?" + q.Encode()
}

// localPath returns the page to go to after signing in if it is one of this site,
// and the home page otherwise: nobody is sent elsewhere by a link that begins
// here.
func localPath(next string) string {
	u, err := url.Parse(next)
	switch {
	case err != nil, u.IsAbs(), u.Host != "", u.User != nil, u.Opaque != "",
		!strings.HasPrefix(next, "/"), strings.HasPrefix(next, "//"), strings.ContainsAny(next, "\\\x00\t\r\n"), len(next) > 2000,
		u.Path == "/sign-in", strings.HasPrefix(u.Path, "/sign-in/"), u.Path == "/sign-out":
		return "/"
	}
	return next
}
