package document

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"unicode"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

func readPDF(ctx context.Context, in pdfium.Pdfium, data []byte, limits Limits) (Doc, error) {
	opened, err := in.OpenDocument(&requests.OpenDocument{File: &data})
	if err != nil {
		return Doc{}, pdfRefusal(err, limits)
	}
	p := pdfReader{in: in, doc: opened.Document}
	n, err := in.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: p.doc})
	switch {
	case err != nil:
		return Doc{}, pdfRefusal(err, limits)
	case n.PageCount <= 0:
		return Doc{}, refuse("is a PDF without pages")
	case n.PageCount > limits.Pages:
		return Doc{}, refuse("has %d pages; at most %d are read", n.PageCount, limits.Pages)
	}
	var d Doc
	size := 0
	for i := range n.PageCount {
		if err := ctx.Err(); err != nil {
			return Doc{}, err
		}
		text := p.page(i)
		if size += len(text); size > limits.Text {
			return Doc{}, refuse("holds more than %s of text, the most that is read", megabytes(limits.Text))
		}
		d.Pages = append(d.Pages, text)
	}
	if len(p.damaged) == len(d.Pages) {
		return Doc{}, refuse("is damaged: none of its %s can be read", counted(len(d.Pages), "page", "pages"))
	}
	d.Notes = p.notes(data, len(d.Pages))
	return d, nil
}

func pdfRefusal(err error, limits Limits) error {
	switch {
	case errors.Is(err, pdferrors.ErrPassword):
		return refuse("is protected with a password; save it without one and hand it over again").because(err)
	case errors.Is(err, pdferrors.ErrSecurity):
		return refuse("is encrypted in a way that cannot be read; save it without encryption and hand it over again").because(err)
	case errors.Is(err, pdferrors.ErrFormat):
		return refuse("is a damaged or cut-off PDF and cannot be read").because(err)
	default:
		return refuse("makes the PDF reader fail: it is damaged, or needs more than the %d MB of memory that one file may use", limits.PDFMemory).because(err)
	}
}

// A pdfReader goes through the pages of one PDF and remembers, by page number
// from 1, what its text does not show.
type pdfReader struct {
	in  pdfium.Pdfium
	doc references.FPDF_DOCUMENT

	damaged, images, drawn, blank, garbled, annotated []int
}

// page returns the text of page i, counted from 0.
func (p *pdfReader) page(i int) string {
	number := i + 1
	page, err := p.in.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: p.doc, Index: i})
	if err != nil {
		p.damaged = append(p.damaged, number)
		return ""
	}
	defer p.in.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page.Page}) //nolint:errcheck // the instance goes with it
	ref := requests.Page{ByReference: &page.Page}
	raw, err := p.rawText(ref)
	if err != nil {
		p.damaged = append(p.damaged, number)
		return ""
	}
	text := clean(pdfHyphens.Replace(raw))
	if isGarbled(raw) {
		p.garbled = append(p.garbled, number)
	}
	if p.hasRemarks(ref) {
		p.annotated = append(p.annotated, number)
	}
	if strings.TrimSpace(text) != "" {
		return text
	}
	switch kinds := p.objects(ref); {
	case kinds.image:
		p.images = append(p.images, number)
	case kinds.other:
		p.drawn = append(p.drawn, number)
	default:
		p.blank = append(p.blank, number)
	}
	return ""
}

// pdfHyphens restores a hyphen with its line end: PDFium joins the halves of the
// word and leaves a mark, but not every such hyphen parted one word.
var pdfHyphens = strings.NewReplacer("\u0002", "-\n", "\uFFFE", "-\n")

func (p *pdfReader) rawText(page requests.Page) (string, error) {
	loaded, err := p.in.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: page})
	if err != nil {
		return "", err
	}
	defer p.in.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: loaded.TextPage}) //nolint:errcheck // as above
	n, err := p.in.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: loaded.TextPage})
	if err != nil || n.Count <= 0 {
		return "", err
	}
	got, err := p.in.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: loaded.TextPage, Count: n.Count})
	if err != nil {
		return "", err
	}
	return strings.TrimRight(got.Text, "\x00"), nil
}

