package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
	"lookback/internal/review"
	"lookback/internal/store"
)

// form returns the fields of the form with an id as a browser would send them,
// without its buttons.
func (a answer) form(t *testing.T, id string) url.Values {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	attr := func(n *html.Node, name string) string {
		for _, at := range n.Attr {
			if at.Key == name {
				return at.Val
			}
		}
		return ""
	}
	has := func(n *html.Node, name string) bool {
		for _, at := range n.Attr {
			if at.Key == name {
				return true
			}
		}
		return false
	}
	out := url.Values{}
	var walk func(n *html.Node, in bool)
	walk = func(n *html.Node, in bool) {
		if n.Type == html.ElementNode {
			in = in || n.Data == "form" && attr(n, "id") == id
			if in && attr(n, "name") != "" && !has(n, "disabled") {
				switch n.Data {
				case "input":
					if kind := attr(n, "type"); kind != "radio" && kind != "checkbox" || has(n, "checked") {
						out.Add(attr(n, "name"), attr(n, "value"))
					}
				case "textarea":
					text := ""
					for c := n.FirstChild; c != nil; c = c.NextSibling {
						text += c.Data
					}
					out.Add(attr(n, "name"), strings.TrimPrefix(text, "\n"))
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, in)
		}
	}
	walk(doc, false)
	if len(out) == 0 {
		t.Fatalf("there is no form %s: %s", id, a.said())
	}
	return out
}

const (
	webReason  = "The enquiries open then have been read and weighed here."
	webFullest = webReason + " Nothing that could be done today would add to what was done, and the file says why that is so."
)

// fillReview answers everything that a form asks, without passages.
func fillReview(f url.Values, verdict string) url.Values {
	for _, q := range []string{"lines", "risk", "safeguarding", "justice"} {
		f.Set("a."+q, "no")
		f.Set("t."+q, webReason)
	}
	f["a.causes"] = []string{"no-supervision"}
	f.Set("a.ethnicity", "not looked")
	f.Set("a.nationality", "not stated")
	f.Set("a.verdict", verdict)
	f.Set("t.verdict", webFullest)
	return f
}

// firstText is the first text of a case that can be cited: row, part, page.
func (s *testSite) firstText(t *testing.T, page answer) string {
	t.Helper()
	m := regexp.MustCompile(`value="cite:([^"]+)"`).FindStringSubmatch(page.Body)
	if m == nil {
		t.Fatalf("the page offers nothing to cite: %s", page.said())
	}
	return m[1]
}

// pull starts somebody's next case and returns its address.
func (u *user) pull() string {
	u.t.Helper()
	to := u.post("/queue/next", nil).must(u.t, 303).To
	if !strings.HasSuffix(to, "/review") {
		u.t.Fatalf("no case came: %s", to)
	}
	return strings.TrimSuffix(to, "/review")
}

func caseIn(t *testing.T, address string) casefile.CaseID {
	t.Helper()
	id, err := url.PathUnescape(strings.TrimPrefix(address, "/cases/"))
	if err != nil {
		t.Fatal(err)
	}
	return casefile.CaseID(id)
}

// reviewed takes a case from the queue to a submitted review, without scripts.
func (s *testSite) reviewed(t *testing.T, u *user, verdict string) string {
	t.Helper()
	at := u.pull()
	page := u.get(at+"/review").must(t, 200)
	key := s.firstText(t, page)
	form := fillReview(page.form(t, "review"), verdict)
	form.Set("do", "cite:"+key)
	to := u.post(at+"/review", form).must(t, 303).To
	u.get(to).must(t, 200)
	u.post(at+"/review/cite", url.Values{"text": {key}, "question": {"lines"}, "whole": {"whole"}}).must(t, 303)
	page = u.get(at+"/review").must(t, 200)
	form = page.form(t, "review")
	form.Set("do", "submit")
	a := u.post(at+"/review", form)
	if a.must(t, 303); a.To != "/queue" {
		t.Fatalf("not submitted: %s", a.said())
	}
	return at
}

func TestAReviewWithoutScriptsFromTheQueueToADecision(t *testing.T) {
	s := newSite(t)
	one, two, sup := s.as(t, "reviewer.one"), s.as(t, "reviewer.two"), s.as(t, "supervisor.one")
	if a := one.get("/queue").must(t, 200); !strings.Contains(a.Body, "Start next case") {
		t.Errorf("the queue offers no start: %s", a.said())
	}
	at := s.reviewed(t, one, "no further lines")
	id := caseIn(t, at)
	if two.pull() == at {
		t.Error("a submitted case was pulled again")
	}
	if a := sup.get("/approvals").must(t, 200); !strings.Contains(a.Body, at+"/approval") || strings.Contains(a.Body, "Oakham") {
		t.Errorf("the list lacks the review or names its maker: %s", a.said())
	}
	page := sup.get(at+"/approval").must(t, 200)
	for _, want := range []string{webReason, "No further lines", "What you type here"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the approval lacks %q", want)
		}
	}
	if strings.Contains(page.Body, "Oakham") || strings.Contains(page.Body, "reviewer.one") {
		t.Error("the approval names the reviewer")
	}
	form := page.form(t, "review")
	form.Set("do", "approve")
	if a := sup.post(at+"/approval", form).must(t, 303); a.To != "/approvals" {
		t.Fatalf("not approved: %s", a.said())
	}
	if a := s.as(t, "analyst").get(at+"/decision").must(t, 200); !strings.Contains(a.Body, "Oakham Reviewer") || !strings.Contains(a.Body, "Oxley Supervisor") {
		t.Errorf("the decision lacks a name: %s", a.said())
	}
	for _, kind := range []ledger.Kind{ledger.ReviewSubmitted, ledger.ReviewApproved, ledger.DecisionMade} {
		if n := s.events(t, kind, string(id)); n != 1 {
			t.Errorf("%d events %s", n, kind)
		}
	}
	if n := s.events(t, ledger.CaseRead, string(id)); n < 4 {
		t.Errorf("%d readings on record", n)
	}
	// The form that was approved, sent once more by another, lands on the decision
	// with its text beside it.
	form.Set("do", "disagree")
	form.Set("a.verdict", "reinvestigate")
	form.Set("t.verdict", "There is a line that nobody followed, in the second entry of the log.")
	three := s.as(t, "supervisor.two")
	late := three.post(at+"/approval", form).must(t, 303)
	if !strings.HasPrefix(late.To, at+"/decision") {
		t.Fatalf("late: %s", late.said())
	}
	if a := three.get(at+"/decision").must(t, 200); !strings.Contains(a.Body, "nobody followed") || !strings.Contains(a.Body, "Somebody else was first") {
		t.Errorf("the late text is lost: %s", a.said())
	}
}

