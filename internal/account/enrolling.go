package account

import (
	"bytes"
	"context"
	"encoding/base64"
	"image/png"
	"net/url"

	"github.com/pquerna/otp"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// An App is an authenticator app that waits to be confirmed.
type App struct {
	Secret string // in groups of four, to type
	Image  string // a QR code as a data address
}

var errNotFresh = casefile.Errorf(casefile.Forbidden, "To change what you sign in with, sign in again first: that was more than ten minutes ago. Nothing was changed.")

// mayEnrol returns a session whose holder may set up a second factor: one that
// owes it, or one that began just now.
func mayEnrol(ctx context.Context, tx *store.Tx, token string) (Session, store.Account, error) {
	row, a, _, err := liveSession(ctx, tx, token)
	if err != nil {
		return Session{}, a, err
	}
	s := session(row, a)
	if s.Stage == Full && !s.Fresh(tx.Now) {
		return s, a, errNotFresh
	}
	if s.Stage != Full && s.Owes != Enrol {
		return s, a, casefile.Errorf(casefile.Forbidden, "Another step comes first. Go to your home page: it takes you there.")
	}
	return s, a, nil
}

// StartApp draws the secret of a new authenticator app, or returns the one that
// this session has drawn already. It counts once a code confirms it.
func (b *Book) StartApp(ctx context.Context, token string) (App, error) {
	var app App
	err := b.Desk.DB.Housekeep(ctx, func(tx *store.Tx) error {
		s, a, err := mayEnrol(ctx, tx, token)
		if err != nil {
			return err
		}
		if s.data.TOTP == "" {
			if s.data.TOTP, err = newSecret(a.ID); err != nil {
				return err
			}
			if err := tx.SetSessionData(ctx, s.token, s.data.json()); err != nil {
				return err
			}
		}
		app, err = drawApp(a.ID, s.data.TOTP)
		return err
	})
	return app, err
}

func drawApp(id, secret string) (App, error) {
	address := url.URL{Scheme: "otpauth", Host: "totp", Path: "/" + issuer + ":" + id,
		RawQuery: url.Values{"secret": {secret}, "issuer": {issuer}, "digits": {"6"}, "period": {"30"}}.Encode()}
	key, err := otp.NewKeyFromURL(address.String())
	if err != nil {
		return App{}, err
	}
	img, err := key.Image(240, 240)
	if err != nil {
		return App{}, err
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return App{}, err
	}
	return App{Secret: inFours(secret), Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(buf.Bytes())}, nil
}

func inFours(s string) string {
	var b bytes.Buffer
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// ConfirmApp makes the app whose secret this session drew the account's own,
// proved by one of its codes, and returns the token of a full session. Every
// other session of the account ends.
func (b *Book) ConfirmApp(ctx context.Context, code string, from Device) (token string, err error) {
	who, _, err := b.Who(ctx, from.Token)
	if err != nil {
		return "", err
	}
	err = b.Desk.DB.Update(ctx, who.Actor(), func(tx *store.Tx) ([]ledger.Event, error) {
		s, a, err := mayEnrol(ctx, tx, from.Token)
		if err != nil {
			return nil, err
		}
		if s.data.TOTP == "" {
			return nil, casefile.Errorf(casefile.Conflict, "There is no app waiting to be confirmed. Start again.")
		}
		step, right := checkCode(s.data.TOTP, code, 0, tx.Now)
		if !right {
			return nil, casefile.Errorf(casefile.Invalid, "That code does not fit. Check that the phone's clock is right, wait for the next code, and type its six digits.")
		}
		a.TOTP, a.TOTPStep = s.data.TOTP, step
		a.Version++
		if err := tx.SaveAccount(ctx, a); err != nil {
			return nil, err
		}
		events := []ledger.Event{changedEvent(a.ID, "", "authenticator app set up")}
		var more []ledger.Event
		token, more, err = b.reenter(ctx, tx, s, a, "app", from)
		return append(events, more...), err
	})
	return token, err
}

// reenter ends every session of an account after it changed what it signs in
// with, and starts the one that goes on.
func (b *Book) reenter(ctx context.Context, tx *store.Tx, s Session, a store.Account, with string, from Device) (string, []ledger.Event, error) {
	if _, err := tx.EndSessions(ctx, a.ID); err != nil {
		return "", nil, err
	}
	if s.Stage == Full {
		token, err := begin(ctx, tx, a, Full, sessionData{}, from)
		return token, nil, err
	}
	return enter(ctx, tx, a, s.data.With+", "+with, from)
}

// RemoveApp takes the authenticator app off one's own account, if a passkey
// remains to sign in with.
func (b *Book) RemoveApp(ctx context.Context, token string) error {
	return b.changeOwn(ctx, token, func(tx *store.Tx, s Session, a store.Account) ([]ledger.Event, error) {
		if a.TOTP == "" {
			return nil, casefile.Errorf(casefile.NotFound, "There is no authenticator app on this account.")
		}
		if a.Passkeys == 0 {
			return nil, errLastFactor
		}
		a.TOTP, a.TOTPStep = "", 0
		a.Version++
		return []ledger.Event{changedEvent(a.ID, "", "authenticator app removed")}, tx.SaveAccount(ctx, a)
	})
}

var errLastFactor = casefile.Errorf(casefile.Conflict, "This is your only second factor, and an account needs one. Set up another first, then remove this one.")

// changeOwn changes what the holder of a fresh session signs in with.
func (b *Book) changeOwn(ctx context.Context, token string, f func(*store.Tx, Session, store.Account) ([]ledger.Event, error)) error {
	who, _, err := b.Who(ctx, token)
	if err != nil {
		return err
	}
	return b.Desk.DB.Update(ctx, who.Actor(), func(tx *store.Tx) ([]ledger.Event, error) {
		row, a, _, err := liveSession(ctx, tx, token)
		if err != nil {
			return nil, err
		}
		s := session(row, a)
		if !s.Fresh(tx.Now) {
			return nil, errNotFresh
		}
		return f(tx, s, a)
	})
}

// changedEvent says what changed about an account, and why where somebody else
// changed it.
func changedEvent(id, reason, what string) ledger.Event {
	return ledger.Event{Kind: ledger.AccountChanged, Subject: id, Purpose: reason, Body: map[string]any{"what": what}}
}

// ChoosePassword replaces a password that was given out, for a session that owes
// that, and returns the token of the session that goes on.
func (b *Book) ChoosePassword(ctx context.Context, password string, from Device) (token string, err error) {
	who, s, err := b.Who(ctx, from.Token)
	if err != nil {
		return "", err
	}
	if s.Stage == Full || s.Owes != ChangePassword {
		return "", casefile.Errorf(casefile.Conflict, "This account does not need a new password now. You can change it on the page of your account.")
	}
	hash, err := b.newPassword(ctx, who, password)
	if err != nil {
		return "", err
	}
	err = b.Desk.DB.Update(ctx, who.Actor(), func(tx *store.Tx) ([]ledger.Event, error) {
		s, a, err := owing(ctx, tx, from.Token, ChangePassword)
		if err != nil {
			return nil, err
		}
		a.Password, a.PasswordAt, a.MustChange = hash, tx.Now, false
		a.Version++
		if err := tx.SaveAccount(ctx, a); err != nil {
			return nil, err
		}
		token, err = begin(ctx, tx, a, half, s.data, from)
		return []ledger.Event{changedEvent(a.ID, "", "own password chosen")}, err
	})
	return token, err
}

// newPassword checks a password that its owner chose and hashes it. The one in
// force does not count as new.
func (b *Book) newPassword(ctx context.Context, who Account, password string) (string, error) {
	if err := checkPassword(password, who); err != nil {
		return "", err
	}
	var current string
	err := b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		a, err := mustHave(ctx, tx, who.ID)
		current = a.Password
		return err
	})
	if err != nil {
		return "", err
	}
	if same, err := b.matches(ctx, current, password); err != nil || same {
		return "", either(err, casefile.Errorf(casefile.Invalid, "That is the password you have now. Choose another."))
	}
	return b.hash(ctx, password)
}

