package reading

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"lookback/internal/casefile"
	"lookback/internal/store"
)

// A Look says which texts of a case somebody asks for. The zero Look is the first
// page of the log.
type Look struct {
	Log   int    // page of the log, from 1; 0 is the first
	Entry int64  // or the page on which this row of the log stands
	Find  string // only entries and pages that hold all of these words
	Paper int64  // a document's row, in the log's place
	Page  int    // of the document; 0 is its first
}

// event is what the ledger keeps of a look.
func (l Look) event() map[string]any {
	shown := map[string]any{}
	if l.Paper != 0 {
		shown["document"], shown["page"] = l.Paper, max(l.Page, 1)
	} else if l.Log > 1 {
		shown["log"] = l.Log
	}
	if l.Entry != 0 {
		shown["entry"] = l.Entry
	}
	if l.Find != "" {
		shown["find"] = cut(l.Find, 200)
	}
	return shown
}

// cut shortens s to at most n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// A page of the log holds at most so many entries, and starts another one where
// they would hold more than so many bytes.
const (
	logEntries = 200
	logBytes   = 512 << 10
)

// LogPages says which page of the log is shown, of how many.
type LogPages struct {
	Page, Of int
	Entries  []casefile.LogEntry // on this page, with their texts
	First    int                 // the place of the first of them among those found, from 1
	Found    int                 // entries that hold the words, all of them if there are none
	Papers   []FoundPage         // pages of documents that hold the words
}

// Last is the place of the last entry of this page among those found.
func (p LogPages) Last() int { return p.First + len(p.Entries) - 1 }

// A FoundPage is a page of a document that holds what was looked for.
type FoundPage struct {
	Paper casefile.Paper
	Page  int
}

// paginate cuts entries into pages; it returns where each begins.
func paginate(entries []casefile.LogEntry) []int {
	starts := []int{0}
	n, bytes := 0, 0
	for i, e := range entries {
		if n > 0 && (n == logEntries || bytes+e.Bytes > logBytes) {
			starts = append(starts, i)
			n, bytes = 0, 0
		}
		n, bytes = n+1, bytes+e.Bytes
	}
	return starts
}

// readTexts reads the texts that were asked for.
func (f *File) readTexts(ctx context.Context, tx *store.Tx) error {
	if f.Look.Paper != 0 {
		return f.readPaper(ctx, tx)
	}
	if t := f.Report.MOText; t != "" {
		f.Texts = append(f.Texts, Text{Row: f.Report.Row, Part: casefile.PartMO, Text: casefile.Shown(t), Label: "How it was done (MO), as recorded"})
	}
	if t := f.Report.ClosingText; t != "" {
		f.Texts = append(f.Texts, Text{Row: f.Report.Row, Part: casefile.PartClosing, Text: casefile.Shown(t), Label: "Closing text, as recorded"})
	}
	entries := f.Log
	if words := wordsOf(f.Look.Find); len(words) > 0 {
		var err error
		if entries, err = f.find(ctx, tx, words); err != nil {
			return err
		}
	}
	starts := paginate(entries)
	p := &f.Pages
	p.Of, p.Found, p.Page = len(starts), len(entries), min(max(f.Look.Log, 1), len(starts))
	if at := slices.IndexFunc(entries, func(e casefile.LogEntry) bool { return e.Row == f.Look.Entry }); at >= 0 {
		for i, from := range starts {
			if from <= at {
				p.Page = i + 1
			}
		}
	}
	from, to := starts[p.Page-1], len(entries)
	if p.Page < len(starts) {
		to = starts[p.Page]
	}
	p.First, p.Entries = from+1, slices.Clone(entries[from:to])
	var rows []int64
	for _, e := range p.Entries {
		rows = append(rows, e.Row)
	}
	texts, err := tx.LogTexts(ctx, f.ID, rows)
	if err != nil {
		return err
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		e.Text = casefile.Shown(texts[e.Row])
		f.Texts = append(f.Texts, Text{Row: e.Row, Part: casefile.PartLog, Text: e.Text, Label: fmt.Sprintf("Entry %d", e.Seq)})
	}
	return nil
}

func (f *File) readPaper(ctx context.Context, tx *store.Tx) error {
	i := slices.IndexFunc(f.Papers, func(p casefile.Paper) bool { return p.Row == f.Look.Paper })
	if i < 0 {
		return casefile.Errorf(casefile.NotFound, "This case has no such document. It may have come in a newer version: choose it from the list of documents.")
	}
	p := f.Papers[i]
	if f.Look.Page == 0 {
		f.Look.Page = p.Pages[0].Page
	}
	if !slices.ContainsFunc(p.Pages, func(page casefile.PaperPage) bool { return page.Page == f.Look.Page }) {
		return casefile.Errorf(casefile.NotFound, "%s has no page %d.", p.Called(), f.Look.Page)
	}
	text, err := tx.TextAt(ctx, f.ID, p.Row, casefile.PartDocument, f.Look.Page)
	f.Texts = append(f.Texts, Text{Row: p.Row, Part: casefile.PartDocument, Page: f.Look.Page, Text: casefile.Shown(text), Label: fmt.Sprintf("%s, page %d", p.Called(), f.Look.Page)})
	return err
}

