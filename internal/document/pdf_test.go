package document

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// reader is shared by the tests of this package, because starting the PDF
// reader takes seconds.
var reader = Reader{Limits: Limits{Time: 8 * time.Second, Unpacked: 8 << 20, PDFMemory: 64}}

// hurry gives the shared reader less time until the test ends.
func hurry(t *testing.T, d time.Duration) {
	if _, err := reader.Text(t.Context(), "warm.pdf", makePDF("", text("x"))); err != nil {
		t.Fatal(err)
	}
	before := reader.Limits
	reader.Limits.Time = d
	t.Cleanup(func() { reader.Limits = before })
}

// A pdfPage is one page of a PDF written by hand.
type pdfPage struct {
	lines []string
	image bool
	extra string // further entries of the page
}

// makePDF writes a PDF of version 1.4 with the given pages and, in the trailer,
// further entries.
func makePDF(trailer string, pages ...pdfPage) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(body string) int {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", len(offsets), body)
		return len(offsets)
	}
	b.WriteString("%PDF-1.4\n")
	const font, image, tree = 1, 2, 3
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	object("<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\nstream\n\x80\nendstream")
	var kids []string
	for i := range pages {
		kids = append(kids, fmt.Sprintf("%d 0 R", tree+2+2*i))
	}
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages)))
	for _, p := range pages {
		var s strings.Builder
		if p.image {
			s.WriteString("q 100 0 0 100 50 50 cm /I Do Q\n")
		}
		for i, l := range p.lines {
			fmt.Fprintf(&s, "BT /F 12 Tf 50 %d Td (%s) Tj ET\n", 800-16*i, l)
		}
		content := object(fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", s.Len(), s.String()))
		object(fmt.Sprintf("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Contents %d 0 R /Resources << /Font << /F %d 0 R >> /XObject << /I %d 0 R >> >> %s >>",
			tree, content, font, image, p.extra))
	}
	root := object(fmt.Sprintf("<< /Type /Catalog /Pages %d 0 R >>", tree))
	xref := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, root, trailer, xref)
	return b.Bytes()
}

func text(lines ...string) pdfPage { return pdfPage{lines: lines} }

func TestAPDFIsReadPageByPage(t *testing.T) {
	note := pdfPage{lines: []string{"Closing report"}, extra: "/Annots [<< /Type /Annot /Subtype /Text /Rect [0 0 10 10] /Contents (look again) >>]"}
	link := pdfPage{lines: []string{"See the policy"}, extra: "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 10 10] >>]"}
	picture := pdfPage{image: true}
	tests := []struct {
		name  string
		data  []byte
		pages []string
		notes []string
	}{
		{"two pages", makePDF("", text("Named three males.", "No further lines."), text("Page two")),
			[]string{"Named three males.\nNo further lines.", "Page two"}, nil},
		{"accents", makePDF("", text("Caf\\351 \\243 20 O\\222Neill")), []string{"Café £ 20 O’Neill"}, nil},
		{"a hyphen at a line's end", makePDF("", text("the investi-", "gation of it")), []string{"the investi-\ngation of it"}, nil},
		{"an image among pages", makePDF("", text("One"), text("Two"), picture), []string{"One", "Two", ""}, []string{"Page 3 holds an image and no text."}},
		{"blank pages", makePDF("", text(), text("x"), text(), text(), text()), []string{"", "x", "", "", ""}, []string{"Pages 1 and 3 to 5 are blank."}},
		{"only images", makePDF("", picture, picture), []string{"", ""}, []string{"It holds images and no text: it must be read by eye or by text recognition."}},
		{"a sticky note", makePDF("", note), []string{"Closing report"}, []string{"Page 1 carries notes, stamps or form fields that are not part of its text."}},
		{"a link", makePDF("", link), []string{"See the policy"}, nil},
		{"something before the header", append([]byte("\r\n"), makePDF("", text("Late"))...), []string{"Late"}, nil},
	}
	for _, tt := range tests {
		d, err := reader.Text(t.Context(), "statement.pdf", tt.data)
		if err != nil || d.Kind != PDF || !slices.Equal(d.Pages, tt.pages) || !slices.Equal(d.Notes, tt.notes) {
			t.Errorf("%s: %v\n got %q %q\nwant %q %q", tt.name, err, d.Pages, d.Notes, tt.pages, tt.notes)
		}
	}
}