// isGarbled reports whether more than one character in ten has no meaning: a
// font that shows letters without saying which they are.
func isGarbled(raw string) bool {
	bad, all := 0, 0
	for _, r := range raw {
		all++
		if r == unicode.ReplacementChar || unicode.Is(unicode.Co, r) || r == 0 || unicode.IsControl(r) && !strings.ContainsRune("\r\n\t\u0002", r) {
			bad++
		}
	}
	return all >= 10 && bad*10 > all
}

type pdfObjects struct{ image, other bool }

// objects says what stands on a page without text. It looks at the first
// thousand objects; an image inside a form counts.
func (p *pdfReader) objects(page requests.Page) pdfObjects {
	var found pdfObjects
	n, err := p.in.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if err != nil {
		return found
	}
	for i := range min(n.Count, 1000) {
		o, err := p.in.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if err != nil {
			continue
		}
		p.note(o.PageObject, &found, 0)
	}
	return found
}

func (p *pdfReader) note(o references.FPDF_PAGEOBJECT, found *pdfObjects, depth int) {
	t, err := p.in.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: o})
	if err != nil {
		return
	}
	if t.Type == enums.FPDF_PAGEOBJ_IMAGE {
		found.image = true
		return
	}
	found.other = true
	if t.Type != enums.FPDF_PAGEOBJ_FORM || depth >= 3 {
		return
	}
	n, err := p.in.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: o})
	if err != nil {
		return
	}
	for i := range min(n.Count, 100) {
		inner, err := p.in.FPDFFormObj_GetObject(&requests.FPDFFormObj_GetObject{PageObject: o, Index: uint64(i)})
		if err == nil {
			p.note(inner.PageObject, found, depth+1)
		}
	}
}

// hasRemarks reports whether somebody wrote on the page afterwards: notes,
// stamps and filled fields are not part of its text. Links are no remarks.
func (p *pdfReader) hasRemarks(page requests.Page) bool {
	n, err := p.in.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: page})
	if err != nil {
		return false
	}
	for i := range min(n.Count, 200) {
		a, err := p.in.FPDFPage_GetAnnot(&requests.FPDFPage_GetAnnot{Page: page, Index: i})
		if err != nil {
			continue
		}
		t, err := p.in.FPDFAnnot_GetSubtype(&requests.FPDFAnnot_GetSubtype{Annotation: a.Annotation})
		p.in.FPDFPage_CloseAnnot(&requests.FPDFPage_CloseAnnot{Annotation: a.Annotation}) //nolint:errcheck // as above
		if err == nil && t.Subtype != enums.FPDF_ANNOT_SUBTYPE_LINK {
			return true
		}
	}
	return false
}

func (p *pdfReader) notes(data []byte, pages int) []string {
	var out []string
	add := func(list []int, one, many string) {
		if len(list) > 0 {
			out = append(out, onPages(list, one, many))
		}
	}
	if !bytes.Contains(data[max(0, len(data)-4096):], []byte("%%EOF")) {
		out = append(out, "The file has no end mark: it may have been cut off, and pages may be missing.")
	}
	if len(p.images) == pages {
		out = append(out, "It holds images and no text: it must be read by eye or by text recognition.")
	} else {
		add(p.images, "holds an image and no text.", "hold images and no text.")
	}
	add(p.drawn, "holds drawings and no text.", "hold drawings and no text.")
	add(p.blank, "is blank.", "are blank.")
	add(p.damaged, "could not be read and may be damaged.", "could not be read and may be damaged.")
	add(p.garbled, "uses a font that does not say which letters it shows: part of its text is missing or wrong.",
		"use fonts that do not say which letters they show: part of their text is missing or wrong.")
	add(p.annotated, "carries notes, stamps or form fields that are not part of its text.",
		"carry notes, stamps or form fields that are not part of their text.")
	if n, err := p.in.FPDFDoc_GetAttachmentCount(&requests.FPDFDoc_GetAttachmentCount{Document: p.doc}); err == nil && n.AttachmentCount > 0 {
		out = append(out, sentence("It has %s that %s not read.", counted(n.AttachmentCount, "attached file", "attached files"), were(n.AttachmentCount)))
	}
	return out
}
