package document

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

// htmlText reads tokens, not a tree: nothing nests, so nothing can nest too
// deeply, and the work is linear in the file.
func htmlText(ctx context.Context, data []byte, limits Limits) (Doc, error) {
	enc, _, _ := charset.DetermineEncoding(data[:min(len(data), 4096)], "")
	if enc == nil {
		return Doc{}, refuse("states an encoding that is not known")
	}
	z := html.NewTokenizer(enc.NewDecoder().Reader(bytes.NewReader(data)))
	z.SetMaxBuf(limits.Text)
	w := htmlWriter{}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return Doc{}, ctx.Err()
		}
		if z.Next() == html.ErrorToken {
			break
		}
		w.token(z.Token())
	}
	if err := z.Err(); errors.Is(err, html.ErrBufferExceeded) {
		return Doc{}, refuse("holds one piece larger than %s, the most that is read", megabytes(limits.Text))
	} else if !errors.Is(err, io.EOF) {
		return Doc{}, refuse("cannot be read as HTML").because(err)
	}
	d := Doc{Pages: []string{clean(strings.TrimSpace(w.out.String()))}}
	if w.images > 0 {
		d.Notes = append(d.Notes, sentence("It shows %s that %s not read.", counted(w.images, "image", "images"), were(w.images)))
	}
	if d.Empty() {
		d.Notes = append(d.Notes, "It holds no text.")
	}
	return d, nil
}

// An htmlWriter turns tokens into lines as a reader would see them: white space
// collapses, blocks begin on a new line, cells are parted by tabs.
type htmlWriter struct {
	out     strings.Builder
	images  int
	pre     int       // open pre elements
	dropped atom.Atom // the element whose content is being dropped, 0 for none
	depth   int       // how often that element is open
	space   bool      // white space is due before the next word
	breaks  int       // line ends are due before the next word
	tab     bool
}

func (w *htmlWriter) token(t html.Token) {
	switch t.Type {
	case html.TextToken:
		if w.dropped == 0 {
			w.text(t.Data)
		}
	case html.StartTagToken, html.SelfClosingTagToken:
		w.start(t)
	case html.EndTagToken:
		w.end(t.DataAtom)
	}
}

func (w *htmlWriter) start(t html.Token) {
	a := t.DataAtom
	if w.dropped != 0 {
		if a == w.dropped && t.Type == html.StartTagToken {
			w.depth++
		}
		return
	}
	switch {
	case isDropped(a):
		if t.Type == html.StartTagToken {
			w.dropped, w.depth = a, 1
		}
	case a == atom.Br:
		w.breaks++
	case a == atom.Img:
		w.images++
	case a == atom.Td, a == atom.Th:
		w.tab = w.breaks == 0
	case isBlock(a):
		w.breaks = max(w.breaks, 1)
		w.tab = false
		if a == atom.Pre {
			w.pre++
		}
	}
}

func (w *htmlWriter) end(a atom.Atom) {
	if w.dropped != 0 {
		if a == w.dropped {
			if w.depth--; w.depth == 0 {
				w.dropped = 0
			}
		}
		return
	}
	if isBlock(a) {
		w.breaks = max(w.breaks, 1)
		w.tab = false
	}
	if a == atom.Pre && w.pre > 0 {
		w.pre--
	}
}

func (w *htmlWriter) text(s string) {
	if w.pre > 0 {
		w.flush()
		w.out.WriteString(s)
		return
	}
	for i, word := range strings.FieldsFunc(s, isHTMLSpace) {
		w.space = w.space || i > 0 || isHTMLSpace(rune(s[0]))
		w.flush()
		w.out.WriteString(word)
		w.space = false
	}
	if s != "" && isHTMLSpace(rune(s[len(s)-1])) {
		w.space = true
	}
}

// flush writes what is due before a word.
func (w *htmlWriter) flush() {
	switch {
	case w.out.Len() == 0:
	case w.breaks > 0:
		w.out.WriteString(strings.Repeat("\n", min(w.breaks, 2)))
	case w.tab:
		w.out.WriteByte('\t')
	case w.space:
		w.out.WriteByte(' ')
	}
	w.space, w.tab, w.breaks = false, false, 0
}

func isHTMLSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

func isDropped(a atom.Atom) bool {
	switch a {
	case atom.Script, atom.Style, atom.Template, atom.Noscript, atom.Iframe, atom.Noembed, atom.Noframes, atom.Object:
		return true
	}
	return false
}

func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Caption, atom.Center, atom.Dd, atom.Details,
		atom.Dialog, atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Head, atom.Header, atom.Hr, atom.Html, atom.Legend, atom.Li,
		atom.Main, atom.Menu, atom.Nav, atom.Ol, atom.Optgroup, atom.Option, atom.P, atom.Pre, atom.Section, atom.Select,
		atom.Summary, atom.Table, atom.Tbody, atom.Textarea, atom.Tfoot, atom.Thead, atom.Title, atom.Tr, atom.Ul:
		return true
	}
	return false
}
