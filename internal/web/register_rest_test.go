package web

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/store"
	"lookback/internal/verify"
)

// quarantined returns every row in quarantine.
func (s *testSite) quarantined(t *testing.T) (rows []store.Quarantined) {
	t.Helper()
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		for q, err := range tx.Quarantine(t.Context()) {
			if err != nil {
				return err
			}
			rows = append(rows, q)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestARowIsMendedInPlace(t *testing.T) {
	s := newSite(t)
	rows := s.quarantined(t)
	i := slices.IndexFunc(rows, func(q store.Quarantined) bool {
		return q.Table == casefile.Investigations && q.Problem == "reported_at"
	})
	if i < 0 {
		t.Fatal("the made-up force has no investigation with a bad date")
	}
	q, at := rows[i], fmt.Sprintf("/quarantine/%d", rows[i].ID)
	cell := fmt.Sprintf("cell-%d", slices.Index(q.Header, "reported_at"))
	records := s.as(t, "records")
	page := records.get(at).must(t, 200)
	if !strings.Contains(page.Body, "At fault") || strings.Index(page.Body, `name="`+cell+`"`) > strings.Index(page.Body, `name="cell-0"`) {
		t.Error("the column at fault does not come first")
	}
	if s.events(t, ledger.ListRead, fmt.Sprintf("quarantine, row %d", q.ID)) != 1 {
		t.Error("looking at the row left no event")
	}

	for _, c := range []struct {
		form url.Values
		want string
	}{
		{url.Values{cell: {"2016-02-28"}}, "Say why this is right"},
		{url.Values{cell: {"2016-02-28"}, "reason": {"   "}}, "Say why this is right"},
		{url.Values{cell: {"soon"}, "reason": {"asked"}}, "is not a date"},
		{url.Values{cell: {`"><script>alert(1)</script>`}, "reason": {"asked"}}, "still cannot be accepted"},
		{url.Values{"cell-9999": {"x"}, "reason": {"asked"}}, "still cannot be accepted"},
		{url.Values{cell: {"2016-02-28"}, "reason": {strings.Repeat("long ", 2000)}}, "under 4,000 characters"},
	} {
		a := records.post(at, c.form)
		if a.Status != 422 || !strings.Contains(html.UnescapeString(a.Body), c.want) {
			t.Errorf("%v: %d %s; want %q", c.form, a.Status, a.said(), c.want)
		}
		if typed := c.form.Get(cell); typed != "" && !strings.Contains(html.UnescapeString(a.Body), `value="`+typed+`"`) {
			t.Errorf("what was typed is lost: %q", typed)
		}
		if strings.Contains(a.Body, "<script>alert") {
			t.Error("what was typed is drawn as markup")
		}
	}
	a := records.post(at, url.Values{cell: {"2016-02-28"}, "reason": {"The force confirmed it by telephone."}}).must(t, 303)
	if !strings.HasPrefix(a.To, "/quarantine") {
		t.Errorf("to %s", a.To)
	}
	if next := records.get(a.To); !strings.Contains(next.Body, fmt.Sprintf("Row %d was mended and taken in.", q.ID)) {
		t.Errorf("it is not said what was done: %s", next.said())
	}
	if s.events(t, ledger.RowMended, fmt.Sprintf("row %d", q.ID)) != 1 {
		t.Error("there is no event")
	}
	if len(s.quarantined(t)) >= len(rows) {
		t.Error("the row is still in quarantine")
	}
	if a := records.post(at, url.Values{cell: {"2016-02-28"}, "reason": {"again"}}); a.Status != 409 || !strings.Contains(a.Body, "Somebody mended it") {
		t.Errorf("mended twice: %d %s", a.Status, a.said())
	}
	records.get(at).must(t, 404)
	if list := records.get("/imports").must(t, 200); strings.Contains(list.Body, "mended by hand<") {
		t.Error("a mending stands among the deliveries")
	}
	if list := records.get("/imports?mendings=y").must(t, 200); !strings.Contains(list.Body, fmt.Sprintf("row %d mended by hand", q.ID)) {
		t.Error("the mending is nowhere")
	}
}

func TestAMendingWhileAnImportRunsKeepsWhatWasTyped(t *testing.T) {
	s := newSite(t)
	_, let := begin(t, s, asked(t.Context(), "records", "somebody"), changesRows)
	q := s.quarantined(t)[0]
	a := s.as(t, "records").post(fmt.Sprintf("/quarantine/%d", q.ID), url.Values{"cell-0": {"typed with care"}, "reason": {"asked the force"}})
	if a.Status != 409 || !strings.Contains(a.Body, "typed with care") || !strings.Contains(a.Body, "asked the force") || !strings.Contains(a.Body, "A long thing is running") {
		t.Errorf("%d %s", a.Status, a.said())
	}
	let <- nil
}

func TestRowsAreShownToThoseWhoMendThem(t *testing.T) {
	s := newSite(t)
	q := s.quarantined(t)[0]
	at := fmt.Sprintf("/quarantine/%d", q.ID)
	for id, want := range map[string]bool{"records": true, "analyst": false, "supervisor.one": false} {
		a := s.as(t, id).get("/quarantine").must(t, 200)
		if got := strings.Contains(a.Body, `href="`+at); got != want {
			t.Errorf("%s sees rows: %v, want %v", id, got, want)
		}
		if !want && strings.Contains(html.UnescapeString(a.Body), q.Reason) {
			t.Errorf("%s sees a reason with its value: %s", id, q.Reason)
		}
	}
	for _, id := range []string{"analyst", "supervisor.one", "inspector", "admin"} {
		s.as(t, id).get(at).must(t, 403)
		s.as(t, id).post(at, url.Values{"reason": {"x"}}).must(t, 403)
	}
	for _, id := range []string{"inspector", "panel", "reviewer.one", "disclosure", "admin"} {
		s.as(t, id).get("/quarantine").must(t, 403)
		s.as(t, id).get("/imports").must(t, 403)
	}
	for _, bad := range []string{"/quarantine/x", "/quarantine/-1", "/quarantine/99999999999999999999", "/quarantine/0"} {
		s.as(t, "records").get(bad).must(t, 404)
	}
	for _, odd := range []string{"/quarantine?table=<script>", "/quarantine?after=-5", "/quarantine?extract=x&column=%00", "/imports?before=-1"} {
		if a := s.as(t, "records").get(odd).must(t, 200); strings.Contains(a.Body, "<script>") {
			t.Errorf("%s draws markup", odd)
		}
	}
}

func TestARowOfARestrictedCaseIsForItsReaders(t *testing.T) {
	s := newSite(t)
	var q store.Quarantined
	for _, row := range s.quarantined(t) {
		if i := slices.Index(row.Header, "crime_ref"); i >= 0 && row.Table != casefile.Investigations && slices.Contains(s.cases(t), casefile.NewCaseID(row.System, row.Raw[i])) {
			q = row
		}
	}
	if q.ID == 0 {
		t.Fatal("no row in quarantine belongs to a case that is here")
	}
	id := casefile.NewCaseID(q.System, q.Raw[slices.Index(q.Header, "crime_ref")])
	at := fmt.Sprintf("/quarantine/%d", q.ID)
	records := s.as(t, "records")
	records.get(at).must(t, 200)
	s.restrict(t, id, "supervisor.two", "supervisor.three")
	records.get(at).must(t, 404)
	a := records.post(at, url.Values{"cell-0": {"x"}, "reason": {"x"}})
	if a.Status != 409 || strings.Contains(a.Body, q.Raw[0]) {
		t.Errorf("mended by somebody who may not read the case: %d %s", a.Status, a.said())
	}
	list := records.get("/quarantine").must(t, 200)
	if strings.Contains(list.Body, at) {
		t.Error("the list shows the row")
	}
	if want := fmt.Sprintf("%d rows kept aside", len(s.quarantined(t))); !strings.Contains(list.said(), want) {
		t.Errorf("the total does not hold it: %s; want %s", list.said(), want)
	}
}

func TestNotRecordedIsAValueOfItsOwn(t *testing.T) {
	s := newSite(t)
	var rows, missing int
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		run, err := tx.LastRun(t.Context(), "analysis")
		if err != nil {
			return err
		}
		for q, err := range tx.Qualities(t.Context(), run.ID) {
			if err != nil {
				return err
			}
			if q.Table == casefile.Nominals && q.Finding == "rows" {
				rows += q.Count
			}
			if q.Table == casefile.Nominals && q.Field == "officer_seen_ethnicity" && q.Finding == "missing" {
				missing += q.Count
			}
		}
		return nil
	})
	if err != nil || missing == 0 || missing == rows {
		t.Fatalf("the made-up force proves nothing: %d of %d, %v", missing, rows, err)
	}
	a := s.as(t, "panel").get("/quality").must(t, 200)
	want := fmt.Sprintf("officer_seen_ethnicity %d %d%% %s %d %d", missing, share{rows, missing}.Percent(), share{rows, missing}.Words(), rows-missing, rows)
	if !strings.Contains(flat(a.Body), want) {
		t.Errorf("the page does not say %q: %s", want, a.said())
	}
	for _, bad := range []string{"/quality?table=x", "/quality?table=nominals&field=x", "/quality?field=dob", "/quality?table=" + url.QueryEscape("<b>")} {
		s.as(t, "panel").get(bad).must(t, 404)
	}
	file := s.as(t, "panel").get("/quality?table=nominals&field=officer_seen_ethnicity&format=csv").must(t, 200)
	sum := 0
	for _, line := range strings.Split(file.Body, "\n") {
		if cells := strings.Split(strings.TrimSpace(line), ","); len(cells) > 5 && cells[2] == "missing" {
			n, _ := strconv.Atoi(cells[len(cells)-2])
			sum += n
		}
	}
	if sum != missing {
		t.Errorf("the file counts %d missing, the report %d", sum, missing)
	}
}

