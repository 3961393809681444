package account

import (
	"os"
	"strings"
	"testing"
)

// Tests of what is around them hash passwords cheaply: with the race detector the
// full cost would be most of their time.
func TestMain(m *testing.M) {
	hashCost = cost{64, 1}
	os.Exit(m.Run())
}

func atFullCost(t *testing.T) {
	hashCost = fullCost
	t.Cleanup(func() { hashCost = cost{64, 1} })
}

func TestPasswordsThatGuessersTryFirstAreRefused(t *testing.T) {
	a := Account{ID: "oakham.reviewer", Name: "Oakham Reviewer", KnownAs: []string{"DC 1308 Oakham"}}
	for _, bad := range []string{
		"", "short", "elevenchars", "ünïcödëlett", "password1234", "Password2024!!", "letmein!!!!!!!",
		"qwertyuiop12", "aaaaaaaaaaaaaa", "abababababab", "121212121212", "123456789012", "098765432109", "passwordpassword", "monkeymonkey12",
		"oakham.reviewer", "Oakham2026!!", "OakhamReviewer1", "reviewer12345", "dc1308oakham", "!!!!!!!!!!!!", "            ", strings.Repeat("long", 300),
	} {
		if checkPassword(bad, a) == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	for _, good := range []string{"copper lantern wagon", "kettle-orbit-suede", "ærøskøbing i regn", "twelve chars", "Tr0ub4dor&3zq", "my cat reviews oakham slowly", strings.Repeat("x9", 8) + "qlm"} {
		if err := checkPassword(good, a); err != nil {
			t.Errorf("%q was refused: %v", good, err)
		}
	}
}

func TestAHashIsPHCAndMatchesItsPasswordAlone(t *testing.T) {
	cheap := hashNow("copper lantern wagon")
	atFullCost(t)
	if !matchNow(cheap, "copper lantern wagon") {
		t.Error("a hash made at another cost does not match")
	}
	h := hashNow("copper lantern wagon")
	if !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %q is not argon2id with 19 MiB, two passes, one lane", h)
	}
	if !matchNow(h, "copper lantern wagon") || matchNow(h, "copper lantern wagons") || matchNow(h, "") {
		t.Error("a hash must match its password and no other")
	}
	if hashNow("copper lantern wagon") == h {
		t.Error("two hashes of one password are the same: there is no salt")
	}
	composed, decomposed := "caf\u00e9 lantern wagon", "cafe\u0301 lantern wagon"
	if !matchNow(hashNow(composed), decomposed) {
		t.Error("the same letters composed differently do not match")
	}
	for _, broken := range []string{"", "x", "$argon2i$v=19$m=19456,t=2,p=1$AAAA$AAAA", strings.Replace(h, "m=19456", "m=99999999", 1), h[:len(h)-30]} {
		if matchNow(broken, "copper lantern wagon") {
			t.Errorf("the broken hash %q matches", broken)
		}
	}
}

// A name that does not exist costs the same work as one that does: matches hashes
// against a password that nobody has.
func TestAnUnknownNameCostsTheSameWork(t *testing.T) {
	atFullCost(t)
	b := &Book{}
	known := hashNow("copper lantern wagon")
	for _, hash := range []string{known, ""} {
		if ok, err := b.matches(t.Context(), hash, "wrong password"); ok || err != nil {
			t.Errorf("hash %.10q: %v, %v", hash, ok, err)
		}
	}
	h, err := parseHash(b.nobody)
	k, err2 := parseHash(known)
	if err != nil || err2 != nil || h.memory != k.memory || h.passes != k.passes || h.lanes != k.lanes || len(h.key) != len(k.key) {
		t.Errorf("the hash for nobody costs %+v, a real one %+v", h, k)
	}
	if ok, _ := b.matches(t.Context(), "", ""); ok {
		t.Error("an account without a password opens with an empty one")
	}
}

func TestHashingUsesTheMemoryOfAFewHowManySignIn(t *testing.T) {
	b := &Book{}
	b.hashing.Do(b.startHashing)
	if n := cap(b.slots); n < 1 || n > 64 {
		t.Fatalf("%d passwords are hashed at once", n)
	}
	for range cap(b.slots) {
		b.slots <- struct{}{}
	}
	done := make(chan error)
	go func() { done <- b.inSlot(t.Context(), func() {}) }()
	select {
	case <-done:
		t.Error("one more than there are slots was hashed")
	default:
	}
	<-b.slots
	if err := <-done; err != nil {
		t.Error(err)
	}
}