func TestAFormThatLacksSomethingSaysSoAndKeepsAll(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	at := u.pull()
	form := u.get(at+"/review").must(t, 200).form(t, "review")
	form.Set("t.lines", "  <b>kept</b> as typed \u202eשלום ")
	form.Set("do", "submit")
	a := u.post(at+"/review", form).must(t, 422)
	for _, want := range []string{"There is a problem", `href="#q-lines"`, `href="#q-verdict"`, "&lt;b&gt;kept&lt;/b&gt; as typed \u202eשלום"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the page lacks %q: %s", want, a.said())
		}
	}
	form = a.form(t, "review")
	form = fillReview(form, "no further lines")
	form.Set("a.lines", "yes")
	form.Set("a.risk", "yes")
	form.Set("do", "submit")
	a = u.post(at+"/review", form).must(t, 422)
	for _, want := range []string{"no present risk stands raised", "cite at least one passage", "conclude that there are none"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the page lacks %q: %s", want, a.said())
		}
	}
	if u.get(at+"/review").must(t, 200).form(t, "review").Get("t.verdict") != webFullest {
		t.Error("the text is not in the draft")
	}
}

func TestTwoMegabytesPastedAreKeptAndExplained(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	at := u.pull()
	form := fillReview(u.get(at+"/review").must(t, 200).form(t, "review"), "reinvestigate")
	long := strings.Repeat("0123456789 é\r\n", 150_000)
	form.Set("t.lines", long)
	form.Set("do", "submit")
	a := u.post(at+"/review", form).must(t, 422)
	if !strings.Contains(a.Body, "at most 200 KB can be sent") {
		t.Errorf("%s", a.said())
	}
	kept := u.get(at+"/review").must(t, 200).form(t, "review")
	if got := strings.Count(kept.Get("t.lines"), "0123456789 é"); got != 150_000 {
		t.Errorf("%d of 150000 lines are in the draft", got)
	}
	// Beyond what is kept: nothing is stored, and what was sent is still on the page.
	kept.Set("t.lines", strings.Repeat("x", review.MaxDraft+1))
	kept.Set("do", "save")
	a = u.post(at+"/review", kept).must(t, 422)
	if !strings.Contains(a.Body, "4 MB are kept") || !strings.Contains(a.Body, strings.Repeat("x", 1000)) {
		t.Errorf("%.300s", a.said())
	}
}

