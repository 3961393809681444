package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"lookback/internal/casefile"
)

// A cost is how much work a hash is.
type cost struct{ memory, passes uint32 } // memory in KiB

// fullCost is what OWASP asks of argon2id with this memory: 19 MiB, two passes,
// one lane.
var fullCost = cost{19 << 10, 2}

// hashCost is the cost of new hashes. A hash says what it cost, so that one made
// at another cost still matches.
var hashCost = fullCost

const (
	hashLanes = 1
	hashBytes = 32
	saltBytes = 16
)

// Limits of a password. The upper one keeps a megabyte of text from being hashed.
const (
	minPassword = 12   // characters
	maxPassword = 1024 // bytes
)

var b64 = base64.RawStdEncoding

// startHashing prepares what every hash needs: a slot for each core, so that
// three hundred people who sign in at once need the memory of a few, and a hash
// against which to check the password of whoever does not exist.
func (b *Book) startHashing() {
	b.slots = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))
	b.nobody = hashNow(rand.Text())
}

// hash returns a password in PHC form, for keeping.
func (b *Book) hash(ctx context.Context, password string) (hash string, err error) {
	err = b.inSlot(ctx, func() { hash = hashNow(password) })
	return hash, err
}

// matches reports whether the password is the one that was hashed. With no hash
// it does the same work and says no.
func (b *Book) matches(ctx context.Context, hash, password string) (ok bool, err error) {
	err = b.inSlot(ctx, func() {
		known := hash != ""
		if !known {
			hash = b.nobody
		}
		ok = matchNow(hash, password) && known
	})
	return ok, err
}

func (b *Book) inSlot(ctx context.Context, f func()) error {
	b.hashing.Do(b.startHashing)
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
		f()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// plain is a password as it is hashed: the same keys give the same bytes
// whichever way a device composes its letters.
func plain(password string) []byte { return norm.NFKC.Bytes([]byte(password)) }

func hashNow(password string) string {
	salt, c := make([]byte, saltBytes), hashCost
	rand.Read(salt)
	key := argon2.IDKey(plain(password), salt, c.passes, c.memory, hashLanes, hashBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.passes, hashLanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func matchNow(hash, password string) bool {
	if len(password) > maxPassword {
		password = "" // the same work, and wrong: a stored password is never empty
	}
	h, err := parseHash(hash)
	if err != nil {
		return false
	}
	got := argon2.IDKey(plain(password), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
	return subtle.ConstantTimeCompare(got, h.key) == 1
}

type phc struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func parseHash(text string) (h phc, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, errors.New("account: a stored password is not argon2id in PHC form")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, fmt.Errorf("account: a stored password has no parameters: %w", err)
	}
	if h.salt, err = b64.DecodeString(parts[4]); err != nil {
		return h, err
	}
	h.key, err = b64.DecodeString(parts[5])
	if err == nil && (len(h.key) < 16 || h.passes < 1 || h.lanes < 1 || h.memory > 1<<20) {
		err = errors.New("account: a stored password has impossible parameters")
	}
	return h, err
}

// oneTime makes a password to hand over: 20 letters and digits, a hundred bits.
func oneTime() string {
	t := strings.ToLower(rand.Text())
	return strings.Join([]string{t[:5], t[5:10], t[10:15], t[15:20]}, "-")
}

//go:embed common.txt
var commonText string

// common are passwords and the words they are made of that guessers try first.
var common = func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if w := strings.TrimSpace(line); w != "" && !strings.HasPrefix(w, "#") {
			out[w] = true
		}
	}
	return out
}()

// checkPassword refuses a password that somebody would guess. It asks for length
// and for nothing that makes people write it down: no mixture of characters, no
// change by date.
func checkPassword(password string, a Account) error {
	n := utf8.RuneCountInString(password)
	switch {
	case n < minPassword:
		return casefile.Errorf(casefile.Invalid, "The password has %d characters and needs at least %d. Three random words are easy to remember.", n, minPassword)
	case len(password) > maxPassword:
		return casefile.Errorf(casefile.Invalid, "The password is longer than %d characters.", maxPassword)
	case aboutTheAccount(password, a):
		return casefile.Errorf(casefile.Invalid, "The password is made of your name or sign-in name. Choose something that nobody connects with you: three random words.")
	case guessable(password):
		return casefile.Errorf(casefile.Invalid, "That password is among those that are tried first. Choose three random words.")
	}
	return nil
}

// letters keeps the letters and digits of a text, in small letters.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// aboutTheAccount reports whether a password is a name of its owner with a few
// characters more.
func aboutTheAccount(password string, a Account) bool {
	p := letters(password)
	names := append([]string{a.ID, a.Name}, strings.Fields(a.Name)...)
	names = append(names, a.KnownAs...)
	for _, name := range names {
		if w := letters(name); len(w) >= 3 && strings.Contains(p, w) && utf8.RuneCountInString(p)-utf8.RuneCountInString(w) < 8 {
			return true
		}
	}
	return false
}

// guessable reports whether a password is common, a common word with digits or
// signs around it, or a few characters again and again.
func guessable(password string) bool {
	p := letters(password)
	core := strings.TrimFunc(p, unicode.IsDigit)
	if common[p] || common[core] || core == "" && sequence(p) {
		return true
	}
	for _, w := range []string{p, core} {
		for size := 1; size <= min(6, len(w)/2); size++ {
			if strings.Repeat(w[:size], len(w)/size+1)[:len(w)] == w && (size < 4 || common[w[:size]]) {
				return true
			}
		}
	}
	return false
}

// sequence reports whether digits only go up or down by one.
func sequence(digits string) bool {
	for i := 1; i < len(digits); i++ {
		step := (int(digits[i]) - int(digits[i-1]) + 10) % 10
		if step != 1 && step != 9 {
			return false
		}
	}
	return true
}
