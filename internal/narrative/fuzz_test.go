package narrative

import (
	"strings"
	"testing"
	"unicode/utf8"
)

var seeds = []string{
	"", "Victim named three males.", "S1, S2 and S3", "3-4 x IC1 males\r\nNot suspects", "the males’ clothing – 2 “lads”",
	"UNKNOWN MALE 1 AND UNKNOWN MALE 2 NFA", "between 5 and 7 males, possibly eight", "a dozen\xff males\xe2\x80", "u/k m x2 (3)",
	"half a dozen of the two dozen men", "either two or three; both were arrested?", "~4+ males\n\n1. 2 suspects\n- three mal",
	"no of suspects: 12/03/2014 2x15yo £3 #4 21:30 3males S1 2AB", "not two but", "she and him and two friends with a male",
}

func FuzzSuspects(f *testing.F) {
	for _, s := range seeds {
		f.Add("\x8c'\x9a\xcaMA'LE(6'")
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Suspects(text)
		end := 0
		for _, s := range got {
			switch {
			case s.Lo < 1 || s.Hi != 0 && s.Hi < s.Lo:
				t.Fatalf("%q: impossible extent %+v", text, s)
			case s.Sentence.Start < end || s.Sentence.End > len(text):
				t.Fatalf("%q: sentences overlap or leave the text: %+v", text, got)
			case s.Phrase.Start < s.Sentence.Start || s.Phrase.End > s.Sentence.End || s.Phrase.Start >= s.Phrase.End:
				t.Fatalf("%q: phrase %v outside sentence %v", text, s.Phrase, s.Sentence)
			}
			end = s.Sentence.End
			if utf8.ValidString(text) && (!utf8.ValidString(s.Sentence.In(text)) || !utf8.ValidString(s.Phrase.In(text))) {
				t.Fatalf("%q: a span cuts a character: %+v", text, s)
			}
		}
		if len(got) == 0 && mayState(text) {
			return
		}
		var r reader
		if full := r.read(nil, text); len(full) != len(got) {
			t.Fatalf("%q: the first pass let %d statements through, reading in full gives %d", text, len(got), len(full))
		}
		if !strings.Contains(text, "\r") {
			sameCounts(t, text, strings.ReplaceAll(text, "\n", "\r\n"))
		}
	})
}

func sameCounts(t *testing.T, a, b string) {
	t.Helper()
	x, y := Suspects(a), Suspects(b)
	if len(x) != len(y) {
		t.Fatalf("%q has %d statements, %q has %d", a, len(x), b, len(y))
	}
	for i := range x {
		if x[i].Lo != y[i].Lo || x[i].Hi != y[i].Hi || x[i].Phrase.In(a) != strings.ReplaceAll(y[i].Phrase.In(b), "\r\n", "\n") {
			t.Fatalf("%q and %q differ: %+v, %+v", a, b, x[i], y[i])
		}
	}
}