func TestADraftOfTwoPagesIsComparedAndMerged(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	at := u.pull()
	first := u.get(at+"/review").must(t, 200).form(t, "review")
	second := u.get(at+"/review").must(t, 200).form(t, "review")
	first.Set("t.lines", "the first text of the morning")
	first.Set("do", "save")
	u.post(at+"/review", first).must(t, 303)
	second.Set("t.lines", "the second text of the morning")
	second.Set("t.risk", "only here")
	second.Set("do", "save")
	to := u.post(at+"/review", second).must(t, 303).To
	if !strings.Contains(to, "/compare?kept=") {
		t.Fatalf("to %s", to)
	}
	page := u.get(to).must(t, 200)
	for _, want := range []string{"<ins>first </ins>", "<ins>second </ins>", "<ins>only here</ins>"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the comparison lacks %s: %s", want, page.said())
		}
	}
	base := regexp.MustCompile(`name="base" value="(\d+)"`).FindStringSubmatch(page.Body)[1]
	u.post(to, url.Values{"base": {base}, "take.lines": {"both"}}).must(t, 422) // risk is not chosen
	u.post(to, url.Values{"base": {"0"}, "take.lines": {"both"}, "take.risk": {"other"}}).must(t, 409)
	u.post(to, url.Values{"base": {base}, "take.lines": {"both"}, "take.risk": {"other"}}).must(t, 303)
	got := u.get(at+"/review").must(t, 200).form(t, "review")
	if got.Get("t.lines") != "the first text of the morning\n\nthe second text of the morning" || got.Get("t.risk") != "only here" {
		t.Errorf("merged: %q, %q", got.Get("t.lines"), got.Get("t.risk"))
	}
	if a := u.get(at + "/review"); strings.Contains(a.Body, "second text of your review") {
		t.Error("the kept text is still asked about")
	}
	if other := s.as(t, "reviewer.two").get(to); other.Status == 200 {
		t.Error("somebody else's text is shown")
	}
}

