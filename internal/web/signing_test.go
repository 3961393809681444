package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/store"
)

// code is what an authenticator app shows for a secret now.
func (s *testSite) code(t *testing.T, secret string) string {
	t.Helper()
	c, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), s.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func credentials(id, password, next string) url.Values {
	return url.Values{"id": {id}, "password": {password}, "next": {next}}
}

func TestSigningInLeadsBackToThePage(t *testing.T) {
	s := newSite(t)
	u := s.visitor(t)
	a := u.get("/access/reviewer.one?x=1").must(t, http.StatusSeeOther)
	if a.To != "/sign-in?next=%2Faccess%2Freviewer.one%3Fx%3D1" {
		t.Fatalf("a page before signing in leads to %s", a.To)
	}
	u.get(a.To).must(t, http.StatusOK)
	a = u.post("/sign-in", credentials("reviewer.one", teamPassword, "/access/reviewer.one?x=1")).must(t, http.StatusSeeOther)
	if !strings.HasPrefix(a.To, "/sign-in/code?next=") {
		t.Fatalf("the password leads to %s", a.To)
	}
	// With the password alone every page leads back to the code.
	if b := u.get("/account").must(t, http.StatusSeeOther); !strings.HasPrefix(b.To, "/sign-in") {
		t.Errorf("with the password alone /account answers %s", b.To)
	}
	if b := u.get("/sign-in").must(t, http.StatusSeeOther); b.To != "/sign-in/code" {
		t.Errorf("with the password given, the sign-in page leads to %s", b.To)
	}
	u.get(a.To).must(t, http.StatusOK)
	u.post("/sign-in/code", url.Values{"code": {"000000"}, "next": {"/"}}).must(t, http.StatusForbidden)
	a = u.post("/sign-in/code", url.Values{"code": {s.code(t, teamSecret)}, "next": {"/access/reviewer.one?x=1"}}).must(t, http.StatusSeeOther)
	if a.To != "/access/reviewer.one?x=1" {
		t.Errorf("signed in, and led to %s", a.To)
	}
	u.get(a.To).must(t, http.StatusOK)
	if b := u.get("/sign-in?next=/account").must(t, http.StatusSeeOther); b.To != "/account" {
		t.Errorf("signed in, the sign-in page leads to %s", b.To)
	}
	u.post("/sign-out", nil).must(t, http.StatusSeeOther)
	u.get("/account").must(t, http.StatusSeeOther)
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	for next, want := range map[string]string{
		"/cases?q=a%20b#x": "/cases?q=a%20b#x", "": "/", "/": "/", "cases": "/",
		"https://evil.example": "/", "//evil.example": "/", "/\\evil.example": "/", "\\\\evil.example": "/", "/\t/evil.example": "/",
		"http:evil": "/", "javascript:alert(1)": "/", "///evil.example": "/", "/%2Fevil.example": "/%2Fevil.example", "/\n/evil": "/", "//\\evil": "/",
		"/sign-out": "/", "/sign-in?next=/sign-in": "/", "/sign-in/code": "/", "/" + strings.Repeat("a", 3000): "/", "/x\x00y": "/",
	} {
		if got := localPath(next); got != want {
			t.Errorf("next %q leads to %q, want %q", next, got, want)
		}
	}
	s := newSite(t)
	u := s.visitor(t)
	a := u.post("/sign-in", credentials("reviewer.one", teamPassword, "//evil.example")).must(t, http.StatusSeeOther)
	if a.To != "/sign-in/code" {
		t.Fatalf("the password leads to %s", a.To)
	}
	a = u.post("/sign-in/code", url.Values{"code": {s.code(t, teamSecret)}, "next": {"https://evil.example/"}}).must(t, http.StatusSeeOther)
	if a.To != "/" {
		t.Errorf("a planted address leads to %s, want home", a.To)
	}
}