// flat is what a page says, without tags, in one line.
func flat(body string) string {
	text := regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(body, " ")
	return strings.Join(strings.Fields(html.UnescapeString(text)), " ")
}

func TestShares(t *testing.T) {
	for _, c := range []struct {
		s       share
		percent int
		words   string
	}{
		{share{0, 0}, 0, "no rows"}, {share{10, 0}, 0, "complete"}, {share{1000, 1}, 1, "few missing"}, {share{1000, 999}, 99, "most missing"},
		{share{3, 1}, 33, "some missing"}, {share{2, 1}, 50, "many missing"}, {share{10, 10}, 100, "all missing"},
	} {
		if c.s.Percent() != c.percent || c.s.Words() != c.words {
			t.Errorf("%+v: %d %s, want %d %s", c.s, c.s.Percent(), c.s.Words(), c.percent, c.words)
		}
		if h := c.s.Heat(); c.s.Rows > 0 && (h < 0 || h > 5) {
			t.Errorf("%+v: heat %d", c.s, h)
		}
	}
}

func TestTermsAreCountedOnceAndAddUp(t *testing.T) {
	s := newSite(t)
	before := s.events(t, ledger.ScopeRun, "")
	for _, id := range []string{"panel", "inspector", "supervisor.one", "panel"} {
		a := s.as(t, id).get("/terms").must(t, 200)
		for _, want := range []string{"National operation, one victim or more", "National operation, more than one victim", "In force", "for the tests"} {
			if !strings.Contains(a.Body, want) {
				t.Errorf("%s does not see %q", id, want)
			}
		}
	}
	if n := s.events(t, ledger.ScopeRun, "") - before; n != 1 {
		t.Errorf("%d counts were made for four readings, want 1", n)
	}
	file := s.as(t, "panel").get("/terms?format=csv").must(t, 200)
	lines := strings.Split(strings.TrimSpace(file.Body), "\n")
	if len(lines) < 2 {
		t.Fatalf("the waterfall as a file: %s", file.Body)
	}
	for _, line := range lines[1:] {
		c := strings.Split(line, ",")
		n := func(i int) int { v, _ := strconv.Atoi(strings.TrimSpace(c[i])); return v }
		if entered := n(len(c) - 7); entered == 0 || entered != n(len(c)-6)+n(len(c)-5)+n(len(c)-3) {
			t.Errorf("a step does not add up: %s", line)
		}
	}
}

