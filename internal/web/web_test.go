package web

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lookback/internal/account"
	"lookback/internal/allocation"
	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/intake"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
	"lookback/internal/synth"
)

var operator = casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}

// The seed is a register of a made-up force with its team, made once and copied
// for each test.
var seed struct {
	once sync.Once
	dir  string
	key  store.Key
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	stopChromium()
	if seed.dir != "" {
		os.RemoveAll(filepath.Dir(seed.dir))
	}
	os.Exit(code)
}

// seedCases is how many investigations the tests' force has.
const seedCases = 120

func makeSeed() error {
	ctx := context.Background()
	tmp, err := os.MkdirTemp("", "lookback-web-test")
	if err != nil {
		return err
	}
	from := filepath.Join(tmp, "force")
	if _, err := synth.Write(from, synth.Options{Cases: seedCases, Seed: 11, Prevalence: .25}); err != nil {
		return err
	}
	if seed.key, err = store.NewKey(); err != nil {
		return err
	}
	seed.dir = filepath.Join(tmp, "register")
	if err := store.Create(ctx, seed.dir, seed.key, operator, time.Now); err != nil {
		return err
	}
	db, err := store.Open(seed.dir, seed.key, time.Now)
	if err != nil {
		return err
	}
	defer db.Close()
	d := &desk.Desk{DB: db, Code: "test"}
	if _, err := intake.Import(ctx, d, operator, from, nil, nil); err != nil {
		return err
	}
	if _, err := analysis.Run(ctx, d, operator, nil); err != nil {
		return err
	}
	terms, err := scope.Preset("two-suspects")
	if err != nil {
		return err
	}
	if err := cohort.Adopt(ctx, d, operator, terms, "for the tests"); err != nil {
		return err
	}
	book := &account.Book{Desk: d, Clock: time.Now}
	for _, a := range account.MadeUpTeam() {
		if err := book.AddReady(ctx, operator, a, teamPassword, teamSecret); err != nil {
			return err
		}
	}
	skills := allocation.SkillsFile{Name: "team.csv", Data: allocation.DemoSkills(casefile.DayOf(time.Now().Date()))}
	if _, err := allocation.ImportSkills(ctx, d, operator, skills, -1); err != nil {
		return err
	}
	return db.Tidy(ctx)
}

