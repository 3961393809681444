package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Directory is a force's own sign-in, through OpenID Connect: authorization
// code with PKCE, a nonce, and a state that only this browser knows.
type Directory struct {
	Name     string `json:"name"` // on the button: Sign in with …
	Issuer   string `json:"issuer"`
	ClientID string `json:"client_id"`
	Secret   string `json:"secret_file"` // a file beside this one; "" for a public client
	Redirect string `json:"redirect"`    // https://…/sign-in/directory/back

	Scopes       []string `json:"scopes"`        // beside openid and profile
	AccountClaim string   `json:"account_claim"` // whose value is the sign-in name; preferred_username if not said
	NameClaim    string   `json:"name_claim"`    // name if not said
	GroupsClaim  string   `json:"groups_claim"`  // groups if not said; a.b looks within a

	// Roles gives roles to groups. With it the directory decides: roles are set at
	// each sign-in, and whoever is in no such group is refused. Without it, roles
	// are given here.
	Roles map[string][]casefile.Role `json:"roles"`
	// Create adds an account at the first sign-in of somebody to whom Roles gives
	// one. Without it, an administrator adds the account first.
	Create bool `json:"create"`
	// MFA lists values of the claims amr and acr that say that the directory asked
	// for a second factor. Anybody else is asked for one here.
	MFA struct {
		AMR []string `json:"amr"`
		ACR []string `json:"acr"`
	} `json:"mfa"`

	now    func() time.Time
	secret string

	asking   chan struct{} // held by whoever asks the directory where its pages are
	provider *oidc.Provider
}

// directoryWait is how long a page waits for the directory's server.
const directoryWait = 10 * time.Second

// ReadDirectory reads the configuration of a directory. It is not asked yet: a
// directory that is down must not keep Lookback from starting.
func ReadDirectory(file string, clock func() time.Time) (*Directory, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, casefile.Errorf(casefile.NotFound, "The directory's configuration %s cannot be read: %w", file, err)
	}
	d := &Directory{now: clock, asking: make(chan struct{}, 1)}
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(d); err != nil {
		return nil, casefile.Errorf(casefile.Invalid, "%s is not a directory's configuration (see docs/security.md): %w", file, err)
	}
	if d.Secret != "" {
		path := d.Secret
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(file), path)
		}
		s, err := os.ReadFile(path)
		if err != nil {
			return nil, casefile.Errorf(casefile.NotFound, "The directory's secret %s cannot be read: %w", path, err)
		}
		d.secret = strings.TrimSpace(string(s))
	}
	for _, c := range []struct{ value *string }{{&d.AccountClaim}, {&d.NameClaim}, {&d.GroupsClaim}} {
		*c.value = strings.TrimSpace(*c.value)
	}
	d.AccountClaim, d.NameClaim, d.GroupsClaim = orElse(d.AccountClaim, "preferred_username"), orElse(d.NameClaim, "name"), orElse(d.GroupsClaim, "groups")
	d.Name = orElse(d.Name, "your force's account")
	return d, d.check(file)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func (d *Directory) check(file string) error {
	for _, need := range []struct{ name, value string }{{"issuer", d.Issuer}, {"client_id", d.ClientID}, {"redirect", d.Redirect}} {
		if need.value == "" {
			return casefile.Errorf(casefile.Invalid, "%s does not say %q.", file, need.name)
		}
	}
	for _, address := range []string{d.Issuer, d.Redirect} {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "https" && !isLocal(u.Hostname()) {
			return casefile.Errorf(casefile.Invalid, "%s: %q must be an https address.", file, address)
		}
	}
	if d.Create && len(d.Roles) == 0 {
		return casefile.Errorf(casefile.Invalid, "%s: with \"create\", \"roles\" must say which group gets which role, or everybody in the directory would have an account.", file)
	}
	return nil
}

