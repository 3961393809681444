package web

import (
	"html"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/reading"
	"lookback/internal/scope"
	"lookback/internal/store"
)

// textNodes is what a browser makes of drawn text: its text nodes, joined.
func textNodes(drawn string) string {
	return html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(drawn, ""))
}

func TestADrawnTextIsTheTextCharacterForCharacter(t *testing.T) {
	for _, text := range []string{
		"", "plain", "<script>alert(1)</script> & \"quotes\" '", "a\u0301e\u0301 combining", "👩‍👩‍👧 family 🇬🇧", "שלום עולם then English", "\u202eoverride\u202c",
		"line\r\nand\rline\n", "\n\nleading", "nul\x00and \xff\xfe bytes", "a & b &amp; &lt; &#13;", strings.Repeat("long ", 1000),
	} {
		shown := casefile.Shown(text)
		size := len([]rune(shown))
		for range 50 {
			var marks []mark
			for range rand.IntN(6) {
				a := rand.IntN(size+8) - 4
				marks = append(marks, mark{Start: a, End: a + rand.IntN(12) - 2, Class: []string{"stated", "found", "cited"}[rand.IntN(3)], Label: `"><script>`})
			}
			drawn := string(markText(text, marks))
			if got := textNodes(drawn); got != shown {
				t.Fatalf("drawn with %v: %q, want %q", marks, got, shown)
			}
			if strings.Contains(drawn, "<script") {
				t.Fatalf("markup of the text got through: %q", drawn)
			}
			if opened, closed := strings.Count(drawn, "<mark"), strings.Count(drawn, "</mark>"); opened != closed {
				t.Fatalf("%d marks begin and %d end", opened, closed)
			}
		}
	}
}

func TestMarksCoverWhatTheyMeanAndMayOverlap(t *testing.T) {
	text := "👩‍👩‍👧 one two three"
	at := func(words string) (int, int) {
		i := len([]rune(text[:strings.Index(text, words)]))
		return i, i + len([]rune(words))
	}
	a, b := at("one two")
	c, d := at("two three")
	drawn := string(markText(text, []mark{{Start: c, End: d, Class: "found"}, {Start: a, End: b, Class: "stated", Label: "states 2", ID: "m1"}}))
	want := `👩‍👩‍👧 <mark class="mark-stated" id="m1" title="states 2">one </mark><mark class="mark-stated mark-found" title="states 2">two</mark><mark class="mark-found"> three</mark>`
	if drawn != want {
		t.Errorf("drawn\n%s\nwant\n%s", drawn, want)
	}
}

