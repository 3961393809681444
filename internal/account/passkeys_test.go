package account_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"lookback/internal/account"
	"lookback/internal/casefile"
)

const origin = "https://lookback.example"

// A key is a device that holds one passkey, as the standard describes it
// (Web Authentication, level 3): what it signs is authenticator data followed by
// the hash of what the browser says of the ceremony.
type key struct {
	t       *testing.T
	private *ecdsa.PrivateKey
	id      []byte
	handle  []byte
	count   uint32
	flags   byte // user present 1, user verified 4
	synced  bool // does not count, as passkeys that are on several devices do not
}

func newKey(t *testing.T) *key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k := &key{t: t, private: private, id: make([]byte, 16), flags: 5}
	rand.Read(k.id)
	return k
}

func (k *key) encode(v any) []byte {
	k.t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

// data is authenticator data: whom it is for, what was checked, the counter.
func (k *key) data(attested []byte) []byte {
	rp := sha256.Sum256([]byte("lookback.example"))
	flags := k.flags
	if attested != nil {
		flags |= 0x40
	}
	out := append(rp[:], flags)
	out = binary.BigEndian.AppendUint32(out, k.count)
	return append(out, attested...)
}

func client(kind, challenge, at string) []byte {
	b, _ := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": at, "crossOrigin": false})
	return b
}

// options reads what the server asks the device for.
func (k *key) options(v any) (challenge, user string) {
	k.t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	var o struct {
		PublicKey struct {
			Challenge string
			User      struct{ ID string }
		}
	}
	if err := json.Unmarshal(text, &o); err != nil || o.PublicKey.Challenge == "" {
		k.t.Fatalf("options %s: %v", text, err)
	}
	return o.PublicKey.Challenge, o.PublicKey.User.ID
}

// create answers what NewPasskeyOptions asked.
func (k *key) create(options any, at string) []byte {
	k.t.Helper()
	challenge, user := k.options(options)
	k.handle, _ = b64url.DecodeString(user)
	point, err := k.private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		k.t.Fatal(err)
	}
	attested := make([]byte, 16) // no model
	attested = binary.BigEndian.AppendUint16(attested, uint16(len(k.id)))
	attested = append(attested, k.id...)
	attested = append(attested, k.encode(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})...)
	return k.answer(map[string]any{
		"clientDataJSON":    b64url.EncodeToString(client("webauthn.create", challenge, at)),
		"attestationObject": b64url.EncodeToString(k.encode(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.data(attested)})),
	})
}