func TestEveryRefusalReadsTheSame(t *testing.T) {
	s := newSite(t)
	for range 5 {
		s.visitor(t).post("/sign-in", credentials("analyst", "wrong", "/")).must(t, http.StatusForbidden)
	}
	if err := s.Accounts.Disable(t.Context(), operator, "panel", "x"); err != nil {
		t.Fatal(err)
	}
	strip := regexp.MustCompile(`value="[^"]*"`)
	var first string
	for _, id := range []string{"reviewer.two", "nobody.here", "analyst", "panel"} {
		password := "wrong"
		if id == "analyst" || id == "panel" {
			password = teamPassword // right, and yet refused: locked, disabled
		}
		a := s.visitor(t).post("/sign-in", credentials(id, password, "/")).must(t, http.StatusForbidden)
		said := strip.ReplaceAllString(a.Body, "")
		if first == "" {
			first = said
		}
		if said != first {
			t.Errorf("the answer to %s differs from that to a wrong password:\n%s", id, a.said())
		}
	}
	if !strings.Contains(first, "were not accepted") {
		t.Errorf("the refusal does not say so: %s", first)
	}
}

func TestTheCookieIsForThisSiteAloneAndNotForScripts(t *testing.T) {
	s := newSite(t)
	for _, secure := range []bool{false, true} {
		s.Secure = secure
		u := s.visitor(t)
		a := u.post("/sign-in", credentials("reviewer.one", teamPassword, "/")).must(t, http.StatusSeeOther)
		c := a.Header.Get("Set-Cookie")
		wants := []string{"lookback=", "; Path=/", "; HttpOnly", "; SameSite=Lax"}
		if secure {
			wants = append(wants, "__Host-lookback=", "; Secure")
		}
		for _, w := range wants {
			if !strings.Contains(c, w) {
				t.Errorf("secure %v: the cookie %q lacks %q", secure, c, w)
			}
		}
		if strings.Contains(c, "Domain") || strings.Contains(c, "Expires") || strings.Contains(c, "Max-Age") {
			t.Errorf("secure %v: the cookie %q outlives the window or goes to other hosts", secure, c)
		}
	}
}

func TestAPlantedTokenOpensNothing(t *testing.T) {
	s := newSite(t)
	at, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	token := func(u *user) string {
		for _, c := range u.http.Jar.Cookies(at) {
			if c.Name == sessionCookie {
				return c.Value
			}
		}
		return ""
	}
	thief, victim := s.visitor(t), s.visitor(t)
	thief.post("/sign-in", credentials("reviewer.one", teamPassword, "/")).must(t, http.StatusSeeOther)
	planted := token(thief)
	victim.http.Jar.SetCookies(at, []*http.Cookie{{Name: sessionCookie, Value: planted, Path: "/"}})
	victim.post("/sign-in/code", url.Values{"code": {s.code(t, teamSecret)}}).must(t, http.StatusSeeOther)
	victim.get("/account").must(t, http.StatusOK)
	if token(victim) == planted {
		t.Fatal("the token stayed the same")
	}
	thief.get("/account").must(t, http.StatusSeeOther)
}