// file reads a case as the store holds it.
func (s *testSite) file(t *testing.T, id casefile.CaseID) *reading.File {
	t.Helper()
	f, err := reading.ReadCase(t.Context(), s.Desk, operator, id, "review")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// richCase is the case of the seed that has most on its page.
func (s *testSite) richCase(t *testing.T) *reading.File {
	t.Helper()
	var best *reading.File
	score := func(f *reading.File) int {
		n := 0
		for _, has := range []bool{f.Suspects.More() > 0, len(f.Exhibits) > 0, len(f.Papers) > 0, len(f.Episodes) > 0, len(f.Uses) > 0, len(f.Groups) > 0, len(f.Endings) > 0, len(f.Marks) > 0, len(f.Linked) > 0} {
			if has {
				n++
			}
		}
		return n
	}
	for _, id := range s.cases(t) {
		if f := s.file(t, id); best == nil || score(f) > score(best) {
			best = f
		}
	}
	return best
}

func TestTheCasePageSaysWhatTheRegisterHolds(t *testing.T) {
	s := newSite(t)
	f := s.richCase(t)
	before := s.events(t, ledger.CaseRead, string(f.ID))
	page := s.as(t, "reviewer.one").get(caseAddress(f.ID)+"?log=1").must(t, 200)
	if got := s.events(t, ledger.CaseRead, string(f.ID)); got != before+1 {
		t.Errorf("%d readings on record, want %d", got, before+1)
	}
	said := html.UnescapeString(page.Body)
	want := []string{f.Suspects.String()}
	for _, p := range f.Summary() {
		want = append(want, p.Text)
	}
	for _, p := range f.People {
		switch {
		case !p.Named && p.Name() != "":
			want = append(want, p.Name())
		case p.Has(casefile.RoleVictim) || p.Has(casefile.RoleMissing):
			want = append(want, p.Initials())
		}
	}
	for _, e := range f.Pages.Entries {
		want = append(want, strings.TrimSpace(e.Text))
	}
	for _, x := range f.Exhibits {
		want = append(want, x.Ref)
	}
	for _, l := range f.Suggested {
		want = append(want, l.Text)
	}
	if f.Scope.Status != scope.In {
		want = append(want, f.Scope.Reason)
	}
	plain := textNodes(page.Body)
	for _, w := range want {
		if !strings.Contains(said, w) && !strings.Contains(plain, w) {
			t.Errorf("the page does not say %q", w)
		}
	}
	for _, text := range f.Texts {
		attributes := regexp.MustCompile(`data-row="` + regexp.QuoteMeta(numberText(text.Row)) + `" data-part="` + text.Part + `"[^>]*>((?s).*?)</div>`)
		m := attributes.FindStringSubmatch(page.Body)
		if m == nil {
			t.Errorf("%s is not on the page", text.Label)
		} else if got := textNodes(m[1]); got != text.Text {
			t.Errorf("%s is drawn as %q, want %q", text.Label, got, text.Text)
		}
	}
	if strings.Contains(page.Body, "<script>") || strings.Contains(page.Body, " style=") || strings.Contains(page.Body, " onclick=") {
		t.Error("script or style within the page")
	}
}

func numberText(n int64) string { return strings.TrimSpace(strings.ReplaceAll(thousands(n), ",", "")) }

func TestNamesOfVictimsAreShownWhenAskedFor(t *testing.T) {
	s := newSite(t)
	var f *reading.File
	name := ""
	for _, id := range s.cases(t) {
		f = s.file(t, id)
		for _, p := range f.People {
			if p.Has(casefile.RoleVictim) && p.Named && name == "" {
				name = p.Name()
			}
		}
		if name != "" {
			break
		}
	}
	u := s.as(t, "reviewer.one")
	in := func(path string) bool {
		body := u.get(path).must(t, 200).Body
		from, to := strings.Index(body, `id="people"`), strings.Index(body, `id="timeline"`)
		return strings.Contains(html.UnescapeString(body[from:to]), name)
	}
	at := caseAddress(f.ID)
	if in(at) {
		t.Errorf("the victim's name is on the page unasked")
	}
	if !in(at + "?names=show") {
		t.Errorf("the victim's name is not on the page that was asked for it")
	}
	if !in(at) {
		t.Error("what was asked for is not remembered")
	}
	if in(at + "?names=hide") {
		t.Error("names cannot be hidden again")
	}
}

func TestWhoMayNotReadCasesSeesNone(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[0]
	for _, who := range []string{"inspector", "panel", "admin", "records"} {
		u := s.as(t, who)
		for _, path := range []string{caseAddress(id), caseAddress(id) + "/lines", caseAddress(id) + "/files/1", "/people/x"} {
			u.get(path).must(t, 403)
		}
	}
	if got := s.events(t, ledger.CaseRead, string(id)); got != 0 {
		t.Errorf("%d readings by people who may not read", got)
	}
	s.visitor(t).get(caseAddress(id)).must(t, 303)
}

func TestWhoReadItIsNotSaidToWhoIsToReadItBlind(t *testing.T) {
	s := newSite(t)
	at := caseAddress(s.cases(t)[0])
	first := s.actor(t, "reviewer.one")
	name := func(body string) bool {
		from := strings.Index(body, `id="read"`)
		return strings.Contains(body[from:], "Oakham Reviewer")
	}
	s.as(t, first.ID).get(at).must(t, 200)
	for who, told := range map[string]bool{"reviewer.two": false, "disclosure": false, "supervisor.one": true} {
		if got := name(s.as(t, who).get(at).must(t, 200).Body); got != told {
			t.Errorf("%s is told who reads it to review: %v, want %v", who, got, told)
		}
	}
	// Nor whose a line of enquiry is.
	if _, err := reading.AddLine(t.Context(), s.Desk, first, s.cases(t)[0], "A line", "", nil); err != nil {
		t.Fatal(err)
	}
	for who, told := range map[string]bool{"reviewer.two": false, "supervisor.one": true} {
		if got := strings.Contains(s.as(t, who).get(at+"/lines").must(t, 200).Body, "Oakham Reviewer"); got != told {
			t.Errorf("%s is told whose line of enquiry it is: %v, want %v", who, got, told)
		}
	}
	// For another purpose there is nothing to be blind to.
	s.as(t, first.ID).get(at+"?for=disclosure").must(t, 200)
	if !name(s.as(t, "reviewer.two").get(at).must(t, 200).Body) {
		t.Error("who read it for another purpose is not said")
	}
}

func TestLinesOfEnquiryWithoutScript(t *testing.T) {
	s := newSite(t)
	f := s.richCase(t)
	if len(f.Suggested) < 2 {
		t.Fatal("the seed suggests nothing")
	}
	u := s.as(t, "reviewer.one")
	at := caseAddress(f.ID) + "/lines"
	if page := u.get(at).must(t, 200).said(); !strings.Contains(page, "Not looked at") {
		t.Errorf("a case without lines is not called not looked at: %s", page)
	}
	first, second := f.Suggested[0], f.Suggested[1]
	// Refused without a reason: said, and nothing done.
	page := u.post(at+"/suggested", url.Values{"key": {first.Key}, "judge": {"refuse"}}).must(t, 422)
	if !strings.Contains(page.Body, "Say why the suggestion is refused") || !strings.Contains(page.Body, "<title>Error") {
		t.Errorf("it is not said what is missing: %s", page.said())
	}
	u.post(at+"/suggested", url.Values{"key": {first.Key}, "judge": {"refuse"}, "reason-" + keyOf(first.Key): {"Done in another case."}}).must(t, 303)
	done := u.post(at+"/suggested", url.Values{"key": {second.Key}, "judge": {"accept"}}).must(t, 303)
	if !strings.Contains(done.To, "#line-") {
		t.Errorf("leads to %s", done.To)
	}
	// Judged by somebody else meanwhile: said, and what was typed is there.
	page = s.as(t, "supervisor.one").post(at+"/suggested", url.Values{"key": {second.Key}, "judge": {"refuse"}, "reason-" + keyOf(second.Key): {"My reason, typed."}}).must(t, 409)
	if !strings.Contains(page.Body, "My reason, typed.") {
		t.Error("what was typed is gone")
	}
	// One's own, from words of a text.
	text := f.Texts[len(f.Texts)-1]
	words := string([]rune(text.Text)[:min(30, len([]rune(text.Text)))])
	citation := `{"row":` + numberText(text.Row) + `,"part":"` + text.Part + `"}`
	u.post(at, url.Values{"text-new": {"Ask the records office"}, "citation": {citation}, "words-new": {words}}).must(t, 303)
	// What cannot be found is refused, and what was typed stays.
	page = u.post(at, url.Values{"text-new": {"Kept words of mine"}, "citation": {citation}, "words-new": {"words that are nowhere"}}).must(t, 422)
	if !strings.Contains(page.Body, "Kept words of mine") || !strings.Contains(page.Body, "words that are nowhere") {
		t.Error("what was typed is gone")
	}
	now := s.file(t, f.ID)
	if len(now.Lines) != 3 {
		t.Fatalf("%d lines on record, want 3", len(now.Lines))
	}
	line := now.Lines[1]
	move := url.Values{"seen": {numberText(line.Last().ID)}, "state-" + numberText(line.ID): {"nothing found"}, "note-" + numberText(line.ID): {"Looked through custody."}}
	u.post(at+"/"+numberText(line.ID), move).must(t, 303)
	// The same page sent again is older than the line is now.
	page = s.as(t, "supervisor.one").post(at+"/"+numberText(line.ID), move).must(t, 409)
	if !strings.Contains(page.Body, "Looked through custody.") {
		t.Error("what was typed is gone")
	}
	body := u.get(at).must(t, 200).Body
	for _, want := range []string{"Looked, found nothing", "Refused", "Done in another case.", "Ask the records office", "Looked through custody."} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if n := s.events(t, ledger.LineMoved, string(f.ID)); n != 1 {
		t.Errorf("%d moves on record, want 1", n)
	}
	s.as(t, "disclosure").post(at, url.Values{"text-new": {"x"}}).must(t, 403)
}

func TestADocumentIsReadAndSaved(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	var f *reading.File
	for _, id := range s.cases(t) {
		if f = s.file(t, id); len(f.Papers) > 0 && f.Papers[0].Size > 0 {
			break
		}
	}
	paper := f.Papers[0]
	at := caseAddress(f.ID)
	page := u.get(at+"?paper="+numberText(paper.Row)).must(t, 200)
	if !strings.Contains(page.Body, `data-part="document"`) && !strings.Contains(page.Body, "has no text") && !strings.Contains(page.Body, "lb-note") {
		t.Error("the document is not on the page")
	}
	u.get(at+"?paper="+numberText(paper.Row)+"&page=999").must(t, 404)
	u.get(at+"?paper=999999999").must(t, 404)
	before := s.events(t, ledger.CaseRead, string(f.ID))
	file := u.get(at+"/files/"+numberText(paper.Row)).must(t, 200)
	if d := file.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") {
		t.Errorf("sent as %q", d)
	}
	if file.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(file.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Error("a browser may guess what the file is")
	}
	if !slices.Contains([]string{"application/pdf", "application/octet-stream", "text/plain; charset=utf-8", fileTypes[".docx"]}, file.Header.Get("Content-Type")) {
		t.Errorf("sent as %s", file.Header.Get("Content-Type"))
	}
	var held []byte
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) (err error) {
		held, err = tx.DocumentFile(t.Context(), paper.Row)
		return err
	})
	if err != nil || file.Body != string(held) {
		t.Errorf("%d bytes sent of %d: %v", len(file.Body), len(held), err)
	}
	if n := s.events(t, ledger.CaseRead, string(f.ID)); n != before+1 {
		t.Errorf("saving a file left %d events", n-before)
	}
	// Not through another case.
	other := s.cases(t)[0]
	if other == f.ID {
		other = s.cases(t)[1]
	}
	u.get(caseAddress(other)+"/files/"+numberText(paper.Row)).must(t, 404)
}

