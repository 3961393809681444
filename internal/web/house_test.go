package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
)

func (s *testSite) raw(t *testing.T, path string, headers ...string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// A page that another site made the browser ask for is not compressed, so that its
// length tells nothing about what it shares with its address.
func TestOnlyPagesAskedForHereAreCompressed(t *testing.T) {
	s := newEmptySite(t)
	for _, c := range []struct{ from, takes, want string }{
		{"same-origin", "gzip, br", "gzip"},
		{"none", "gzip;q=0.5", "gzip"},
		{"same-origin", "", ""},
		{"same-origin", "gzip;q=0", ""},
		{"cross-site", "gzip", ""},
		{"same-site", "gzip", ""},
		{"", "gzip", ""},
	} {
		resp := s.raw(t, "/help", "Sec-Fetch-Site", c.from, "Accept-Encoding", c.takes)
		if got := resp.Header.Get("Content-Encoding"); got != c.want {
			t.Errorf("from %q taking %q: encoding %q, want %q", c.from, c.takes, got, c.want)
		}
		body := io.Reader(resp.Body)
		if c.want == "gzip" {
			z, err := gzip.NewReader(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if b, err := io.ReadAll(body); err != nil || !strings.Contains(string(b), "What is recorded about you</h2>") {
			t.Errorf("from %q taking %q: %v, %d bytes", c.from, c.takes, err, len(b))
		}
	}
}

func TestStaticFilesAreKeptForEverUnderTheirHash(t *testing.T) {
	s := newEmptySite(t)
	at, err := asset("app.css")
	if err != nil {
		t.Fatal(err)
	}
	resp := s.raw(t, at, "Accept-Encoding", "gzip")
	if got := resp.Header.Get("Cache-Control"); resp.StatusCode != 200 || !strings.Contains(got, "immutable") || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%s: %d %q %q", at, resp.StatusCode, got, resp.Header.Get("Content-Encoding"))
	}
	if got := resp.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("type %q", got)
	}
	again := s.raw(t, at, "Accept-Encoding", "gzip", "If-None-Match", resp.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified {
		t.Errorf("asked again: %d", again.StatusCode)
	}
	if got := s.raw(t, "/static/app.css").Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("without its hash: %q", got)
	}
	for _, hidden := range []string{"/static/build.sh", "/static/build/package.json", "/static/..%2fsite.go", "/static/", "/static/js"} {
		if got := s.raw(t, hidden).StatusCode; got != 404 {
			t.Errorf("%s: %d", hidden, got)
		}
	}
	if _, err := asset("gone.css"); err == nil {
		t.Error("a file that is not there has an address")
	}
}

// What every page loads stays small: it is asked for over slow lines too.
func TestStylesAndScriptsOfEveryPageAreSmall(t *testing.T) {
	s := newEmptySite(t)
	body := s.visitor(t).get("/help").must(t, 200).Body
	total := 0
	for _, m := range regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(body, -1) {
		b, err := io.ReadAll(s.raw(t, m[1], "Accept-Encoding", "gzip").Body)
		if err != nil {
			t.Fatal(err)
		}
		total += len(b)
	}
	if total < 10_000 || total > 60_000 {
		t.Errorf("%d bytes of styles and scripts, want 10 to 60 KB", total)
	}
}

func TestWhatWasDoneIsSaidOnceAndNeverFromTheAddress(t *testing.T) {
	s := newEmptySite(t)
	u := s.visitor(t)
	if body := u.get("/help?done=Ring+0800+1234").Body; strings.Contains(body, "Ring 0800") {
		t.Error("the address puts words into the page")
	}
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.http.Jar.SetCookies(at, []*http.Cookie{{Name: doneCookie, Value: "VGhlIHJpc2sgd2FzIHJhaXNlZCA8Yj4u", Path: "/"}}) // The risk was raised <b>.
	if body := u.get("/help").Body; !strings.Contains(body, "<p>The risk was raised &lt;b&gt;.</p>") {
		t.Error("what was done is not said")
	}
	if body := u.get("/help").Body; strings.Contains(body, "The risk was raised") {
		t.Error("what was done is said twice")
	}
}

func TestAnAddressThatIsNoPageSaysSo(t *testing.T) {
	s := newEmptySite(t)
	for _, path := range []string{"/nothing", "/cases-of-mine/1", "/healthz/x"} {
		a := s.visitor(t).get(path).must(t, 404)
		if !strings.Contains(a.Body, "There is no such page") || !strings.Contains(a.Body, "lb-header") {
			t.Errorf("%s: %s", path, a.said())
		}
	}
	s.visitor(t).post("/nothing", nil).must(t, 404)
}

func TestAMonitorLearnsThatTheRegisterCanBeReadAndNothingElse(t *testing.T) {
	s := newEmptySite(t)
	if a := s.visitor(t).get("/healthz").must(t, 200); a.Body != "ok\n" {
		t.Errorf("says %q", a.Body)
	}
	if err := s.Desk.DB.Close(); err != nil {
		t.Fatal(err)
	}
	s.visitor(t).get("/healthz").must(t, 503)
}

func TestAFormSentAfterTheSessionEndedCanBeSentAgain(t *testing.T) {
	s := newEmptySite(t)
	tried := 0
	for _, r := range routes() {
		path, ok := strings.CutPrefix(r.pattern, "POST ")
		if !ok || r.act == anyone || strings.Contains(path, "{") {
			continue
		}
		tried++
		a := s.visitor(t).post(path, url.Values{"reason": {"because the log says so"}}).must(t, 401)
		if !strings.Contains(a.Body, `action="`+path+`"`) || !strings.Contains(a.Body, `name="reason" value="because the log says so"`) {
			t.Errorf("%s: %s", path, a.said())
		}
	}
	if tried < 5 {
		t.Errorf("only %d forms tried", tried)
	}
}

// Words of the help page stand in the glossary.
func TestHelpSpeaksTheWordsOfTheGlossary(t *testing.T) {
	b, err := os.ReadFile("../../docs/glossary.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range helpWords {
		for _, one := range strings.Split(w[0], ", ") {
			if !strings.Contains(string(b), one) {
				t.Errorf("%q is not in docs/glossary.md", one)
			}
		}
	}
}

func TestTheMenuHasEachKeyOnce(t *testing.T) {
	seen := map[string]string{}
	for _, e := range menu {
		if seen[e.Key] != "" {
			t.Errorf("%s and %s share the key %s", seen[e.Key], e.Path, e.Key)
		}
		seen[e.Key] = e.Path
	}
}