func isLocal(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// An Errand is what the browser keeps while somebody is at the directory.
type Errand struct {
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Next     string `json:"next"` // the page to go to after
}

const errDirectoryDown = "The directory's server does not answer. Try again in a few minutes, or ask whoever runs it: %w"

// discover asks the directory where its pages are, once. While one asks, others
// wait for the answer no longer than their own time.
func (d *Directory) discover(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	select {
	case d.asking <- struct{}{}:
		defer func() { <-d.asking }()
	case <-ctx.Done():
		return nil, nil, casefile.Errorf(casefile.Broken, errDirectoryDown, ctx.Err())
	}
	if d.provider == nil {
		p, err := oidc.NewProvider(ctx, d.Issuer)
		if err != nil {
			return nil, nil, casefile.Errorf(casefile.Broken, errDirectoryDown, err)
		}
		d.provider = p
	}
	return d.provider, &oauth2.Config{
		ClientID: d.ClientID, ClientSecret: d.secret, Endpoint: d.provider.Endpoint(), RedirectURL: d.Redirect,
		Scopes: append([]string{oidc.ScopeOpenID, "profile"}, d.Scopes...),
	}, nil
}

// Begin returns the address to which to send the browser, and what it must bring
// back.
func (d *Directory) Begin(ctx context.Context, next string) (address string, e Errand, err error) {
	ctx, cancel := context.WithTimeout(ctx, directoryWait)
	defer cancel()
	_, config, err := d.discover(ctx)
	if err != nil {
		return "", e, err
	}
	e = Errand{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next}
	return config.AuthCodeURL(e.State, oidc.Nonce(e.Nonce), oauth2.S256ChallengeOption(e.Verifier)), e, nil
}

// claims are what the directory says of somebody.
type claims struct {
	subject string // issuer and subject
	account string
	name    string
	roles   []casefile.Role
	mfa     bool
}

var errErrand = casefile.Errorf(casefile.Forbidden, "This sign-in was not begun in this browser, or it took too long. Start again from the sign-in page.")

// finish checks what the browser brought back and asks the directory who it is.
func (d *Directory) finish(ctx context.Context, e Errand, state, code string) (c claims, err error) {
	if e.State == "" || subtle.ConstantTimeCompare([]byte(e.State), []byte(state)) != 1 {
		return c, errErrand
	}
	ctx, cancel := context.WithTimeout(ctx, directoryWait)
	defer cancel()
	provider, config, err := d.discover(ctx)
	if err != nil {
		return c, err
	}
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(e.Verifier))
	if err != nil {
		return c, casefile.Errorf(casefile.Forbidden, "The directory did not confirm this sign-in. Start again from the sign-in page: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: d.ClientID, Now: d.now}).Verify(ctx, raw)
	if err != nil {
		return c, casefile.Errorf(casefile.Forbidden, "What the directory sent does not hold, so you are not signed in. Tell whoever runs Lookback: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(e.Nonce)) != 1 {
		return c, errErrand
	}
	var all map[string]any
	if err := id.Claims(&all); err != nil {
		return c, casefile.Errorf(casefile.Broken, "What the directory sent cannot be read. Tell whoever runs Lookback: %w", err)
	}
	return d.read(id.Issuer+" "+id.Subject, all), nil
}

func (d *Directory) read(subject string, all map[string]any) claims {
	c := claims{subject: subject, account: CleanID(text(lookUp(all, d.AccountClaim))), name: strings.TrimSpace(text(lookUp(all, d.NameClaim)))}
	if c.name == "" {
		c.name = c.account
	}
	for _, g := range texts(lookUp(all, d.GroupsClaim)) {
		for _, r := range d.Roles[g] {
			if !slices.Contains(c.roles, r) {
				c.roles = append(c.roles, r)
			}
		}
	}
	slices.Sort(c.roles)
	c.mfa = overlap(texts(all["amr"]), d.MFA.AMR) || overlap(texts(all["acr"]), d.MFA.ACR)
	return c
}

func overlap(x, y []string) bool {
	return slices.ContainsFunc(x, func(s string) bool { return slices.Contains(y, s) })
}

// lookUp finds a claim: a name, or names joined by dots.
func lookUp(all map[string]any, path string) any {
	if v, ok := all[path]; ok {
		return v
	}
	head, rest, ok := strings.Cut(path, ".")
	if within, is := all[head].(map[string]any); ok && is {
		return lookUp(within, rest)
	}
	return nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func texts(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// directoryActor signs for what the directory decides: roles, new accounts.
var directoryActor = casefile.Actor{ID: "directory"}

// DirectorySignIn ends a sign-in through the directory. The session is full if
// the directory says that it asked for a second factor, and owes one otherwise.
func (b *Book) DirectorySignIn(ctx context.Context, e Errand, state, code string, from Device) (token string, err error) {
	if b.Directory == nil {
		return "", casefile.Errorf(casefile.NotFound, "Nobody signs in through a directory here.")
	}
	c, err := b.Directory.finish(ctx, e, state, code)
	if err != nil {
		return "", err
	}
	if err := b.checkRoles(c.roles); err != nil {
		return "", casefile.Errorf(casefile.Broken, "The directory's configuration names a role that does not exist. Tell whoever runs Lookback: %w", err)
	}
	var answer error
	err = b.Desk.DB.Update(ctx, directoryActor, func(tx *store.Tx) (events []ledger.Event, err error) {
		a, known, events, err := b.place(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		why := refusal(a, known, true, "", tx.Now)
		if known && why == "" && len(b.Directory.Roles) > 0 && len(c.roles) == 0 {
			why = "no role in the directory"
		}
		if why != "" {
			answer = casefile.Errorf(casefile.Forbidden, "The directory knows you, but you have no account here that may sign in. Ask an administrator.")
			refused, err := refuse(ctx, tx, a, why)
			return append(events, refused...), err
		}
		if len(b.Directory.Roles) > 0 && !sameRoles(a.Roles, c.roles) {
			events = append(events, ledger.Event{Kind: ledger.AccountChanged, Subject: a.ID, Purpose: "groups in the directory",
				Body: map[string]any{"what": "roles", "before": a.Roles, "roles": c.roles}})
			a.Roles = c.roles
			a.Version++
			if err := tx.SaveAccount(ctx, a); err != nil {
				return nil, err
			}
		}
		if !c.mfa {
			d := sessionData{With: "directory"}
			token, err = begin(ctx, tx, a, half, d, from)
			return append(events, ledger.Event{Kind: ledger.SignedIn, Subject: a.ID, Body: map[string]any{"step": "directory", "owes": owes(a, d)}}), err
		}
		var entered []ledger.Event
		token, entered, err = enter(ctx, tx, a, "directory", from)
		return append(events, entered...), err
	})
	if err != nil {
		return "", err
	}
	return token, answer
}

// place finds the account of somebody whom the directory knows. One that was
// added for the directory, under that name and without a password, becomes theirs
// at their first sign-in; one with a password never does.
func (b *Book) place(ctx context.Context, tx *store.Tx, c claims) (a store.Account, known bool, events []ledger.Event, err error) {
	if a, known, err = tx.AccountByDirectory(ctx, c.subject); err != nil || known {
		return a, known, nil, err
	}
	a, known, err = tx.Account(ctx, c.account)
	switch {
	case err != nil:
		return a, false, nil, err
	case known && a.Password == "" && a.Directory == "" && a.DisabledAt.IsZero():
		a.Directory = c.subject
		a.Version++
		return a, true, []ledger.Event{changedEvent(a.ID, "first sign-in through the directory", "tied to the directory")}, tx.SaveAccount(ctx, a)
	case known:
		return store.Account{}, false, nil, nil
	case !b.Directory.Create || len(c.roles) == 0:
		return a, false, nil, nil
	}
	fresh := Account{ID: c.account, Name: c.name, Roles: c.roles}
	if err := b.check(fresh); err != nil {
		return a, false, nil, fmt.Errorf("the directory's account: %w", err)
	}
	if events, err = added(ctx, tx, store.Account{ID: fresh.ID, Name: fresh.Name, Roles: fresh.Roles, Directory: c.subject}); err != nil {
		return a, false, nil, err
	}
	a, known, err = tx.Account(ctx, c.account)
	return a, known, events, err
}

// RolesFrom says who gives an account its roles: "directory" or "".
func (b *Book) RolesFrom(a Account) string {
	if a.Directory != "" && b.Directory != nil && len(b.Directory.Roles) > 0 {
		return "directory"
	}
	return ""
}
