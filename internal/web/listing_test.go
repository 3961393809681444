package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lookback/internal/casefile"
	"lookback/internal/ledger"
)

var caseLink = regexp.MustCompile(`<th scope="row" role="rowheader"><a href="/cases/([^"?]+)"`)

// listed are the cases that a page of the list shows.
func listed(t *testing.T, a answer) (ids []casefile.CaseID) {
	t.Helper()
	for _, m := range caseLink.FindAllStringSubmatch(a.must(t, 200).Body, -1) {
		id, err := url.PathUnescape(m[1])
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, casefile.CaseID(id))
	}
	return ids
}

var olderLink = regexp.MustCompile(`<a href="([^"]+)" rel="next"`)

// pagesOf follows a list to its end.
func pagesOf(t *testing.T, u *user, path string) (ids []casefile.CaseID) {
	t.Helper()
	for range 100 {
		a := u.get(path)
		ids = append(ids, listed(t, a)...)
		m := olderLink.FindStringSubmatch(a.Body)
		if m == nil {
			return ids
		}
		path = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	t.Fatal("the list has no end")
	return nil
}

func TestTheListShowsEveryCaseOnceAndNoRestrictedOne(t *testing.T) {
	s := newSite(t)
	all := s.cases(t)
	s.restrict(t, all[3], "supervisor.one")
	officer, supervisor := s.as(t, "reviewer.one"), s.as(t, "supervisor.one")
	before := s.events(t, ledger.ListRead, "cases")
	shown := pagesOf(t, officer, "/cases?size=25")
	if slices.Sort(shown); !slices.Equal(shown, slices.Delete(slices.Clone(all), 3, 4)) {
		t.Errorf("an officer is shown %d of %d cases", len(shown), len(all))
	}
	if n := s.events(t, ledger.ListRead, "cases") - before; n != (len(shown)+24)/25 {
		t.Errorf("%d events for %d pages", n, (len(shown)+24)/25)
	}
	shown = pagesOf(t, supervisor, "/cases?size=100")
	if slices.Sort(shown); !slices.Equal(shown, all) {
		t.Errorf("a named reader is shown %d of %d cases", len(shown), len(all))
	}
	if got := listed(t, supervisor.get("/cases?restricted=y")); !slices.Equal(got, all[3:4]) {
		t.Errorf("the restricted: %v", got)
	}
	if got := listed(t, officer.get("/cases?restricted=y")); len(got) != 0 {
		t.Errorf("an officer finds the restricted: %v", got)
	}
	_, ref := all[3].Split()
	for _, path := range []string{"/cases?ref=" + url.QueryEscape(ref), "/cases", "/cases?sort=-ref", "/search?q=" + url.QueryEscape(ref)} {
		if a := officer.get(path); strings.Contains(a.Body, ">"+ref+"<") || a.To != "" {
			t.Errorf("%s names the restricted case (%s)", path, a.To)
		}
	}
	if a := officer.get("/cases"); !strings.Contains(a.Body, "119 of 120 cases") || !strings.Contains(a.Body, "one restricted case") {
		t.Errorf("totals: %s", a.said())
	}
	s.as(t, "inspector").get("/cases").must(t, http.StatusForbidden)
	s.visitor(t).get("/cases").must(t, http.StatusSeeOther)
}

func TestAFilterIsTheAddressAndEveryPartOfItCanBeRemoved(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	a := u.get("/cases?scope=in&scope=unknown&suspects=two&ref=1&sort=-recorded")
	in := listed(t, a)
	for _, chip := range []string{"Terms of reference: In", "Suspects: two or more", "Reference holds"} {
		if !strings.Contains(a.Body, chip) {
			t.Errorf("no chip %q", chip)
		}
	}
	if !strings.Contains(a.Body, `href="/cases?ref=1&amp;scope=unknown&amp;sort=-recorded&amp;suspects=two"`) {
		t.Errorf("the chip of “in” does not remove it alone: %s", a.Body)
	}
	if len(in) == 0 || len(in) >= 120 {
		t.Errorf("%d cases", len(in))
	}
	if a := u.get("/cases?unit=%3Cscript%3Ealert(1)%3C/script%3E").must(t, 200); strings.Contains(a.Body, "<script>alert") || !strings.Contains(a.Body, "No case meets all of these filters") {
		t.Errorf("a hostile value: %s", a.said())
	}
}

func TestAnEmptyRegisterSaysWhatToDo(t *testing.T) {
	s := newEmptySite(t)
	u := s.as(t, "analyst")
	for path, want := range map[string]string{"/cases": "Import an extract", "/search": "What can be found", "/search?q=harbour": "Nothing that you may read", "/searches": "You keep no search yet",
		"/exports": "Nothing has been exported yet", "/exports/cases": "now"} {
		if a := u.get(path).must(t, 200); !strings.Contains(a.Body, want) {
			t.Errorf("%s does not say %q: %s", path, want, a.said())
		}
	}
}

func TestASearchMarksWhatItFoundAndAReferenceGoesToItsCase(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	a := u.get("/search?q=victim+said").must(t, 200)
	if !strings.Contains(a.Body, `<mark class="mark-found"`) || !strings.Contains(a.Body, "?for=search") {
		t.Errorf("nothing is marked: %s", a.said())
	}
	id := s.cases(t)[5]
	_, ref := id.Split()
	if a := u.get("/search?q="+url.QueryEscape(strings.ToLower(ref))).must(t, 303); a.To != caseAddress(id)+"?for=search+result" {
		t.Errorf("%s leads to %s", ref, a.To)
	}
	u.get("/search?texts=y&q="+url.QueryEscape(ref)).must(t, 200)
	for _, path := range []string{"/search?q=%22", "/search?q=a&start=row%3A1", "/search?q=a&from=yesterday", "/search?q=" + strings.Repeat("a+", 60)} {
		if a := u.get(path).must(t, 422); !strings.Contains(a.Body, "There is a problem") {
			t.Errorf("%s: %s", path, a.said())
		}
	}
	if a := u.get("/search?q=%3Cimg+src%3Dx%3E").must(t, 200); strings.Contains(a.Body, "<img src=x") {
		t.Error("the query becomes markup")
	}
}

func TestASearchIsKeptRemovedAndTakenBack(t *testing.T) {
	s := newSite(t)
	u, sup := s.as(t, "reviewer.one"), s.as(t, "supervisor.one")
	u.get("/search?q=harbour").must(t, 200)
	_, ref := s.cases(t)[2].Split()
	a := u.post("/searches", url.Values{"name": {"My words"}, "query": {"/search?q=harbour"}, "case": {ref}}).must(t, 303)
	if a.To != "/search?q=harbour" {
		t.Errorf("back to %s", a.To)
	}
	a = u.get("/searches").must(t, 200)
	for _, want := range []string{"My words", "“harbour”", ">" + ref + "<", "/search?q=harbour"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the list does not hold %q", want)
		}
	}
	if a := u.get(caseAddress(s.cases(t)[2])).must(t, 200); !strings.Contains(a.Body, "Searches pinned here") || !strings.Contains(a.Body, "My words") {
		t.Error("the case does not show what is pinned to it")
	}
	if a := sup.get(caseAddress(s.cases(t)[2])).must(t, 200); strings.Contains(a.Body, "My words") {
		t.Error("another’s search shows on the case")
	}
	id := regexp.MustCompile(`action="(/searches/\d+)/remove"`).FindStringSubmatch(a.Body)[1]
	sup.post(id+"/remove", nil).must(t, 404)
	a = u.post(id+"/remove", nil).must(t, 303)
	if a = u.get(a.To).must(t, 200); !strings.Contains(a.Body, "was removed") || !strings.Contains(a.Body, "/restore") {
		t.Errorf("no undo: %s", a.said())
	}
	u.post(id+"/restore", nil).must(t, 303)
	if a = u.get("/searches"); !strings.Contains(a.Body, "My words") {
		t.Error("it is not back")
	}
	u.post("/searches", url.Values{"name": {"x"}, "query": {"https://elsewhere.example/search"}}).must(t, 422)
	u.post("/searches", url.Values{"name": {"x"}, "query": {"/cases"}, "shared": {"y"}}).must(t, 403)
	sup.post("/searches", url.Values{"name": {"For all"}, "query": {"/cases?scope=in"}, "shared": {"y"}}).must(t, 303)
	if a = u.get("/searches"); !strings.Contains(a.Body, "For all") {
		t.Error("what is shared is not listed")
	}
}

func TestListsArePartOfThePagesAnOfficerCanUse(t *testing.T) {
	s := newSite(t)
	b := s.browse(t, "supervisor.one")
	b.tolerate = "422" // a search whose dates are none
	for _, path := range []string{"/cases", "/cases?unit=nowhere", "/cases?scope=in&suspects=two", "/search", "/search?q=victim", "/search?q=zzzz", "/search?q=a&from=x", "/searches", "/exports", "/exports/cases?scope=in"} {
		b.open(path)
		b.accessible()
	}
}
