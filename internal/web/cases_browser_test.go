package web

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"lookback/internal/analysis"
	"lookback/internal/casefile"
	"lookback/internal/intake"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/store"
)

// Texts that try to be markup, to turn the page round, and to miscount.
var hostileTexts = []string{
	`<script>document.title = "taken"</script><img src=x onerror="document.title='taken'"> & &amp; &#60;`,
	"\u05d4\u05d0\u05d9\u05e8\u05d5\u05e2 \u05d3\u05d5\u05d5\u05d7 on Monday \u202eesrever\u202c and after",
	"e\u0301 \U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1ec\U0001f1e7 Three males were seen at the door. \u0e01\u0e33 end",
	"first line\nsecond line\n\n  indented\tand tabbed",
}

// withHostileCase takes in a made-up case with such texts, a log of 3,000 entries
// and a document of two megabytes.
func withHostileCase(t *testing.T, s *testSite) casefile.CaseID {
	t.Helper()
	dir := t.TempDir()
	var log strings.Builder
	log.WriteString("crime_ref,seq,at,author,text\n")
	for i := range 3000 {
		text := fmt.Sprintf("Entry %d of many.", i+1)
		if i < len(hostileTexts) {
			text = hostileTexts[i]
		}
		fmt.Fprintf(&log, "H/1,%d,2012-%02d-%02d,PC 1,\"%s\"\n", i+1, 1+i/28%12, 1+i%28, strings.ReplaceAll(text, `"`, `""`))
	}
	for name, text := range map[string]string{
		"extract.json":       `{"system": "HOSTILE", "synthetic": true}`,
		"investigations.csv": "crime_ref,recorded_at,offence_text\nH/1,2012-01-01,\"<b>Bold</b> & offence\"\n",
		"nominals.csv":       "nominal_ref,surname,forenames\nN1,\"<i>ARDEN</i>\",Made Up\n",
		"involvements.csv":   "crime_ref,nominal_ref,role\nH/1,N1,suspect\n",
		"log.csv":            log.String(),
		"documents.csv":      "file,crime_ref,title\nlong.txt,H/1,Long & <u>wide</u>\n",
		"documents/long.txt": strings.Repeat("Four men came. <script>x</script> \u05d0 \U0001f469 ", 2<<20/48),
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, err := intake.Import(t.Context(), s.Desk, operator, dir, nil, nil)
	if err != nil || len(r.Reasons) > 0 {
		t.Fatalf("%v, %+v", err, r)
	}
	if _, err := analysis.Run(t.Context(), s.Desk, operator, nil); err != nil {
		t.Fatal(err)
	}
	return "HOSTILE:H/1"
}

func TestHostileTextsStayTexts(t *testing.T) {
	s := newSite(t)
	id := withHostileCase(t, s)
	u := s.as(t, "reviewer.one")
	page := u.get(caseAddress(id)).must(t, 200)
	for _, tag := range []string{"<script>document", "<img src=x", "<b>Bold", "<i>ARDEN", "<u>wide"} {
		if strings.Contains(page.Body, tag) {
			t.Errorf("%s got through", tag)
		}
	}
	for _, text := range hostileTexts {
		if !strings.Contains(textNodes(page.Body), text) {
			t.Errorf("%q is not on the page", text)
		}
	}
	if n := strings.Count(page.Body, `<article class="case-entry`); n != 200 {
		t.Errorf("%d entries on one page", n)
	}
	f := s.file(t, id)
	paper := f.Papers[0]
	for _, p := range paper.Pages {
		body := u.get(fmt.Sprintf("%s?paper=%d&page=%d", caseAddress(id), paper.Row, p.Page)).must(t, 200).Body
		if strings.Contains(body, "<script>x") {
			t.Fatal("markup of a document got through")
		}
		err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
			text, err := tx.TextAt(t.Context(), id, paper.Row, casefile.PartDocument, p.Page)
			if text == "" || !strings.Contains(textNodes(body), casefile.Shown(text)) {
				t.Errorf("page %d of the document is not on the page whole", p.Page)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, query := range []string{"?log=-5", "?log=99999999999999999999", "?entry=x", "?page=-1", "?kind=nothing", "?find=%00%ff", "?find=" + strings.Repeat("a+", 500), "?before=1", "?names=maybe"} {
		u.get(caseAddress(id)+query).must(t, 200)
	}
	// Every link and form of the page leads back to a page.
	for _, m := range regexp.MustCompile(`(?:href|action)="(/cases/[^"#]*)`).FindAllStringSubmatch(page.Body, -1) {
		if !strings.HasPrefix(m[1], caseAddress(id)) && strings.HasPrefix(m[1], "/cases/HOSTILE") {
			t.Fatalf("a link leads to %s, the case is at %s", m[1], caseAddress(id))
		}
	}
	u.get(caseAddress(id)+"?for=curiosity").must(t, 422)
	u.get(caseAddress(id)+"/lines?cite=%7Bnonsense").must(t, 422)
}

// What somebody selects on the page is the same place in the text as the register
// holds it, whatever characters it has.
func TestASelectionIsAPlaceInTheText(t *testing.T) {
	s := newSite(t)
	id := withHostileCase(t, s)
	b := s.browse(t, "reviewer.one")
	b.open(caseAddress(id))
	f := s.file(t, id)
	for i := range hostileTexts {
		text := f.Texts[i]
		r := []rune(text.Text)
		for from := 0; from < len(r); from += 3 {
			to := min(from+7, len(r))
			want := casefile.Citation{Row: text.Row, Part: text.Part, Start: from, End: to, Text: string(r[from:to])}
			if strings.TrimSpace(want.Text) == "" {
				continue
			}
			got := evaluate[string](b, fmt.Sprintf(selectIn, text.Row, from, to))
			var c casefile.Citation
			if err := json.Unmarshal([]byte(got), &c); err != nil {
				t.Fatal(err)
			}
			if c != want {
				t.Fatalf("selected %+v, want %+v", c, want)
			}
			if i == 2 && from == 9 {
				if _, err := reading.AddLine(t.Context(), s.Desk, s.actor(t, "reviewer.one"), id, "From a selection", "", &c); err != nil {
					t.Error(err)
				}
			}
		}
	}
	if title := evaluate[string](b, `document.title`); title == "taken" {
		t.Error("a text ran as script")
	}
	if href := evaluate[string](b, `document.querySelector("[data-case-selection] a").href`); !strings.Contains(href, "cite=") {
		t.Errorf("the selection leads to %s", href)
	}
}

// selectIn selects from one character to another of a text by walking its nodes,
// and asks the page's script which place that is.
const selectIn = `(async () => {
	const {place} = await import(document.querySelector('script[src*="js/case.js"]').src);
	const text = document.querySelector('[data-row="%d"]');
	const range = document.createRange();
	const find = (n) => {
		const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
		for (let node = walk.nextNode(); node; node = walk.nextNode()) {
			const points = [...node.data];
			if (n <= points.length) return [node, points.slice(0, n).join('').length];
			n -= points.length;
		}
	};
	range.setStart(...find(%d));
	range.setEnd(...find(%d));
	const chosen = document.getSelection();
	chosen.removeAllRanges();
	chosen.addRange(range);
	await new Promise(r => setTimeout(r, 20));
	return JSON.stringify(place(chosen));
})()`

// actor is a member of the team as the actor of verbs.
func (s *testSite) actor(t *testing.T, id string) casefile.Actor {
	t.Helper()
	a, err := s.Accounts.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a.Actor()
}

func TestTheCasePageIsForEverybody(t *testing.T) {
	s := newSite(t)
	f := s.richCase(t)
	b := s.browse(t, "reviewer.one")
	if _, err := reading.AddLine(t.Context(), s.Desk, s.actor(t, "reviewer.one"), f.ID, "A line of enquiry", "", nil); err != nil {
		t.Fatal(err)
	}
	suspect := f.People[0]
	for _, p := range f.People {
		if len(p.Elsewhere) > len(suspect.Elsewhere) {
			suspect = p
		}
	}
	pages := []string{caseAddress(f.ID) + "?log=1", caseAddress(f.ID) + "?kind=exhibit&names=show", caseAddress(f.ID) + "/lines", "/people/" + personPath(string(suspect.ID))}
	if len(f.Papers) > 0 {
		pages = append(pages, fmt.Sprintf("%s?paper=%d", caseAddress(f.ID), f.Papers[0].Row))
	}
	for _, width := range []int64{1280, 400} {
		b.run(chromedp.EmulateViewport(width, 900))
		for _, path := range pages {
			b.open(path)
			b.accessible()
			if wide := evaluate[int](b, `document.documentElement.scrollWidth`); int64(wide) > width {
				t.Errorf("%s is %d wide on a screen of %d: %s", path, wide, width, evaluate[string](b, widest))
			}
		}
	}
	// The keys of the page go to its parts.
	b.run(chromedp.EmulateViewport(1280, 900))
	b.open(caseAddress(f.ID) + "?log=1")
	b.keys("e")
	if hash := evaluate[string](b, `location.hash`); hash != "#lines" {
		t.Errorf("the key goes to %q", hash)
	}
	b.keys("f")
	if at := evaluate[string](b, `document.activeElement.id`); at != "find" {
		t.Errorf("the key puts the focus on %q", at)
	}
	if n := s.events(t, ledger.CaseRead, string(f.ID)); n == 0 {
		t.Error("no reading on record")
	}
}

const widest = `[...document.querySelectorAll("main *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".lb-scroll")).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join("\n")`
