package account_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

// A provider is a small OpenID Connect provider: it issues RS256 tokens to whoever
// brings the code, the client's secret, and the verifier that the code was asked
// for with.
type provider struct {
	*httptest.Server
	t         *testing.T
	key       *rsa.PrivateKey
	claims    map[string]any        // of the next token
	forge     func(map[string]any)  // spoils them
	sign      *rsa.PrivateKey       // signs instead
	codes     map[string]url.Values // what each code was asked for with
	exchanges int
}

const redirect = "https://lookback.example/sign-in/directory/back"

var b64url = base64.RawURLEncoding

func newProvider(t *testing.T, c *clock) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{t: t, key: key, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	reply := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "k", "alg": "RS256", "use": "sig",
			"n": b64url.EncodeToString(key.N.Bytes()), "e": b64url.EncodeToString(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.exchanges++
		asked, ok := p.codes[r.FormValue("code")]
		delete(p.codes, r.FormValue("code"))
		id, secret, basic := r.BasicAuth()
		if !basic {
			id, secret = r.FormValue("client_id"), r.FormValue("client_secret")
		}
		sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
		if !ok || id != "lookback" || secret != "s3cret" || r.FormValue("redirect_uri") != redirect || b64url.EncodeToString(sum[:]) != asked.Get("code_challenge") {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		claims := map[string]any{"iss": p.URL, "aud": "lookback", "exp": c.Now().Add(time.Minute).Unix(), "iat": c.Now().Unix(), "nonce": asked.Get("nonce")}
		for k, v := range p.claims {
			claims[k] = v
		}
		if p.forge != nil {
			p.forge(claims)
		}
		reply(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": p.token(claims)})
	})
	return p
}

func (p *provider) token(claims map[string]any) string {
	body, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	text := b64url.EncodeToString([]byte(`{"alg":"RS256","kid":"k","typ":"JWT"}`)) + "." + b64url.EncodeToString(body)
	sum := sha256.Sum256([]byte(text))
	key := p.key
	if p.sign != nil {
		key = p.sign
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		p.t.Error(err)
	}
	return text + "." + b64url.EncodeToString(sig)
}

// authorize is what happens in the browser at the directory: it comes back with a
// state and a code.
func (p *provider) authorize(address string) (state, code string) {
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(address, p.URL+"/authorize?") {
		p.t.Fatalf("sent to %s (%v), not to the directory", address, err)
	}
	q := u.Query()
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("redirect_uri") != redirect || q.Get("client_id") != "lookback" {
		p.t.Errorf("asked the directory with %v", q)
	}
	code = rand.Text()
	p.codes[code] = q
	return q.Get("state"), code
}

// configure writes the configuration of a directory and reads it.
func (p *provider) configure(t *testing.T, b *account.Book, more string) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "directory.json")
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{"name": "Westmere Police", "issuer": %q, "client_id": "lookback", "secret_file": "secret", "redirect": %q%s}`, p.URL, redirect, more)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := account.ReadDirectory(file, b.Clock)
	if err != nil {
		t.Fatal(err)
	}
	b.Directory = d
}

// comeIn signs in through the directory.
func (p *provider) comeIn(t *testing.T, b *account.Book) (string, error) {
	t.Helper()
	address, errand, err := b.Directory.Begin(t.Context(), "/cases")
	if err != nil {
		t.Fatal(err)
	}
	state, code := p.authorize(address)
	return b.DirectorySignIn(t.Context(), errand, state, code, account.Device{})
}

const mapping = `, "create": true, "roles": {"lb-review": ["review officer"], "lb-lead": ["supervisor", "records"]}, "mfa": {"amr": ["mfa"], "acr": ["urn:two"]}`

func TestTheDirectorySignsInWhomItKnows(t *testing.T) {
	b, c := newBook(t)
	p := newProvider(t, c)
	p.configure(t, b, mapping)
	p.claims = map[string]any{"sub": "s-1", "preferred_username": "Jo.Elm", "name": "Jo Elm", "groups": []string{"everyone", "lb-review"}, "amr": []string{"pwd", "mfa"}}
	from := len(events(t, b, 0))
	token, err := p.comeIn(t, b)
	if err != nil {
		t.Fatal(err)
	}
	a, s, err := b.Who(t.Context(), token)
	if err != nil || s.Stage != account.Full || a.ID != "jo.elm" || a.Name != "Jo Elm" || !slices.Equal(a.Roles, []casefile.Role{casefile.Reviewer}) {
		t.Fatalf("signed in as %+v, %+v, %v", a, s, err)
	}
	// Another day, in other groups.
	p.claims["groups"] = []string{"lb-lead"}
	token, err = p.comeIn(t, b)
	if err != nil {
		t.Fatal(err)
	}
	if a, _, _ = b.Who(t.Context(), token); !slices.Equal(a.Roles, []casefile.Role{casefile.Records, casefile.Supervisor}) {
		t.Errorf("roles %v do not follow the directory", a.Roles)
	}
	// And out of all of them.
	p.claims["groups"] = []string{"everyone"}
	if _, err := p.comeIn(t, b); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("somebody in no group signs in: %v", err)
	}
	want := []ledger.Kind{ledger.AccountAdded, ledger.SignedIn, ledger.AccountChanged, ledger.SignedIn, ledger.SignInRefused}
	if got := events(t, b, from); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	if _, err := b.SignIn(t.Context(), "jo.elm", "", account.Device{}); err == nil {
		t.Error("an account of the directory opens with an empty password")
	}
}

func TestTheSecondFactorIsAskedForUnlessTheDirectoryDid(t *testing.T) {
	b, c := newBook(t)
	p := newProvider(t, c)
	p.configure(t, b, mapping)
	p.claims = map[string]any{"sub": "s-1", "preferred_username": "jo", "name": "Jo Elm", "groups": "lb-review"}
	for _, test := range []struct {
		amr, acr any
		full     bool
	}{{nil, nil, false}, {[]string{"pwd"}, "urn:one", false}, {[]string{"mfa"}, nil, true}, {nil, "urn:two", true}, {"mfa", nil, true}} {
		p.claims["amr"], p.claims["acr"] = test.amr, test.acr
		token, err := p.comeIn(t, b)
		if err != nil {
			t.Fatal(err)
		}
		_, s, err := b.Who(t.Context(), token)
		if err != nil || (s.Stage == account.Full) != test.full || !test.full && s.Owes != account.Enrol {
			t.Errorf("amr %v, acr %v: %+v, %v; want full %v, or else a second factor owed", test.amr, test.acr, s, err, test.full)
		}
	}
	p.claims["amr"], p.claims["acr"] = nil, nil
	half, err := p.comeIn(t, b)
	if err != nil {
		t.Fatal(err)
	}
	app, err := b.StartApp(t.Context(), half)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.ConfirmApp(t.Context(), codeOf(t, app.Secret, c.Now()), account.Device{Token: half}); err != nil {
		t.Fatal(err)
	}
	c.pass(30 * time.Second)
	if half, err = p.comeIn(t, b); err != nil {
		t.Fatal(err)
	}
	if _, s, _ := b.Who(t.Context(), half); s.Owes != account.SecondFactor {
		t.Errorf("with an app set up the directory's session owes %q, want the second factor", s.Owes)
	}
	if _, err := b.Prove(t.Context(), codeOf(t, app.Secret, c.Now()), account.Device{Token: half}); err != nil {
		t.Error(err)
	}
}

func TestWhatTheDirectorySendsMustHold(t *testing.T) {
	b, c := newBook(t)
	p := newProvider(t, c)
	p.configure(t, b, mapping)
	p.claims = map[string]any{"sub": "s-1", "preferred_username": "jo", "name": "Jo Elm", "groups": []string{"lb-review"}, "amr": []string{"mfa"}}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for what, forge := range map[string]func(map[string]any){
		"another nonce":    func(m map[string]any) { m["nonce"] = "planted" },
		"no nonce":         func(m map[string]any) { delete(m, "nonce") },
		"another audience": func(m map[string]any) { m["aud"] = "another" },
		"another issuer":   func(m map[string]any) { m["iss"] = "https://elsewhere.example" },
		"a lapsed token":   func(m map[string]any) { m["exp"] = c.Now().Add(-time.Minute).Unix() },
		"another key":      func(map[string]any) { p.sign = stranger },
	} {
		p.forge = forge
		if _, err := p.comeIn(t, b); casefile.KindOf(err) != casefile.Forbidden {
			t.Errorf("%s: %v, want forbidden", what, err)
		}
		p.forge, p.sign = nil, nil
	}
	address, errand, err := b.Directory.Begin(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	state, code := p.authorize(address)
	before := p.exchanges
	other := errand
	other.State = "another browser's"
	for what, try := range map[string]struct {
		errand account.Errand
		state  string
	}{"another state": {errand, "planted"}, "no state": {errand, ""}, "another browser": {other, state}, "a browser that began nothing": {account.Errand{}, ""}} {
		if _, err := b.DirectorySignIn(t.Context(), try.errand, try.state, code, account.Device{}); casefile.KindOf(err) != casefile.Forbidden {
			t.Errorf("%s: %v, want forbidden", what, err)
		}
	}
	if p.exchanges != before {
		t.Error("the code was given to the directory although the state was wrong")
	}
	stolen := errand
	stolen.Verifier = "another verifier, as long as one must be to be one at all"
	if _, err := b.DirectorySignIn(t.Context(), stolen, state, code, account.Device{}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a code with another verifier: %v", err)
	}
	if list, err := b.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("accounts %v (%v) were made by what did not hold", list, err)
	}
	if _, err := p.comeIn(t, b); err != nil {
		t.Errorf("and yet what holds is refused: %v", err)
	}
}

func TestWhoHasNoAccountHereStaysOutUnlessTheMappingSaysOtherwise(t *testing.T) {
	b, c := newBook(t)
	p := newProvider(t, c)
	p.configure(t, b, `, "account_claim": "upn"`)
	p.claims = map[string]any{"sub": "s-1", "upn": "jo@westmere.example", "name": "Jo Elm"}
	if _, err := p.comeIn(t, b); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("without an account: %v", err)
	}
	// An account with a password is nobody's by its name alone.
	ready(t, b, "jo@westmere.example", casefile.Supervisor)
	if _, err := p.comeIn(t, b); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("the directory took over an account with a password: %v", err)
	}
	// One that was added for the directory is.
	p.claims["upn"], p.claims["sub"] = "kit@westmere.example", "s-2"
	if _, err := b.Add(t.Context(), operator, account.Account{ID: "kit@westmere.example", Name: "Kit Oak", Roles: []casefile.Role{casefile.Analyst}}); err != nil {
		t.Fatal(err)
	}
	token, err := p.comeIn(t, b)
	if err != nil {
		t.Fatal(err)
	}
	if a, _, _ := b.Who(t.Context(), token); a.ID != "kit@westmere.example" {
		t.Errorf("signed in as %v", a)
	}
	if a, _ := b.Find(t.Context(), "kit@westmere.example"); !slices.Equal(a.Roles, []casefile.Role{casefile.Analyst}) || a.Directory != p.URL+" s-2" {
		t.Errorf("account %+v: without a mapping the roles given here stay, and the subject is kept", a)
	}
	// From then on the subject counts and not the name.
	p.claims["sub"] = "s-3"
	if _, err := p.comeIn(t, b); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("another person of the same name came in: %v", err)
	}
	p.claims["sub"], p.claims["upn"] = "s-2", "renamed@westmere.example"
	if _, err := p.comeIn(t, b); err != nil {
		t.Errorf("renamed in the directory, the person stays out: %v", err)
	}
	if err := b.Disable(t.Context(), operator, "kit@westmere.example", "left"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.comeIn(t, b); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("disabled here, and let in by the directory: %v", err)
	}
}

func TestADirectorysConfigurationIsChecked(t *testing.T) {
	for text, want := range map[string]string{
		`{`: "not a directory's configuration",
		`{"issuer": "https://x.example", "client_id": "c", "redirect": "https://y.example/back", "colour": 1}`:      "not a directory's configuration",
		`{"client_id": "c", "redirect": "https://y.example/back"}`:                                                  "issuer",
		`{"issuer": "http://x.example", "client_id": "c", "redirect": "https://y.example/back"}`:                    "https",
		`{"issuer": "https://x.example", "client_id": "c", "redirect": "https://y.example/back", "create": true}`:   "everybody in the directory",
		`{"issuer": "https://x.example", "client_id": "c", "redirect": "https://y.example/b", "secret_file": "no"}`: "secret",
	} {
		file := filepath.Join(t.TempDir(), "d.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := account.ReadDirectory(file, time.Now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a sentence with %q", text, err, want)
		}
	}
}

func TestADirectoryThatIsDownSaysSo(t *testing.T) {
	b, c := newBook(t)
	p := newProvider(t, c)
	p.configure(t, b, "")
	p.Close()
	if _, _, err := b.Directory.Begin(t.Context(), "/"); err == nil || !strings.Contains(casefile.Message(err), "does not answer") {
		t.Errorf("a directory that is down: %v", err)
	}
}
