package document

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A docxWalk goes through the parts of a document and writes what a reader would
// see, counting what it leaves out.
type docxWalk struct {
	ctx   context.Context
	f     *docxFile
	pages []string

	out   []byte // the page that is being written
	cells int    // open table cells
	text  bool   // inside an element that holds text

	asides map[string]string // footnote, endnote and comment texts by kind and id
	shown  map[string]int    // the number under which each was referred to
	below  []string          // asides of this page, in order
	aside  string            // key of the one that is being read
	author string            // who wrote it, for a comment: "J Smith: "
	sect   string            // kind of the section's end that is being read

	referred, deleted, deletedChars, inserted, images, hidden, symbols, objects int
}

const wordML = "wordprocessingml" // in the transitional and the strict namespace

// readAsides reads a part that holds footnotes, endnotes or comments.
func (w *docxWalk) readAsides(kind string, parts []string) error {
	if w.asides == nil {
		w.asides, w.shown = map[string]string{}, map[string]int{}
	}
	for _, p := range parts {
		if w.f.parts[strings.ToLower(p)] == nil {
			continue
		}
		w.out = nil
		if err := w.read(p); err != nil {
			return err
		}
	}
	w.out, w.below = nil, nil
	return nil
}

// readMargins returns the text of headers or footers, each distinct one once.
func (w *docxWalk) readMargins(parts []string) (string, error) {
	var texts []string
	seen := map[string]bool{}
	for _, p := range parts {
		if w.f.parts[strings.ToLower(p)] == nil {
			continue
		}
		w.out = nil
		if err := w.read(p); err != nil {
			return "", err
		}
		t := strings.Trim(string(w.out), "\n\t ")
		if t != "" && !seen[t] {
			seen[t] = true
			texts = append(texts, t)
		}
	}
	w.out = nil
	return strings.Join(texts, "\n"), nil
}

// read goes through one part.
func (w *docxWalk) read(name string) error {
	r, err := w.f.open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	d := newDecoder(r)
	depth := 0
	for n := 0; ; n++ {
		if n%1024 == 0 && w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return xmlRefusal(name, err)
		}
		switch t := t.(type) {
		case xml.Directive:
			return refuse("declares its own XML entities, which no Word document does: it is not read")
		case xml.StartElement:
			if depth++; depth > docxDepth {
				return refuse("is nested more than %d deep: it is not read", docxDepth)
			}
			skipped, err := w.start(d, t)
			if err != nil {
				return xmlRefusal(name, err)
			}
			if skipped {
				depth--
			}
		case xml.EndElement:
			depth--
			w.end(t.Name)
		case xml.CharData:
			if w.text {
				w.out = append(w.out, t...)
			}
		}
	}
}

// start handles the beginning of an element, and reports whether it consumed
// the element to its end.
func (w *docxWalk) start(d *xml.Decoder, t xml.StartElement) (skipped bool, err error) {
	if !strings.Contains(t.Name.Space, wordML) {
		return w.startOther(d, t)
	}
	switch t.Name.Local {
	case "t":
		w.text = true
	case "tab", "ptab":
		// A tab stop of a paragraph's settings has the same name and is skipped
		// with pPr, below.
		w.out = append(w.out, '\t')
	case "cr":
		w.out = append(w.out, '\n')
	case "br":
		w.lineBreak(t)
	case "noBreakHyphen":
		w.out = append(w.out, '-')
	case "sym":
		w.symbols++
		w.out = utf8.AppendRune(w.out, utf8.RuneError)
	case "tc":
		w.cells++
	case "txbxContent":
		w.freshLine()
	case "pPr":
		return true, w.paragraphSettings(d)
	case "rPr":
		return true, w.runSettings(d)
	case "del", "moveFrom":
		return true, w.skipDeleted(d)
	case "ins", "moveTo":
		w.inserted++
	case "object":
		w.objects++
	case "footnote", "endnote", "comment":
		w.startAside(t)
	case "footnoteReference", "endnoteReference", "commentReference":
		w.refer(strings.TrimSuffix(t.Name.Local, "Reference"), attr(t, "id"))
	case "instrText", "delInstrText", "delText", "sectPr", "tblPr", "trPr", "tcPr", "tblGrid", "sdtPr", "ffData":
		return true, w.skip(d)
	}
	return false, nil
}

func (w *docxWalk) startOther(d *xml.Decoder, t xml.StartElement) (skipped bool, err error) {
	switch t.Name.Local {
	case "Fallback": // the same content once more, for programs of before 2010
		return true, w.skip(d)
	case "blip", "imagedata":
		w.images++
	case "t": // in formulas
		w.text = strings.HasSuffix(t.Name.Space, "/math")
	}
	return false, nil
}

func (w *docxWalk) end(name xml.Name) {
	if name.Local == "t" {
		w.text = false
	}
	if !strings.Contains(name.Space, wordML) {
		return
	}
	switch name.Local {
	case "p":
		w.out = append(w.out, '\n')
		if w.sect != "" {
			w.sect = ""
			w.endPage()
		}
	case "tc":
		w.cells--
		w.out = append(bytes.TrimRight(w.out, "\n"), '\t')
	case "tr":
		w.out = append(bytes.TrimRight(w.out, "\t\n"), '\n')
	case "footnote", "endnote", "comment":
		w.endAside()
	}
}

func (w *docxWalk) lineBreak(t xml.StartElement) {
	if attr(t, "type") == "page" && w.aside == "" && w.cells == 0 {
		w.endPage()
		return
	}
	w.out = append(w.out, '\n')
}

