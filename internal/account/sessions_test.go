package account_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// alive reports whether a token still opens something.
func alive(t *testing.T, b *account.Book, token string) bool {
	t.Helper()
	_, _, err := b.Who(t.Context(), token)
	if err != nil && casefile.KindOf(err) != casefile.Forbidden {
		t.Fatal(err)
	}
	return err == nil
}

func TestASessionEndsWhenNobodyUsesIt(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	token := signIn(t, b, c, "officer")
	c.pass(29 * time.Minute)
	if !alive(t, b, token) {
		t.Fatal("29 minutes without use ended the session; it has 30")
	}
	c.pass(29 * time.Minute)
	if !alive(t, b, token) {
		t.Fatal("the use 29 minutes ago did not count")
	}
	c.pass(30 * time.Minute)
	if alive(t, b, token) {
		t.Error("30 minutes without use did not end the session")
	}
}

func TestASessionEndsAfterADayOfWork(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	token := signIn(t, b, c, "officer") // passes half a minute
	for range 12*6 - 1 {
		c.pass(10 * time.Minute)
		if !alive(t, b, token) {
			t.Fatalf("the session ended at %s, before its 12 hours", c.Now())
		}
	}
	c.pass(10 * time.Minute)
	if alive(t, b, token) {
		t.Error("12 hours of use did not end the session")
	}
}

func TestTheUseOfASessionIsWrittenOnceAMinute(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	token := signIn(t, b, c, "officer")
	seen := func() time.Time {
		s, err := b.Sessions(t.Context(), operator, "officer")
		if err != nil || len(s) != 1 {
			t.Fatalf("sessions %+v, %v", s, err)
		}
		return s[0].SeenAt
	}
	first := seen()
	c.pass(29 * time.Second) // 59 s since it began
	alive(t, b, token)
	if got := seen(); !got.Equal(first) {
		t.Errorf("a use within the minute was written: %s, began %s", got, first)
	}
	c.pass(time.Second)
	alive(t, b, token)
	if got := seen(); !got.Equal(c.Now()) {
		t.Errorf("a use after a minute was not written: %s, want %s", got, c.Now())
	}
}

