package narrative

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A kind is what a token is made of.
type kind uint8

const (
	word   kind = iota // letters; unknown words have no traits
	digits             // a whole number from 1 to 99 that may count people
	label              // S1, S2: a suspect by number
	opaque             // a time, a date, a reference, an age: nothing to count
	mark               // punctuation, in ch
)

// A token is one word, number or mark of the text.
type token struct {
	start, end int
	meaning
	kind       kind
	ch         byte // of a mark: its character, 0 for any that means nothing here
	possessive bool // "male's", "males'"
}

func (t *token) is(want trait) bool { return t.traits&want != 0 }

// maxTokens ends a sentence that does not end itself, so that a log without any
// full stop is still read in bounded memory.
const maxTokens = 400

// wrapped is the length from which a line is taken to have been cut by the
// margin and not by its author: the sentence then runs on.
const wrapped = 60

// A reader reads one text at a time and keeps its memory for the next.
type reader struct {
	text    string
	tokens  []token
	phrases []phrase
	groups  []group
}

// read cuts the text into sentences and appends what each states.
func (r *reader) read(to []Statement, text string) []Statement {
	r.text, r.tokens = text, r.tokens[:0]
	line := 0 // where the present line starts
	for at := 0; at < len(text); {
		c := text[at]
		switch {
		case c == '\n' || c == '\r':
			next, breaks := r.lineBreak(line, at)
			if breaks {
				to = r.endSentence(to)
			}
			at, line = next, next
		case c == ' ' || c == '\t' || c == '_':
			at++
		case c >= '0' && c <= '9':
			at = r.number(at)
		case isLetter(c):
			at = r.word(at)
		case c >= utf8.RuneSelf:
			at = r.foreign(at)
		default:
			if r.stops(at) {
				r.mark(at, at+1, c)
				to = r.endSentence(to)
			} else if c != '.' {
				r.mark(at, at+1, c)
			}
			if c == '&' || c == '+' {
				r.tokens[len(r.tokens)-1].traits = joins
			}
			at++
		}
		if len(r.tokens) >= maxTokens {
			to = r.endSentence(to)
		}
	}
	return r.endSentence(to)
}

func (r *reader) endSentence(to []Statement) []Statement {
	if len(r.tokens) > 0 {
		if s, ok := r.sentence(); ok {
			to = append(to, s)
		}
	}
	r.tokens = r.tokens[:0]
	return to
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (r *reader) at(i int) byte {
	if i < 0 || i >= len(r.text) {
		return 0
	}
	return r.text[i]
}

func (r *reader) mark(start, end int, c byte) {
	r.tokens = append(r.tokens, token{start: start, end: end, kind: mark, ch: c})
}

func (r *reader) opaque(start, end int) int {
	r.tokens = append(r.tokens, token{start: start, end: end, kind: opaque})
	return end
}

// lineBreak returns where the text goes on after the white space at end, and
// whether the sentence ended there. A blank line ends it; so does a single line
// break, unless the next line starts in lower case or the line was full.
func (r *reader) lineBreak(line, end int) (next int, breaks bool) {
	lines := 0
	next = end
	for ; next < len(r.text); next++ {
		switch c := r.text[next]; {
		case c == '\n' || c == '\r' && r.at(next+1) != '\n':
			lines++
		case c != ' ' && c != '\t' && c != '\r':
			goto found
		}
	}
found:
	c := r.at(next)
	lower := c >= 'a' && c <= 'z'
	full := end-line >= wrapped && isLetter(c)
	return next, lines > 1 || !lower && !full
}

// stops reports whether the mark at i ends a sentence. A full stop does so
// before white space, unless it belongs to an abbreviation, and between two
// words that nobody put a space between.
func (r *reader) stops(i int) bool {
	switch r.text[i] {
	case '!', '?':
		return true
	case '.':
	default:
		return false
	}
	next := r.at(i + 1)
	if isLetter(next) && isLetter(r.at(i-1)) {
		return isLetter(r.at(i-2)) && isLetter(r.at(i-3)) && isLetter(r.at(i+2)) && isLetter(r.at(i+3))
	}
	if isDigit(next) || isLetter(next) {
		return false
	}
	return !r.abbreviated(i)
}

// abbreviated reports whether the last token is written with a full stop, and
// the text goes on as the inside of a sentence does.
func (r *reader) abbreviated(stop int) bool {
	if len(r.tokens) == 0 {
		return false
	}
	t := &r.tokens[len(r.tokens)-1]
	if t.kind != word || !t.is(shortened) && t.end-t.start > 1 {
		return false
	}
	for stop++; r.at(stop) == ' '; stop++ {
	}
	if r.has(len(r.tokens)-1, nought) {
		return strings.HasPrefix(r.text[stop:], "of ") // "no. of suspects"
	}
	c := r.at(stop)
	return isDigit(c) || c >= 'a' && c <= 'z'
}

// word reads the word at start, with whatever digits follow it directly.
func (r *reader) word(start int) int {
	if r.at(start+1) == '/' && isLetter(r.at(start+2)) && !isWordByte(r.at(start+3)) {
		return r.add(start, start+3) // u/k, i/p
	}
	end := start
	for isLetter(r.at(end)) || r.apostrophe(end) > 0 {
		end += max(1, r.apostrophe(end))
	}
	if c, _ := utf8.DecodeRuneInString(r.text[end:]); c >= utf8.RuneSelf && unicode.IsLetter(c) {
		return r.foreign(start)
	}
	if !isDigit(r.at(end)) {
		return r.add(start, end)
	}
	return r.wordNumber(start, end)
}

func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }

