// Package narrative reads the running text of an investigation: how many
// suspects a log entry, an MO or a closing text states, and in which words.
//
// It reads by rule, never by model, so that every count can be explained to
// whoever asks: text is cut into sentences and tokens (token.go), a table says
// what a word is (lexicon.go), a number phrase (quantity.go) and a head noun
// make a noun phrase (phrase.go), cues say whose side it stands on and whether
// the sentence asserts it (role.go), and a sentence adds only what it adds
// itself (sentence.go). docs/narrative.md gives the rules in plain words and
// says how often they are right.
package narrative

import "sync"

// A Span is a half-open range of bytes of the text that was read. It starts and
// ends between characters.
type Span struct{ Start, End int }

// In returns the words of text that the span covers.
func (s Span) In(text string) string { return text[s.Start:s.End] }

// A Statement is one sentence that states how many suspects there were.
//
// Lo is the smallest number that the sentence can mean, 1 or more. Hi is the
// largest, or 0 where the sentence leaves it open ("at least three", "several",
// "the suspects").
type Statement struct {
	Lo, Hi   int
	Sentence Span
	Phrase   Span // the words that were counted, from first to last
}

// Outranks reports whether s says more than other: a larger Lo, or the same Lo
// with a bound where other is open.
func (s Statement) Outranks(other Statement) bool {
	if s.Lo != other.Lo {
		return s.Lo > other.Lo
	}
	return s.Hi != 0 && other.Hi == 0
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// Suspects returns the statements of text in the order of their sentences, at
// most one a sentence. A text that states nothing gives nil.
func Suspects(text string) []Statement { return AppendSuspects(nil, text) }

// AppendSuspects is [Suspects] for a caller with many texts and one slice.
func AppendSuspects(to []Statement, text string) []Statement {
	if !mayState(text) {
		return to
	}
	r := readers.Get().(*reader)
	to = r.read(to, text)
	r.text = "" // a pooled reader must not keep a case's text alive
	readers.Put(r)
	return to
}

// Stated returns the number that the texts of one case state, which is the
// statement with the largest Lo (the first of equals), and the index of the text
// in which it stands, -1 if none states anything. Numbers of different sentences
// are never added: two sentences may speak of the same people.
func Stated(texts ...string) (most Statement, text int) {
	text = -1
	var buffer [16]Statement
	for i, t := range texts {
		for _, s := range AppendSuspects(buffer[:0], t) {
			if s.Outranks(most) {
				most, text = s, i
			}
		}
	}
	return most, text
}
