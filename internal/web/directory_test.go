package web

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lookback/internal/account"
)

// withDirectory gives a site a directory that knows one person, and returns what
// that person's browser brings back from it: a state and a code.
func (s *testSite) withDirectory(t *testing.T) (visit func(address string) url.Values) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding
	nonces := map[string]string{}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	reply := func(w http.ResponseWriter, format string, args ...any) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, format, args...)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q,"jwks_uri":%q,"id_token_signing_alg_values_supported":["RS256"]}`,
			server.URL, server.URL+"/authorize", server.URL+"/token", server.URL+"/keys")
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, `{"keys":[{"kty":"RSA","kid":"k","alg":"RS256","use":"sig","n":%q,"e":%q}]}`,
			b64.EncodeToString(key.N.Bytes()), b64.EncodeToString(big.NewInt(int64(key.E)).Bytes()))
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		nonce, ok := nonces[r.FormValue("code")]
		if !ok {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		now := s.clock.now().Unix()
		text := b64.EncodeToString([]byte(`{"alg":"RS256","kid":"k"}`)) + "." + b64.EncodeToString(fmt.Appendf(nil,
			`{"iss":%q,"aud":"lookback","sub":"s-1","iat":%d,"exp":%d,"nonce":%q,"preferred_username":"dora.elm","name":"Dora Elm","groups":["lb"],"amr":["mfa"]}`, server.URL, now, now+60, nonce))
		sum := sha256.Sum256([]byte(text))
		sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
		if err != nil {
			t.Error(err)
		}
		reply(w, `{"access_token":"x","token_type":"Bearer","id_token":%q}`, text+"."+b64.EncodeToString(sig))
	})
	file := filepath.Join(t.TempDir(), "directory.json")
	text := fmt.Sprintf(`{"name":"Westmere Police","issuer":%q,"client_id":"lookback","redirect":%q,"create":true,"roles":{"lb":["analyst"]},"mfa":{"amr":["mfa"]}}`, server.URL, s.URL+"/sign-in/directory/back")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.Accounts.Directory, err = account.ReadDirectory(file, s.clock.now); err != nil {
		t.Fatal(err)
	}
	return func(address string) url.Values {
		t.Helper()
		u, err := url.Parse(address)
		if err != nil || !strings.HasPrefix(address, server.URL+"/authorize?") {
			t.Fatalf("sent to %s, not to the directory", address)
		}
		code := rand.Text()
		nonces[code] = u.Query().Get("nonce")
		return url.Values{"state": {u.Query().Get("state")}, "code": {code}}
	}
}

func TestSigningInThroughTheDirectory(t *testing.T) {
	s := newSite(t)
	s.visitor(t).get("/sign-in/directory").must(t, http.StatusNotFound)
	visit := s.withDirectory(t)
	u := s.visitor(t)
	if page := u.get("/sign-in?next=/account").must(t, http.StatusOK).Body; !strings.Contains(page, "Sign in with Westmere Police") || !strings.Contains(page, "/sign-in/directory?next=%2faccount") {
		t.Errorf("the sign-in page does not lead to the directory: %s", page)
	}
	brought := visit(u.get("/sign-in/directory?next=/account").must(t, http.StatusSeeOther).To)
	// Somebody else's browser gets nowhere with what this one brought, and neither
	// does this one with another state.
	s.visitor(t).get("/sign-in/directory/back?"+brought.Encode()).must(t, http.StatusForbidden)
	if a := u.get("/sign-in/directory/back?"+brought.Encode()).must(t, http.StatusSeeOther); a.To != "/account" {
		t.Errorf("back from the directory, and led to %s", a.To)
	}
	if a := u.get("/account").must(t, http.StatusOK); !strings.Contains(a.Body, "Dora Elm") || !strings.Contains(a.Body, "you sign in through your force's directory") {
		t.Errorf("the account page reads %s", a.said())
	}
	u.get("/sign-in/directory/back?"+brought.Encode()).must(t, http.StatusForbidden)
	v := s.visitor(t)
	brought = visit(v.get("/sign-in/directory?next=//evil.example").must(t, http.StatusSeeOther).To)
	forged := url.Values{"state": {"forged"}, "code": brought["code"]}
	v.get("/sign-in/directory/back?"+forged.Encode()).must(t, http.StatusForbidden)
	brought = visit(v.get("/sign-in/directory?next=//evil.example").must(t, http.StatusSeeOther).To)
	if a := v.get("/sign-in/directory/back?"+brought.Encode()).must(t, http.StatusSeeOther); a.To != "/" {
		t.Errorf("a planted address leads to %s", a.To)
	}
	v.get("/sign-in/directory/back?error=access_denied").must(t, http.StatusForbidden)
	admin := s.as(t, "admin")
	if a := admin.get("/accounts/dora.elm").must(t, http.StatusOK); !strings.Contains(a.Body, "They come from groups in the force's directory") {
		t.Errorf("the account's page does not say who decides its roles: %s", a.said())
	}
	if a := admin.get("/accounts/new").must(t, http.StatusOK); !strings.Contains(a.Body, "Through the force&#39;s directory") {
		t.Errorf("an account cannot be added for the directory: %s", a.said())
	}
	if a := admin.post("/accounts/new", url.Values{"name": {"Fay Oak"}, "id": {"fay.oak"}, "way": {"directory"}}).must(t, http.StatusSeeOther); a.To != "/accounts/fay.oak" {
		t.Errorf("an account for the directory leads to %s", a.To)
	}
}
