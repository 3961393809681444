package account

import (
	"encoding/base32"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"

	"lookback/internal/casefile"
)

// Time-based codes as RFC 6238 has them and as every app knows them: six digits,
// thirty seconds, SHA-1.
const codePeriod = 30 * time.Second

var codeForm = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// checkCode reports whether a code is right at a moment, give or take one step
// for clocks that differ, and which step it is of. A step up to the last one used
// is refused: no code works twice.
func checkCode(secret, code string, last int64, now time.Time) (step int64, ok bool) {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	current := now.Unix() / int64(codePeriod/time.Second)
	for at := current - 1; at <= current+1; at++ {
		right, err := hotp.ValidateCustom(code, uint64(at), secret, codeForm)
		if err == nil && right && secret != "" && at > last {
			step, ok = at, true
		}
	}
	return step, ok
}

// newSecret makes the secret of an authenticator app.
func newSecret(id string) (string, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: id, SecretSize: 20})
	if err != nil {
		return "", err
	}
	return key.Secret(), nil
}

const issuer = "Lookback"

// secretBytes is how a secret is written: base32 without padding.
var secretBytes = base32.StdEncoding.WithPadding(base32.NoPadding)

func checkSecret(secret string) error {
	if b, err := secretBytes.DecodeString(secret); err != nil || len(b) < 16 {
		return casefile.Errorf(casefile.Invalid, "The secret of an authenticator app is at least 26 letters and digits of base32.")
	}
	return nil
}