func TestOnlyAHashOfTheTokenIsKept(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	token := signIn(t, b, c, "officer")
	err := b.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		rows, err := tx.Sessions(t.Context(), "officer")
		for _, s := range rows {
			if string(s.Token) == token || len(s.Token) != 32 {
				t.Errorf("the register holds %x for the token %s", s.Token, token)
			}
			if alive(t, b, string(s.Token)) {
				t.Error("what the register holds opens a session")
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(token) < 43 {
		t.Errorf("a token of %d letters is too short for 256 bits", len(token))
	}
}

func TestATokenFromElsewhereOpensNothingAndDoesNotSurviveSigningIn(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	for _, token := range []string{"", "planted", "' OR 1=1 --"} {
		if alive(t, b, token) {
			t.Errorf("the token %q opens a session", token)
		}
	}
	planted, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	// The victim signs in in a browser that holds the planted token.
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{Token: planted})
	if err != nil || half == planted {
		t.Fatalf("the token stayed %v over the password (%v)", half == planted, err)
	}
	if alive(t, b, planted) {
		t.Error("the planted token still works after the password")
	}
	full, err := b.Prove(t.Context(), code(t, c), account.Device{Token: half})
	if err != nil || full == half {
		t.Fatalf("the token stayed over the second factor (%v)", err)
	}
}

func TestSigningOutEndsOneSessionAndEverywhereEndsAll(t *testing.T) {
	b, c := newBook(t)
	officer := ready(t, b, "officer", casefile.Reviewer)
	ready(t, b, "other", casefile.Reviewer)
	first, second, third := signIn(t, b, c, "officer"), signIn(t, b, c, "officer"), signIn(t, b, c, "officer")
	others := signIn(t, b, c, "other")
	if err := b.SignOut(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if alive(t, b, first) || !alive(t, b, second) {
		t.Fatal("signing out of one session did not end just that one")
	}
	if err := b.SignOut(t.Context(), first); err != nil {
		t.Errorf("signing out twice: %v", err)
	}
	list, err := b.Sessions(t.Context(), officer.Actor(), "officer")
	if err != nil || len(list) != 2 {
		t.Fatalf("my sessions: %+v, %v; want two", list, err)
	}
	other := account.Account{ID: "other", Roles: []casefile.Role{casefile.Reviewer}}
	for _, err := range []error{b.EndSession(t.Context(), other.Actor(), "officer", list[0].ID), b.SignOutEverywhere(t.Context(), other.Actor(), "officer")} {
		if casefile.KindOf(err) != casefile.Forbidden {
			t.Errorf("somebody else ended my session: %v", err)
		}
	}
	if err := b.EndSession(t.Context(), officer.Actor(), "officer", list[0].ID); err != nil {
		t.Fatal(err)
	}
	if alive(t, b, second) || !alive(t, b, third) { // the second was used last
		t.Error("ending the session used last did not end just that one")
	}
	if err := b.SignOutEverywhere(t.Context(), officer.Actor(), "officer"); err != nil {
		t.Fatal(err)
	}
	if alive(t, b, third) || !alive(t, b, others) {
		t.Error("signing out everywhere left a session, or ended somebody else's")
	}
}

func TestADisabledAccountsSessionsDieAtOnce(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	token := signIn(t, b, c, "officer")
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Disable(t.Context(), operator, "officer", "left the team"); err != nil {
		t.Fatal(err)
	}
	if alive(t, b, token) || alive(t, b, half) {
		t.Error("a session of a disabled account goes on")
	}
	if _, err := b.SignIn(t.Context(), "officer", password, account.Device{}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a disabled account signs in: %v", err)
	}
	if err := b.Enable(t.Context(), operator, "officer", "came back"); err != nil {
		t.Fatal(err)
	}
	if alive(t, b, token) {
		t.Error("enabling brought an old session back")
	}
	signIn(t, b, c, "officer")
}

func TestAChangeOfRolesTakesEffectOnTheNextRequest(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	token := signIn(t, b, c, "officer")
	a, err := b.Find(t.Context(), "officer")
	if err != nil {
		t.Fatal(err)
	}
	a.Roles = []casefile.Role{casefile.Inspector}
	if err := b.Change(t.Context(), operator, a, "moved"); err != nil {
		t.Fatal(err)
	}
	now, _, err := b.Who(t.Context(), token)
	if err != nil || !slices.Equal(now.Roles, a.Roles) {
		t.Errorf("roles on the next request: %v, %v; want inspector", now.Roles, err)
	}
	if err := b.Change(t.Context(), operator, a, "again"); casefile.KindOf(err) != casefile.Conflict {
		t.Errorf("a change made against the old version: %v, want a conflict", err)
	}
}

func TestEveryAttemptIsAnEvent(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	from := len(events(t, b, 0))
	b.SignIn(t.Context(), "officer", "wrong", account.Device{})
	b.SignIn(t.Context(), "nobody.here", "wrong", account.Device{})
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	b.Prove(t.Context(), "000000", account.Device{Token: half})
	full, err := b.Prove(t.Context(), code(t, c), account.Device{Token: half})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SignOut(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	want := []ledger.Kind{ledger.SignInRefused, ledger.SignInRefused, ledger.SignedIn, ledger.SignInRefused, ledger.SignedIn, ledger.SignedOut}
	if got := events(t, b, from); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
}

func TestFiveWrongAttemptsLockForFifteenMinutes(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	from := len(events(t, b, 0))
	var said []string
	for range 5 {
		_, err := b.SignIn(t.Context(), "officer", "wrong", account.Device{})
		said = append(said, casefile.Message(err))
	}
	_, locked := b.SignIn(t.Context(), "officer", password, account.Device{})
	_, unknown := b.SignIn(t.Context(), "nobody.here", password, account.Device{})
	for _, err := range append(said, casefile.Message(locked), casefile.Message(unknown)) {
		if err != said[0] || err == "" {
			t.Errorf("one answer differs, which tells whether an account exists:\n%q\n%q", err, said[0])
		}
	}
	kinds := events(t, b, from)
	if n := count(kinds, ledger.AccountLocked); n != 1 {
		t.Errorf("%d events account.locked, want 1: %v", n, kinds)
	}
	c.pass(15*time.Minute - time.Second)
	if _, err := b.SignIn(t.Context(), "officer", password, account.Device{}); err == nil {
		t.Error("the lock ended before its time")
	}
	c.pass(time.Second)
	signIn(t, b, c, "officer")
}

func count(kinds []ledger.Kind, of ledger.Kind) (n int) {
	for _, k := range kinds {
		if k == of {
			n++
		}
	}
	return n
}

func TestAPasswordGivenRightDoesNotForgiveWrongCodes(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	for range 5 {
		half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Prove(t.Context(), "000000", account.Device{Token: half}); casefile.KindOf(err) != casefile.Forbidden {
			t.Fatalf("the code 000000: %v", err)
		}
	}
	if _, err := b.SignIn(t.Context(), "officer", password, account.Device{}); err == nil {
		t.Error("five wrong codes did not lock, because each followed a right password")
	}
	_ = c
}

func TestALockWhileTheSecondFactorIsOwedHolds(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		b.Prove(t.Context(), "000000", account.Device{Token: half})
	}
	if _, err := b.Prove(t.Context(), code(t, c), account.Device{Token: half}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a right code entered a locked account: %v", err)
	}
}

func TestNobodyGetsMoreThanFiveGuessesBySendingThemAtOnce(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	from := len(events(t, b, 0))
	var wait sync.WaitGroup
	for range 60 {
		wait.Go(func() { b.Prove(t.Context(), "000000", account.Device{Token: half}) })
	}
	wait.Wait()
	kinds := events(t, b, from)
	if locked := slices.Index(kinds, ledger.AccountLocked); locked != 5 {
		t.Errorf("locked after %d refusals, want after 5: %v", locked, kinds)
	}
	if n := count(kinds, ledger.AccountLocked); n != 1 {
		t.Errorf("%d locks from one burst, want 1", n)
	}
	if n := count(kinds, ledger.SignInRefused); n != 60 {
		t.Errorf("%d refusals on record, want 60", n)
	}
	if _, err := b.Prove(t.Context(), code(t, c), account.Device{Token: half}); err == nil {
		t.Error("the account is not locked after the burst")
	}
}

func TestACodeWorksOnce(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	now := code(t, c)
	first, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Prove(t.Context(), now, account.Device{Token: first}); err != nil {
		t.Fatal(err)
	}
	second, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Prove(t.Context(), now, account.Device{Token: second}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("a code seen over somebody's shoulder worked a second time: %v", err)
	}
	c.pass(30 * time.Second)
	if _, err := b.Prove(t.Context(), now, account.Device{Token: second}); casefile.KindOf(err) != casefile.Forbidden {
		t.Errorf("it worked a step later: %v", err)
	}
	if _, err := b.Prove(t.Context(), code(t, c), account.Device{Token: second}); err != nil {
		t.Errorf("the next code did not work: %v", err)
	}
}

func TestACodeMayBeAStepEarlyOrLateAndNoMore(t *testing.T) {
	b, c := newBook(t)
	for i, test := range []struct {
		off time.Duration
		ok  bool
	}{{-60 * time.Second, false}, {-30 * time.Second, true}, {30 * time.Second, true}, {60 * time.Second, false}} {
		id := []string{"a1", "a2", "a3", "a4"}[i]
		ready(t, b, id)
		half, err := b.SignIn(t.Context(), id, password, account.Device{})
		if err != nil {
			t.Fatal(err)
		}
		text := code(t, &clock{now: c.Now().Add(test.off)})
		if _, err := b.Prove(t.Context(), text[:3]+" "+text[3:], account.Device{Token: half}); (err == nil) != test.ok {
			t.Errorf("a code %s off: %v, want accepted %v", test.off, err, test.ok)
		}
	}
}

func TestAHalfSessionCannotTakeStepsOutOfOrder(t *testing.T) {
	b, c := newBook(t)
	ready(t, b, "officer", casefile.Reviewer)
	half, err := b.SignIn(t.Context(), "officer", password, account.Device{})
	if err != nil {
		t.Fatal(err)
	}
	at := account.Device{Token: half}
	if _, err := b.StartApp(t.Context(), half); err == nil {
		t.Error("whoever knows the password sets up a second factor of their own")
	}
	if _, err := b.ConfirmApp(t.Context(), code(t, c), at); err == nil {
		t.Error("and confirms it")
	}
	if _, err := b.ChoosePassword(t.Context(), "another long password", at); err == nil {
		t.Error("or chooses a new password")
	}
	if _, err := b.ChangePassword(t.Context(), password, "another long password", at); err == nil {
		t.Error("or changes it")
	}
	if err := b.RemoveApp(t.Context(), half); err == nil {
		t.Error("or removes the app")
	}
	if _, err := b.NewPasskeyOptions(t.Context(), "https://lookback.example", half); err == nil {
		t.Error("or adds a passkey")
	}
}