// apostrophe returns the length of the apostrophe at i, straight or curly, if it
// stands between letters or after the s of a plural owner ("males' clothing").
func (r *reader) apostrophe(i int) int {
	n := 0
	switch {
	case r.at(i) == '\'':
		n = 1
	case r.at(i) == 0xE2 && r.at(i+1) == 0x80 && (r.at(i+2) == 0x99 || r.at(i+2) == 0x98):
		n = 3
	default:
		return 0
	}
	if !isLetter(r.at(i - 1)) {
		return 0
	}
	if isLetter(r.at(i+n)) || r.at(i-1)|0x20 == 's' && r.at(i+n) == ' ' && isLetter(r.at(i+n+1)) {
		return n
	}
	return 0
}

// wordNumber reads letters followed by digits: "x2", "S1", "suspect2", "IC1".
func (r *reader) wordNumber(start, letters int) int {
	end := letters
	for isDigit(r.at(end)) {
		end++
	}
	m := lookup(r.text[start:letters])
	n := small(r.text[letters:end])
	switch {
	case isWordByte(r.at(end)):
		for isWordByte(r.at(end)) {
			end++
		}
		return r.opaque(start, end)
	case m.traits&codeWord != 0:
		r.opaque(start, end)
		r.tokens[len(r.tokens)-1].traits = codeWord
		return end
	case letters-start == 1 && r.text[start]|0x20 == 's' && n > 0 && n < 10:
		r.tokens = append(r.tokens, token{start: start, end: end, kind: label, meaning: meaning{n: uint8(n)}})
		return end
	case m.traits&(person|times) != 0 && m.traits&initial == 0:
		r.add(start, letters)
		return r.number(letters)
	}
	return r.opaque(start, end)
}