func TestAScriptSavesAndHearsWhatHappened(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	at := u.pull()
	send := func(path string, v any) (answer, map[string]any) {
		t.Helper()
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		a := u.doJSON(path, string(b))
		var said map[string]any
		if err := json.Unmarshal([]byte(a.Body), &said); err != nil {
			t.Fatalf("%d %s", a.Status, a.Body)
		}
		return a, said
	}
	draft := func(page string, base, n int, text string) map[string]any {
		return map[string]any{"form": "review@1", "base": base, "page": page, "n": n, "body": map[string]any{"answers": map[string]any{"lines": map[string]string{"text": text}}}}
	}
	a, said := send(at+"/review/draft", draft("A", 0, 1, "typed"))
	if a.must(t, 200); said["version"] != 1.0 || said["clock"] == "" || said["lease"].(map[string]any)["mine"] != true {
		t.Errorf("%v", said)
	}
	a, said = send(at+"/review/draft", draft("B", 0, 1, "typed elsewhere"))
	if a.must(t, 409); !strings.Contains(fmt.Sprint(said["compare"]), "/compare?kept=") || said["error"] == "" {
		t.Errorf("%v", said)
	}
	a, said = send(at+"/review/draft", map[string]any{"form": "review@1", "body": []int{1}})
	if a.must(t, 422); said["error"] == "" {
		t.Errorf("%v", said)
	}
	u.doJSON(at+"/review/draft", "{").must(t, 422)
	key := strings.Split(s.firstText(t, u.get(at+"/review")), ":")
	var row int64
	fmt.Sscan(key[0], &row)
	a, said = send(at+"/review/cite", map[string]any{"row": row, "part": key[1], "start": 0, "end": 3, "text": "no such words"})
	if a.must(t, 422); !strings.Contains(fmt.Sprint(said["error"]), "not in the text") {
		t.Errorf("%v", said)
	}
	// Somebody who is at other work here keeps the session and not the lease.
	for range 2 {
		s.clock.move(16 * time.Minute)
		u.get("/queue").must(t, 200)
	}
	if a, said = send(at+"/review/ping", nil); a.Status != 200 || !strings.Contains(fmt.Sprint(said["lease"]), "Your lease lapsed at") {
		t.Errorf("%v", said)
	}
	if page := u.get(at+"/review").must(t, 200); !strings.Contains(page.Body, "Your lease lapsed") || !strings.Contains(page.Body, "typed") || !strings.Contains(page.Body, "Continue the review") {
		t.Errorf("%s", page.said())
	}
	two := s.as(t, "reviewer.two")
	two.post(at+"/review/start", nil).must(t, 303)
	if page := u.get(at+"/review").must(t, 200); !strings.Contains(page.Body, "now with another reviewer") || !strings.Contains(page.Body, "typed") || strings.Contains(page.Body, "Tamworth") {
		t.Errorf("%s", page.said())
	}
	// From another site.
	if a := u.doAcross(at+"/review/draft", `{}`); a.Status != 403 {
		t.Errorf("a save from another site: %d", a.Status)
	}
	// Signed out: what comes is refused, and the draft stays.
	u.post("/sign-out", nil)
	if a := u.doJSON(at+"/review/draft", `{}`); a.Status == 200 {
		t.Error("saved without a session")
	}
	if page := s.as(t, "reviewer.one").get(at+"/review").must(t, 200); !strings.Contains(page.Body, "typed") {
		t.Error("the draft did not survive signing out")
	}
}

func (u *user) doJSON(path, body string) answer {
	u.t.Helper()
	return u.raw(path, body, "same-origin")
}

func (u *user) doAcross(path, body string) answer {
	u.t.Helper()
	return u.raw(path, body, "cross-site")
}

func TestPagesOfReviewForThoseWhoMayNot(t *testing.T) {
	s := newSite(t)
	at := s.as(t, "reviewer.one").pull()
	for _, x := range []struct {
		who, path string
		status    int
	}{
		{"supervisor.one", at + "/review", 403}, {"panel", at + "/decision", 403}, {"reviewer.two", at + "/approval", 403},
		{"reviewer.two", "/approvals", 403}, {"reviewer.two", "/deferred", 403}, {"inspector", "/queue", 403},
		{"supervisor.one", at + "/approval", 409}, {"reviewer.one", "/cases/nowhere%3A1/review", 404},
		{"reviewer.one", at + "/review/cite?text=1:log:0", 404}, {"reviewer.one", at + "/review/cite?text=x", 404},
	} {
		if a := s.as(t, x.who).get(x.path); a.Status != x.status {
			t.Errorf("%s at %s: %d, want %d", x.who, x.path, a.Status, x.status)
		}
	}
	// The empty states say what to do.
	if a := s.as(t, "supervisor.one").get("/approvals").must(t, 200); !strings.Contains(a.Body, "Nothing waits for you") {
		t.Errorf("%s", a.said())
	}
	if a := s.as(t, "supervisor.one").get("/deferred").must(t, 200); !strings.Contains(a.Body, "No case is put off unread") {
		t.Errorf("%s", a.said())
	}
}

