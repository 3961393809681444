package web

import (
	"html/template"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// gallery is a page that uses every component.
type gallery struct {
	Faults
	Ago    time.Time
	States []string
	Chosen []string
	Bars   Bars
	Fall   Waterfall
	Line   Line
}

func (gallery) Wide() bool { return true }

func newGallery() gallery {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	g := gallery{Ago: time.Now().Add(-3 * time.Minute), Chosen: []string{"b"}}
	for code := range states {
		g.States = append(g.States, code)
	}
	slices.Sort(g.States)
	g.Add("reason", "Say why, so that the next reader can follow you.")
	g.Add("verdict", "Choose one conclusion.")
	g.Bars = Bars{Caption: "Cases by unit, run of 3 May 2026", Summary: "CID 1 has the most.", Of: "Unit", Unit: "Cases",
		Rows: []Bar{{"CID 1", "/cases?unit=1", 4120, "46% of 9,012"}, {"CID 2", "", 310, ""}, {"CID 3", "", 1, ""}, {"CID 4", "", 0, ""}}}
	g.Fall = Waterfall{Caption: "What each criterion does to 9,012 cases", Summary: "Half fall at the first.", Of: "Criterion",
		Rows: []Fall{{"Two or more suspects", "/x", 4000, 5000, 12}, {"No further action", "", 2000, 1900, 100}}}
	g.Line = Line{ID: "pace", Title: "Cases decided", Summary: "At this pace all are decided by June.", Unit: "Cases", Goal: 900, GoalLabel: "all 900 cases"}
	for i := range 60 {
		g.Line.So = append(g.Line.So, Point{day.AddDate(0, 0, i), float64(i * 7)})
	}
	for i := 59; i < 130; i += 10 {
		g.Line.May = append(g.Line.May, Range{day.AddDate(0, 0, i), float64(i * 6), float64(i * 7), float64(i * 8)})
	}
	return g
}

func drawGallery(t *testing.T) string {
	t.Helper()
	s := newEmptySite(t)
	base, err := template.New("layout.html").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/components/*.html")
	if err != nil {
		t.Fatal(err)
	}
	page, err := base.ParseFiles("testdata/gallery.html")
	if err != nil {
		t.Fatal(err)
	}
	s.pages.byName["gallery"] = page
	r := &request{Request: httptest.NewRequest("GET", "/gallery?unit=CID+3&unit=CID+4&sort=year&after=x", nil), By: operator}
	w := httptest.NewRecorder()
	if err := s.render(w, r, "gallery", "Every component", newGallery()); err != nil {
		t.Fatal(err)
	}
	return w.Body.String()
}

// inlines finds what the content security policy would drop.
var inlines = regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)\s*=|<style|<script(?:>|\s+[^s>][^>]*>[^<])|javascript:`)

func TestComponentsCarryNothingThatThePolicyDrops(t *testing.T) {
	body := drawGallery(t)
	if found := inlines.FindString(body); found != "" {
		t.Errorf("found %q", found)
	}
	for _, bad := range []string{`<p style="x">`, `<a href="/" onclick="x">`, `<style>`, `<script>x</script>`} {
		if !inlines.MatchString(bad) {
			t.Errorf("%s is not seen", bad)
		}
	}
}

func TestEveryFieldIsNamedAndIdsAreUnique(t *testing.T) {
	body := drawGallery(t)
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		if seen[m[1]] {
			t.Errorf("the id %q stands twice", m[1])
		}
		seen[m[1]] = true
	}
	fields := regexp.MustCompile(`<(?:input|textarea|select)[^>]*\sid="([^"]*)"`).FindAllStringSubmatch(body, -1)
	if len(fields) < 10 {
		t.Fatalf("only %d fields", len(fields))
	}
	for _, m := range fields {
		if !strings.Contains(body, `for="`+m[1]+`"`) {
			t.Errorf("field %q has no label", m[1])
		}
	}
	for _, attribute := range []string{"aria-describedby", "aria-labelledby", "for"} {
		for _, m := range regexp.MustCompile(`\s`+attribute+`="([^"]*)"`).FindAllStringSubmatch(body, -1) {
			for _, id := range strings.Fields(m[1]) {
				if !seen[id] {
					t.Errorf("%s points to %q, which is not there", attribute, id)
				}
			}
		}
	}
}

func TestAFaultIsSaidInTitleSummaryAndField(t *testing.T) {
	body := drawGallery(t)
	for _, want := range []string{
		"<title>Error: Every component – Lookback</title>",
		`<a href="#reason">Say why, so that the next reader can follow you.</a>`,
		`<p id="reason-error" class="govuk-error-message"><span class="govuk-visually-hidden">Error:</span> Say why`,
		`aria-describedby="reason-hint reason-error" aria-invalid="true"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("missing %s", want)
		}
	}
}

func TestListsKeepTheirFiltersAndDropTheirPlace(t *testing.T) {
	body := drawGallery(t)
	for _, want := range []string{
		`aria-sort="ascending"><a class="lb-sort" href="/gallery?sort=-year&amp;unit=CID&#43;3&amp;unit=CID&#43;4">`,
		`aria-sort="none"><a class="lb-sort" href="/gallery?sort=ref&amp;unit=CID&#43;3&amp;unit=CID&#43;4">`,
		`href="/gallery?sort=year&amp;unit=CID&#43;4"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("missing %s", want)
		}
	}
}
