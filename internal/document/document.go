// Package document reads the text of a file, page by page: PDF, Word (DOCX),
// HTML and plain text.
//
// What a file is, its content says and not its name. Whatever is in a file and
// not in its text (an image, a deletion, an attachment) is said in a note, so
// that a reader knows what there is still to look at. A file that gives no text
// is refused in one sentence that names it.
//
// Files come from other people's machines. Size, time, memory, nesting and the
// growth of what is packed are bounded, and PDF is read inside a WebAssembly
// sandbox without files, clock or network.
package document

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// A Kind is what a file is. It is stored as this string.
type Kind string

const (
	PDF  Kind = "pdf"
	DOCX Kind = "docx"
	HTML Kind = "html"
	TXT  Kind = "txt"
)

func (k Kind) noun() string {
	return map[Kind]string{PDF: "a PDF", DOCX: "a Word document", HTML: "an HTML page", TXT: "plain text"}[k]
}

// A Doc is the text of one file. Text is Unicode NFC with "\n" at line ends and
// without control characters other than "\n" and "\t".
type Doc struct {
	Kind  Kind
	Pages []string // at least one; a page without text is ""
	Notes []string // what the text does not show, one sentence each, in page order
}

// Empty reports whether no page holds any text.
func (d Doc) Empty() bool {
	for _, p := range d.Pages {
		if strings.TrimSpace(p) != "" {
			return false
		}
	}
	return true
}

// A Refusal says in one sentence why a file gives no text. Err is for the log,
// and may be nil.
type Refusal struct {
	File   string
	Reason string // continues "FILE ..."
	Err    error
}

func (r *Refusal) Error() string { return printable(r.File) + " " + r.Reason }
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(format string, args ...any) *Refusal {
	return &Refusal{Reason: fmt.Sprintf(format, args...)}
}

// because keeps what the operator's log should hold of a refusal.
func (r *Refusal) because(err error) *Refusal {
	r.Err = err
	return r
}

// Limits bound what one file may cost. A zero field means its default.
type Limits struct {
	Bytes     int           // of the file; 128 MiB
	Unpacked  int           // bytes of all that a DOCX unpacks to, as far as it is read; 256 MiB
	Text      int           // bytes of text; 64 MiB
	Pages     int           // 20,000
	Time      time.Duration // a file; 60 s. Starting the PDF reader is not counted
	PDFMemory int           // MiB that the PDF reader may use for one file; 512
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&l.Bytes, 128<<20)
	set(&l.Unpacked, 256<<20)
	set(&l.Text, 64<<20)
	set(&l.Pages, 20_000)
	set(&l.PDFMemory, 512)
	if l.Time <= 0 {
		l.Time = time.Minute
	}
	return l
}

// A Reader reads files, several at a time if need be. The zero Reader works. It
// starts the PDF reader with the first PDF and keeps it until Close.
type Reader struct {
	Limits Limits // set before the first file

	pdf pdfEngine
}

// Close stops the PDF reader, if it was started. No call of Text may be running.
func (r *Reader) Close() error { return r.pdf.close() }

// Warm starts the PDF reader beside whatever else is going on: it takes seconds,
// and the first PDF then need not wait for it. What goes wrong is said by Text.
func (r *Reader) Warm() {
	limits := r.Limits.withDefaults()
	go func() { _ = r.pdf.start(limits) }()
}

// Text reads a file. The name is for sentences and for the note that a name
// lies. An error is a [Refusal] where the file is at fault; otherwise ctx was
// cancelled or the PDF reader did not start.
func (r *Reader) Text(ctx context.Context, name string, data []byte) (Doc, error) {
	limits := r.Limits.withDefaults()
	if len(data) > limits.Bytes {
		return Doc{}, named(name, refuse("is larger than %s, the most that is read", megabytes(limits.Bytes)))
	}
	kind, refused := sniff(data)
	if refused != nil {
		return Doc{}, named(name, refused)
	}
	d, err := r.read(ctx, kind, data, limits)
	if err != nil {
		return Doc{}, named(name, err)
	}
	d.Kind = kind
	if said, ok := kindOfName(name); ok && said != kind {
		d.Notes = append([]string{fmt.Sprintf("The name ends in %s, but the file is %s and was read as that.", path.Ext(name), kind.noun())}, d.Notes...)
	}
	return d, nil
}

func (r *Reader) read(ctx context.Context, kind Kind, data []byte, limits Limits) (Doc, error) {
	if kind == PDF {
		if err := r.pdf.start(limits); err != nil {
			return Doc{}, fmt.Errorf("cannot be read, because the PDF reader does not start: %w", err)
		}
	}
	timed, cancel := context.WithTimeout(ctx, limits.Time)
	defer cancel()
	var d Doc
	var err error
	switch kind {
	case PDF:
		d, err = r.pdf.text(timed, data, limits)
	case DOCX:
		d, err = docxText(timed, data, limits)
	case HTML:
		d, err = htmlText(timed, data, limits)
	default:
		d, err = plainText(data)
	}
	if ctx.Err() != nil {
		return Doc{}, fmt.Errorf("was not read to its end: %w", context.Cause(ctx))
	}
	if timed.Err() != nil {
		return Doc{}, refuse("takes longer than %s to read", limits.Time)
	}
	if err != nil {
		return Doc{}, err
	}
	return d, withinLimits(d, limits)
}

func withinLimits(d Doc, limits Limits) error {
	if len(d.Pages) > limits.Pages {
		return refuse("has %d pages; at most %d are read", len(d.Pages), limits.Pages)
	}
	size := 0
	for _, p := range d.Pages {
		size += len(p)
	}
	if size > limits.Text {
		return refuse("holds more than %s of text, the most that is read", megabytes(limits.Text))
	}
	return nil
}

// named puts the name of the file into an error about it.
func named(name string, err error) error {
	if r, ok := errors.AsType[*Refusal](err); ok {
		r.File = name
		return r
	}
	return fmt.Errorf("%s %w", printable(name), err)
}

// printable shows a name that may hold anything.
func printable(name string) string {
	for _, r := range name {
		if !strconv.IsPrint(r) {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return "The file"
	}
	return name
}

func kindOfName(name string) (Kind, bool) {
	switch strings.ToLower(path.Ext(name)) {
	case ".pdf":
		return PDF, true
	case ".docx", ".docm", ".dotx", ".doc":
		return DOCX, true
	case ".html", ".htm", ".xhtml":
		return HTML, true
	case ".txt", ".text", ".log":
		return TXT, true
	}
	return "", false
}

func megabytes(n int) string {
	if n < 1<<20 {
		return strconv.Itoa(n) + " bytes"
	}
	return strconv.Itoa(n>>20) + " MB"
}
