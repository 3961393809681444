package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"lookback/internal/casefile"
)

func TestWhatIsMarkedIsWhatTheIndexFound(t *testing.T) {
	db, _ := newRegister(t)
	words := []string{"harbour", "Harbour", "street", "café", "CAFE", "O’Brien", "obrien", "O'Brien", "42/2014", "42", "2014", "naïve", "x\u0301y", "½", "мост", "-", "—", "a", "ab"}
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(n int, join string) string {
		var out []string
		for range n {
			out = append(out, words[r.IntN(len(words))])
		}
		return strings.Join(out, join)
	}
	var texts []Text
	for i := range 400 {
		texts = append(texts, Text{int64(i + 1), pick(1+r.IntN(6), []string{" ", ", ", "\n", "-"}[r.IntN(4)])})
	}
	if err := db.index(t.Context(), texts); err != nil {
		t.Fatal(err)
	}
	hits := 0
	for range 400 {
		query := pick(1+r.IntN(3), " ")
		switch r.IntN(4) {
		case 0:
			query = `"` + query + `"`
		case 1:
			query += "*"
		}
		sought, err := ReadWords(query)
		if err != nil || len(sought) == 0 {
			continue
		}
		ids, err := db.matching(t.Context(), "entry", sought.match(), 1<<62, 1000)
		if err != nil {
			t.Fatalf("%q: %v", query, err)
		}
		found := map[int64]bool{}
		for _, id := range ids {
			found[id] = true
		}
		hits += len(ids)
		for _, text := range texts {
			seen := map[int]bool{}
			for _, s := range sought.Find(text.Text) {
				seen[s.Term] = true
			}
			if (len(seen) == len(sought)) != found[text.ID] {
				t.Errorf("%q (%s) in %q: the index says %t, the marks %v", query, sought.match(), text.Text, found[text.ID], sought.Find(text.Text))
			}
		}
	}
	if hits < 500 {
		t.Errorf("only %d hits were compared", hits)
	}
}

func TestAnExcerptShowsWhyTheTextWasFound(t *testing.T) {
	filler := strings.Repeat("Enquiries were made and nothing was found. ", 40)
	words, _ := ReadWords(`harbour "café owner"`)
	e := words.Excerpt("Harbour. " + filler + "The Café  Owner at the harbour was seen. " + filler)
	marked := []string{}
	runes := []rune(e.Text)
	for _, s := range e.Spans {
		marked = append(marked, string(runes[s.Start:s.End]))
	}
	if fmt.Sprint(marked) != "[Café  Owner harbour]" || !e.Cut || !e.After || e.Marks != 3 || len(runes) > excerptRunes {
		t.Errorf("excerpt %q, marked %q, cut %t %t, %d marks", e.Text, marked, e.Cut, e.After, e.Marks)
	}
	if strings.HasPrefix(e.Text, " ") || strings.HasPrefix(e.Text, "nquiries") {
		t.Errorf("it begins within a word: %.20q", e.Text)
	}
	for _, text := range []string{"", "x", "\xff\xfe", strings.Repeat("é", 5000), "harbour"} {
		words.Excerpt(text) // must not panic
	}
}

func TestALongQueryIsRefusedInWords(t *testing.T) {
	for _, q := range []string{strings.Repeat("a ", 40), strings.Repeat("é", 2000)} {
		if _, err := ReadWords(q); casefile.KindOf(err) != casefile.Invalid {
			t.Errorf("%.20q: %v", q, err)
		}
	}
}
