package document

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"slices"
	"strings"

	"golang.org/x/net/html/charset"
)

const (
	docxParts = 5000 // files in the container
	docxDepth = 200  // elements inside one another
)

// A docxFile is the container: parts, and how they refer to each other.
type docxFile struct {
	parts map[string]*zip.File
	left  int // bytes that may still be unpacked
}

// docxText reads the body with its tables, headers, footers, notes and comments.
// Word breaks lines into pages when it shows them, so only breaks that somebody
// set make pages here.
func docxText(ctx context.Context, data []byte, limits Limits) (Doc, error) {
	f, err := openDOCX(data, limits)
	if err != nil {
		return Doc{}, err
	}
	main := f.mainPart()
	related, err := f.relationships(main)
	if err != nil {
		return Doc{}, err
	}
	w := docxWalk{ctx: ctx, f: f}
	for _, kind := range []string{"footnotes", "endnotes", "comments"} {
		if err := w.readAsides(kind, related[kind]); err != nil {
			return Doc{}, err
		}
	}
	if err := w.read(main); err != nil {
		return Doc{}, err
	}
	w.endPage()
	pages := w.pages
	for _, aside := range []string{"header", "footer"} {
		text, err := w.readMargins(related[aside])
		if err != nil {
			return Doc{}, err
		}
		if text == "" {
			continue
		}
		if aside == "header" {
			pages[0] = joinLines(text, pages[0])
		} else {
			pages[len(pages)-1] = joinLines(pages[len(pages)-1], text)
		}
	}
	d := Doc{Notes: w.notes(related)}
	for _, p := range pages {
		d.Pages = append(d.Pages, clean(strings.Trim(p, "\n")))
	}
	if d.Empty() {
		d.Notes = append(d.Notes, "It holds no text.")
	}
	return d, nil
}

func joinLines(a, b string) string {
	a = strings.TrimRight(a, "\n")
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n" + b
}

func openDOCX(data []byte, limits Limits) (*docxFile, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, refuse("is a damaged or cut-off Word document").because(err)
	}
	if len(z.File) > docxParts {
		return nil, refuse("is packed from %d parts; a Word document has at most %d", len(z.File), docxParts)
	}
	f := &docxFile{parts: map[string]*zip.File{}, left: limits.Unpacked}
	for _, part := range z.File {
		f.parts[strings.ToLower(part.Name)] = part
	}
	return f, nil
}

// mainPart returns the part that the container names as its document.
func (f *docxFile) mainPart() string {
	related, err := f.relationships("")
	if names := related["officeDocument"]; err == nil && len(names) > 0 {
		return names[0]
	}
	return "word/document.xml"
}

// open returns the bytes of a part, unpacked as they are read and no further
// than the limit allows.
func (f *docxFile) open(name string) (io.ReadCloser, error) {
	part := f.parts[strings.ToLower(name)]
	if part == nil {
		return nil, refuse("is a damaged Word document: the part %s is missing", printable(name))
	}
	r, err := part.Open()
	if err != nil {
		return nil, refuse("is a damaged Word document: the part %s cannot be unpacked", printable(name)).because(err)
	}
	return struct {
		io.Reader
		io.Closer
	}{&rationed{r, &f.left}, r}, nil
}

var errUnpacked = errors.New("unpacks to more than the limit")

// rationed reads until the ration that all parts share is used up.
type rationed struct {
	r    io.Reader
	left *int
}

func (l *rationed) Read(p []byte) (int, error) {
	if *l.left <= 0 {
		return 0, errUnpacked
	}
	n, err := l.r.Read(p[:min(len(p), *l.left)])
	*l.left -= n
	return n, err
}

func newDecoder(r io.Reader) *xml.Decoder {
	d := xml.NewDecoder(r)
	d.CharsetReader = charset.NewReaderLabel
	return d
}

// xmlRefusal says what is wrong with a part.
func xmlRefusal(name string, err error) error {
	if errors.Is(err, errUnpacked) {
		return refuse("unpacks to more than a document of its size should: it is not read").because(err)
	}
	return refuse("is a damaged Word document: the part %s cannot be read", printable(name)).because(err)
}

// relationships returns the targets of a part's relationships by the last word
// of their type: "header", "footnotes", "image". The container itself is "".
func (f *docxFile) relationships(part string) (map[string][]string, error) {
	dir, base := path.Split(part)
	name := path.Join(dir, "_rels", base+".rels")
	out := map[string][]string{}
	if f.parts[strings.ToLower(name)] == nil {
		return out, nil
	}
	r, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var rels struct {
		Relationship []struct {
			Type, Target, TargetMode string `xml:",attr"`
		}
	}
	if err := newDecoder(r).Decode(&rels); err != nil {
		return nil, xmlRefusal(name, err)
	}
	for _, rel := range rels.Relationship {
		if rel.TargetMode == "External" {
			continue
		}
		kind, target := path.Base(rel.Type), strings.TrimPrefix(path.Join("/", dir, rel.Target), "/")
		if strings.HasPrefix(rel.Target, "/") {
			target = strings.TrimPrefix(path.Clean(rel.Target), "/")
		}
		if !slices.Contains(out[kind], target) {
			out[kind] = append(out[kind], target)
		}
	}
	return out, nil
}
