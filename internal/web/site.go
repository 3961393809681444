// Package web is Lookback in the browser. The site map is a table: pattern,
// permission, handler. A handler parses, calls one verb, and renders or
// redirects; it returns its error and never writes one.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
)

// A Site serves one register.
type Site struct {
	Desk     *desk.Desk
	Accounts *account.Book
	Log      *slog.Logger
	Clock    func() time.Time
	Secure   bool // served over TLS: cookies say so
	Demo     bool // made-up data, and a page on which a visitor chooses who to be

	ImportFrom string // folder of the server from which extracts may be imported by name; "" for none
	MaxUpload  int64  // bytes of an uploaded extract; 0 for maxUpload
	Work       Work
	Uploads    Uploads
	Trials     Trials

	pages *pages
}

// A route is one line of the site map.
type route struct {
	pattern string   // as net/http.ServeMux reads it
	act     desk.Act // what somebody must be allowed to do; anyone for pages before signing in
	handle  handler
}

// anyone marks pages that need no sign-in.
const anyone desk.Act = "anyone"

type handler func(s *Site, w http.ResponseWriter, r *request) error

// A request is an HTTP request of somebody who is signed in, or of nobody on
// pages for anyone.
type request struct {
	*http.Request
	By      casefile.Actor
	Account account.Account // zero on pages for anyone
	Session account.Session
}

// routes is the whole site map, in the order of the menu. Each file of pages adds
// its own lines in a variable of this form.
func routes() []route {
	return slices.Concat(staticRoutes, houseRoutes, homeRoutes, demoRoutes, signingRoutes, accountRoutes, accessRoutes, caseRoutes, reviewRoutes, approvalRoutes, peopleRoutes, lineRoutes, riskRoutes, actionRoutes, allocationRoutes, workloadRoutes, skillRoutes, closingRoutes, listingRoutes, searchRoutes, exportRoutes, jobRoutes, importRoutes, mendingRoutes, qualityRoutes, termsRoutes, groupRoutes, ledgerRoutes, backupRoutes)
}

// Handler returns the site.
func (s *Site) Handler() (http.Handler, error) {
	var err error
	if s.pages, err = loadPages(); err != nil {
		return nil, err
	}
	if err := s.sweepWork(); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, r := range routes() {
		mux.Handle(r.pattern, s.serve(r))
	}
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(s.serve(route{act: anyone, handle: func(*Site, http.ResponseWriter, *request) error {
		return casefile.Errorf(casefile.Forbidden, "This form was sent from another site, so nothing was done. Open the page here and send it again.")
	}}))
	return s.harden(protection.Handler(mux)), nil
}

// Warm works out what every page of lists needs, once, so that nobody waits for it:
// two seconds at 100,000 cases. Pages work without it.
func (s *Site) Warm(ctx context.Context) error {
	by := casefile.Actor{ID: "operator:serve", Roles: []casefile.Role{casefile.Operator}}
	if _, err := cohort.Snapshot(ctx, s.Desk, by); err != nil {
		return err
	}
	_, err := s.qualityReport(ctx)
	return err
}

// serve checks the permission of a route and turns what its handler returns into
// an answer. Only here does an error become a status.
func (s *Site) serve(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := &request{Request: hr}
		err := s.admit(r, rt.act)
		if err == nil {
			err = rt.handle(s, w, r)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// contentSecurity allows what comes from here and nothing else: no script and no
// style within a page.
const contentSecurity = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// harden sets the headers that every answer carries.
func (s *Site) harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurity)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store") // static files say otherwise
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		r.Body = limitBody(w, r.Body, maxForm) // uploads raise it themselves
		next.ServeHTTP(w, r)
	})
}

// maxForm is how much a form may send: a review with long texts pasted into it.
const maxForm = 16 << 20

// now is the time as the site's clock tells it.
func (s *Site) now() time.Time { return s.Clock().UTC() }

// can reports whether whoever asks may do something, for links and buttons.
func (s *Site) can(r *request, act desk.Act) bool { return s.Desk.Policy().Allows(r.By, act) }

// detached keeps work alive that must be finished although its reader has gone.
func detached(r *request) context.Context { return context.WithoutCancel(r.Context()) }