func TestWhoMovesIsListedForThoseWhoReadCases(t *testing.T) {
	s := newSite(t)
	const page = "/terms/compare?from=in-force&to=national-two-victims"
	supervisor := s.as(t, "supervisor.one")
	a := supervisor.get(page+"&cases=y").must(t, 200)
	ids := regexp.MustCompile(`<li><a href="(/cases/[^"]+)">`).FindAllStringSubmatch(a.Body, -1)
	if len(ids) < 5 {
		t.Fatalf("only %d cases are listed: %s", len(ids), a.said())
	}
	if s.events(t, ledger.ListRead, "cases that change with the terms") != 1 {
		t.Error("the listing left no event")
	}
	if b := supervisor.get(page).must(t, 200); strings.Contains(b.Body, ids[0][1]) {
		t.Error("cases are listed without being asked for")
	}
	for _, id := range []string{"panel", "inspector"} {
		if b := s.as(t, id).get(page+"&cases=y").must(t, 200); strings.Contains(b.Body, "/cases/") {
			t.Errorf("%s sees cases", id)
		}
	}
	address, _ := url.PathUnescape(strings.TrimPrefix(ids[0][1], "/cases/"))
	s.restrict(t, casefile.CaseID(address), "supervisor.two", "supervisor.three")
	b := supervisor.get(page+"&cases=y").must(t, 200)
	if strings.Contains(b.Body, ids[0][1]+`"`) {
		t.Error("a restricted case is listed")
	}
	if counted := regexp.MustCompile(`(\d+) cases leave`); counted.FindString(flat(a.Body)) != counted.FindString(flat(b.Body)) || counted.FindString(flat(a.Body)) == "" {
		t.Error("a restricted case is missing from the count")
	}
	if two := s.as(t, "supervisor.two").get(page + "&cases=y"); !strings.Contains(two.Body, ids[0][1]+`"`) {
		t.Error("a named reader does not see it")
	}
}

