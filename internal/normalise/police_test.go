package normalise

import (
	"strings"
	"testing"
)

// Worked by hand: 040000023 is 40,000,023 = 23 × 1,739,131 + 10, and the letter
// for 10 is K; 990000001 = 23 × 43,043,478 + 7, G; 100000460 = 23 × 4,347,846 + 2, B.
func TestCheckLetterOfAPNCIdIsModulus23(t *testing.T) {
	for _, c := range []struct {
		id   string
		want byte
	}{
		{"2004/0000023A", 'K'},
		{"1999/0000001A", 'G'},
		{"2010/0000460A", 'B'},
		{"2000/0000023A", 'Z'},
		{"2000/0000001A", 'A'},
		{"2000/0000022A", 'Y'},
	} {
		if got, ok := PNCCheck(c.id); !ok || got != c.want {
			t.Errorf("PNCCheck(%q) = %q, %v, want %q", c.id, got, ok, c.want)
		}
	}
	for _, id := range []string{"", "04/23K", "2004/0000023", "2004-0000023K", "2004/000002AK", "2004/0000023k"} {
		if _, ok := PNCCheck(id); ok {
			t.Errorf("PNCCheck(%q) accepts what is not canonical", id)
		}
	}
}

func TestPNC(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"2004/0000023K", "2004/0000023K", true},
		{"2004/23K", "2004/0000023K", true},
		{"04/23K", "2004/0000023K", true},
		{"04/0000023k", "2004/0000023K", true},
		{"99/1G", "1999/0000001G", true},
		{"40/23A", "1940/0000023A", false},
		{"39/23A", "2039/0000023A", false},
		{" 2004 / 0000023 K ", "2004/0000023K", true},
		{"2004-0000023-K", "2004/0000023K", true},
		{`2004\0000023K`, "2004/0000023K", true},
		{"2004 0000023K", "2004/0000023K", true},
		{"20040000023K", "2004/0000023K", true},
		{"2004000023K", "2004/0000023K", true},
		{"040000023K", "2004/0000023K", true},
		{"04000023K", "2004/0000023K", true},
		{"PNC 2004/0000023K", "2004/0000023K", true},
		{"PNCID: 04/23K", "2004/0000023K", true},
		{"PNC ID 04/23K", "2004/0000023K", true},
		{"2OO4/OOOOO23K", "2004/0000023K", true},
		{"2004/0000023A", "2004/0000023A", false}, // wrong letter: text kept
		{"2004/0000023", "2004/0000023K", false},  // no letter: filled in, unchecked
		{"2004/000000023K", "2004/0000023K", true},
		{"２００４/００００００２３K", "2004/0000023K", true},

		{"", "", false}, {"UNKNOWN", "", false}, {"N/A", "", false}, {"N/K", "", false}, {"TBC", "", false}, {"NONE", "", false},
		{"0000/0000000A", "", false}, {"2004/0000000Z", "", false}, {"00/0000000", "", false}, {"0", "", false},
		{"9999/9999999Z", "", false}, {"1999/9999999Z", "", false}, {"2004/1234567A", "", false},
		{"12/34/56A", "", false}, {"2004/12345678A", "", false}, {"1850/0000023K", "", false}, {"204/23K", "", false},
		{"2004/00AB23K", "", false}, {"K", "", false}, {"/", "", false}, {"123A", "", false},
	} {
		if got, ok := PNC(c.in); got != c.want || ok != c.ok {
			t.Errorf("PNC(%q) = %q, %v, want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

// 04000023 = 23 × 173,914 + 1, A; 39123 = 23 × 1,701 + 0, Z; 39000123 = 23 × 1,695,657 + 12, M.
func TestCRO(t *testing.T) {
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{"000023/04A", "000023/04A", true},
		{"23/04A", "000023/04A", true},
		{"23 / 04 a", "000023/04A", true},
		{"CRO 23/04A", "000023/04A", true},
		{"CRO: 000023/2004A", "000023/04A", true},
		{"00002304A", "000023/04A", true},
		{"23/04", "000023/04A", false},
		{"23/04B", "000023/04B", false},
		{"SF39/123Z", "SF39/123Z", true},
		{"sf 39/123z", "SF39/123Z", true},
		{"SF39/000123M", "SF39/123M", true}, // the letter was computed with the zeros
		{"SF39/123A", "SF39/123A", false},
		{"SF39/123", "SF39/123Z", false},

		{"", "", false}, {"UNKNOWN", "", false}, {"000000/00Z", "", false}, {"999999/99A", "", false}, {"123456/04A", "", false},
		{"1234567/04A", "", false}, {"SF39/000000Z", "", false}, {"SF", "", false}, {"1/2/3A", "", false}, {"23/4A", "", false},
	} {
		if got, ok := CRO(c.in); got != c.want || ok != c.ok {
			t.Errorf("CRO(%q) = %q, %v, want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}

func FuzzPNC(f *testing.F) {
	for _, s := range []string{"2004/0000023K", "04/23K", "PNC 04/23", "UNKNOWN", "20040000023K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := PNC(s)
		if id == "" {
			if ok {
				t.Errorf("PNC(%q) is right about nothing", s)
			}
			return
		}
		letter, canonical := PNCCheck(id)
		if !canonical {
			t.Fatalf("PNC(%q) = %q, not canonical", s, id)
		}
		if again, right := PNC(id); again != id || right != (letter == id[12]) {
			t.Errorf("PNC(%q) = %q, but PNC of that = %q, %v", s, id, again, right)
		}
	})
}

func FuzzCRO(f *testing.F) {
	for _, s := range []string{"000023/04A", "SF39/123Z", "CRO 23/04", "N/K"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, _ := CRO(s)
		if id == "" {
			return
		}
		if again, _ := CRO(id); again != id || strings.ToUpper(id) != id {
			t.Errorf("CRO(%q) = %q, but CRO of that = %q", s, id, again)
		}
	})
}
