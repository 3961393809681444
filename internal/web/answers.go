package web

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"

	"lookback/internal/store"
)

// errSignIn sends whoever is not signed in to the sign-in page, and back after.
var errSignIn = errors.New("not signed in")

// doneCookie carries what was done to the next page. It is not in the address,
// where anybody could put words into Lookback's mouth, and where a bookmark would
// keep them.
const doneCookie = "lookback-done"

// redirect sends the reader on after something was done; done is said once, at
// the top of the next page.
func redirect(w http.ResponseWriter, r *request, to, done string) error {
	if done != "" {
		setDone(w, r, base64.RawURLEncoding.EncodeToString([]byte(done)), 60)
	}
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
	return nil
}

func setDone(w http.ResponseWriter, r *request, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: doneCookie, Value: value, Path: "/", MaxAge: seconds, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode})
}

// takeDone returns what was just done, which is then no longer said.
func takeDone(w http.ResponseWriter, r *request) string {
	c, err := r.Cookie(doneCookie)
	if err != nil || c.Value == "" {
		return ""
	}
	setDone(w, r, "", -1)
	done, _ := base64.RawURLEncoding.DecodeString(c.Value)
	return string(done)
}

// wantsJSON reports whether a script asks, which gets its errors as JSON.
func wantsJSON(r *request) bool { return r.Header.Get("Accept") == "application/json" }

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}

// newRef names one failure, for the reader to quote and the operator to find.
func newRef() string { return rand.Text()[:8] }

// madeUp says whether the register holds made-up data only; every page says so.
// Once it does, it always will.
func (s *Site) madeUp(r *request) bool {
	if s.pages.madeUp.Load() {
		return true
	}
	yes := false
	err := s.Desk.DB.View(r.Context(), func(tx *store.Tx) error {
		reg, err := tx.Register(r.Context())
		yes = reg.MadeUp == "y"
		return err
	})
	if err != nil || !yes {
		return false
	}
	s.pages.madeUp.Store(true)
	return true
}
