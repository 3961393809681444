package account

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// A Passkey as its owner sees it.
type Passkey struct {
	ID      string // hexadecimal
	Name    string
	AddedAt time.Time
	UsedAt  time.Time // zero: not used since it was added
}

// PasskeysAt reports whether a browser will use passkeys at an origin, as
// "https://host:port": they need a name, and a connection nobody can listen to.
func PasskeysAt(origin string) bool {
	_, err := relyingParty(origin)
	return err == nil
}

// relyingParty is the site at an origin as WebAuthn sees it. A browser makes and
// uses a passkey for the name in its address bar only, so the name may come from
// the request.
func relyingParty(origin string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(origin)
	if err != nil {
		return nil, err
	}
	name := u.Hostname()
	_, notAddress := netip.ParseAddr(name)
	if name == "" || notAddress == nil || u.Scheme != "https" && name != "localhost" {
		return nil, casefile.Errorf(casefile.Invalid, "Passkeys work over https, at a name and not at an address of numbers. Use an authenticator app here.")
	}
	return webauthn.New(&webauthn.Config{
		RPID: name, RPDisplayName: issuer, RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			// On the device, and only after it has checked who holds it: so a passkey
			// is two factors in one, and may stand for password and code.
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
	})
}

// A holder is an account as the passkey library sees it.
type holder struct {
	account store.Account
	keys    []webauthn.Credential
}

func (h holder) WebAuthnName() string                       { return h.account.ID }
func (h holder) WebAuthnDisplayName() string                { return h.account.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.keys }

// WebAuthnID is what a device keeps beside a key. It must not say whose it is.
func (h holder) WebAuthnID() []byte {
	sum := sha256.Sum256([]byte("lookback passkey holder\x00" + h.account.ID))
	return sum[:]
}

func keysOf(ctx context.Context, tx *store.Tx, a store.Account) (holder, error) {
	rows, err := tx.Passkeys(ctx, a.ID)
	h := holder{account: a}
	for _, row := range rows {
		var c webauthn.Credential
		if err := json.Unmarshal([]byte(row.Credential), &c); err != nil {
			return h, err
		}
		h.keys = append(h.keys, c)
	}
	return h, err
}

// challenges are the ceremonies that have begun and not ended, by their
// challenge. Each is taken once. They live in memory: after a restart people
// press the button again.
type challenges struct {
	sync.Mutex
	open map[string]challenge
}

type challenge struct {
	data  webauthn.SessionData
	token string // of the session it belongs to, "" before signing in
	until time.Time
}

const (
	challengeFor  = 5 * time.Minute
	maxChallenges = 20000
)

func (c *challenges) put(ch challenge, now time.Time) error {
	c.Lock()
	defer c.Unlock()
	if c.open == nil {
		c.open = map[string]challenge{}
	}
	if len(c.open) >= maxChallenges {
		for k, old := range c.open {
			if !now.Before(old.until) {
				delete(c.open, k)
			}
		}
		if len(c.open) >= maxChallenges {
			return casefile.Errorf(casefile.Conflict, "Too many people are signing in with a passkey at this moment. Wait a minute, or use your password.")
		}
	}
	ch.until = now.Add(challengeFor)
	c.open[ch.data.Challenge] = ch
	return nil
}

func (c *challenges) take(name, token string, now time.Time) (challenge, bool) {
	c.Lock()
	defer c.Unlock()
	ch, ok := c.open[name]
	delete(c.open, name)
	return ch, ok && ch.token == token && now.Before(ch.until)
}

