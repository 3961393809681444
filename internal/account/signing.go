package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// How long things last.
const (
	idleFor     = 30 * time.Minute // a session that nobody uses
	sessionFor  = 12 * time.Hour   // any session: one working day
	halfFor     = 20 * time.Minute // between the password and the second factor
	touchEvery  = time.Minute      // how exactly the use of a session is kept
	freshFor    = 10 * time.Minute // after signing in, how long one may change what one signs in with
	lockedFor   = 15 * time.Minute
	maxFailures = 5                  // in a row, over password and second factor together
	oneTimeFor  = 7 * 24 * time.Hour // a password that somebody else gave out
)

// Stages of a session.
const (
	half = "password" // something is owed still: see [Session.Owes]
	Full = "full"
)

// A Step is what somebody owes before they are signed in.
type Step string

const (
	Nothing        Step = ""
	SecondFactor   Step = "second factor" // prove the one they have
	ChangePassword Step = "password"      // choose their own
	Enrol          Step = "enrol"         // set a second factor up
)

// A Session is one signing-in on one device.
type Session struct {
	ID        string // names it in a list of sessions; not what the browser holds
	Account   string
	Stage     string // password: something is owed still; full
	Owes      Step
	Agent     string // what the browser calls itself
	CreatedAt time.Time
	SeenAt    time.Time // to the minute
	ExpiresAt time.Time

	token []byte
	data  sessionData
}

// Fresh reports whether the session began so lately that its holder may change
// what they sign in with.
func (s Session) Fresh(now time.Time) bool {
	return s.Stage == Full && now.Sub(s.CreatedAt) < freshFor
}

// sessionData is what a session carries: a secret that waits to be confirmed.
type sessionData struct {
	TOTP string `json:"totp,omitempty"`
	With string `json:"with,omitempty"` // what was proved already: password, directory
}

func (d sessionData) json() string {
	b, _ := json.Marshal(d)
	return string(b)
}

// A Device is where somebody signs in: what its browser calls itself, and the
// token that it holds already, whose session ends with the next.
type Device struct {
	Agent string
	Token string
}

func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

func session(s store.Session, a store.Account) Session {
	out := Session{
		ID: hex.EncodeToString(s.Token[:8]), Account: s.Account, Stage: s.Stage, Agent: s.Agent,
		CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt, token: s.Token,
	}
	json.Unmarshal([]byte(s.Data), &out.data) // written by us; a broken one carries nothing
	if s.Stage != Full {
		out.Owes = owes(a, out.data)
	}
	return out
}

// owes says what stands between a proved password and being signed in. A second
// factor that exists comes first: without it nothing else may be changed.
func owes(a store.Account, d sessionData) Step {
	switch {
	case a.TOTP != "" || a.Passkeys > 0:
		return SecondFactor
	case a.MustChange && d.With != "directory":
		return ChangePassword
	}
	return Enrol
}

// lapsed reports whether a session is over.
func lapsed(s store.Session, now time.Time) bool {
	return !now.Before(s.ExpiresAt) || now.Sub(s.SeenAt) >= idleFor
}

var errNotSignedIn = casefile.Errorf(casefile.Forbidden, "You are not signed in.")

// Who returns whose session a token is, with the roles as they are now. An
// unknown, lapsed or ended session, and one of a disabled account, is
// casefile.Forbidden.
func (b *Book) Who(ctx context.Context, token string) (Account, Session, error) {
	var (
		s     store.Session
		a     store.Account
		roles int64
		now   time.Time
	)
	err := b.Desk.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, a, roles, err = liveSession(ctx, tx, token)
		now = tx.Now
		return err
	})
	if err != nil {
		return Account{}, Session{}, err
	}
	if err := b.followRoles(ctx, roles); err != nil {
		return Account{}, Session{}, err
	}
	if now.Sub(s.SeenAt) >= touchEvery {
		// A session that cannot be marked as used only ends the sooner.
		b.Desk.DB.Housekeep(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.TouchSession(ctx, s.Token) })
	}
	return public(a), session(s, a), nil
}

// liveSession is the one place that says which sessions count.
func liveSession(ctx context.Context, tx *store.Tx, token string) (store.Session, store.Account, int64, error) {
	s, a, roles, ok, err := tx.Session(ctx, hashToken(token))
	if err == nil && (!ok || lapsed(s, tx.Now) || !a.DisabledAt.IsZero()) {
		err = errNotSignedIn
	}
	return s, a, roles, err
}