func TestAPDFThatCannotBeReadSaysWhy(t *testing.T) {
	whole := makePDF("", text("One"), text("Two"))
	tests := []struct {
		name string
		data []byte
		want string
	}{
		{"a password", makePDF("/Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O ("+strings.Repeat("o", 32)+") /U ("+strings.Repeat("u", 32)+") >> /ID [(a)(b)]", text("x")),
			"a.pdf is protected with a password"},
		{"another filter", makePDF("/Encrypt << /Filter /Other /V 9 >>", text("x")), "a.pdf is encrypted in a way that cannot be read"},
		{"rubbish", []byte("%PDF-1.7\nrubbish"), "a.pdf is a damaged or cut-off PDF and cannot be read"},
		{"only the header", []byte("%PDF-1.7"), "a.pdf is a damaged or cut-off PDF and cannot be read"},
		{"no pages", makePDF(""), "a.pdf is a"},
	}
	for _, tt := range tests {
		d, err := reader.Text(t.Context(), "a.pdf", tt.data)
		if _, ok := errors.AsType[*Refusal](err); !ok || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: %v %q; want %q", tt.name, err, d.Pages, tt.want)
		}
	}
	d, err := reader.Text(t.Context(), "a.pdf", whole[:bytes.LastIndex(whole, []byte("startxref"))])
	if err != nil || len(d.Notes) == 0 || !strings.HasPrefix(d.Notes[0], "The file has no end mark") {
		t.Errorf("cut off: %v %q", err, d.Notes)
	}
}