func TestCasesOfAFilterArePutOffAndTakenBack(t *testing.T) {
	s := newSite(t)
	sup := s.as(t, "supervisor.one")
	sup.get("/deferred/new?query=").must(t, 422) // not everything
	page := sup.get("/deferred/new?query="+url.QueryEscape("scope=in")).must(t, 200)
	found := regexp.MustCompile(`name="found" value="(\d+)"`).FindStringSubmatch(page.Body)
	if found == nil || found[1] == "0" {
		t.Fatalf("%s", page.said())
	}
	form := url.Values{"query": {"scope=in"}, "found": {"1"}, "reason": {"Not in the first year of this review."}}
	sup.post("/deferred/new", form).must(t, 422)
	form.Set("found", found[1])
	sup.post("/deferred/new", form).must(t, 303)
	list := sup.get("/deferred").must(t, 200)
	if !strings.Contains(list.Body, "Not in the first year") || !strings.Contains(list.Body, "Oxley") {
		t.Errorf("%s", list.said())
	}
	ids := regexp.MustCompile(`name="case" id="[^"]*" value="([^"]+)"`).FindAllStringSubmatch(list.Body, -1)
	if fmt.Sprint(len(ids)) != found[1] {
		t.Fatalf("%d are listed, %s were put off", len(ids), found[1])
	}
	sup.post("/deferred", url.Values{"reason": {"why"}}).must(t, 422)
	sup.post("/deferred", url.Values{"case": {ids[0][1]}, "reason": {"It is needed now."}}).must(t, 303)
	if at := s.as(t, "reviewer.one").pull(); caseIn(t, at) != casefile.CaseID(ids[0][1]) {
		t.Errorf("pulled %s, taken back was %s", at, ids[0][1])
	}
}