func TestAWordingIsTriedBeforeItIsAdopted(t *testing.T) {
	s := newSite(t)
	supervisor := s.as(t, "supervisor.one")
	const terms = `{"name": "north", "version": 1, "title": "North <b>review</b>", "source": "The gold group",
 "criteria": [{"id": "people", "title": "Several people", "test": "%s"}]}`
	for text, want := range map[string]string{
		"":       "the file ends in the middle",
		"{\n\n,": "line 3: this is not JSON",
		fmt.Sprintf(terms, "suspect_recorded >= 2"):                                    "did you mean \"suspects_recorded\"?",
		fmt.Sprintf(terms, "ethnicity == 'x'"):                                         "Criterion \"people\", character 1",
		strings.Replace(fmt.Sprintf(terms, "victims >= 1"), "north", "North", 1):       "is not lower-case letters",
		strings.Replace(fmt.Sprintf(terms, "victims >= 1"), "criteria", "kriteria", 1): "unknown field",
		strings.Repeat("[", 100_000):                                                   "not JSON",
	} {
		a := supervisor.post("/terms/new", url.Values{"text": {text}})
		if a.Status != 422 || !strings.Contains(html.UnescapeString(a.Body), want) {
			t.Errorf("%.40q: %d %s; want %q", text, a.Status, a.said(), want)
		}
	}
	a := supervisor.post("/terms/new", url.Values{"text": {fmt.Sprintf(terms, "suspects_recorded >= 3")}}).must(t, 303)
	page := supervisor.get(a.To).must(t, 200)
	for _, want := range []string{"Being tried", "Several people", "The case has three or more recorded suspects", "/terms/compare?from=in-force&amp;to=trial-"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("a wording being tried does not show %q: %s", want, page.said())
		}
	}
	if strings.Contains(page.Body, "<b>review</b>") {
		t.Error("the title is drawn as markup")
	}
	trial := strings.TrimPrefix(a.To, "/terms/")
	supervisor.get("/terms/compare?from=in-force&to="+trial).must(t, 200)
	s.as(t, "panel").post(a.To+"/adopt", url.Values{"reason": {"x"}}).must(t, 403)
	s.as(t, "inspector").get("/terms/new").must(t, 403)
	if b := supervisor.post(a.To+"/adopt", url.Values{"reason": {" "}}); b.Status != 422 || !strings.Contains(b.Body, "Say why these terms are adopted") {
		t.Errorf("without a reason: %d %s", b.Status, b.said())
	}
	supervisor.post(a.To+"/adopt", url.Values{"reason": {"Agreed by the gold group."}}).must(t, 303)
	if s.events(t, ledger.CriteriaAdopted, "north") != 1 {
		t.Error("there is no event")
	}
	now := supervisor.get("/terms").must(t, 200)
	if !strings.Contains(now.Body, "Agreed by the gold group.") || !strings.Contains(now.Body, "for the tests") {
		t.Errorf("the history: %s", now.said())
	}
	// The same version with other words is refused, in a sentence, on the page.
	b := supervisor.post("/terms/new", url.Values{"text": {fmt.Sprintf(terms, "suspects_recorded >= 4")}}).must(t, 303)
	if c := supervisor.post(b.To+"/adopt", url.Values{"reason": {"Changed our minds."}}); c.Status != 422 || !strings.Contains(c.Body, "A version is never edited") || !strings.Contains(c.Body, "Changed our minds.") {
		t.Errorf("a version adopted with other words: %d %s", c.Status, c.said())
	}
	supervisor.get("/terms/trial-nothing").must(t, 404)
	supervisor.get("/terms/nothing").must(t, 404)
}

