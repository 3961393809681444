package web

import (
	"html/template"
	"slices"
	"sort"
	"strconv"
	"strings"

	"lookback/internal/casefile"
)

// A mark is a passage of a text to be shown apart. Start and End count
// characters of the text as [casefile.Shown] gives it.
type mark struct {
	Start, End int
	Class      string // stated, found, cited
	Label      string // read out and shown on pointing; never part of the text
	ID         string // of the element where the mark begins, "" for none
}

// markText draws a text so that nothing of it is markup, with marks around
// passages; marks may overlap, lie outside and come in any order. The text nodes
// it makes are the text as [casefile.Shown] gives it, character for character, so
// that a selection on the page is a place in the text. Cost: linear in the text
// and in marks times how many of them overlap.
func markText(text string, marks []mark) template.HTML {
	text = casefile.Shown(text)
	var b strings.Builder
	b.Grow(len(text) + len(text)/16 + 64*len(marks))
	if len(marks) == 0 {
		template.HTMLEscape(&b, []byte(text))
		return template.HTML(b.String())
	}
	cuts, size := cutsOf(text, marks)
	begun := make([]bool, len(marks))
	byStart := make([]int, len(marks))
	for i := range byStart {
		byStart[i] = i
	}
	sort.SliceStable(byStart, func(i, j int) bool { return marks[byStart[i]].Start < marks[byStart[j]].Start })
	var open []int
	next, from := 0, 0 // bytes
	for i, c := range cuts {
		to := len(text)
		if i+1 < len(cuts) {
			to = cuts[i+1].bytes
		}
		from = c.bytes
		open = slices.DeleteFunc(open, func(m int) bool { return min(marks[m].End, size) <= c.runes })
		for ; next < len(byStart) && marks[byStart[next]].Start <= c.runes; next++ {
			if m := byStart[next]; min(marks[m].End, size) > c.runes {
				open = append(open, m)
			}
		}
		segment := text[from:to]
		if segment == "" {
			continue
		}
		if len(open) == 0 {
			template.HTMLEscape(&b, []byte(segment))
			continue
		}
		openTag(&b, marks, open, begun)
		template.HTMLEscape(&b, []byte(segment))
		b.WriteString("</mark>")
	}
	return template.HTML(b.String())
}

// openTag writes one element for all marks that cover a segment.
func openTag(b *strings.Builder, marks []mark, open []int, begun []bool) {
	var classes, labels []string
	id := ""
	for _, m := range open {
		if !slices.Contains(classes, "mark-"+marks[m].Class) {
			classes = append(classes, "mark-"+marks[m].Class)
		}
		if l := marks[m].Label; l != "" && !slices.Contains(labels, l) {
			labels = append(labels, l)
		}
		if !begun[m] && marks[m].ID != "" && id == "" {
			id = marks[m].ID
		}
		begun[m] = true
	}
	b.WriteString(`<mark class="` + template.HTMLEscapeString(strings.Join(classes, " ")) + `"`)
	if id != "" {
		b.WriteString(` id="` + template.HTMLEscapeString(id) + `"`)
	}
	if len(labels) > 0 {
		label := template.HTMLEscapeString(strings.Join(labels, "; "))
		b.WriteString(` title="` + label + `"`)
	}
	b.WriteByte('>')
}

// A textCut is a place where a mark begins or ends.
type textCut struct{ runes, bytes int }

// cutsOf returns the beginning of the text and every place in it where a mark
// begins or ends, in order, and how many characters the text has.
func cutsOf(text string, marks []mark) (cuts []textCut, size int) {
	var places []int
	for _, m := range marks {
		if m.End > m.Start && m.End > 0 {
			places = append(places, max(m.Start, 0), m.End)
		}
	}
	places = append(places, 0)
	slices.Sort(places)
	places = slices.Compact(places)
	for at := range text {
		for len(places) > 0 && places[0] == size {
			cuts = append(cuts, textCut{size, at})
			places = places[1:]
		}
		size++
	}
	if len(cuts) == 0 {
		cuts = append(cuts, textCut{})
	}
	return cuts, size
}

// A shownText is one text on a page, found by its data attributes:
// data-row, data-part, data-page.
type shownText struct {
	Row   int64
	Part  string
	Page  int
	Label string
	Marks []mark
	Cite  bool // whoever looks is reviewing: a link cites from it
	text  string
}

// HTML is the text with its marks; see markText.
func (t shownText) HTML() template.HTML { return markText(t.text, t.Marks) }

// ID is the anchor of the text: row-12, row-12-mo, row-12-3.
func (t shownText) ID() string {
	id := "row-" + strconv.FormatInt(t.Row, 10)
	switch t.Part {
	case casefile.PartMO, casefile.PartClosing:
		return id + "-" + t.Part
	case casefile.PartDocument:
		return id + "-" + strconv.Itoa(t.Page)
	}
	return id
}

// Empty reports whether there is nothing to read.
func (t shownText) Empty() bool { return strings.TrimSpace(t.text) == "" }

// Said lists what is said of marked passages, each once, above the text: a mark
// alone would say it to nobody who cannot point at it.
func (t shownText) Said() (said []string) {
	for _, m := range t.Marks {
		if l := strings.TrimPrefix(m.Label, "Suggested: "); m.Class == "stated" && !slices.Contains(said, l) {
			said = append(said, l)
		}
	}
	return said
}