// foreign reads a word that holds letters beyond a to z, or a mark beyond ASCII.
func (r *reader) foreign(start int) int {
	end := start
	for end < len(r.text) {
		c, n := utf8.DecodeRuneInString(r.text[end:])
		if !unicode.IsLetter(c) && !unicode.IsMark(c) || c == utf8.RuneError {
			break
		}
		end += n
	}
	if end > start {
		r.tokens = append(r.tokens, token{start: start, end: end})
		return end
	}
	c, n := utf8.DecodeRuneInString(r.text[start:])
	switch c {
	case '–', '—', '‑', '−':
		r.mark(start, start+n, '-')
	case '\u00a0', '\u2009', '\u202f', '\ufeff', '\u200b':
	case '‘', '’', '“', '”':
		r.mark(start, start+n, '"')
	case '…':
		r.mark(start, start+n, ',')
	case '×':
		r.tokens = append(r.tokens, token{start: start, end: start + n, meaning: meaning{traits: times}})
	default:
		r.mark(start, start+n, 0)
	}
	return start + n
}

// add appends the word of text[start:end].
func (r *reader) add(start, end int) int {
	t := token{start: start, end: end}
	s := r.text[start:end]
	if n := ownerMark(s); n > 0 {
		t.possessive = true
		s = s[:len(s)-n]
	}
	t.meaning = lookup(s)
	if t.is(cut) && end < len(r.text) {
		t.meaning = meaning{}
	}
	r.tokens = append(r.tokens, t)
	return end
}

// ownerMark returns the length of the 's or ' that ends s, 0 if there is none.
func ownerMark(s string) int {
	if c := s[len(s)-1]; isLetter(c) && c|0x20 != 's' || isLetter(c) && len(s) > 1 && isLetter(s[len(s)-2]) {
		return 0
	}
	for _, m := range [...]string{"'s", "’s", "‘s", "'S", "’S", "‘S", "'", "’", "‘"} {
		if len(s) > len(m) && s[len(s)-len(m):] == m {
			return len(m)
		}
	}
	return 0
}

// longest is the length of the longest word in the lexicon.
const longest = 16

// lookup returns what the lexicon says of s, whatever its case and without its
// apostrophes.
func lookup(s string) meaning {
	var key [longest]byte
	n := 0
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		case c == '\'' || c == 0xE2 || c == 0x80 || c == 0x99 || c == 0x98:
			continue
		}
		if n == longest {
			return meaning{}
		}
		key[n] = c
		n++
	}
	return lexicon[string(key[:n])]
}

// telltale is what a word must be for a sentence to state suspects.
const telltale = culprit | male | neutral | pursued | allThere

// mayState reports whether text holds a word without which no sentence states
// suspects. Most entries of a log hold none, and cost one pass and no memory.
func mayState(text string) bool {
	for i := 0; i < len(text); {
		if !isLetter(text[i]) {
			i++
			continue
		}
		start := i
		for i < len(text) && isLetter(text[i]) {
			i++
		}
		if brokenWord(text[i:]) {
			return true // "ma'le": only the full reading puts it together
		}
		if i-start < 2 {
			c := text[start] | 0x20
			if c == 'm' || c == 'f' || c == 's' && i < len(text) && isDigit(text[i]) {
				return true
			}
			continue
		}
		if openings[text[start]&31][text[start+1]&31] && lookup(text[start:i]).traits&(telltale) != 0 {
			return true
		}
	}
	return false
}

// brokenWord reports whether rest goes on with an apostrophe and letters that are
// no ending of a word, such as 's or n't.
func brokenWord(rest string) bool {
	var after string
	switch {
	case strings.HasPrefix(rest, "'"):
		after = rest[1:]
	case strings.HasPrefix(rest, "’"), strings.HasPrefix(rest, "‘"):
		after = rest[3:]
	default:
		return false
	}
	n := 0
	for n < len(after) && isLetter(after[n]) {
		n++
	}
	switch strings.ToLower(after[:n]) {
	case "", "s", "t", "d", "m", "re", "ve", "ll":
		return false
	}
	return true
}

// openings marks the first two letters of the words that mayState looks for.
var openings = func() (o [32][32]bool) {
	for w, m := range lexicon {
		if m.traits&(telltale) != 0 && len(w) > 1 {
			o[w[0]&31][w[1]&31] = true
		}
	}
	return o
}()
