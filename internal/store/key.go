package store

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"filippo.io/age"

	"lookback/internal/casefile"
)

// A Key opens a register and its backups. It is an age X25519 identity: backups
// are encrypted to its recipient, and the keys of the database files are drawn
// from it with HKDF-SHA256 (RFC 5869). Whoever has it can read everything, and
// without it nothing can be read: there is no second way in.
type Key struct{ id *age.X25519Identity }

// NewKey draws a key from the system's randomness.
func NewKey() (Key, error) {
	id, err := age.GenerateX25519Identity()
	return Key{id}, err
}

// ParseKey reads the text of a key file: comments and one AGE-SECRET-KEY-1 line.
func ParseKey(text string) (Key, error) {
	ids, err := age.ParseIdentities(strings.NewReader(text))
	if err == nil && len(ids) == 1 {
		if x, ok := ids[0].(*age.X25519Identity); ok {
			return Key{x}, nil
		}
	}
	return Key{}, casefile.Errorf(casefile.Invalid, "This is not the key of a register: expected one line that starts with AGE-SECRET-KEY-1")
}

// ReadKey reads a key file.
func ReadKey(path string) (Key, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, casefile.Errorf(casefile.NotFound, "There is no key file %s.", path)
	}
	if err != nil {
		return Key{}, casefile.Errorf(casefile.Forbidden, "The key file %s cannot be read: %w", path, err)
	}
	k, err := ParseKey(string(b))
	if err != nil {
		return Key{}, casefile.Errorf(casefile.Invalid, "%s: %s", path, casefile.Message(err))
	}
	return k, nil
}

// Write saves the key for its owner alone. It never overwrites.
func (k Key) Write(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the key file: %w", err)
	}
	_, err = fmt.Fprintf(f, "# Key of a Lookback register. Keep it apart from the register and its backups:\n"+
		"# whoever has this file can read everything; if it is lost, nothing can be read.\n%s\n", k.id)
	return errors.Join(err, f.Sync(), f.Close())
}

// Encrypt returns a writer that encrypts to the key with age.
func (k Key) Encrypt(w io.Writer) (io.WriteCloser, error) { return age.Encrypt(w, k.id.Recipient()) }

// Decrypt returns the plain text of what Encrypt wrote.
func (k Key) Decrypt(r io.Reader) (io.Reader, error) {
	plain, err := age.Decrypt(r, k.id)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, casefile.Errorf(casefile.Forbidden, "This key does not open this file: it was locked with another register's key.")
	}
	return plain, err
}

// hex returns the database key for one purpose, 64 hexadecimal digits.
func (k Key) hex(purpose string) string {
	b, err := hkdf.Key(sha256.New, []byte(k.id.String()), nil, "lookback "+purpose+" v1", 32)
	if err != nil {
		panic(err) // only for lengths that HKDF cannot give
	}
	return hex.EncodeToString(b)
}

// A Key never prints: not its secret, not its public half.
func (k Key) String() string       { return "key" }
func (k Key) LogValue() slog.Value { return slog.StringValue("key") }