// get answers what PasskeyOptions asked.
func (k *key) get(options any, at string) []byte {
	k.t.Helper()
	challenge, _ := k.options(options)
	if !k.synced {
		k.count++
	}
	said := client("webauthn.get", challenge, at)
	data, hash := k.data(nil), sha256.Sum256(said)
	sum := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, sum[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.answer(map[string]any{
		"clientDataJSON": b64url.EncodeToString(said), "authenticatorData": b64url.EncodeToString(data),
		"signature": b64url.EncodeToString(signature), "userHandle": b64url.EncodeToString(k.handle),
	})
}

func (k *key) answer(response map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"id": b64url.EncodeToString(k.id), "rawId": b64url.EncodeToString(k.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

// add sets the device up for the account of a session.
func (k *key) add(b *account.Book, token string) (string, error) {
	k.t.Helper()
	options, err := b.NewPasskeyOptions(k.t.Context(), origin, token)
	if err != nil {
		k.t.Fatal(err)
	}
	return b.AddPasskey(k.t.Context(), origin, "work laptop", k.create(options, origin), account.Device{Token: token})
}

func (k *key) enter(b *account.Book) (string, error) {
	k.t.Helper()
	options, err := b.PasskeyOptions(k.t.Context(), origin, "")
	if err != nil {
		k.t.Fatal(err)
	}
	return b.UsePasskey(k.t.Context(), origin, "", k.get(options, origin), account.Device{})
}

func TestAPasskeySignsInAndProvesTheSecondFactor(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	other := signIn(t, b, c, "officer")
	k := newKey(t)
	token, err := k.add(b, signIn(t, b, c, "officer"))
	if err != nil {
		t.Fatal(err)
	}
	if alive(t, b, other) || !alive(t, b, token) {
		t.Error("a new passkey must end every other session")
	}
	full, err := k.enter(b)
	if err != nil {
		t.Fatal(err)
	}
	if a, s, err := b.Who(t.Context(), full); err != nil || s.Stage != account.Full || a.ID != "officer" {
		t.Errorf("entered as %v, %+v, %v", a, s, err)
	}
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	options, err := b.PasskeyOptions(t.Context(), origin, half)
	if err != nil {
		t.Fatal(err)
	}
	if full, err = b.UsePasskey(t.Context(), origin, half, k.get(options, origin), account.Device{}); err != nil || !alive(t, b, full) || alive(t, b, half) {
		t.Errorf("as a second factor: %v", err)
	}
	list, err := b.Passkeys(t.Context(), casefile.Actor{ID: "officer"})
	if err != nil || len(list) != 1 || list[0].Name != "work laptop" || list[0].UsedAt.IsZero() {
		t.Errorf("passkeys %+v, %v", list, err)
	}
}

func TestAPasskeyAloneIsASecondFactorToEnrol(t *testing.T) {
	b, _ := newBook(t)
	oneTime, err := b.Add(t.Context(), admin, account.Account{ID: "officer", Name: "N", Password: true})
	if err != nil {
		t.Fatal(err)
	}
	half, err := b.SignIn(t.Context(), "officer", oneTime, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	if half, err = b.ChoosePassword(t.Context(), password, account.Device{Token: half}); err != nil {
		t.Fatal(err)
	}
	k := newKey(t)
	token, err := k.add(b, half)
	if err != nil {
		t.Fatal(err)
	}
	if _, s, err := b.Who(t.Context(), token); err != nil || s.Stage != account.Full {
		t.Errorf("after setting up a passkey: %+v, %v; want a full session", s, err)
	}
	list, err := b.Passkeys(t.Context(), casefile.Actor{ID: "officer"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.RemovePasskey(t.Context(), token, list[0].ID); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("the only second factor was removed: %v", err)
	}
	second := newKey(t)
	if token, err = second.add(b, token); err != nil {
		t.Fatal(err)
	}
	if err := b.RemovePasskey(t.Context(), token, list[0].ID); err != nil {
		t.Fatal(err)
	}
	if _, err := k.enter(b); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a removed passkey enters: %v", err)
	}
	if _, err := second.enter(b); err != nil {
		t.Errorf("the one that remains does not: %v", err)
	}
	if _, err := b.Reset(t.Context(), admin, "officer", "lost the laptop"); err != nil {
		t.Fatal(err)
	}
	if _, err := second.enter(b); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a passkey outlived the reset: %v", err)
	}
}

func TestAnAnswerOfAPasskeyCountsOnceHereAndNow(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	ready(t, b, "other", casefile.Supervisor)
	k, others := newKey(t), newKey(t)
	if _, err := k.add(b, signIn(t, b, c, "officer")); err != nil {
		t.Fatal(err)
	}
	if _, err := others.add(b, signIn(t, b, c, "other")); err != nil {
		t.Fatal(err)
	}
	ask := func(token string) any {
		t.Helper()
		options, err := b.PasskeyOptions(t.Context(), origin, token)
		if err != nil {
			t.Fatal(err)
		}
		return options
	}
	use := func(token string, answer []byte) error {
		_, err := b.UsePasskey(t.Context(), origin, token, answer, account.Device{})
		return err
	}
	synced := newKey(t)
	synced.synced = true
	if _, err := synced.add(b, signIn(t, b, c, "officer")); err != nil {
		t.Fatal(err)
	}
	answer := synced.get(ask(""), origin)
	if err := use("", answer); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := use("", k.get(ask(""), origin)); err != nil { // its counter is beyond 1 now
			t.Fatal(err)
		}
	}
	for what, err := range map[string]error{
		"sent twice":                    use("", answer),
		"made for another site":         use("", k.get(ask(""), "https://evil.example")),
		"with a challenge of its own":   use("", k.get(map[string]any{"publicKey": map[string]any{"challenge": b64url.EncodeToString(make([]byte, 32))}}, origin)),
		"nonsense":                      use("", []byte(`{"id":"x"}`)),
		"nothing":                       use("", nil),
		"of a device that nobody knows": func() error { s := newKey(t); s.handle = k.handle; return use("", s.get(ask(""), origin)) }(),
		"of a device under another's name": func() error {
			s := *k
			s.handle = others.handle
			return use("", s.get(ask(""), origin))
		}(),
		"without a check of the holder": func() error {
			k.flags = 1
			defer func() { k.flags = 5 }()
			return use("", k.get(ask(""), origin))
		}(),
		"with a counter that went back": func() error {
			s := *k
			s.count = 0
			return use("", s.get(ask(""), origin))
		}(),
		"too late": func() error {
			options := ask("")
			c.pass(5 * time.Minute)
			return use("", k.get(options, origin))
		}(),
	} {
		if kind := casefile.KindOf(err); kind != casefile.Forbidden && kind != casefile.Conflict {
			t.Errorf("an answer %s: %v, want a refusal", what, err)
		}
	}
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	if err := use(half, others.get(ask(half), origin)); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("another's passkey proved my second factor: %v", err)
	}
	if err := use("", k.get(ask(half), origin)); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("a challenge of one session was used in another: %v", err)
	}
	if err := use(half, k.get(ask(half), origin)); err != nil {
		t.Errorf("and yet the right one is refused: %v", err)
	}
	if err := b.Disable(t.Context(), operator, "officer", "left"); err != nil {
		t.Fatal(err)
	}
	if err := use("", k.get(ask(""), origin)); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("the passkey of a disabled account: %v", err)
	}
}

func TestWherePasskeysWork(t *testing.T) {
	for at, want := range map[string]bool{
		"https://lookback.example": true, "https://lookback.example:8443": true, "http://localhost:8080": true, "http://127.0.0.1:8080": false,
		"http://lookback.example": false, "https://10.0.0.1": false, "https://[::1]": false, "": false, "https://": false,
	} {
		if got := account.PasskeysAt(at); got != want {
			t.Errorf("at %q: %v, want %v", at, got, want)
		}
	}
}
