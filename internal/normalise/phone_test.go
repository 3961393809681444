package normalise

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestPhone(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"07700 900123", "+447700900123"},
		{"07700900123", "+447700900123"},
		{"7700900123", "+447700900123"}, // a spreadsheet ate the zero
		{"7700900123.0", "+447700900123"},
		{"+44 7700 900123", "+447700900123"},
		{"+44 (0)7700 900123", "+447700900123"},
		{"+4407700900123", "+447700900123"},
		{"0044 7700 900123", "+447700900123"},
		{"00447700900123", "+447700900123"},
		{"0044 (0) 7700-900-123", "+447700900123"},
		{"447700900123", "+447700900123"},
		{"(07700) 900.123", "+447700900123"},
		{"Mob: 07700 900123", "+447700900123"},
		{"07700 900123 (mother's)", "+447700900123"},
		{"０７７００ ９００１２３", "+447700900123"},
		{"01632 960001", "+441632960001"},
		{"1632960001", "+441632960001"},
		{"020 7946 0123", "+442079460123"},
		{"020 7946 0123 ext 4", "+442079460123;ext=4"},
		{"020 7946 0123 x4", "+442079460123;ext=4"},
		{"+442079460123;ext=4", "+442079460123;ext=4"},
		{"0800 1111", "+448001111"},
		{"+1 202 555 0123", "+12025550123"},
		{"+353 20 912 3456", "+353209123456"},
		{"00353 20 912 3456", "+353209123456"},

		{"", ""}, {"UNKNOWN", ""}, {"N/K", ""}, {"withheld", ""}, {"?", ""}, {"+", ""},
		{"00000000000", ""}, {"0", ""}, {"11111111111", ""}, {"07777777777", ""}, {"07000000000", ""}, {"07700000000", ""}, {"99999999999", ""},
		{"12345678901", ""}, {"01234567890", ""}, {"07123456789", ""}, {"1234567890", ""}, {"+441234567890", ""},
		{"999", ""}, {"101", ""}, {"7946 0123", ""}, {"0770090012", ""}, {"44770090012", ""}, {"077009001234", ""},
		{"07700900123/07700900124", ""}, {"07700900123 +447700900124", ""}, {"4.4770E+11", ""}, {"0612345678", ""},
	} {
		if got, ok := Phone(c.in); got != c.want || ok != (c.want != "") {
			t.Errorf("Phone(%q) = %q, %v, want %q", c.in, got, ok, c.want)
		}
	}
}

// The fast path must say what the library says of the same digits.
func TestTheFastPathForBritishNumbersAgreesWithTheLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	fast := 0
	for range 20_000 {
		number := fmt.Sprintf(
			[]string{"0%d", "+44%d", "0044%d", "44%d", "%d", "+440%d", "440%d", "00440%d"}[r.IntN(8)],
			r.Int64N(9_000_000_000)+1_000_000_000)
		nsn, ok := british(number)
		if !ok {
			continue
		}
		fast++
		n, err := phonenumbers.Parse(number, "GB")
		if err != nil {
			t.Fatalf("%s: the library refuses it: %v", number, err)
		}
		if want := phonenumbers.Format(n, phonenumbers.E164); "+44"+nsn != want || !phonenumbers.IsPossibleNumber(n) {
			t.Fatalf("%s: fast path says +44%s, the library %s", number, nsn, want)
		}
	}
	if fast < 5_000 {
		t.Fatalf("only %d numbers took the fast path", fast)
	}
}

func TestServiceLinesBelongToNoPerson(t *testing.T) {
	for number, want := range map[string]bool{
		"+448001111": true, "+443001234567": true, "+449001234567": true, "+447700900123": false,
		"+442079460123": false, "+18005550123": false, "+44": false, "": false,
	} {
		if got := ServiceLine(number); got != want {
			t.Errorf("ServiceLine(%q) = %v, want %v", number, got, want)
		}
	}
}

func FuzzPhone(f *testing.F) {
	for _, s := range []string{"07700 900123", "+44 (0)7700 900123", "020 7946 0123 ext 4", "+1 202 555 0123", "N/K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		number, ok := Phone(s)
		if !ok {
			if number != "" {
				t.Errorf("Phone(%q) = %q, false", s, number)
			}
			return
		}
		if again, ok := Phone(number); again != number || !ok {
			t.Errorf("Phone(%q) = %q, but Phone of that = %q, %v", s, number, again, ok)
		}
	})
}

func BenchmarkPhone(b *testing.B) {
	for b.Loop() {
		Phone("+44 (0)7700 900123")
	}
}

func BenchmarkPhoneThroughTheLibrary(b *testing.B) {
	for b.Loop() {
		Phone("+353 20 912 3456")
	}
}