// errRefused says the same to whoever has the wrong name, the wrong password, a
// locked account and a disabled one: it gives nothing away.
var errRefused = casefile.Errorf(casefile.Forbidden,
	"That name and password were not accepted. After five wrong attempts an account is locked for 15 minutes. If you have forgotten your password, ask an administrator for a new one.")

// SignIn proves a password. It returns the token of a session that owes more:
// nobody is signed in by a password alone. The work and the answer are the same
// whether the account exists, is locked, or not.
func (b *Book) SignIn(ctx context.Context, id, password string, from Device) (token string, err error) {
	id = CleanID(id)
	var before store.Account
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) (err error) {
		before, _, err = tx.Account(ctx, id)
		return err
	})
	if err != nil {
		return "", err
	}
	right, err := b.matches(ctx, before.Password, password)
	if err != nil {
		return "", err
	}
	var answer error
	err = b.Desk.DB.Update(ctx, visitor, func(tx *store.Tx) ([]ledger.Event, error) {
		// Others may have tried meanwhile: what counts is how the account stands now.
		a, known, err := tx.Account(ctx, id)
		if err != nil {
			return nil, err
		}
		if why := refusal(a, known, right && a.Password == before.Password, "wrong password", tx.Now); why != "" {
			answer = errRefused
			return refuse(ctx, tx, a, why)
		}
		d := sessionData{With: "password"}
		token, err = begin(ctx, tx, a, half, d, from)
		return []ledger.Event{{Kind: ledger.SignedIn, Subject: a.ID, Body: map[string]any{"step": "password", "owes": owes(a, d)}}}, err
	})
	if err != nil {
		return "", err
	}
	return token, answer
}

// refusal says why somebody may not go on, or "".
func refusal(a store.Account, known, right bool, wrong string, now time.Time) string {
	switch {
	case !known:
		return "no such account"
	case !a.DisabledAt.IsZero():
		return "disabled"
	case now.Before(a.LockedUntil):
		return "locked"
	case !right:
		return wrong
	case a.MustChange && now.Sub(a.PasswordAt) >= oneTimeFor:
		return "one-time password lapsed"
	}
	return ""
}

// refuse records a refusal, counts it, and locks the account when it was one too
// many. What somebody typed as a name is not kept: it may be their password.
func refuse(ctx context.Context, tx *store.Tx, a store.Account, why string) ([]ledger.Event, error) {
	events := []ledger.Event{{Kind: ledger.SignInRefused, Subject: a.ID, Body: map[string]any{"why": why}}}
	if strings.HasPrefix(why, "wrong") {
		if a.Failures++; a.Failures >= maxFailures {
			a.Failures, a.LockedUntil = 0, tx.Now.Add(lockedFor)
			events = append(events, ledger.Event{Kind: ledger.AccountLocked, Subject: a.ID, Body: map[string]any{"until": a.LockedUntil}})
		}
	}
	// Of an account that does not exist this changes nothing, and takes as long.
	return events, tx.SetFailures(ctx, a.ID, a.Failures, a.LockedUntil)
}

// begin starts a session and ends the one that the device held: a token never
// outlives a change of stage, so one that was planted is worth nothing.
func begin(ctx context.Context, tx *store.Tx, a store.Account, stage string, d sessionData, from Device) (token string, err error) {
	if from.Token != "" {
		if _, err := tx.EndSession(ctx, hashToken(from.Token)); err != nil {
			return "", err
		}
	}
	if err := tx.SweepSessions(ctx, tx.Now.Add(-idleFor)); err != nil {
		return "", err
	}
	length := sessionFor
	if stage != Full {
		length = halfFor
	}
	token = rand.Text() + rand.Text() // 260 bits
	return token, tx.AddSession(ctx, store.Session{
		Token: hashToken(token), Account: a.ID, Stage: stage, Data: d.json(), Agent: shorten(from.Agent), ExpiresAt: tx.Now.Add(length),
	})
}

// shorten keeps what a browser says of itself within bounds.
func shorten(agent string) string {
	agent = strings.ToValidUTF8(agent, "")
	if len(agent) > 300 {
		agent = strings.ToValidUTF8(agent[:300], "")
	}
	return agent
}

// enter makes a session full: everything is proved. Failures count from zero.
func enter(ctx context.Context, tx *store.Tx, a store.Account, with string, from Device) (string, []ledger.Event, error) {
	token, err := begin(ctx, tx, a, Full, sessionData{}, from)
	if err != nil {
		return "", nil, err
	}
	return token, []ledger.Event{{Kind: ledger.SignedIn, Subject: a.ID, Body: map[string]any{"step": "full", "with": with}}},
		tx.SetFailures(ctx, a.ID, 0, time.Time{})
}

