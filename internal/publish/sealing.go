package publish

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"strings"
	"unicode/utf8"

	"filippo.io/age"

	"lookback/internal/casefile"
)

// A Sealing encrypts a file on its way, and takes the hash of both: of what goes
// in and of what comes out. What goes in is never stored.
type Sealing struct {
	io.Writer
	age           io.WriteCloser
	plain, sealed hash.Hash
}

// NewSealing begins a file that only the recipient can open (age,
// https://age-encryption.org/v1).
func NewSealing(w io.Writer, to age.Recipient) (*Sealing, error) {
	s := &Sealing{plain: sha256.New(), sealed: sha256.New()}
	var err error
	if s.age, err = age.Encrypt(io.MultiWriter(w, s.sealed), to); err != nil {
		return nil, err
	}
	s.Writer = io.MultiWriter(s.age, s.plain)
	return s, nil
}

// Close ends the file and returns the hashes, in hexadecimal, of what went in and
// of the file that came out.
func (s *Sealing) Close() (plain, sealed string, err error) {
	err = s.age.Close()
	return hex.EncodeToString(s.plain.Sum(nil)), hex.EncodeToString(s.sealed.Sum(nil)), err
}

// KeyRecipient reads a public key of age, which begins with age1.
func KeyRecipient(key string) (age.Recipient, error) {
	key = strings.TrimSpace(key)
	if strings.HasPrefix(strings.ToUpper(key), "AGE-SECRET-KEY-") {
		return nil, casefile.Errorf(casefile.Invalid, "That is a secret key. Ask the recipient for the public key, which begins with age1, and tell them that their secret key has been shown and must be replaced.")
	}
	all, err := age.ParseRecipients(strings.NewReader(key))
	if err != nil || len(all) != 1 || !strings.HasPrefix(key, "age1") {
		return nil, casefile.Errorf(casefile.Invalid, "The public key cannot be read. It begins with age1, holds small letters and figures, and has no gaps: copy all of it.")
	}
	return all[0], nil
}

// minPassphrase is how many characters a passphrase must have. Age stretches it.
const minPassphrase = 12

// PassphraseRecipient makes a recipient of whoever knows the passphrase. Encrypting
// to it takes about a second and 256 MiB.
func PassphraseRecipient(passphrase string) (age.Recipient, error) {
	if utf8.RuneCountInString(passphrase) < minPassphrase {
		return nil, casefile.Errorf(casefile.Invalid, "The passphrase needs at least %d characters: four words that do not belong together are good.", minPassphrase)
	}
	return age.NewScryptRecipient(passphrase)
}