// ChangePassword replaces one's own password. The old one must be right: a wrong
// one counts towards the lock as in signing in. Every other session ends; the
// token of the one that goes on is returned.
func (b *Book) ChangePassword(ctx context.Context, old, password string, from Device) (token string, err error) {
	who, s, err := b.Who(ctx, from.Token)
	if err != nil {
		return "", err
	}
	if s.Stage != Full || !who.Password {
		return "", casefile.Errorf(casefile.Forbidden, "This account has no password here: you sign in through your force's directory.")
	}
	var before store.Account
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) (err error) {
		before, err = mustHave(ctx, tx, who.ID)
		return err
	})
	if err != nil {
		return "", err
	}
	right, err := b.matches(ctx, before.Password, old)
	if err != nil {
		return "", err
	}
	hash := ""
	if right {
		if hash, err = b.newPassword(ctx, who, password); err != nil {
			return "", err
		}
	}
	var answer error
	err = b.Desk.DB.Update(ctx, who.Actor(), func(tx *store.Tx) ([]ledger.Event, error) {
		row, a, _, err := liveSession(ctx, tx, from.Token)
		if err != nil {
			return nil, err
		}
		if why := refusal(a, true, right && a.Password == before.Password, "wrong old password", tx.Now); why != "" {
			answer = casefile.Errorf(casefile.Forbidden, "Your present password was not accepted, so nothing was changed. After five wrong attempts the account is locked for 15 minutes.")
			return refuse(ctx, tx, a, why)
		}
		a.Password, a.PasswordAt, a.MustChange, a.Failures = hash, tx.Now, false, 0
		a.Version++
		if err := tx.SaveAccount(ctx, a); err != nil {
			return nil, err
		}
		var events []ledger.Event
		token, events, err = b.reenter(ctx, tx, session(row, a), a, "", from)
		return append([]ledger.Event{changedEvent(a.ID, "", "own password changed")}, events...), err
	})
	if err != nil {
		return "", err
	}
	return token, answer
}