// freshLine begins a line unless one was just begun.
func (w *docxWalk) freshLine() {
	if len(w.out) > 0 && w.out[len(w.out)-1] != '\n' {
		w.out = append(w.out, '\n')
	}
}

// endPage closes a page, with the notes that it refers to below its text.
func (w *docxWalk) endPage() {
	page := string(bytes.TrimRight(w.out, "\n"))
	for _, b := range w.below {
		page = joinLines(page, b)
	}
	w.pages = append(w.pages, page)
	w.out, w.below = nil, nil
}

// paragraphSettings reads pPr. A break before a paragraph stands in it, and so
// does the end of a section, which begins a page unless it is continuous.
func (w *docxWalk) paragraphSettings(d *xml.Decoder) error {
	section := ""
	err := w.eachInside(d, func(t xml.StartElement) {
		switch t.Name.Local {
		case "pageBreakBefore":
			if isOn(t) && len(w.out) > 0 && w.aside == "" && w.cells == 0 {
				w.endPage()
			}
		case "sectPr":
			section = "nextPage"
		case "type":
			if section != "" {
				section = attr(t, "val")
			}
		}
	})
	if section != "" && section != "continuous" && w.aside == "" && w.cells == 0 {
		w.sect = section
	}
	return err
}

func (w *docxWalk) runSettings(d *xml.Decoder) error {
	return w.eachInside(d, func(t xml.StartElement) {
		if t.Name.Local == "vanish" && isOn(t) {
			w.hidden++
		}
	})
}

// skipDeleted passes over text that a tracked change took away.
func (w *docxWalk) skipDeleted(d *xml.Decoder) error {
	chars, inText := 0, false
	err := w.inside(d, func(t xml.Token) {
		switch t := t.(type) {
		case xml.StartElement:
			inText = t.Name.Local == "delText" || t.Name.Local == "t"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				chars += utf8.RuneCount(t)
			}
		}
	})
	if chars > 0 {
		w.deleted++
		w.deletedChars += chars
	}
	return err
}

func (w *docxWalk) skip(d *xml.Decoder) error { return w.inside(d, func(xml.Token) {}) }

func (w *docxWalk) eachInside(d *xml.Decoder, f func(xml.StartElement)) error {
	return w.inside(d, func(t xml.Token) {
		if s, ok := t.(xml.StartElement); ok {
			f(s)
		}
	})
}

// inside hands over every token up to the end of the element that was just
// begun.
func (w *docxWalk) inside(d *xml.Decoder, f func(xml.Token)) error {
	for depth, n := 1, 0; depth > 0; n++ {
		if n%1024 == 1023 && w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > docxDepth {
				return fmt.Errorf("nested more than %d deep", docxDepth)
			}
		case xml.EndElement:
			depth--
		}
		f(t)
	}
	return nil
}

func (w *docxWalk) startAside(t xml.StartElement) {
	w.out, w.author = nil, ""
	if by := attr(t, "author"); by != "" {
		w.author = by + ": "
	}
	if kind := attr(t, "type"); kind == "" || kind == "normal" {
		w.aside = t.Name.Local + " " + attr(t, "id")
		return
	}
	w.aside = "separator" // a line that Word draws above notes
}

func (w *docxWalk) endAside() {
	if w.aside != "" && w.aside != "separator" {
		w.asides[w.aside] = w.author + strings.Trim(string(w.out), "\n\t ")
	}
	w.out, w.aside = nil, ""
}

// refer writes the mark of a note and puts its text below the page.
func (w *docxWalk) refer(kind, id string) {
	text, ok := w.asides[kind+" "+id]
	if !ok || w.aside != "" || w.shown[kind+" "+id] > 0 {
		return
	}
	w.shown[kind]++
	w.referred++
	w.shown[kind+" "+id] = w.shown[kind]
	mark := "[" + kind + " " + strconv.Itoa(w.shown[kind]) + "]"
	w.out = append(w.out, mark...)
	w.below = append(w.below, mark+" "+text)
}

func (w *docxWalk) notes(related map[string][]string) []string {
	var out []string
	add := func(n int, format string, args ...any) {
		if n > 0 {
			out = append(out, sentence(format, args...))
		}
	}
	add(w.deleted, "It has tracked changes: %s, %s long in all, not shown.",
		counted(w.deleted, "deletion", "deletions"), counted(w.deletedChars, "character", "characters"))
	add(w.inserted, "It has tracked changes: %s shown as part of the text.", counted(w.inserted, "insertion is", "insertions are"))
	add(w.hidden, "Part of its text is hidden in Word; it is shown here.")
	add(w.symbols, "It uses %s of a picture font, shown here as \uFFFD.", counted(w.symbols, "symbol", "symbols"))
	add(w.images, "It shows %s that %s not read.", counted(w.images, "image", "images"), were(w.images))
	if orphans := len(w.asides) - w.referred; orphans > 0 {
		out = append(out, sentence("It has %s to which no text refers, not shown.", counted(orphans, "footnote or comment", "footnotes or comments")))
	}
	embedded := max(w.objects, len(related["package"])+len(related["oleObject"])+len(related["aFChunk"]))
	add(embedded, "It has %s that %s not read.", counted(embedded, "embedded file", "embedded files"), were(embedded))
	add(len(related["vbaProject"]), "It holds macros, which were not run.")
	return out
}

func attr(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// isOn reads a switch: present means on unless it says otherwise.
func isOn(t xml.StartElement) bool {
	switch attr(t, "val") {
	case "0", "false", "off":
		return false
	}
	return true
}