func TestAPDFThatTakesTooLongIsStoppedAndTheNextOneIsRead(t *testing.T) {
	var many []pdfPage
	for range 2000 {
		many = append(many, text("The same line of text, again and again.", "And another."))
	}
	hurry(t, 20*time.Millisecond)
	_, err := reader.Text(t.Context(), "long.pdf", makePDF("", many...))
	if err == nil || err.Error() != "long.pdf takes longer than 20ms to read" {
		t.Fatalf("err = %v", err)
	}
	reader.Limits.Time = time.Minute
	for range 2 * pdfAtOnce {
		if d, err := reader.Text(t.Context(), "short.pdf", makePDF("", text("Short"))); err != nil || d.Pages[0] != "Short" {
			t.Errorf("after a stop: %q %v", d.Pages, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the import was stopped"))
	_, err = reader.Text(ctx, "short.pdf", makePDF("", text("Short")))
	if _, refused := errors.AsType[*Refusal](err); refused || err == nil || !strings.Contains(err.Error(), "the import was stopped") {
		t.Errorf("cancelled: %v", err)
	}
}

// A page that draws a form ten times, which draws another ten times, and so on,
// is two kilobytes and keeps PDFium busy inside a single call, until it has used
// up its memory some seconds later.
func TestAPDFIsStoppedInTheMiddleOfAPage(t *testing.T) {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /X 4 0 R >> >> >>"}
	for i := range 9 {
		draw := strings.Repeat("/X Do ", 10)
		objects = append(objects, fmt.Sprintf("<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >> /Length %d >>\nstream\n%s\nendstream", 5+i, len(draw), draw))
	}
	objects = append(objects, "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Length 0 >>\nstream\n\nendstream")
	bomb := "%PDF-1.4\n"
	for i, o := range objects {
		bomb += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	bomb += "trailer\n<< /Root 1 0 R >>\n%%EOF\n"
	hurry(t, 500*time.Millisecond)
	began := time.Now()
	_, err := reader.Text(t.Context(), "bomb.pdf", []byte(bomb))
	if took := time.Since(began); err == nil || err.Error() != "bomb.pdf takes longer than 500ms to read" || took > 3*time.Second {
		t.Errorf("after %v: %v", took, err)
	}
}

func TestADamagedPDFDoesNotBringTheReaderDown(t *testing.T) {
	whole := makePDF("", text("One", "two"), pdfPage{image: true}, text("Three"))
	random := rand.New(rand.NewPCG(1, 2))
	read := 0
	for i := range 300 {
		data := slices.Clone(whole)
		for range 1 + i%8 {
			data[9+random.IntN(len(data)-9)] = byte(random.IntN(256))
		}
		if i%3 == 0 {
			data = data[:9+random.IntN(len(data)-9)]
		}
		d, err := reader.Text(t.Context(), "a.pdf", data)
		if _, ok := errors.AsType[*Refusal](err); err != nil && !ok {
			t.Fatalf("file %d: %v", i, err)
		}
		if err == nil && !d.Empty() {
			read++
		}
	}
	if d, err := reader.Text(t.Context(), "a.pdf", whole); err != nil || d.Pages[2] != "Three" {
		t.Errorf("afterwards: %v %q", err, d.Pages)
	}
	if read < 50 {
		t.Errorf("%d of 300 damaged files gave text; most have little damage", read)
	}
}

func TestAPDFMayNotTakeMoreMemoryThanAllowed(t *testing.T) {
	small := Reader{Limits: Limits{PDFMemory: 32}}
	defer small.Close()
	big := append(makePDF("", text("Big")), make([]byte, 40<<20)...)
	_, err := small.Text(t.Context(), "big.pdf", big)
	if err == nil || !strings.Contains(err.Error(), "needs more than the 32 MB of memory") {
		t.Errorf("err = %v", err)
	}
	if d, err := small.Text(t.Context(), "small.pdf", makePDF("", text("Small"))); err != nil || d.Pages[0] != "Small" {
		t.Errorf("the next file: %q %v", d.Pages, err)
	}
}

func TestFilesAreReadAtTheSameTime(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			want := fmt.Sprintf("File %d", i)
			if d, err := reader.Text(t.Context(), "a.pdf", makePDF("", text(want))); err != nil || d.Pages[0] != want {
				t.Errorf("%q %v, want %q", d.Pages, err, want)
			}
		})
	}
	wg.Wait()
}

func TestPagesAreNamedAsPeopleDo(t *testing.T) {
	for _, tt := range []struct {
		pages []int
		want  string
	}{
		{[]int{3}, "Page 3 is blank."},
		{[]int{1, 2}, "Pages 1 and 2 are blank."},
		{[]int{1, 2, 3, 9}, "Pages 1 to 3 and 9 are blank."},
		{[]int{1, 2, 3}, "Pages 1 to 3 are blank."},
		{[]int{1, 3, 5}, "Pages 1, 3 and 5 are blank."},
	} {
		if got := onPages(tt.pages, "is blank.", "are blank."); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.pages, got, tt.want)
		}
	}
}

func BenchmarkPDFStart(b *testing.B) {
	for b.Loop() {
		var r Reader
		if err := r.pdf.start(r.Limits.withDefaults()); err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

func BenchmarkPDFPage(b *testing.B) {
	line := "At this point the officer recorded that three males had been named and that no arrest was made."
	var lines []string
	for range 45 {
		lines = append(lines, line)
	}
	const pages = 100
	var all []pdfPage
	for range pages {
		all = append(all, text(lines...))
	}
	data := makePDF("", all...)
	if _, err := reader.Text(b.Context(), "a.pdf", data); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := reader.Text(b.Context(), "a.pdf", data); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/pages/1000, "ms/page")
}

func BenchmarkPDFOnePage(b *testing.B) {
	data := makePDF("", text("Short"))
	if _, err := reader.Text(b.Context(), "a.pdf", data); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := reader.Text(b.Context(), "a.pdf", data); err != nil {
			b.Fatal(err)
		}
	}
}