// Paper returns the document that is shown in the log's place.
func (f *File) Paper() (casefile.Paper, bool) {
	i := slices.IndexFunc(f.Papers, func(p casefile.Paper) bool { return p.Row == f.Look.Paper })
	if i < 0 {
		return casefile.Paper{}, false
	}
	return f.Papers[i], true
}

// find returns the entries of the log that hold all of the words, and notes the
// pages of documents that do. Cost: every text of the case is read once.
func (f *File) find(ctx context.Context, tx *store.Tx, words [][]rune) (found []casefile.LogEntry, err error) {
	for some := range slices.Chunk(f.Log, logEntries) {
		var rows []int64
		for _, e := range some {
			rows = append(rows, e.Row)
		}
		texts, err := tx.LogTexts(ctx, f.ID, rows)
		if err != nil {
			return nil, err
		}
		for _, e := range some {
			if holdsAll(texts[e.Row], words) {
				found = append(found, e)
			}
		}
	}
	for _, p := range f.Papers {
		for _, page := range p.Pages {
			if page.Bytes == 0 {
				continue
			}
			text, err := tx.TextAt(ctx, f.ID, p.Row, casefile.PartDocument, page.Page)
			if err != nil {
				return nil, err
			}
			if holdsAll(text, words) {
				f.Pages.Papers = append(f.Pages.Papers, FoundPage{p, page.Page})
			}
		}
	}
	return found, nil
}

// maxWords bounds how many words are looked for.
const maxWords = 16

// wordsOf splits what was typed into words in small letters.
func wordsOf(s string) (words [][]rune) {
	for _, w := range strings.Fields(s) {
		if len(words) < maxWords {
			words = append(words, lower(cut(w, 64)))
		}
	}
	return words
}

// lower puts s into small letters, one character for one, so that places in it
// are places in s. By way of capitals, since ς and σ are one letter.
func lower(s string) []rune {
	out := []rune(s)
	for i, r := range out {
		out[i] = unicode.ToLower(unicode.ToUpper(r))
	}
	return out
}

func holdsAll(text string, words [][]rune) bool {
	in := lower(casefile.Shown(text))
	return !slices.ContainsFunc(words, func(w []rune) bool { return indexRunes(in, w, 0) < 0 })
}

// indexRunes returns where w first stands in text, at or after from; -1 if nowhere.
func indexRunes(text, w []rune, from int) int {
	for i := from; i+len(w) <= len(text); i++ {
		if text[i] == w[0] && slices.Equal(text[i:i+len(w)], w) {
			return i
		}
	}
	return -1
}

// A Highlight is a marked passage of a text, from one character to before
// another. It is a suggestion unless a person made it.
type Highlight struct {
	Start, End int
	Kind       string // stated, found, cited
	Label      string // what is said of it
}

// Highlights returns the passages of a text that state suspects, and those that
// hold the words looked for, in order. Highlights may overlap.
func (f *File) Highlights(t Text) (out []Highlight) {
	for _, s := range f.Stated {
		if s.Row != t.Row || s.Source != t.Part {
			continue
		}
		sentence := casefile.Shown(s.Sentence)
		if at := strings.Index(t.Text, sentence); at >= 0 && sentence != "" {
			start := utf8.RuneCountInString(t.Text[:at])
			out = append(out, Highlight{start, start + utf8.RuneCountInString(sentence), "stated", "Suggested: states " + saysHowMany(s.Lo, s.Hi)})
		}
	}
	if words := wordsOf(f.Look.Find); len(words) > 0 {
		text := lower(t.Text)
		for _, w := range words {
			for at := indexRunes(text, w, 0); at >= 0 && len(out) < 10_000; at = indexRunes(text, w, at+len(w)) {
				out = append(out, Highlight{at, at + len(w), "found", ""})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Highlight) int { return a.Start - b.Start })
	return out
}

// saysHowMany puts a stated number into words: "3 suspects", "2 or more suspects".
func saysHowMany(lo, hi int) string {
	switch {
	case hi == 0:
		return fmt.Sprintf("%d or more suspects", lo)
	case hi > lo:
		return fmt.Sprintf("%d to %d suspects", lo, hi)
	}
	return plural(lo, "suspect", "suspects")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