func TestAFormFromAnotherSiteDoesNothing(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "admin")
	r, err := http.NewRequest("POST", s.URL+"/accounts/panel/disable", strings.NewReader("reason=x"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.Header.Set("Origin", "https://evil.example")
	u.send(r).must(t, http.StatusForbidden)
	if a, err := s.Accounts.Find(t.Context(), "panel"); err != nil || a.Disabled {
		t.Errorf("a form from another site disabled an account (%v)", err)
	}
}

func TestALapsedSessionComesBackAndAScriptIsTold(t *testing.T) {
	s := newSite(t)
	u := s.as(t, "reviewer.one")
	u.get("/account").must(t, http.StatusOK)
	s.clock.move(31 * time.Minute)
	a := u.get("/access/reviewer.one").must(t, http.StatusSeeOther)
	if !strings.Contains(a.To, "ended=1") || !strings.Contains(a.To, "next=%2Faccess%2Freviewer.one") {
		t.Errorf("a lapsed session leads to %s", a.To)
	}
	if !strings.Contains(u.get(a.To).Body, "Your session has ended") {
		t.Error("the sign-in page does not say why it is there")
	}
	r, err := http.NewRequest("GET", s.URL+"/access/reviewer.one", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "application/json")
	if b := u.send(r).must(t, http.StatusUnauthorized); !strings.Contains(b.Body, `"signIn":"/sign-in?`) {
		t.Errorf("a script is told %s", b.Body)
	}
}

func TestAnAdministratorAddsAnAccountAndItsOwnerComesIn(t *testing.T) {
	s := newSite(t)
	admin := s.as(t, "admin")
	admin.get("/accounts/new").must(t, http.StatusOK)
	admin.post("/accounts/new", url.Values{"name": {""}, "id": {"new.officer"}}).must(t, http.StatusUnprocessableEntity)
	a := admin.post("/accounts/new", url.Values{"name": {"Nelda Officer"}, "id": {"New.Officer"}, "known_as": {"DC 12 Officer\r\nWM12\n\n WM12 "}, "roles": {"review officer", "records"}}).must(t, http.StatusOK)
	password := regexp.MustCompile(`([a-z2-7]{5}-){3}[a-z2-7]{5}`).FindString(a.Body)
	if password == "" {
		t.Fatalf("no one-time password on %s", a.said())
	}
	made, err := s.Accounts.Find(t.Context(), "new.officer")
	if err != nil || !slices.Equal(made.KnownAs, []string{"DC 12 Officer", "WM12"}) || len(made.Roles) != 2 {
		t.Fatalf("made %+v, %v", made, err)
	}
	if strings.Contains(admin.get("/accounts/new.officer").must(t, http.StatusOK).Body, password) {
		t.Error("the one-time password is shown again")
	}
	u := s.visitor(t)
	step := func(path string, form url.Values, to string) {
		t.Helper()
		if a := u.post(path, form).must(t, http.StatusSeeOther); a.To != to {
			t.Fatalf("%s leads to %s, want %s", path, a.To, to)
		}
		if strings.HasPrefix(to, "/sign-in") {
			u.get(to).must(t, http.StatusOK)
		}
	}
	step("/sign-in", credentials("new.officer", password, "/account"), "/sign-in/password?next=%2Faccount")
	if a := u.get("/sign-in/second-factor").must(t, http.StatusSeeOther); a.To != "/sign-in/password" {
		t.Errorf("the second factor before the own password: %s", a.To)
	}
	u.post("/sign-in/password", url.Values{"password": {"copper lantern wagon"}, "again": {"copper lantern wagen"}}).must(t, http.StatusUnprocessableEntity)
	u.post("/sign-in/password", url.Values{"password": {"short"}, "again": {"short"}}).must(t, http.StatusUnprocessableEntity)
	step("/sign-in/password", url.Values{"password": {"copper lantern wagon"}, "again": {"copper lantern wagon"}, "next": {"/account"}}, "/sign-in/second-factor?next=%2Faccount")
	page := u.get("/sign-in/second-factor").must(t, http.StatusOK).Body
	found := regexp.MustCompile(`<code class="lb-secret">([A-Z2-7 ]+)</code>`).FindStringSubmatch(page)
	if found == nil || !strings.Contains(page, `src="data:image/png;base64,`) {
		t.Fatalf("no secret or no picture of it on the page: %s", page)
	}
	u.post("/sign-in/second-factor", url.Values{"code": {"000000"}}).must(t, http.StatusUnprocessableEntity)
	step("/sign-in/second-factor", url.Values{"code": {s.code(t, found[1])}, "next": {"/account"}}, "/account")
	if !strings.Contains(u.get("/account").must(t, http.StatusOK).Body, "Nelda Officer") {
		t.Error("the account page does not name its owner")
	}
}

func TestEachStepOfAnAccountAsksFirstAndWantsAReason(t *testing.T) {
	s := newSite(t)
	admin := s.as(t, "admin")
	reviewer := s.as(t, "reviewer.one")
	for _, step := range []string{"disable", "enable", "reset"} {
		path := "/accounts/reviewer.one/" + step
		admin.get(path).must(t, http.StatusOK)
		admin.post(path, url.Values{"reason": {" "}}).must(t, http.StatusUnprocessableEntity)
		admin.post(path, url.Values{"reason": {"to see"}}).must(t, http.StatusOK, http.StatusSeeOther)
		reviewer.get("/account").must(t, http.StatusSeeOther)
	}
	admin.get("/accounts/reviewer.one/explode").must(t, http.StatusNotFound)
	admin.get("/accounts/nobody.here").must(t, http.StatusNotFound)
	admin.get("/accounts/nobody.here/reset").must(t, http.StatusNotFound)
	admin.post("/accounts/admin/disable", url.Values{"reason": {"x"}}).must(t, http.StatusForbidden)
	two := s.as(t, "reviewer.two")
	admin.post("/accounts/reviewer.two/sign-out", nil).must(t, http.StatusSeeOther)
	two.get("/account").must(t, http.StatusSeeOther)
	for range 5 {
		s.visitor(t).post("/sign-in", credentials("reviewer.two", "wrong", "/"))
	}
	if list := admin.get("/accounts").must(t, http.StatusOK); !strings.Contains(list.said(), "1 account is locked now") {
		t.Errorf("the list does not say who is locked: %s", list.said())
	}
	admin.post("/accounts/reviewer.two/unlock", url.Values{"reason": {"stood beside me"}}).must(t, http.StatusSeeOther)
	if a, _ := s.Accounts.Find(t.Context(), "reviewer.two"); !a.LockedUntil.IsZero() {
		t.Error("still locked")
	}
}

func TestTwoAdministratorsWhoChangeOneAccount(t *testing.T) {
	s := newSite(t)
	a := s.as(t, "admin")
	version := regexp.MustCompile(`name="version" value="(\d+)"`).FindStringSubmatch(a.get("/accounts/panel").must(t, http.StatusOK).Body)[1]
	form := url.Values{"name": {"Pendle Panel"}, "roles": {"panel", "inspector"}, "version": {version}, "reason": {"more"}}
	a.post("/accounts/panel", url.Values{"name": {"Pendle Panel"}, "roles": {"panel", "inspector"}, "version": {version}}).must(t, http.StatusUnprocessableEntity)
	a.post("/accounts/panel", form).must(t, http.StatusSeeOther)
	a.post("/accounts/panel", form).must(t, http.StatusConflict)
	form.Set("version", "999")
	a.post("/accounts/panel", form).must(t, http.StatusConflict)
	form.Set("version", "x")
	a.post("/accounts/panel", form).must(t, http.StatusConflict)
}

func TestOnesOwnAccount(t *testing.T) {
	s := newSite(t)
	u, other := s.as(t, "reviewer.one"), s.as(t, "reviewer.one")
	page := u.get("/account").must(t, http.StatusOK).Body
	session := regexp.MustCompile(`name="session" value="([0-9a-f]+)"`).FindStringSubmatch(page)
	if session == nil {
		t.Fatal("the other session cannot be ended from the page")
	}
	u.post("/account/end-session", url.Values{"session": {session[1]}}).must(t, http.StatusSeeOther)
	other.get("/account").must(t, http.StatusSeeOther)
	u.get("/account").must(t, http.StatusOK)
	u.post("/account/end-session", url.Values{"session": {session[1]}}).must(t, http.StatusNotFound)
	u.post("/account/password", url.Values{"old": {"wrong"}, "password": {"copper lantern wagon"}, "again": {"copper lantern wagon"}}).must(t, http.StatusForbidden)
	u.post("/account/password", url.Values{"old": {teamPassword}, "password": {"short"}, "again": {"short"}}).must(t, http.StatusUnprocessableEntity)
	u.post("/account/password", url.Values{"old": {teamPassword}, "password": {"copper lantern wagon"}, "again": {"copper lantern wagon"}}).must(t, http.StatusSeeOther)
	u.get("/account").must(t, http.StatusOK)
	u.get("/sign-in/second-factor").must(t, http.StatusOK)
	u.post("/account/remove-app", nil).must(t, http.StatusConflict)
	s.clock.move(11 * time.Minute)
	if a := u.get("/sign-in/second-factor").must(t, http.StatusOK); !strings.Contains(a.Body, "sign in again first") || strings.Contains(a.Body, "lb-secret") {
		t.Errorf("an old session is offered a second factor: %s", a.said())
	}
	u.post("/sign-in/second-factor", url.Values{"code": {"000000"}}).must(t, http.StatusForbidden)
	if a := u.post("/account/sign-in-again", url.Values{"next": {"/sign-in/second-factor"}}).must(t, http.StatusSeeOther); a.To != "/sign-in?next=%2Fsign-in%2Fsecond-factor" {
		t.Errorf("signing in again leads to %s", a.To)
	}
	u = s.as(t, "reviewer.one")
	u.post("/account/sign-out-everywhere", nil).must(t, http.StatusSeeOther)
	u.get("/account").must(t, http.StatusSeeOther)
}

func TestEffectiveAccessIsSeenByWhoMay(t *testing.T) {
	s := newSite(t)
	for who, want := range map[string]int{"reviewer.one": http.StatusOK, "reviewer.two": http.StatusForbidden, "supervisor.one": http.StatusOK, "admin": http.StatusOK, "panel": http.StatusForbidden} {
		a := s.as(t, who).get("/access/reviewer.one").must(t, want)
		if want == http.StatusOK && !strings.Contains(a.Body, "Granted to review officer in version 1 of the table.") {
			t.Errorf("%s sees no reason: %s", who, a.said())
		}
	}
	s.as(t, "supervisor.one").get("/access").must(t, http.StatusOK)
	s.as(t, "supervisor.one").get("/access/nobody.here").must(t, http.StatusNotFound)
	s.as(t, "supervisor.one").get("/roles/change").must(t, http.StatusForbidden)
	s.as(t, "reviewer.one").get("/accounts").must(t, http.StatusForbidden)
}

// Who the records name as an officer is barred from exactly those cases, on the
// page as in the queue.
func TestThePageListsTheCasesOneMayNotReview(t *testing.T) {
	s := newSite(t)
	sup := s.as(t, "supervisor.one")
	name, want := "", 0
	err := s.Desk.DB.View(t.Context(), func(tx *store.Tx) error {
		for o, err := range tx.Officers(t.Context()) {
			if err != nil {
				return err
			}
			if name == "" {
				name = o.OIC
			}
			if name != "" && (o.OIC == name || o.Supervisor == name) {
				want++
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	officer, err := s.Accounts.Find(t.Context(), "reviewer.one")
	if err != nil {
		t.Fatal(err)
	}
	officer.KnownAs = []string{" " + strings.ToLower(name)} // as somebody else would write it
	if err := s.Accounts.Change(t.Context(), operator, officer, "told us"); err != nil {
		t.Fatal(err)
	}
	a := sup.get("/access/reviewer.one").must(t, http.StatusOK)
	if n := strings.Count(a.Body, "The records name &#34;"); n < want {
		t.Errorf("%d cases are listed of %d that name %q", n, want, name)
	}
	id := regexp.MustCompile(`<a href="(/cases/[^"]+)">[^<]*</a></th><td>The records name`).FindStringSubmatch(a.Body)
	if id == nil {
		t.Fatalf("the made-up officer of this account investigated nothing: %s", a.said())
	}
	if b := s.as(t, "admin").get("/access/reviewer.one").must(t, http.StatusOK); strings.Contains(b.Body, id[1]) {
		t.Error("an administrator, who sees no case, sees which cases these are")
	}
	if s.events(t, ledger.ListRead, "reviewer.one") == 0 {
		t.Error("that the cases were listed is not on record")
	}
}

func TestTheTableOfRolesIsChangedAfterItsDifferenceWasSeen(t *testing.T) {
	s := newSite(t)
	admin := s.as(t, "admin")
	page := admin.get("/roles/change").must(t, http.StatusOK).Body
	form := url.Values{"version": {"1"}, "reason": {"reviewers export too"}}
	for _, m := range regexp.MustCompile(`name="grant" value="([^"]+)"[^>]* checked`).FindAllStringSubmatch(page, -1) {
		form.Add("grant", m[1])
	}
	admin.post("/roles/change", form).must(t, http.StatusUnprocessableEntity) // nothing changed
	form.Add("grant", "review officer|"+string(desk.ExportPersonal))
	a := admin.post("/roles/change", form).must(t, http.StatusOK)
	if !strings.Contains(a.said(), "review officer may now export personal data (2 accounts)") {
		t.Errorf("the difference reads %s", a.said())
	}
	if s.Desk.Policy().Version != 1 {
		t.Fatal("it was adopted unseen")
	}
	form.Set("sure", "y")
	a = admin.post("/roles/change", form).must(t, http.StatusSeeOther)
	if a.To != "/roles?version=2&against=1" || s.Desk.Policy().Version != 2 {
		t.Errorf("adopted: version %d, %s", s.Desk.Policy().Version, a.To)
	}
	if b := admin.get(a.To).must(t, http.StatusOK); !strings.Contains(b.said(), "1 cell differs from version 1") {
		t.Errorf("the page reads %s", b.said())
	}
	if err := s.Desk.May(casefile.Actor{ID: "x", Roles: []casefile.Role{casefile.Reviewer}}, desk.ExportPersonal); err != nil {
		t.Error(err)
	}
	admin.post("/roles/change", form).must(t, http.StatusConflict)
	form.Set("version", "2")
	form["grant"] = slices.DeleteFunc(form["grant"], func(g string) bool { return strings.HasSuffix(g, "|manage accounts") })
	if b := admin.post("/roles/change", form).must(t, http.StatusUnprocessableEntity); !strings.Contains(b.said(), "no account could manage accounts any more") {
		t.Errorf("locking everybody out reads %s", b.said())
	}
	admin.get("/roles?version=77").must(t, http.StatusNotFound)
}

func TestACaseIsRestrictedFromItsPage(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[0]
	at := caseAddress(id) + "/restriction"
	one, two, reviewer := s.as(t, "supervisor.one"), s.as(t, "supervisor.two"), s.as(t, "reviewer.one")
	one.get(at).must(t, http.StatusOK)
	reviewer.get(at).must(t, http.StatusForbidden)
	one.post(at, url.Values{"reason": {"x"}, "readers": {"supervisor.one"}}).must(t, http.StatusUnprocessableEntity)
	one.post(at, url.Values{"kind": {"other"}, "readers": {"supervisor.one"}}).must(t, http.StatusUnprocessableEntity)
	one.post(at, url.Values{"kind": {"other"}, "reason": {"x"}, "readers": {"reviewer.one"}}).must(t, http.StatusUnprocessableEntity)
	one.post(at, url.Values{"kind": {"police suspect"}, "reason": {"An officer is named."}, "readers": {"supervisor.one"}}).must(t, http.StatusSeeOther)
	never := caseAddress("X:NEVER") + "/restriction"
	for _, path := range []string{"", "/lift", "/readers", "/withdraw"} {
		form := url.Values{"kind": {"other"}, "reason": {"x"}, "readers": {"supervisor.two"}, "reader": {"supervisor.two"}, "reader_reason": {"x"},
			"withdraw": {"supervisor.one"}, "withdraw_reason": {"x"}, "lift_reason": {"x"}}
		hidden, none := two.post(at+path, form).must(t, http.StatusNotFound), two.post(never+path, form).must(t, http.StatusNotFound)
		if strings.ReplaceAll(hidden.said(), string(id), "X:NEVER") != none.said() {
			t.Errorf("%s: a restricted case reads %q, one that never was %q", path, hidden.said(), none.said())
		}
	}
	two.get(at).must(t, http.StatusNotFound)
	if b := two.get("/restricted").must(t, http.StatusOK); !strings.Contains(b.said(), "1 case is restricted; 0 of them open to you") || strings.Contains(b.Body, caseAddress(id)) {
		t.Errorf("another supervisor's list reads %s", b.said())
	}
	if b := s.as(t, "admin").get("/access").must(t, http.StatusOK); !strings.Contains(b.said(), "1 case is restricted") || strings.Contains(b.Body, string(id)) {
		t.Errorf("an administrator reads %s", b.said())
	}
	for path, form := range map[string]url.Values{"/lift": nil, "/readers": {"reader": {"reviewer.one"}}, "/withdraw": {"withdraw": {"supervisor.one"}}} {
		one.post(at+path, form).must(t, http.StatusUnprocessableEntity) // without a reason
	}
	one.post(at+"/withdraw", url.Values{"withdraw": {"supervisor.one"}, "withdraw_reason": {"x"}}).must(t, http.StatusConflict)
	one.post(at+"/readers", url.Values{"reader": {"supervisor.two"}, "reader_reason": {"stands in"}}).must(t, http.StatusSeeOther)
	two.get(at).must(t, http.StatusOK)
	if a := one.post(at+"/withdraw", url.Values{"withdraw": {"supervisor.one"}, "withdraw_reason": {"on leave"}}).must(t, http.StatusSeeOther); a.To != "/restricted" {
		t.Errorf("who withdraws herself is led to %s", a.To)
	}
	two.post(at+"/lift", url.Values{"lift_reason": {"cleared"}}).must(t, http.StatusSeeOther)
	one.get(at).must(t, http.StatusOK)
}

// withKey gives a window a device that makes passkeys.
func (b *browser) withKey() webauthn.AuthenticatorID {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		b.t.Fatal(err)
	}
	r, err := chromedp.Call(b.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal, HasResidentKey: true,
		HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	return r.AuthenticatorID
}

// signedInAs waits until the head of the page names somebody.
func (b *browser) signedInAs(name string) {
	b.t.Helper()
	var head string
	for range 100 {
		if head = evaluate[string](b, `document.querySelector("header")?.innerText ?? ""`); strings.Contains(head, name) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("%s is not signed in: the head of %s says %s", name, b.at(), head)
}

func (b *browser) click(selector string) {
	b.t.Helper()
	evaluate[bool](b, `(document.querySelector(`+"`"+selector+"`"+`).click(), true)`)
}

func TestAPasskeyIsSetUpAndUsed(t *testing.T) {
	s := newSite(t)
	s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1) // browsers know passkeys by name
	b := s.browse(t, "reviewer.one")
	b.tolerate = "403"
	device := b.withKey()
	b.open("/sign-in/second-factor")
	b.click(`[data-passkey="add"] button`)
	b.wait("Where you are signed in")
	if at := b.at(); at != "/account" {
		t.Fatalf("after setting a passkey up the browser is at %s", at)
	}
	// As the only thing needed.
	b.click(`form[action="/account/sign-out-everywhere"] button`)
	b.wait("signed out on every device")
	b.click(`[data-passkey="use"] button`)
	b.signedInAs("Oakham Reviewer")
	// As the second factor.
	b.open("/account")
	b.click(`form[action="/account/sign-out-everywhere"] button`)
	b.wait("signed out on every device")
	evaluate[bool](b, `(document.querySelector("#id").value = "reviewer.one", document.querySelector("#password").value = "`+teamPassword+`", document.querySelector('form[action="/sign-in"] button').click(), true)`)
	b.wait("Now use your passkey")
	b.accessible()
	b.click(`[data-passkey="use"] button`)
	b.signedInAs("Oakham Reviewer")
	b.open("/account")
	b.accessible()
	// A device that does not check who holds it is refused.
	b.click(`form[action="/account/sign-out-everywhere"] button`)
	b.wait("signed out on every device")
	bad := true
	if _, err := chromedp.Call(b.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: device, IsBadUV: &bad}); err != nil {
		t.Fatal(err)
	}
	b.click(`[data-passkey="use"] button`)
	b.wait("The passkey was not accepted")
	if _, err := chromedp.Call(b.ctx, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: device, IsBogusSignature: &bad}); err != nil {
		t.Fatal(err)
	}
	b.open("/sign-in")
	b.click(`[data-passkey="use"] button`)
	b.wait("The passkey was not accepted")
	if n := s.events(t, ledger.SignInRefused, "reviewer.one"); n != 2 {
		t.Errorf("%d refusals on record, want 2", n)
	}
}

// shots is where to put pictures of the pages, for whoever changes them.
var shots = os.Getenv("LOOKBACK_SHOTS")

func (b *browser) shoot(name string) {
	b.t.Helper()
	if shots == "" {
		return
	}
	for _, width := range []int64{1280, 400} {
		b.run(chromedp.EmulateViewport(width, 900))
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(shots, name+map[int64]string{1280: "", 400: "-narrow"}[width]+".png"), png, 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	b.run(chromedp.EmulateViewport(1280, 900))
}

func TestPagesOfAccountsAreAccessible(t *testing.T) {
	s := newSite(t)
	id := s.cases(t)[0]
	b := s.browse(t, "")
	look := func(name, path string) {
		t.Helper()
		b.open(path)
		b.accessible()
		if wide := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s is %d px wider than the window", path, wide)
		}
		b.run(chromedp.EmulateViewport(400, 900))
		if wide := evaluate[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s is %d px wider than a narrow window", path, wide)
		}
		b.run(chromedp.EmulateViewport(1280, 900))
		b.shoot(name)
	}
	look("sign-in", "/sign-in?ended=1")
	b.become("admin")
	for name, path := range map[string]string{
		"accounts-quiet": "/accounts", "accounts-none-disabled": "/accounts?show=disabled", "account-new": "/accounts/new", "account-edit": "/accounts/reviewer.one",
		"account-reset": "/accounts/reviewer.one/reset", "access": "/access", "roles": "/roles", "roles-change": "/roles/change", "account-own-edit": "/accounts/admin",
		"restricted-none": "/restricted", "account": "/account", "account-password": "/account/password", "access-own": "/access/admin", "enrol": "/sign-in/second-factor",
	} {
		look(name, path)
	}
	for range 5 {
		s.visitor(t).post("/sign-in", credentials("analyst", "wrong", "/"))
	}
	s.visitor(t).post("/sign-in", credentials("records", "wrong", "/"))
	if err := s.Accounts.Disable(t.Context(), operator, "panel", "left the team"); err != nil {
		t.Fatal(err)
	}
	table := strings.Replace(string(mustJSON(t, s.Desk.Policy())), `"version":1`, `"version":2`, 1)
	table = strings.Replace(table, `"see groups of people",`, "", 1)
	if _, err := account.AdoptRoles(t.Context(), s.Desk, operator, table, "Groups are for fewer people."); err != nil {
		t.Fatal(err)
	}
	look("accounts", "/accounts")
	look("accounts-disabled", "/accounts?show=disabled")
	look("account-locked", "/accounts/analyst")
	look("access-locked", "/access/analyst")
	look("roles-compared", "/roles?version=2&against=1")
	b.become("supervisor.one")
	look("restriction", caseAddress(id)+"/restriction")
	if err := account.Restrict(t.Context(), s.Desk, operator, id, "police suspect", "An officer is named in the report.", []string{"supervisor.one", "reviewer.one"}); err != nil {
		t.Fatal(err)
	}
	look("restriction-set", caseAddress(id)+"/restriction")
	look("restricted", "/restricted")
	look("access-reviewer", "/access/reviewer.one")
}

func mustJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
