package synth

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"lookback/internal/casefile"
)

func TestCivilAgreesWithPackageTime(t *testing.T) {
	for d := casefile.DayOf(1899, 12, 20); d < casefile.DayOf(2030, 1, 10); d++ {
		if got, want := dayText(d), d.String(); got != want {
			t.Fatalf("day %d: got %s, want %s", d, got, want)
		}
	}
}

func TestScramblerGivesEveryNumberOnce(t *testing.T) {
	s, seen := newScrambler(1), map[uint64]bool{}
	for n := range uint64(200_000) {
		m := s.number(n)
		if m >= 1<<34 || seen[m] {
			t.Fatalf("%d became %d, too large or given before", n, m)
		}
		seen[m] = true
	}
}

func TestReportDaysGrowAndStayInThePeriod(t *testing.T) {
	g := newGenerator("", Options{Cases: 5000, Seed: 1})
	last := casefile.DayOf(2010, 1, 1)
	for n := range int32(5000) {
		d := g.reportDay(n)
		if d < last || d > extracted {
			t.Fatalf("record %d was reported on %s, after one of %s", n, d, last)
		}
		last = d
	}
	if last < casefile.DayOf(2025, 12, 1) {
		t.Errorf("the last record is of %s", last)
	}
}

func TestNamesVaryInTheWayOfTheirTradition(t *testing.T) {
	variants := map[string]map[Trap]bool{}
	for k := range traditions {
		tr := &traditions[k]
		variants[tr.name] = map[Trap]bool{}
		for n := range uint64(600) {
			r := newRNG(3, personStrand, n)
			male := r.in(500)
			name := drawName(&r, tr, male, nil)
			w, kind := name.vary(&r, tr, male)
			if w == name.plain(tr, male) || kind == "" || strings.TrimSpace(w.surname+w.forenames) == "" {
				t.Fatalf("%s: %v varied to %v (%s)", tr.name, name.plain(tr, male), w, kind)
			}
			variants[tr.name][kind] = true
		}
	}
	for _, c := range []struct {
		tradition string
		kind      Trap
	}{{"british", petName}, {"urdu", spelledOtherwise}, {"arabic", fathersSurname}, {"somali", fathersSurname}, {"chinese", orderSwapped},
		{"iberian", doubleCut}, {"polish", brothersForm}, {"cyrillic", middleDropped}, {"british", otherMarriage}} {
		if !variants[c.tradition][c.kind] {
			t.Errorf("%s names never show %q", c.tradition, c.kind)
		}
	}
}

func TestPatronymicsFollowTheirRules(t *testing.T) {
	for _, c := range []struct {
		father string
		son    bool
		want   string
	}{{"Ivan", true, "Ivanovich"}, {"Ivan", false, "Ivanovna"}, {"Andrei", true, "Andreevich"}, {"Sergei", false, "Sergeevna"}} {
		if got := fathersName(c.father, c.son); got != c.want {
			t.Errorf("child of %s: got %s, want %s", c.father, got, c.want)
		}
	}
	for _, c := range [][2]string{{"Kowalski", "Kowalska"}, {"Ivanov", "Ivanova"}, {"Sorokin", "Sorokina"}, {"Kovalenko", "Kovalenko"}, {"Nowak", "Nowak"}} {
		if got := feminine(c[0]); got != c[1] {
			t.Errorf("woman of the family %s: got %s, want %s", c[0], got, c[1])
		}
	}
}

func TestNumbersAreWordedAsCounted(t *testing.T) {
	shapes := map[string]bool{}
	for n := 1; n <= 8; n++ {
		for k := range uint64(400) {
			r := newRNG(uint64(n), recordStrand, k)
			c := countOf(&r, n, adultNouns)
			upper := c.high == 0 || c.high >= c.low
			if !upper || c.low > n || c.high != 0 && c.high < n {
				t.Fatalf("%d suspects were worded %q, %d to %d", n, c.text, c.low, c.high)
			}
			shapes[regexp.MustCompile(`[0-9]+|one|two|three|four|five|six|seven|eight|nine`).ReplaceAllString(c.text, "N")] = true
		}
	}
	if len(shapes) < 40 {
		t.Errorf("only %d ways of wording a number", len(shapes))
	}
}

func TestOnlyTheStatingSentencesTakeANumberOfSuspects(t *testing.T) {
	has := func(t template) bool {
		return slices.ContainsFunc(slots(t), func(s string) bool { return strings.EqualFold(s, "n") })
	}
	for k, s := range stating {
		if !has(s) {
			t.Errorf("stating sentence %d states no number", k)
		}
	}
	others := slices.Concat(openings, negations, distractors, closings, solvedClosings, transferredClosings, firstEntry.sentences, supervisorEntry.sentences, challengeEntry.sentences)
	for _, k := range middleEntries {
		others = append(others, k.sentences...)
	}
	for k, s := range others {
		if has(s) {
			t.Errorf("sentence %d outside stating states a number", k)
		}
	}
}

func slots(t template) (out []string) {
	for _, p := range t {
		if p.slot != "" {
			out = append(out, p.slot)
		}
		for _, o := range p.options {
			out = append(out, slots(o)...)
		}
	}
	return out
}

