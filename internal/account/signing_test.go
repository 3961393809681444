package account_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

var operator = casefile.Actor{ID: "operator:test", Roles: []casefile.Role{casefile.Operator}}

// A clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// newBook makes an empty register of made-up data with its clock.
func newBook(t *testing.T) (*account.Book, *clock) {
	t.Helper()
	c := &clock{now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "register")
	if err := store.Create(t.Context(), dir, key, operator, c.Now); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(dir, key, c.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	err = db.Housekeep(t.Context(), func(tx *store.Tx) error { return tx.SetMadeUp(t.Context(), "y") })
	if err != nil {
		t.Fatal(err)
	}
	return &account.Book{Desk: &desk.Desk{DB: db, Code: "test"}, Clock: c.Now}, c
}

const (
	password = "copper lantern wagon"
	secret   = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
)

// ready adds an account that can sign in.
func ready(t *testing.T, b *account.Book, id string, roles ...casefile.Role) account.Account {
	t.Helper()
	a := account.Account{ID: id, Name: "Person " + strings.ToUpper(id), Roles: roles}
	if err := b.AddReady(t.Context(), operator, a, password, secret); err != nil {
		t.Fatal(err)
	}
	return a
}

func code(t *testing.T, c *clock) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// signIn goes the whole way and returns the token of a full session.
func signIn(t *testing.T, b *account.Book, c *clock, id string) string {
	t.Helper()
	token, err := b.SignIn(t.Context(), id, password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	token, err = b.Prove(t.Context(), code(t, c), account.Device{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	c.pass(30 * time.Second) // the next code is another
	return token
}

// events returns the kinds of the ledger's events, oldest first, from the n-th.
func events(t *testing.T, b *account.Book, from int) (kinds []ledger.Kind) {
	t.Helper()
	err := b.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		for e, err := range tx.Events(t.Context()) {
			if err != nil {
				return err
			}
			leaf, err := ledger.ParseLeaf(e.Leaf)
			if err != nil {
				return err
			}
			kinds = append(kinds, leaf.Kind)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return kinds[from:]
}

func TestNobodyIsSignedInByAPasswordAlone(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	half, err := b.SignIn(t.Context(), " Officer ", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	_, s, err := b.Who(t.Context(), half)
	if err != nil || s.Stage == account.Full || s.Owes != account.SecondFactor {
		t.Fatalf("after the password: %+v, %v; want a session that owes the second factor", s, err)
	}
	full, err := b.Prove(t.Context(), code(t, c), account.Device{Token: half})
	if err != nil {
		t.Fatal(err)
	}
	a, s, err := b.Who(t.Context(), full)
	if err != nil || s.Stage != account.Full || a.ID != "officer" || !a.Actor().Has(casefile.Reviewer) {
		t.Errorf("after the code: %v %+v, %v; want officer's full session", a, s, err)
	}
	if _, _, err := b.Who(t.Context(), half); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("the token from before the second factor still works (%v): whoever planted it would be in", err)
	}
}

// writeManifest says of an extract that its system is T and its data made up.
func writeManifest(dir string) error {
	return os.WriteFile(filepath.Join(dir, "extract.json"), []byte(`{"system": "T", "synthetic": true}`), 0o600)
}
