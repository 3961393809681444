package web

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"lookback/internal/store"
)

// errSignIn sends whoever is not signed in to the sign-in page, and back after.
var errSignIn = errors.New("not signed in")

func signInAddress(r *request) string {
	if r.Method != http.MethodGet || r.URL.Path == "/" {
		return "/sign-in"
	}
	return "/sign-in?next=" + url.QueryEscape(r.URL.RequestURI())
}

// redirect sends the reader on after something was done; done is said at the top
// of the next page.
func redirect(w http.ResponseWriter, r *request, to, done string) error {
	if done != "" {
		join := "?"
		if strings.Contains(to, "?") {
			join = "&"
		}
		fragment := ""
		if i := strings.Index(to, "#"); i >= 0 {
			to, fragment = to[:i], to[i:]
		}
		to += join + "done=" + url.QueryEscape(done) + fragment
	}
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
	return nil
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
func (s *Site) madeUp(r *request) (yes bool) {
	err := s.Desk.DB.View(r.Context(), func(tx *store.Tx) error {
		reg, err := tx.Register(r.Context())
		yes = reg.MadeUp == "y"
		return err
	})
	return yes && err == nil
}