// PasskeyOptions begins using a passkey: to sign in with nothing else, or with a
// session that owes its second factor, to prove it. It returns what the browser
// needs, as JSON.
func (b *Book) PasskeyOptions(ctx context.Context, origin, token string) (any, error) {
	rp, err := relyingParty(origin)
	if err != nil {
		return nil, err
	}
	var options *protocol.CredentialAssertion
	var data *webauthn.SessionData
	if token == "" {
		options, data, err = rp.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	} else {
		err = b.Desk.DB.View(ctx, func(tx *store.Tx) error {
			_, a, err := owing(ctx, tx, token, SecondFactor)
			if err != nil {
				return err
			}
			h, err := keysOf(ctx, tx, a)
			if err != nil {
				return err
			}
			if len(h.keys) == 0 {
				return casefile.Errorf(casefile.NotFound, "This account has no passkey. Use your authenticator app.")
			}
			options, data, err = rp.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationRequired))
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return options, b.challenges.put(challenge{data: *data, token: token}, b.now())
}

func (b *Book) now() time.Time {
	if b.Clock == nil {
		return time.Now().UTC()
	}
	return b.Clock().UTC()
}

var errPasskey = casefile.Errorf(casefile.Forbidden, "The passkey was not accepted. Try once more, or use your password and your authenticator app.")

// UsePasskey ends what PasskeyOptions began with the browser's answer, and
// returns the token of a full session. Pass the token of the session that owes
// the second factor, or none.
func (b *Book) UsePasskey(ctx context.Context, origin, token string, answer []byte, from Device) (full string, err error) {
	rp, err := relyingParty(origin)
	if err != nil {
		return "", err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return "", errPasskey
	}
	ch, ok := b.challenges.take(parsed.Response.CollectedClientData.Challenge, token, b.now())
	if !ok {
		return "", casefile.Errorf(casefile.Conflict, "That took too long, or was sent twice. Press the button again.")
	}
	var owner store.Account
	var h holder
	var known bool
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) (err error) {
		if owner, known, err = tx.PasskeyOwner(ctx, parsed.RawID); err == nil && known {
			h, err = keysOf(ctx, tx, owner)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	var credential *webauthn.Credential
	var fault error
	switch {
	case !known:
		fault = errPasskey
	case token != "":
		credential, fault = rp.ValidateLogin(h, ch.data, parsed)
	default:
		_, credential, fault = rp.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
			if !bytes.Equal(handle, h.WebAuthnID()) {
				return nil, errPasskey
			}
			return h, nil
		}, ch.data, parsed)
	}
	right := fault == nil && !credential.Authenticator.CloneWarning
	by := visitor
	if right {
		by = public(owner).Actor()
	}
	var refused error
	err = b.Desk.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		a, known, err := tx.PasskeyOwner(ctx, parsed.RawID) // it may have been removed meanwhile
		if err != nil {
			return nil, err
		}
		with := "passkey"
		if right && token != "" {
			s, owes, err := owing(ctx, tx, token, SecondFactor)
			if err != nil {
				return nil, err
			}
			right, with = owes.ID == a.ID, s.data.With+", passkey"
		}
		// Nobody guesses a passkey: a failure is recorded and does not lock.
		if why := refusal(a, known, right, "passkey not accepted", tx.Now); why != "" {
			refused = errPasskey
			return refuse(ctx, tx, a, why)
		}
		kept, err := json.Marshal(credential)
		if err != nil {
			return nil, err
		}
		if err := tx.UsePasskey(ctx, credential.ID, string(kept)); err != nil {
			return nil, err
		}
		from.Token = token
		var events []ledger.Event
		full, events, err = enter(ctx, tx, a, with, from)
		return events, err
	})
	if err != nil {
		return "", err
	}
	return full, refused
}

// NewPasskeyOptions begins adding a passkey to the account of a session that owes
// a second factor's enrolment, or began just now.
func (b *Book) NewPasskeyOptions(ctx context.Context, origin, token string) (any, error) {
	rp, err := relyingParty(origin)
	if err != nil {
		return nil, err
	}
	var options *protocol.CredentialCreation
	var data *webauthn.SessionData
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		_, a, err := mayEnrol(ctx, tx, token)
		if err != nil {
			return err
		}
		h, err := keysOf(ctx, tx, a)
		if err != nil {
			return err
		}
		options, data, err = rp.BeginRegistration(h, webauthn.WithExclusions(webauthn.Credentials(h.keys).CredentialDescriptors()))
		return err
	})
	if err != nil {
		return nil, err
	}
	return options, b.challenges.put(challenge{data: *data, token: token}, b.now())
}