func TestAPersonAndWhatTheyAreIn(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "analyst")
	var who reading.Person
	for _, id := range s.cases(t) {
		for _, p := range s.file(t, id).People {
			if p.Has(casefile.RoleSuspect) && len(p.Elsewhere) > len(who.Elsewhere) {
				who = p
			}
		}
	}
	page := u.get("/people/"+url.PathEscape(string(who.ID))).must(t, 200)
	for _, e := range who.Elsewhere {
		_, ref := e.Case.Split()
		if !strings.Contains(page.Body, html.EscapeString(ref)) {
			t.Errorf("the page does not name %s", e.Case)
		}
	}
	u.get("/people/"+who.Identity).must(t, 200)
	u.get("/people/nobody").must(t, 404)
	if n := s.events(t, ledger.PersonRead, who.Identity); n != 2 {
		t.Errorf("%d readings on record, want 2", n)
	}
}

func TestARestrictedCaseHasNoPageForOthers(t *testing.T) {
	s := newSite(t)
	id := s.richCase(t).ID
	err := s.Desk.DB.Update(t.Context(), operator, func(tx *store.Tx) ([]ledger.Event, error) {
		if err := tx.Restrict(t.Context(), store.Restriction{Case: id, Kind: "sensitive source", Reason: "made up", SetBy: "x"}); err != nil {
			return nil, err
		}
		err := tx.AddCaseReader(t.Context(), store.CaseReader{Case: id, Account: "reviewer.two", Reason: "made up", NamedBy: "x"})
		return []ledger.Event{{Kind: ledger.CaseRestricted, Subject: string(id)}}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	at := caseAddress(id)
	for _, path := range []string{at, at + "/lines", at + "/files/1"} {
		hidden := s.as(t, "reviewer.one").get(path).must(t, 404)
		never := s.as(t, "reviewer.one").get(strings.Replace(path, url.PathEscape(string(id)), url.PathEscape(string(id)+"0"), 1)).must(t, 404)
		same := strings.NewReplacer(string(id)+"0", "", string(id), "", url.PathEscape(string(id)+"0"), "", url.PathEscape(string(id)), "")
		if same.Replace(hidden.said()) != same.Replace(never.said()) {
			t.Errorf("a hidden case answers otherwise than one that never was:\n%s\n%s", hidden.said(), never.said())
		}
	}
	page := s.as(t, "reviewer.two").get(at).must(t, 200)
	if !strings.Contains(page.Body, "named readers only") {
		t.Error("a named reader is not told")
	}
	s.as(t, "reviewer.one").post(at+"/lines", url.Values{"text-new": {"x"}}).must(t, 404)
}