// Every word of every narrative stands in a list that a person has read: no act
// can be described with it. Names, places and references are set apart.
func TestNarrativesUseOnlyTheReviewedVocabulary(t *testing.T) {
	text, err := os.ReadFile("testdata/vocabulary.txt")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{}
	for _, w := range strings.Fields(string(text)) {
		allowed[w] = true
	}
	used := narrativeWords(common())
	if os.Getenv("SYNTH_VOCABULARY") == "write" {
		var all []string
		for w := range used {
			all = append(all, w)
		}
		slices.Sort(all)
		if err := os.WriteFile("testdata/vocabulary.txt", []byte(strings.Join(all, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for w, where := range used {
		if !allowed[w] {
			t.Errorf("%q is not in the reviewed vocabulary; it stands in %q", w, where)
		}
	}
}

// narrativeWords returns the words of the narratives with a text for each, less
// names of people and places.
func narrativeWords(x *extract) map[string]string {
	apart := map[string]bool{}
	add := func(s string) {
		for _, w := range words(s) {
			apart[w] = true
		}
	}
	for _, tr := range traditions {
		for _, list := range [][]named{tr.male, tr.female, tr.family} {
			for _, n := range list {
				add(n.base)
				add(feminine(n.base))
			}
		}
		for _, father := range tr.male {
			if tr.fathers {
				add(fathersName(father.base, true) + " " + fathersName(father.base, false))
			}
		}
	}
	used := map[string]string{}
	note := func(s string) {
		for _, w := range words(s) {
			if !apart[w] {
				used[w] = s
			}
		}
	}
	for _, row := range x.table("investigations") {
		note(row["mo_text"])
		note(row["closing_text"])
	}
	for _, row := range x.table("log") {
		if !strings.Contains(row["text"], "DETS") && strings.HasSuffix(row["text"], ".") {
			note(row["text"])
		}
	}
	for _, row := range x.table("involvements") {
		note(row["description"])
		note(row["relationship_to_victim"])
	}
	for _, row := range x.table("outcomes") {
		note(row["reason"])
	}
	return used
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(c rune) bool { return !unicode.IsLetter(c) && c != '\'' })
}

func TestDocumentsAreOfFourFormatsAndWellFormed(t *testing.T) {
	seen := map[string]int{}
	for _, d := range common().table("documents") {
		name, content := d["file"], d["content"]
		extension := name[strings.LastIndexByte(name, '.')+1:]
		seen[extension]++
		var err error
		switch extension {
		case "pdf":
			err = checkPDF(content)
		case "docx":
			err = checkDOCX(content)
		case "html":
			if !strings.HasPrefix(content, "<!DOCTYPE html>") || !strings.Contains(content, d["crime_ref"]) {
				err = fmt.Errorf("no page about %s", d["crime_ref"])
			}
		case "txt":
			if !strings.Contains(content, d["crime_ref"]) {
				err = fmt.Errorf("does not name %s", d["crime_ref"])
			}
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, f := range formats {
		if seen[f.extension] < 10 {
			t.Errorf("%d files of format %s", seen[f.extension], f.extension)
		}
	}
}

// checkPDF follows the cross-reference table and compares declared lengths.
func checkPDF(content string) error {
	at := regexp.MustCompile(`startxref\n([0-9]+)\n%%EOF\n$`).FindStringSubmatch(content)
	if at == nil {
		return fmt.Errorf("no startxref")
	}
	start, _ := strconv.Atoi(at[1])
	if !strings.HasPrefix(content[start:], "xref\n") {
		return fmt.Errorf("startxref %d does not lead to a table", start)
	}
	for k, entry := range regexp.MustCompile(`([0-9]{10}) 00000 n `).FindAllStringSubmatch(content[start:], -1) {
		offset, _ := strconv.Atoi(entry[1])
		if !strings.HasPrefix(content[offset:], strconv.Itoa(k+1)+" 0 obj\n") {
			return fmt.Errorf("object %d is not at %d", k+1, offset)
		}
	}
	for _, m := range regexp.MustCompile(`(?s)/Length ([0-9]+) >>\nstream\n(.*?)\nendstream`).FindAllStringSubmatch(content, -1) {
		if n, _ := strconv.Atoi(m[1]); n != len(m[2]) {
			return fmt.Errorf("a stream of %d bytes says %d", len(m[2]), n)
		}
	}
	return nil
}

func checkDOCX(content string) error {
	z, err := zip.NewReader(bytes.NewReader([]byte(content)), int64(len(content)))
	if err != nil {
		return err
	}
	f, err := z.Open("word/document.xml")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := z.Open("[Content_Types].xml"); err != nil {
		return err
	}
	if stamp := z.File[0].Modified; !stamp.IsZero() && stamp.After(time.Date(1980, 1, 2, 0, 0, 0, 0, time.UTC)) {
		return fmt.Errorf("the archive carries a time, %s", stamp)
	}
	return nil
}

func TestPDFPagesAreEscapedAndWrapped(t *testing.T) {
	d := paper{title: "Report", pages: [][]string{{"a (b) \\ c", strings.Repeat("word ", 60)}, {"Łukasz Özgür"}}}
	got := string(asPDF(d))
	for _, want := range []string{`(a \(b\) \\ c) Tj`, `/Count 2`, `(?ukasz \326zg\374r) Tj`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	for _, l := range wrapped(strings.Repeat("word ", 60), pdfLineWidth) {
		if len(l) > pdfLineWidth {
			t.Errorf("a line of %d characters", len(l))
		}
	}
	if err := checkPDF(got); err != nil {
		t.Error(err)
	}
}