// maxPasskeys is more than anybody has devices.
const maxPasskeys = 10

// AddPasskey ends what NewPasskeyOptions began with the browser's answer, and
// returns the token of the full session that goes on. Every other session ends.
func (b *Book) AddPasskey(ctx context.Context, origin, name string, answer []byte, from Device) (token string, err error) {
	rp, err := relyingParty(origin)
	if err != nil {
		return "", err
	}
	if name = strings.TrimSpace(name); name == "" {
		name = "Passkey"
	}
	if len(name) > 100 {
		return "", casefile.Errorf(casefile.Invalid, "The passkey's name is too long.")
	}
	who, _, err := b.Who(ctx, from.Token)
	if err != nil {
		return "", err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return "", casefile.Errorf(casefile.Invalid, "The browser's answer cannot be read, so no passkey was added. Try again: %w", err)
	}
	ch, ok := b.challenges.take(parsed.Response.CollectedClientData.Challenge, from.Token, b.now())
	if !ok {
		return "", casefile.Errorf(casefile.Conflict, "That took too long, or was sent twice. Press the button again.")
	}
	err = b.Desk.DB.Update(ctx, who.Actor(), func(tx *store.Tx) ([]ledger.Event, error) {
		s, a, err := mayEnrol(ctx, tx, from.Token)
		if err != nil {
			return nil, err
		}
		h, err := keysOf(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		if len(h.keys) >= maxPasskeys {
			return nil, casefile.Errorf(casefile.Conflict, "This account has %d passkeys already. Remove one first.", maxPasskeys)
		}
		credential, err := rp.CreateCredential(h, ch.data, parsed)
		if err != nil {
			return nil, casefile.Errorf(casefile.Invalid, "That passkey cannot be used here: the device must check who you are, by a PIN or a fingerprint. Nothing was added: %w", err)
		}
		if _, taken, err := tx.PasskeyOwner(ctx, credential.ID); err != nil || taken {
			return nil, either(err, casefile.Errorf(casefile.Conflict, "That passkey is in use already."))
		}
		kept, err := json.Marshal(credential)
		if err != nil {
			return nil, err
		}
		if err := tx.AddPasskey(ctx, store.Passkey{ID: credential.ID, Account: a.ID, Credential: string(kept), Name: name}); err != nil {
			return nil, err
		}
		var events []ledger.Event
		token, events, err = b.reenter(ctx, tx, s, a, "passkey", from)
		return append([]ledger.Event{changedEvent(a.ID, "", "passkey added")}, events...), err
	})
	return token, err
}

// Passkeys returns the passkeys of the account of a full session.
func (b *Book) Passkeys(ctx context.Context, by casefile.Actor) (out []Passkey, err error) {
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Passkeys(ctx, by.ID)
		for _, k := range rows {
			out = append(out, Passkey{hex.EncodeToString(k.ID), k.Name, k.AddedAt, k.UsedAt})
		}
		return err
	})
	return out, err
}

// RemovePasskey removes one of one's own passkeys, unless it is the last second
// factor.
func (b *Book) RemovePasskey(ctx context.Context, token, id string) error {
	return b.changeOwn(ctx, token, func(tx *store.Tx, _ Session, a store.Account) ([]ledger.Event, error) {
		raw, err := hex.DecodeString(id)
		if err != nil || len(raw) == 0 {
			return nil, casefile.Errorf(casefile.NotFound, "There is no such passkey.")
		}
		if a.TOTP == "" && a.Passkeys < 2 {
			return nil, errLastFactor
		}
		ok, err := tx.RemovePasskey(ctx, a.ID, raw)
		if err != nil || !ok {
			return nil, either(err, casefile.Errorf(casefile.NotFound, "There is no such passkey."))
		}
		return []ledger.Event{changedEvent(a.ID, "", "passkey removed")}, nil
	})
}