func TestAsKnownOnADay(t *testing.T) {
	s := newSite(t)
	panel := s.as(t, "panel")
	for day, want := range map[string]string{"soon": "is not a day", "2999-01-01": "is still to come", "2019-02-30": "is not a day", "<script>": "is not a day"} {
		a := panel.get("/terms/known-on?of=in-force&on=" + url.QueryEscape(day))
		if a.Status != 422 || !strings.Contains(a.Body, want) || strings.Contains(a.Body, "<script>") {
			t.Errorf("%s: %d %s", day, a.Status, a.said())
		}
	}
	early := panel.get("/terms/known-on?of=in-force&on=1950-01-01").must(t, 200)
	late := panel.get("/terms/known-on?of=in-force&on="+s.now().In(london).Format("2006-01-02")).must(t, 200)
	in := regexp.MustCompile(`(\d+) certainly in`)
	a, b := in.FindStringSubmatch(flat(early.Body)), in.FindStringSubmatch(flat(late.Body))
	if a == nil || b == nil || a[1] == b[1] {
		t.Errorf("1950 %v, today %v", a, b)
	}
}

func TestALinkThatOnlyARestrictedCaseShowsIsNone(t *testing.T) {
	s := newSite(t)
	analyst := s.as(t, "analyst")
	list := analyst.get("/groups").must(t, 200)
	ids := regexp.MustCompile(`href="/groups/(G\w+)"`).FindAllStringSubmatch(list.Body, -1)
	if len(ids) == 0 {
		t.Fatalf("the made-up force has no group: %s", list.said())
	}
	if s.events(t, ledger.ListRead, "groups") != 1 {
		t.Error("the list left no event")
	}
	for _, id := range ids {
		page := analyst.get("/groups/"+id[1]).must(t, 200)
		if !strings.Contains(page.Body, "Suggested") || !strings.Contains(page.Body, "nobody has judged") {
			t.Error("a group is not labelled as suggested")
		}
		g, err := reading.ReadGroup(t.Context(), s.Desk, operator, id[1])
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range g.Cases {
			s.restrict(t, c.Case, "supervisor.two", "supervisor.three")
		}
		for _, c := range g.Cases {
			_, ref := c.Case.Split()
			if strings.Contains(analyst.get("/groups").Body, ref) {
				t.Errorf("the list of groups names %s", ref)
			}
		}
		if a := analyst.get("/groups/" + id[1]); a.Status != 404 {
			t.Errorf("a group of restricted cases alone: %d %s", a.Status, a.said())
		}
		if a := s.as(t, "supervisor.two").get("/groups/" + id[1]); a.Status != 200 {
			t.Errorf("as a named reader: %d %s", a.Status, a.said())
		}
	}
	if after := analyst.get("/groups").must(t, 200); !strings.Contains(flat(after.Body), "found no group that you may see") {
		t.Errorf("with every group restricted: %s", after.said())
	}
}

func TestAGroupWithoutOneOfItsCases(t *testing.T) {
	s := newSite(t)
	list := s.as(t, "analyst").get("/groups").must(t, 200)
	id := regexp.MustCompile(`href="/groups/(G\w+)"`).FindStringSubmatch(list.Body)
	whole, err := reading.ReadGroup(t.Context(), s.Desk, operator, id[1])
	if err != nil || len(whole.Cases) < 3 {
		t.Fatalf("the largest group has %d cases, %v", len(whole.Cases), err)
	}
	secret := whole.Cases[len(whole.Cases)-1].Case
	_, ref := secret.Split()
	if a := s.as(t, "analyst").get("/groups/" + id[1]); !strings.Contains(a.Body, ref) {
		t.Fatalf("%s is not on the page to begin with", ref)
	}
	s.restrict(t, secret, "supervisor.two", "supervisor.three")
	a := s.as(t, "analyst").get("/groups/" + id[1])
	if strings.Contains(a.Body, ref) {
		t.Error("the page names a restricted case")
	}
	if a.Status == 200 && strings.Contains(flat(a.Body), fmt.Sprintf("%d cases", len(whole.Cases))) {
		t.Error("the page counts a restricted case among those of the group")
	}
	if b := s.as(t, "supervisor.two").get("/groups/" + id[1]); !strings.Contains(b.Body, ref) {
		t.Errorf("a named reader does not see it: %s", b.said())
	}
}