func TestASecondVersionOfTheFormLeavesDraftsAlone(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	at := u.pull()
	id := caseIn(t, at)
	// A draft begun on a form that this program does not have says so, and is kept.
	err := s.Desk.DB.Housekeep(t.Context(), func(tx *store.Tx) error {
		_, _, err := tx.SaveDraft(t.Context(), store.DraftSave{Draft: casefile.Draft{Case: id, Account: "reviewer.one", Form: "review@99", Body: `{}`}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := u.get(at + "/review"); a.Status != 500 || !strings.Contains(a.Body, "review@99") {
		t.Errorf("%d %s", a.Status, a.said())
	}
}

// raw sends JSON as a script of some site would.
func (u *user) raw(path, body, site string) answer {
	u.t.Helper()
	r, err := http.NewRequestWithContext(u.t.Context(), "POST", u.site.URL+path, strings.NewReader(body))
	if err != nil {
		u.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Sec-Fetch-Site", site)
	return u.send(r)
}

func TestSentencesThatCanBeChosen(t *testing.T) {
	text := "One. Two is longer!\n\n  Three?  4.5 stays whole 😀 so. "
	var got, keys []string
	for _, s := range sentences(text) {
		got = append(got, s.Text)
		keys = append(keys, s.Key)
	}
	if want := "One.|Two is longer!|Three?|4.5 stays whole 😀 so."; strings.Join(got, "|") != want {
		t.Errorf("%q", got)
	}
	list := chosenPassages(text, []string{keys[0], keys[1], keys[3], "0:999"})
	if len(list) != 2 || list[0].Text != "One. Two is longer!" || list[1].Text != "4.5 stays whole 😀 so." {
		t.Fatalf("%+v", list)
	}
	runes := []rune(text)
	for _, c := range list {
		if string(runes[c.Start:c.End]) != c.Text {
			t.Errorf("%+v does not stand there", c)
		}
	}
}

func TestWordsTwoTextsDoNotShare(t *testing.T) {
	for _, x := range [][4]string{
		{"a b c", "a x c", "a [b ]c", "a [x ]c"},
		{"", "new", "", "[new]"},
		{"same text", "same text", "same text", "same text"},
		{"one two three", "two three four", "[one ]two three", "two three[ four]"},
		{"שלום עולם", "שלום לך", "שלום [עולם]", "שלום [לך]"},
	} {
		a, b := diffWords(x[0], x[1])
		show := func(list []diffWord) (s string) {
			for _, w := range list {
				if w.Only {
					s += "[" + w.Text + "]"
				} else {
					s += w.Text
				}
			}
			return s
		}
		plain := func(list []diffWord) (s string) {
			for _, w := range list {
				s += w.Text
			}
			return s
		}
		if plain(a) != x[0] || plain(b) != x[1] {
			t.Errorf("%q, %q: words are lost: %q, %q", x[0], x[1], plain(a), plain(b))
		}
		if got := show(a) + "|" + show(b); strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(x[2]+"|"+x[3], " ", "") {
			t.Errorf("%q, %q: %s", x[0], x[1], got)
		}
	}
	// What nobody waits for: two long texts without a word in common.
	long := strings.Repeat("word ", 100_000)
	a, _ := diffWords(long, strings.Repeat("other ", 100_000))
	if len(a) != 1 || !a[0].Only {
		t.Errorf("%d runs", len(a))
	}
}

func TestThreePeopleOnOneCase(t *testing.T) {
	s := newSite(t)
	at := s.reviewed(t, s.as(t, "reviewer.one"), "reinvestigate")
	say := func(who, do, verdict, reason string, status int) answer {
		t.Helper()
		u := s.as(t, who)
		form := u.get(at+"/approval").must(t, 200).form(t, "review")
		form.Set("do", do)
		form.Set("a.verdict", verdict)
		form.Set("t.verdict", reason)
		return u.post(at+"/approval", form).must(t, status)
	}
	say("supervisor.one", "disagree", "", webFullest, 422)
	say("supervisor.one", "disagree", "no further lines", "short", 422)
	if a := say("supervisor.one", "safeguard", "", "", 303); a.To != at+"/approval" {
		t.Errorf("an unknown button decides: %s", a.To)
	}
	say("supervisor.one", "disagree", "no further lines", webFullest, 303)
	if a := s.as(t, "supervisor.one").get(at+"/approval").must(t, 200); !strings.Contains(a.Body, "one of the two who differ") || strings.Contains(a.Body, `value="settle"`) {
		t.Errorf("%s", a.said())
	}
	page := s.as(t, "supervisor.two").get(at+"/approval").must(t, 200)
	for _, want := range []string{"Two people differ", webReason, webFullest, "A third conclusion: it waits for another person", "As the second person concludes"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, name := range []string{"Oakham", "Oxley", "reviewer.one", "supervisor.one"} {
		if strings.Contains(page.Body, name) {
			t.Errorf("the page names %s", name)
		}
	}
	say("supervisor.two", "settle", "refer to the national operation", webFullest, 303)
	page = s.as(t, "supervisor.three").get(at+"/approval").must(t, 200)
	if !strings.Contains(page.Body, "A third person concludes") || !strings.Contains(page.Body, "An earlier review") {
		t.Errorf("%s", page.said())
	}
	say("supervisor.three", "approve", "", "", 303)
	decided := s.as(t, "reviewer.two").get(at+"/decision").must(t, 200)
	for _, name := range []string{"Thorney Supervisor", "Tarrant Supervisor", "Oakham Reviewer", "Oxley Supervisor"} {
		if !strings.Contains(decided.Body, name) {
			t.Errorf("the decision lacks %s: %s", name, decided.said())
		}
	}
	// And again from the beginning, with the first decision still readable.
	form := url.Values{"seen": {regexp.MustCompile(`name="seen" value="(\d+)"`).FindStringSubmatch(s.as(t, "supervisor.one").get(at + "/decision").Body)[1]}}
	form.Set("reason", "New records came from the archive.")
	s.as(t, "supervisor.one").post(at+"/decision/anew", form).must(t, 303)
	s.as(t, "supervisor.one").post(at+"/decision/anew", form).must(t, 409)
	s.as(t, "reviewer.two").post(at+"/review/start", nil).must(t, 303)
	if a := s.as(t, "analyst").get(at+"/decision").must(t, 200); !strings.Contains(a.Body, "Refer to the national operation") {
		t.Errorf("%s", a.said())
	}
	// A supervisor takes it back, and its holder is told.
	s.as(t, "supervisor.one").post(at+"/take-back", url.Values{"reason": {"Needed by somebody else today."}}).must(t, 303)
	if a := s.as(t, "reviewer.two").get(at+"/review").must(t, 200); !strings.Contains(a.Body, "Needed by somebody else today.") {
		t.Errorf("%s", a.said())
	}
}
