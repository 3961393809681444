package store

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lookback/internal/casefile"
)

// Words are what somebody searches for. A text is found if it holds every term.
type Words []Term

// A Term is one or more words that stand together. The last of them may be the
// beginning of a word only.
type Term struct {
	Words  []string // as typed, without punctuation
	Prefix bool
	Joined bool // typed in one piece, as in O’Brien: OBrien is found too
}

// Limits of one search: what is longer was pasted by mistake.
const (
	maxTerms      = 30
	maxQueryRunes = 1000
)

// ReadWords reads a query. Words in quotation marks stand together, and so do the
// parts of a word with punctuation in it; a word that ends in * stands for all that
// begin so. Nothing else of a query is syntax.
func ReadWords(query string) (Words, error) {
	if utf8.RuneCountInString(query) > maxQueryRunes {
		return nil, casefile.Errorf(casefile.Invalid, "A search takes up to %d characters. Use the few words that matter.", maxQueryRunes)
	}
	query = strings.ToValidUTF8(query, " ")
	out := readParts(strings.NewReplacer("“", `"`, "”", `"`).Replace(query))
	if len(out) > maxTerms {
		return nil, casefile.Errorf(casefile.Invalid, "A search takes up to %d words. Use the few that matter.", maxTerms)
	}
	return out, nil
}

func readParts(query string) (out Words) {
	for i, part := range strings.Split(query, `"`) {
		if i%2 == 1 {
			if words := wordsOf(part); len(words) > 0 {
				out = append(out, Term{Words: words})
			}
			continue
		}
		for _, piece := range strings.Fields(part) {
			t := Term{Words: wordsOf(piece), Prefix: strings.HasSuffix(piece, "*")}
			if len(t.Words) > 0 {
				t.Joined = len(t.Words) > 1 && strings.Trim(strings.Map(keepPunctuation, piece), `'’‘-*`) == ""
				out = append(out, t)
			}
		}
	}
	return out
}

func keepPunctuation(r rune) rune {
	if inWord(r) {
		return -1
	}
	return r
}

func wordsOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !inWord(r) })
}

// inWord reports whether the index takes r for part of a word.
func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Mn, r)
}

// match is the terms as an expression of FTS5.
func (w Words) match() string {
	var terms []string
	for _, t := range w {
		star := ""
		if t.Prefix {
			star = "*"
		}
		expression := `"` + strings.Join(t.Words, " ") + `"` + star
		if t.Joined {
			expression = `(` + expression + ` OR "` + strings.Join(t.Words, "") + `"` + star + `)`
		}
		terms = append(terms, expression)
	}
	return strings.Join(terms, " AND ")
}

// A Span is a passage of a text, in characters (code points) of the text as
// [casefile.Shown] gives it. Term is the number of the term that it holds.
type Span struct{ Start, End, Term int }

// Find returns where the terms stand in a text, in order. It compares as the index
// does: without regard to case and accents.
func (w Words) Find(text string) []Span {
	tokens := tokenise(casefile.Shown(text))
	var out []Span
	for n, t := range w {
		sought := make([]string, len(t.Words))
		for i, word := range t.Words {
			sought[i] = foldWord(word)
		}
		found := findAll(tokens, sought, t.Prefix)
		if t.Joined {
			found = append(found, findAll(tokens, []string{strings.Join(sought, "")}, t.Prefix)...)
		}
		for _, f := range found {
			out = append(out, Span{tokens[f[0]].start, tokens[f[1]].end, n})
		}
	}
	slices.SortFunc(out, func(a, b Span) int { return a.Start - b.Start })
	return out
}

type token struct {
	word       string
	start, end int // in runes
}

func tokenise(text string) (out []token) {
	at, begin := 0, -1
	var word strings.Builder
	flush := func() {
		if begin >= 0 {
			out = append(out, token{foldWord(word.String()), begin, at})
			begin = -1
			word.Reset()
		}
	}
	for _, r := range text {
		if inWord(r) {
			if begin < 0 {
				begin = at
			}
			word.WriteRune(r)
		} else {
			flush()
		}
		at++
	}
	flush()
	return out
}

// foldWord writes a word as the index compares it.
func foldWord(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// findAll returns the first and last token of each place where words stand together.
func findAll(tokens []token, words []string, prefix bool) (out [][2]int) {
	last := len(words) - 1
	for i := 0; i+last < len(tokens); i++ {
		met := true
		for j, w := range words {
			t := tokens[i+j].word
			if t != w && !(prefix && j == last && strings.HasPrefix(t, w)) {
				met = false
				break
			}
		}
		if met {
			out = append(out, [2]int{i, i + last})
		}
	}
	return out
}

// An Excerpt is the part of a text that shows best why it was found.
type Excerpt struct {
	Text       string
	Spans      []Span // in characters of Text
	Cut, After bool   // something stands before it, after it
	Marks      int    // places in the whole text
}

// excerptRunes is about how long an excerpt is.
const excerptRunes = 280

// Excerpt returns the passage of a text in which most terms stand.
func (w Words) Excerpt(text string) Excerpt {
	text = casefile.Shown(text)
	runes := []rune(text)
	spans := w.Find(text)
	from := 0
	if len(spans) > 0 {
		best, most := 0, 0
		for i := range spans {
			seen := map[int]bool{}
			for j := i; j < len(spans) && spans[j].End-spans[i].Start <= excerptRunes-80; j++ {
				seen[spans[j].Term] = true
			}
			if len(seen) > most {
				best, most = i, len(seen)
			}
			if most == len(w) {
				break
			}
		}
		from = max(0, min(spans[best].Start-60, len(runes)-excerptRunes))
	}
	to := min(len(runes), from+excerptRunes)
	for i := from; from > 0 && i < from+20 && i < to; i++ { // begin with a whole word
		if unicode.IsSpace(runes[i]) {
			from = i + 1
			break
		}
	}
	for i := to; to < len(runes) && i > to-20 && i > from; i-- {
		if unicode.IsSpace(runes[i]) {
			to = i
			break
		}
	}
	e := Excerpt{Text: string(runes[from:to]), Cut: from > 0, After: to < len(runes), Marks: len(spans)}
	for _, s := range spans {
		if s.Start >= from && s.End <= to {
			e.Spans = append(e.Spans, Span{s.Start - from, s.End - from, s.Term})
		}
	}
	return e
}

// ReferenceKey is a reference, a number or a mark as it is looked up: its letters
// and figures alone, in small letters.
func ReferenceKey(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// PhoneKey is the end of a telephone number, which is the same with and without
// the code of the country; "" for what is no number of ten figures or more.
func PhoneKey(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if len(digits) < 10 || len(ReferenceKey(s)) > len(digits) {
		return ""
	}
	return digits[len(digits)-10:]
}
