package web

import (
	"bufio"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lookback/internal/account"
	"lookback/internal/allocation"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/review"
)

// What everybody may open stands in this file, a line a route. A route that is not
// in it fails, and so does an answer that the line does not give.
const matrixFile = "testdata/routes.txt"

var updateMatrix = flag.Bool("update-routes", false, "write "+matrixFile+" anew; read the difference before committing it")

// roleUsers is somebody of each role. A second supervisor is a named reader of the
// restricted case; the first one set the restriction up and took itself off.
var roleUsers = []struct{ role, id string }{
	{"visitor", ""},
	{"administrator", "admin"},
	{"records", "records"},
	{"analyst", "analyst"},
	{"reviewer", "reviewer.one"},
	{"supervisor", "supervisor.one"},
	{"reader", "supervisor.two"},
	{"disclosure", "disclosure"},
	{"inspector", "inspector"},
	{"panel", "panel"},
}

// Of which case a route is asked about.
const (
	ownCase    = "own"        // the reviewer has it assigned and open
	otherCase  = "other"      // somebody else has
	restricted = "restricted" // to supervisor.two
)

var aboutCase = regexp.MustCompile(`^(GET|POST) /cases/\{id\}`)

// TestWhoMayOpenWhat asks for every route as every role, about one's own case,
// another's and a restricted one, and compares with the list.
func TestWhoMayOpenWhat(t *testing.T) {
	if testing.Short() {
		t.Skip("some thousand requests")
	}
	listed := readMatrix(t)
	lines := askAll(t)
	if *updateMatrix {
		if err := os.WriteFile(matrixFile, []byte(matrixHead+strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, line := range lines {
		if !slices.Contains(listed, line) {
			t.Errorf("not listed in %s: %s", matrixFile, line)
		}
	}
	for _, line := range listed {
		if !slices.Contains(lines, line) {
			t.Errorf("listed in %s, and not so: %s", matrixFile, line)
		}
	}
}

const matrixHead = `# Who may open what. A line a route and, for routes about a case, for each of three
# cases: one's own, another's, a restricted one. "reader" is a supervisor who is a
# named reader of the restricted case; "visitor" has not signed in. Everybody who
# is not named is refused: sent to sign in, told "not allowed", or told that there
# is no such case.

`

func readMatrix(t *testing.T) (lines []string) {
	t.Helper()
	f, err := os.Open(matrixFile)
	if err != nil {
		if *updateMatrix {
			return nil
		}
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := s.Text(); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

// askAll returns a line for each route and case, sorted.
func askAll(t *testing.T) (lines []string) {
	t.Helper()
	allowed := map[string][]string{}
	s, cases := matrixSite(t)
	for _, u := range roleUsers {
		for _, rt := range routes() {
			about := []string{""}
			if aboutCase.MatchString(rt.pattern) {
				about = []string{ownCase, otherCase, restricted}
			}
			for _, which := range about {
				key := rt.pattern
				if which != "" {
					key += " | " + which
				}
				if _, there := allowed[key]; !there {
					allowed[key] = nil
				}
				if ask(t, s, u.id, rt, cases[which]) && (which != restricted || !s.sameAsNowhere(t, u.id, rt, cases[which])) {
					allowed[key] = append(allowed[key], u.role)
				}
			}
		}
	}
	for key, roles := range allowed {
		lines = append(lines, strings.TrimSpace(key+" | "+strings.Join(roles, " ")))
	}
	slices.Sort(lines)
	return lines
}

// matrixSite is a site with an assigned case, another's and a restricted one.
func matrixSite(t *testing.T) (*testSite, map[string]casefile.CaseID) {
	t.Helper()
	s := newSite(t)
	ids := s.cases(t)
	cases := map[string]casefile.CaseID{ownCase: ids[0], otherCase: ids[1], restricted: ids[2]}
	by := casefile.Actor{ID: "supervisor.one", Roles: []casefile.Role{casefile.Supervisor}}
	err := account.Restrict(t.Context(), s.Desk, by, cases[restricted], "police suspect", "for the test", []string{"supervisor.two"})
	if err != nil {
		t.Fatal(err)
	}
	for who, c := range map[string]casefile.CaseID{"reviewer.one": cases[ownCase], "reviewer.two": cases[otherCase]} {
		if _, err := allocation.Assign(t.Context(), s.Desk, by, []casefile.CaseID{c}, who, "", "for the test"); err != nil {
			t.Fatal(err)
		}
		if err := review.Start(t.Context(), s.Desk, casefile.Actor{ID: who, Roles: []casefile.Role{casefile.Reviewer}}, c); err != nil {
			t.Fatal(err)
		}
	}
	return s, cases
}

// sameAsNowhere reports whether the answer about a case is the one about a case
// that never existed, to the letter: then it tells nobody that there is one.
func (s *testSite) sameAsNowhere(t *testing.T, id string, rt route, c casefile.CaseID) bool {
	t.Helper()
	nowhere := casefile.CaseID(strings.ReplaceAll(string(c), "/", "x"))
	about := func(c casefile.CaseID) string {
		a := s.empty(t, id, rt, c)
		_, ref := c.Split()
		body := strings.NewReplacer(caseAddress(c), "ADDRESS", url.QueryEscape(caseAddress(c)), "ADDRESS", string(c), "CASE", ref, "REF").Replace(a.Body + " " + a.To)
		return fmt.Sprint(a.Status, body)
	}
	return about(c) == about(nowhere)
}

// ask sends one empty request and says whether its sender got past the door.
func ask(t *testing.T, s *testSite, id string, rt route, c casefile.CaseID) bool {
	t.Helper()
	a := s.empty(t, id, rt, c)
	_, pattern, _ := strings.Cut(rt.pattern, " ")
	switch {
	case a.Status == http.StatusForbidden, a.Status == http.StatusUnauthorized:
		return false
	case a.Status == http.StatusSeeOther && strings.HasPrefix(a.To, "/sign-in") && !strings.HasPrefix(pattern, "/sign-in") && id == "":
		return false
	case a.Status == http.StatusNotFound && c != "" && strings.Contains(a.Body, "There is no case"):
		return false
	case a.Status >= http.StatusInternalServerError:
		t.Errorf("%s as %q about %s: status %d: %s", rt.pattern, id, c, a.Status, a.said())
	}
	return true
}

// empty sends a request without any values.
func (s *testSite) empty(t *testing.T, id string, rt route, c casefile.CaseID) answer {
	t.Helper()
	u := s.visitor(t)
	if id != "" {
		u = s.as(t, id) // signed in anew: some routes sign out
	}
	method, pattern, _ := strings.Cut(rt.pattern, " ")
	path := pathValue.ReplaceAllStringFunc(pattern, func(name string) string {
		switch name {
		case "{id}":
			if c != "" {
				return url.PathEscape(string(c))
			}
			return "1"
		case "{account}":
			return "panel"
		case "{$}":
			return ""
		case "{file...}":
			return "app.css"
		}
		return "1"
	})
	if method == http.MethodPost {
		return u.post(path, url.Values{})
	}
	return u.get(path)
}

var pathValue = regexp.MustCompile(`\{[^}]*\}`)

// Every route names an act that exists, and only the pages before signing in are
// for anyone.
func TestEveryRouteHasAPermission(t *testing.T) {
	open := []string{"/static/", "/sign-in", "/sign-out", "/demo", "/help", "/healthz"}
	for _, rt := range routes() {
		_, path, _ := strings.Cut(rt.pattern, " ")
		if rt.act == anyone {
			if rt.pattern == "/" { // whatever is nowhere
				continue
			}
			if !slices.ContainsFunc(open, func(p string) bool { return strings.HasPrefix(path, p) }) {
				t.Errorf("%s is open to anyone", rt.pattern)
			}
			continue
		}
		if !slices.Contains(desk.Acts(), rt.act) {
			t.Errorf("%s asks for %q, which is not an act", rt.pattern, rt.act)
		}
	}
}