// The team's password and the secret of its authenticator app.
const (
	teamPassword = "a passphrase for tests 7"
	teamSecret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// A testSite is a served copy of the seed.
type testSite struct {
	*Site
	URL   string
	clock *testClock
	mine  string // address of the case that reviewer.one is reviewing, after work
}

// A testClock runs with the real one, moved by what a test adds.
type testClock struct {
	sync.Mutex
	ahead time.Duration
}

func (c *testClock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *testClock) move(d time.Duration) {
	c.Lock()
	defer c.Unlock()
	c.ahead += d
}

// newSite serves a made-up register of 120 cases with users of each role.
func newSite(t *testing.T) *testSite {
	t.Helper()
	seed.once.Do(func() { seed.err = makeSeed() })
	if seed.err != nil {
		t.Fatal(seed.err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := os.CopyFS(dir, os.DirFS(seed.dir)); err != nil {
		t.Fatal(err)
	}
	return serveRegister(t, dir, seed.key)
}

// newEmptySite serves a register into which nothing was imported, with the team.
func newEmptySite(t *testing.T) *testSite {
	t.Helper()
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := store.Create(t.Context(), dir, key, operator, time.Now); err != nil {
		t.Fatal(err)
	}
	s := serveRegister(t, dir, key)
	err = s.Desk.DB.Update(t.Context(), operator, func(tx *store.Tx) ([]ledger.Event, error) {
		return []ledger.Event{{Kind: ledger.RegisterCreated, Purpose: "made-up data only"}}, tx.SetMadeUp(t.Context(), "y")
	})
	if err != nil {
		t.Fatal(err)
	}
	s.addTeam(t)
	return s
}

func serveRegister(t *testing.T, dir string, key store.Key) *testSite {
	t.Helper()
	clock := &testClock{}
	db, err := store.Open(dir, key, clock.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d := &desk.Desk{DB: db, Code: "test"}
	s := &testSite{clock: clock, Site: &Site{
		Desk:     d,
		Accounts: &account.Book{Desk: d, Clock: clock.now},
		Log:      slog.New(slog.NewTextHandler(t.Output(), nil)),
		Clock:    clock.now,
	}}
	h, err := s.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	t.Cleanup(func() { // t.Context has ended by now: jobs are stopped, not waited for
		s.Shutdown(t.Context())
	})
	s.URL = server.URL
	return s
}

// addTeam gives a register of made-up data its team, if it has none.
func (s *testSite) addTeam(t *testing.T) {
	t.Helper()
	for _, a := range account.MadeUpTeam() {
		if err := s.Accounts.AddReady(t.Context(), operator, a, teamPassword, teamSecret); err != nil {
			t.Fatal(err)
		}
	}
}

// A user is somebody with a browser, signed in or not.
type user struct {
	t    *testing.T
	site *testSite
	http *http.Client
	ID   string
}

// visitor is somebody who has not signed in. Redirects are not followed.
func (s *testSite) visitor(t *testing.T) *user {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &user{t, s, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, ""}
}

// as is a member of the team, signed in: "supervisor.one".
func (s *testSite) as(t *testing.T, id string) *user {
	t.Helper()
	u := s.visitor(t)
	u.ID = id
	token, err := s.Accounts.Enter(t.Context(), id, account.Device{Agent: "test"})
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.http.Jar.SetCookies(at, []*http.Cookie{{Name: sessionCookie, Value: token, Path: "/"}})
	return u
}

// An answer is what a browser got.
type answer struct {
	Status int
	Body   string
	Header http.Header
	To     string // where a redirect leads
}

func (u *user) get(path string) answer {
	u.t.Helper()
	return u.do("GET", path, nil, "")
}

func (u *user) post(path string, form url.Values) answer {
	u.t.Helper()
	return u.do("POST", path, strings.NewReader(form.Encode()), "application/x-www-form-urlencoded")
}

func (u *user) do(method, path string, body io.Reader, contentType string) answer {
	u.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = u.site.URL + path
	}
	r, err := http.NewRequestWithContext(u.t.Context(), method, path, body)
	if err != nil {
		u.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return u.send(r)
}

func (u *user) send(r *http.Request) answer {
	u.t.Helper()
	resp, err := u.http.Do(r)
	if err != nil {
		u.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(b), resp.Header, resp.Header.Get("Location")}
}

// must fails the test unless the status is one of those wanted.
func (a answer) must(t *testing.T, status ...int) answer {
	t.Helper()
	if !slices.Contains(status, a.Status) {
		t.Fatalf("status %d, want %v: %s", a.Status, status, a.said())
	}
	return a
}

// said is what an answer says in short: its main part without tags.
func (a answer) said() string {
	body := a.Body
	if i := strings.Index(body, "<main"); i >= 0 {
		body = body[i:]
	}
	var b strings.Builder
	in := false
	for _, r := range body {
		switch {
		case r == '<':
			in = true
		case r == '>':
			in = false
			b.WriteByte(' ')
		case !in:
			b.WriteRune(r)
		}
	}
	said := strings.Join(strings.Fields(b.String()), " ")
	return said[:min(len(said), 600)] + " " + a.To
}

// cases returns the ids of every case, in order.
func (s *testSite) cases(t *testing.T) (ids []casefile.CaseID) {
	t.Helper()
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		for c, err := range tx.Investigations(t.Context()) {
			if err != nil {
				return err
			}
			ids = append(ids, c.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// events counts the ledger's events of a kind about a subject; "" for any.
func (s *testSite) events(t *testing.T, kind ledger.Kind, subject string) (n int) {
	t.Helper()
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		for sealed, err := range tx.Events(t.Context()) {
			if err != nil {
				return err
			}
			if e, err := ledger.Unseal(sealed); err != nil {
				return err
			} else if e.Kind == kind && (subject == "" || e.Subject == subject) {
				n++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
