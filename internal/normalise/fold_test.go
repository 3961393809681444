package normalise

import (
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"smith", "smith"}, {"Smith", "smith"}, {"  SMITH   JONES ", "smith jones"}, {"Smith-Jones", "smith jones"}, {"O'Brien", "o brien"}, {"O’Brien", "o brien"},
		{"Zoë", "zoe"}, {"José Ángel", "jose angel"}, {"ŁUKASZ", "lukasz"}, {"Łukasz Żółć", "lukasz zolc"}, {"Søren", "soren"}, {"GROẞ", "gross"}, {"Groß", "gross"},
		{"Æsa", "aesa"}, {"İpek", "ipek"}, {"Işık", "isik"}, {"ﬁnn", "finn"}, {"Ｓｍｉｔｈ", "smith"}, {"Nguyễn", "nguyen"}, {"Đặng", "dang"}, {"Əli", "eli"},
		{"Йван", "иван"}, {"ИВАН", "иван"}, {"محمّد", "محمد"}, {"محـمد", "محمد"}, {"सिंह", "सिंह"}, {"李 伟", "李 伟"},
		{"Kahaʻi", "kaha i"}, {"a\u200db", "ab"}, {"x\u00a0y", "x y"}, {"\xff", ""}, {"…", ""}, {"smith ", "smith"}, {" smith", "smith"}, {"a  b", "a b"}, {"№ 5", "no 5"},
	} {
		if got := Fold(c.in); got != c.want {
			t.Errorf("Fold(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFoldOfFoldedTextAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(10, func() { Fold("mary ann smith jones") }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Smith-Jones", "İ ẞ ʼ ﬁ", "محـمد", "सिंह", "\xff", "ǅ", "ŉ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := Fold(s)
		if twice := Fold(once); twice != once || !utf8.ValidString(once) {
			t.Errorf("Fold(%q) = %q, and of that %q", s, once, twice)
		}
		if ascii(s) && foldRunes(s) != foldASCII(s) {
			t.Errorf("Fold(%q): the fast path says %q, the long way %q", s, foldASCII(s), foldRunes(s))
		}
	})
}

func BenchmarkFold(b *testing.B) {
	for b.Loop() {
		Fold("SMITH-JONES")
	}
}