var errWrongCode = casefile.Errorf(casefile.Forbidden,
	"That code was not accepted. Wait for the next one and type it as it stands now. Each code works once; after five wrong ones the account is locked for 15 minutes.")

// Prove gives the code of an authenticator app for a session that owes its second
// factor, and returns the token of the full session.
func (b *Book) Prove(ctx context.Context, code string, from Device) (token string, err error) {
	who, _, err := b.Who(ctx, from.Token)
	if err != nil {
		return "", err
	}
	var answer error
	err = b.Desk.DB.Update(ctx, who.Actor(), func(tx *store.Tx) ([]ledger.Event, error) {
		s, a, err := owing(ctx, tx, from.Token, SecondFactor)
		if err != nil {
			return nil, err
		}
		step, right := checkCode(a.TOTP, code, a.TOTPStep, tx.Now)
		if why := refusal(a, true, right, "wrong code", tx.Now); why != "" {
			answer = errWrongCode
			return refuse(ctx, tx, a, why)
		}
		if err := tx.SetTOTPStep(ctx, a.ID, step); err != nil {
			return nil, err
		}
		var events []ledger.Event
		token, events, err = enter(ctx, tx, a, s.data.With+", app", from)
		return events, err
	})
	if err != nil {
		return "", err
	}
	return token, answer
}

// owing returns a live session that owes a step. Another is refused: the steps
// cannot be taken in another order.
func owing(ctx context.Context, tx *store.Tx, token string, step Step) (Session, store.Account, error) {
	row, a, _, err := liveSession(ctx, tx, token)
	if err != nil {
		return Session{}, a, err
	}
	s := session(row, a)
	if s.Stage == Full || s.Owes != step {
		return s, a, casefile.Errorf(casefile.Conflict, "This step is done already, or another comes first. Go to your home page: it takes you there.")
	}
	return s, a, nil
}

// SignOut ends one session. Ending one that is over is no error.
func (b *Book) SignOut(ctx context.Context, token string) error {
	who, s, err := b.Who(ctx, token)
	if casefile.KindOf(err) == casefile.Forbidden {
		return nil
	}
	if err != nil {
		return err
	}
	return b.Desk.DB.Update(ctx, who.Actor(), func(tx *store.Tx) ([]ledger.Event, error) {
		_, err := tx.EndSession(ctx, s.token)
		return []ledger.Event{{Kind: ledger.SignedOut, Subject: who.ID, Body: map[string]any{"sessions": 1}}}, err
	})
}

// SignOutEverywhere ends every session of an account: one's own, or with the
// permission to manage accounts anybody's.
func (b *Book) SignOutEverywhere(ctx context.Context, by casefile.Actor, id string) error {
	if err := b.own(by, id); err != nil {
		return err
	}
	return b.Desk.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		n, err := tx.EndSessions(ctx, id)
		return []ledger.Event{{Kind: ledger.SignedOut, Subject: id, Body: map[string]any{"sessions": n, "everywhere": true}}}, err
	})
}

// EndSession ends one of an account's sessions by its ID.
func (b *Book) EndSession(ctx context.Context, by casefile.Actor, id, sessionID string) error {
	if err := b.own(by, id); err != nil {
		return err
	}
	return b.Desk.DB.Update(ctx, by, func(tx *store.Tx) ([]ledger.Event, error) {
		rows, err := tx.Sessions(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, s := range rows {
			if session(s, store.Account{}).ID == sessionID {
				_, err := tx.EndSession(ctx, s.Token)
				return []ledger.Event{{Kind: ledger.SignedOut, Subject: id, Body: map[string]any{"sessions": 1, "session": sessionID}}}, err
			}
		}
		return nil, casefile.Errorf(casefile.NotFound, "That session is over already.")
	})
}

// Sessions returns the live sessions of an account, the latest used first.
func (b *Book) Sessions(ctx context.Context, by casefile.Actor, id string) (out []Session, err error) {
	if err := b.own(by, id); err != nil {
		return nil, err
	}
	err = b.Desk.DB.View(ctx, func(tx *store.Tx) error {
		out, err = liveSessions(ctx, tx, id)
		return err
	})
	return out, err
}

func liveSessions(ctx context.Context, tx *store.Tx, id string) (out []Session, err error) {
	a, err := mustHave(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Sessions(ctx, id)
	for _, s := range rows {
		if !lapsed(s, tx.Now) && a.DisabledAt.IsZero() {
			out = append(out, session(s, a))
		}
	}
	return out, err
}