func TestTheChartIsTheSameWheneverItIsDrawn(t *testing.T) {
	g := &reading.GroupFile{}
	for i := range 90 {
		g.Members = append(g.Members, reading.GroupMember{Number: i + 1})
		if i > 0 {
			g.Ties = append(g.Ties, reading.GroupTie{A: (i+1)/2 + 1 - 1, B: i + 1})
			g.Members[i].Ties = []int{i - 1}
		}
	}
	first, n := drawGroup(g)
	second, _ := drawGroup(g)
	if first != second || n != mostNodes || strings.Count(string(first), "<circle") != mostNodes {
		t.Errorf("%d members drawn, the same twice: %v", n, first == second)
	}
	for _, f := range regexp.MustCompile(`c[xy]="([^"]+)"`).FindAllStringSubmatch(string(first), -1) {
		if v, err := strconv.ParseFloat(f[1], 64); err != nil || v < 0 || v > 640 {
			t.Errorf("a node lies at %s", f[1])
		}
	}
	if one, n := drawGroup(&reading.GroupFile{Members: []reading.GroupMember{{Number: 1}}}); n != 1 || strings.Contains(string(one), "NaN") {
		t.Errorf("one member: %s", one)
	}
}

func TestWhatAnEventIsAboutIsToldToWhomItConcerns(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[3]
	_, ref := id.Split()
	if err := s.Desk.Seen(t.Context(), casefile.Actor{ID: "reviewer.one"}, ledger.Event{Kind: ledger.CaseRead, Subject: string(id), Purpose: "review"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Desk.Seen(t.Context(), casefile.Actor{ID: "reviewer.one"}, ledger.Event{Kind: ledger.SearchRun, Purpose: "review", Body: map[string]any{"query": "a blue van", "cases": []casefile.CaseID{id}}}); err != nil {
		t.Fatal(err)
	}
	for reader, want := range map[string]struct{ ref, query bool }{"inspector": {}, "admin": {}, "supervisor.one": {ref: true}, "disclosure": {true, true}} {
		a := s.as(t, reader).get("/ledger").must(t, 200)
		if got := strings.Contains(a.Body, ref); got != want.ref {
			t.Errorf("%s sees which case was read: %v, want %v", reader, got, want.ref)
		}
		if got := strings.Contains(a.Body, "a blue van"); got != want.query {
			t.Errorf("%s sees what was searched for: %v, want %v", reader, got, want.query)
		}
		if !strings.Contains(flat(a.Body), "reviewer.one "+map[bool]string{true: "read " + string(id), false: "read a case"}[want.ref]) {
			t.Errorf("%s does not see that reviewer.one read a case: %s", reader, a.said())
		}
	}
	s.restrict(t, id, "supervisor.two", "supervisor.three")
	for reader, want := range map[string]bool{"disclosure": false, "supervisor.one": false, "supervisor.two": true} {
		a := s.as(t, reader).get("/ledger").must(t, 200)
		if got := strings.Contains(a.Body, ref); got != want {
			t.Errorf("restricted: %s sees the case: %v, want %v", reader, got, want)
		}
		if !want && strings.Contains(a.Body, "a blue van") {
			t.Errorf("restricted: %s sees a search that found it", reader)
		}
	}
	for reader, status := range map[string]int{"inspector": 403, "disclosure": 404, "supervisor.one": 404, "supervisor.two": 200} {
		if a := s.as(t, reader).get("/ledger?subject=" + url.QueryEscape(string(id))); a.Status != status {
			t.Errorf("%s looks for the case: %d, want %d: %s", reader, a.Status, status, a.said())
		}
	}
}

func TestPagesOfTheLedgerMeetWithoutGapOrOverlap(t *testing.T) {
	s := newSite(t)
	for i := range 130 {
		if err := s.Desk.Seen(t.Context(), casefile.Actor{ID: "x"}, ledger.Event{Kind: ledger.PersonRead, Subject: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	inspector := s.as(t, "inspector")
	seqs := func(a answer) (out []int) {
		for _, m := range regexp.MustCompile(`<a href="/ledger/(\d+)">`).FindAllStringSubmatch(a.Body, -1) {
			n, _ := strconv.Atoi(m[1])
			out = append(out, n)
		}
		return out
	}
	link := func(a answer, rel string) string {
		m := regexp.MustCompile(`href="([^"]+)" rel="` + rel + `"`).FindStringSubmatch(a.Body)
		if m == nil {
			return ""
		}
		return html.UnescapeString(m[1])
	}
	at := "/ledger?kind=person.read"
	var all []int
	var pages []answer
	for at != "" {
		a := inspector.get(at).must(t, 200)
		pages = append(pages, a)
		all = append(all, seqs(a)...)
		at = link(a, "next")
	}
	if len(all) != 130 || !slices.IsSortedFunc(all, func(a, b int) int { return b - a }) || len(slices.Compact(slices.Clone(all))) != 130 {
		t.Errorf("%d events on %d pages: %v", len(all), len(pages), all)
	}
	for i := len(pages) - 1; i > 0; i-- {
		back := inspector.get(link(pages[i], "prev")).must(t, 200)
		if !slices.Equal(seqs(back), seqs(pages[i-1])) {
			t.Errorf("back from page %d: %v, want %v", i+1, seqs(back), seqs(pages[i-1]))
		}
		pages[i-1] = back
	}
	if link(pages[0], "prev") != "" {
		t.Error("there is something newer than the newest")
	}
	for path, status := range map[string]int{"/ledger?kind=nonsense": 422, "/ledger?from=x": 422, "/ledger?until=2026-13-01": 422, "/ledger?before=-9&after=x": 200, "/ledger/9999999": 404, "/ledger/x": 404, "/ledger/-1": 404,
		"/ledger?actor=" + url.QueryEscape("' OR 1=1 --"): 200} {
		inspector.get(path).must(t, status)
	}
	if a := inspector.get("/ledger?until=2001-01-01"); !strings.Contains(a.Body, "No event matches") {
		t.Errorf("before the register: %s", a.said())
	}
}

func TestTheProofOnAPageProvesTheEvent(t *testing.T) {
	s := newSite(t)
	inspector := s.as(t, "inspector")
	for seq := range int64(12) {
		a := inspector.get(fmt.Sprintf("/ledger/%d", seq)).must(t, 200)
		var blocks []string
		for _, m := range regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`).FindAllStringSubmatch(a.Body, -1) {
			blocks = append(blocks, html.UnescapeString(m[1]))
		}
		if len(blocks) != 3 {
			t.Fatalf("event %d: %d blocks, want leaf, checkpoint and key and nothing opened: %s", seq, len(blocks), a.said())
		}
		var proof tlog.RecordProof
		for _, m := range regexp.MustCompile(`<li><code class="lb-hash">([^<]+)</code>`).FindAllStringSubmatch(a.Body, -1) {
			b, err := base64.StdEncoding.DecodeString(html.UnescapeString(m[1]))
			if err != nil {
				t.Fatal(err)
			}
			proof = append(proof, tlog.Hash(b))
		}
		v, err := ledger.NewVerifier(strings.TrimSpace(blocks[2]))
		if err != nil {
			t.Fatal(err)
		}
		c, err := v.Open([]byte(blocks[1]))
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, c.Tree.N, c.Tree.Hash, seq, tlog.RecordHash([]byte(blocks[0]))); err != nil {
			t.Errorf("event %d: %v", seq, err)
		}
	}
	a := s.as(t, "disclosure").get("/ledger/3").must(t, 200)
	if !strings.Contains(a.Body, "openings.jsonl") {
		t.Error("who may see openings is not given one")
	}
}

func TestTheLedgerIsVerifiedAgainstWhatOneKept(t *testing.T) {
	s, other := newSite(t), newEmptySite(t)
	inspector := s.as(t, "inspector")
	mine := inspector.get("/ledger/checkpoint").must(t, 200).Body
	s.Desk.Seen(t.Context(), casefile.Actor{ID: "x"}, ledger.Event{Kind: ledger.CaseRead})
	theirs := other.as(t, "inspector").get("/ledger/checkpoint").must(t, 200).Body
	for _, c := range []struct{ against, want string }{
		{"", "events is whole."}, {mine, "consistent"}, {strings.ReplaceAll(mine, "\n", "\r\n"), "consistent"},
		{theirs, "Act on this"}, {"nonsense", "What you gave as your checkpoint is none"},
	} {
		a := inspector.ended(inspector.post("/ledger/verify", url.Values{"against": {c.against}}))
		if !strings.Contains(a.Body, c.want) {
			t.Errorf("against %.30q: %s; want %q", c.against, a.said(), c.want)
		}
	}
}

func TestTheExportedLedgerVerifiesElsewhere(t *testing.T) {
	s := newSite(t)
	inspector := s.as(t, "inspector")
	key := strings.TrimSpace(inspector.get("/ledger/key").must(t, 200).Body)
	a := inspector.ended(inspector.post("/ledger/export", nil)).must(t, 200)
	at := regexp.MustCompile(`href="(/jobs/\w+/file)"`).FindStringSubmatch(a.Body)
	if at == nil {
		t.Fatalf("there is no file: %s", a.said())
	}
	s.as(t, "supervisor.one").get(at[1]).must(t, 404)
	packed := inspector.get(at[1]).must(t, 200).Body
	z, err := zip.NewReader(bytes.NewReader([]byte(packed)), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, z); err != nil {
		t.Fatal(err)
	}
	tops, _ := filepath.Glob(filepath.Join(dir, "*"))
	r, err := verify.Check(verify.OpenExport(os.DirFS(tops[0])), verify.Options{Key: key})
	if err != nil || !r.Whole || r.Checkpoint.Events < 10 {
		t.Errorf("the export: %v, %+v", err, r)
	}
	if _, err := fs.Stat(os.DirFS(tops[0]), "openings.jsonl"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the export opens events")
	}
	s.as(t, "supervisor.one").post("/ledger/export", nil).must(t, 403)
}

func TestABackupIsTakenFetchedAndOpens(t *testing.T) {
	s := newSite(t)
	admin := s.as(t, "admin")
	if a := admin.get("/backup").must(t, 200); !strings.Contains(a.Body, "None yet") {
		t.Errorf("before the first: %s", a.said())
	}
	a := admin.ended(admin.post("/backup", nil)).must(t, 200)
	at := regexp.MustCompile(`href="(/jobs/\w+/file)"`).FindStringSubmatch(a.Body)
	if at == nil {
		t.Fatalf("there is no file: %s", a.said())
	}
	file := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(file, []byte(admin.get(at[1]).must(t, 200).Body), 0o600); err != nil {
		t.Fatal(err)
	}
	if !store.Opens(seed.key, file) {
		t.Error("the register's key does not open the backup")
	}
	if s.events(t, ledger.BackupTaken, "") != 1 {
		t.Error("there is no event")
	}
	if a := admin.get("/backup").must(t, 200); strings.Contains(a.Body, "None yet") || !strings.Contains(a.Body, "Ready to be fetched") {
		t.Errorf("after it: %s", a.said())
	}
	for _, id := range []string{"records", "supervisor.one", "inspector", "disclosure"} {
		s.as(t, id).get("/backup").must(t, 403)
		s.as(t, id).post("/backup", nil).must(t, 403)
		s.as(t, id).get(at[1]).must(t, 404)
	}
}

func TestPagesOfAnEmptyRegisterSayWhatToDo(t *testing.T) {
	s := newEmptySite(t)
	for _, c := range []struct{ id, path, want string }{
		{"records", "/imports", "Import an extract"}, {"inspector", "/quality", "Nothing has been analysed yet"}, {"inspector", "/terms", "No terms of reference have been adopted yet"},
		{"records", "/quarantine", "Nothing is in quarantine"}, {"analyst", "/groups", "Nothing has been analysed yet"}, {"inspector", "/ledger", "made the register"},
		{"panel", "/terms/two-suspects", "Nothing has been analysed yet"}, {"panel", "/terms/known-on?of=two-suspects&on=2019-01-01", "Nothing has been analysed yet"},
		{"panel", "/terms/compare?from=two-suspects&to=typologies", "Nothing has been analysed yet"}, {"records", "/jobs", "No long job has run"}, {"supervisor.one", "/terms/new", "Try a wording"},
	} {
		if a := s.as(t, c.id).get(c.path); a.Status != 200 || !strings.Contains(a.Body, c.want) {
			t.Errorf("%s: %d %s; want %q", c.path, a.Status, a.said(), c.want)
		}
	}
}
