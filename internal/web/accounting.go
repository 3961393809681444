package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
)

var accountRoutes = []route{
	{"GET /account", desk.UseLookback, (*Site).showOwnAccount},
	{"GET /account/password", desk.UseLookback, (*Site).askNewPassword},
	{"POST /account/password", desk.UseLookback, (*Site).changePassword},
	{"POST /account/sign-in-again", desk.UseLookback, (*Site).signInAgain},
	{"POST /account/sign-out-everywhere", desk.UseLookback, (*Site).signOutEverywhere},
	{"POST /account/end-session", desk.UseLookback, (*Site).endSession},
	{"POST /account/remove-passkey", desk.UseLookback, (*Site).removePasskey},
	{"POST /account/remove-app", desk.UseLookback, (*Site).removeApp},

	{"GET /accounts", desk.ManageAccounts, (*Site).listAccounts},
	{"GET /accounts/new", desk.ManageAccounts, (*Site).askNewAccount},
	{"POST /accounts/new", desk.ManageAccounts, (*Site).addAccount},
	{"GET /accounts/{account}", desk.ManageAccounts, (*Site).showAccount},
	{"POST /accounts/{account}", desk.ManageAccounts, (*Site).changeAccount},
	{"GET /accounts/{account}/{step}", desk.ManageAccounts, (*Site).askAccountStep},
	{"POST /accounts/{account}/{step}", desk.ManageAccounts, (*Site).takeAccountStep},
}

// An ownPage is what somebody may see and change of their own account.
type ownPage struct {
	Faults
	Account  account.Account
	Sessions []account.Session
	Here     string // which of them this is
	Passkeys []account.Passkey
	Roles    []roleAbout
	Fresh    bool // signed in so lately that second factors may be changed
}

type roleAbout struct {
	Role  casefile.Role
	About string
}

// aboutRoles says what roles mean, in the words of the table in force.
func (s *Site) aboutRoles(roles []casefile.Role) (out []roleAbout) {
	p := s.Desk.Policy()
	for _, r := range roles {
		out = append(out, roleAbout{r, p.About[r]})
	}
	return out
}

func (s *Site) showOwnAccount(w http.ResponseWriter, r *request) error {
	p := ownPage{Account: r.Account, Here: r.Session.ID, Roles: s.aboutRoles(r.Account.Roles), Fresh: r.Session.Fresh(s.now())}
	var err error
	if p.Sessions, err = s.Accounts.Sessions(r.Context(), r.By, r.By.ID); err != nil {
		return err
	}
	if p.Passkeys, err = s.Accounts.Passkeys(r.Context(), r.By); err != nil {
		return err
	}
	return s.render(w, r, "account", "My account", &p)
}

func (s *Site) askNewPassword(w http.ResponseWriter, r *request) error {
	return s.render(w, r, "account-password", "Change your password", &ownPage{Account: r.Account})
}

func (s *Site) changePassword(w http.ResponseWriter, r *request) error {
	p := ownPage{Account: r.Account}
	var token string
	err := sameTwice(r)
	if err == nil {
		token, err = s.Accounts.ChangePassword(r.Context(), r.PostFormValue("old"), r.PostFormValue("password"), s.device(r))
	}
	switch kind := casefile.KindOf(err); {
	case err == nil:
		s.setSession(w, token)
		return redirect(w, r, "/account", "Your password is changed. Sessions on other devices have ended.")
	case kind == casefile.Invalid:
		p.Add("password", "%s", casefile.Message(err))
	case kind == casefile.Forbidden:
		p.Add("old", "%s", casefile.Message(err))
	default:
		return err
	}
	return s.renderStatus(w, r, statusOf(err), "account-password", "Change your password", &p)
}

// signInAgain ends this session and comes back to a page that wants a fresh one.
func (s *Site) signInAgain(w http.ResponseWriter, r *request) error {
	if err := s.Accounts.SignOut(r.Context(), s.token(r)); err != nil {
		return err
	}
	s.setSession(w, "")
	next := r.PostFormValue("next")
	if next != "/sign-in/second-factor" { // the one page on the way in that one comes back to
		next = localPath(next)
	}
	return redirect(w, r, "/sign-in?next="+url.QueryEscape(next), "")
}

func (s *Site) signOutEverywhere(w http.ResponseWriter, r *request) error {
	if err := s.Accounts.SignOutEverywhere(r.Context(), r.By, r.By.ID); err != nil {
		return err
	}
	s.setSession(w, "")
	return redirect(w, r, "/sign-in", "You are signed out on every device.")
}

func (s *Site) endSession(w http.ResponseWriter, r *request) error {
	if err := s.Accounts.EndSession(r.Context(), r.By, r.By.ID, r.PostFormValue("session")); err != nil {
		return err
	}
	return redirect(w, r, "/account", "That session has ended.")
}

func (s *Site) removePasskey(w http.ResponseWriter, r *request) error {
	if err := s.Accounts.RemovePasskey(r.Context(), s.token(r), r.PostFormValue("passkey")); err != nil {
		return err
	}
	return redirect(w, r, "/account", "The passkey is removed. Delete it on the device too.")
}

func (s *Site) removeApp(w http.ResponseWriter, r *request) error {
	if err := s.Accounts.RemoveApp(r.Context(), s.token(r)); err != nil {
		return err
	}
	return redirect(w, r, "/account", "The authenticator app is removed.")
}

// An accountList is the page of all accounts.
type accountList struct {
	Accounts  []account.Account
	Anomalies *account.Anomalies
	Shown     string // all, disabled or the working ones
	Working   int
	Disabled  int
	Now       time.Time
}

func (accountList) Wide() bool { return true }

func (s *Site) listAccounts(w http.ResponseWriter, r *request) error {
	p := accountList{Shown: r.FormValue("show"), Now: s.now()}
	all, err := s.Accounts.List(r.Context())
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Disabled {
			p.Disabled++
		} else {
			p.Working++
		}
		if a.Disabled == (p.Shown == "disabled") {
			p.Accounts = append(p.Accounts, a)
		}
	}
	if p.Anomalies, err = s.Accounts.Anomalies(r.Context(), r.By); err != nil {
		return err
	}
	return s.render(w, r, "accounts", "Accounts", p)
}

// An accountForm is an account as somebody types it.
type accountForm struct {
	Faults
	ID, Name, KnownAs, Reason string
	Roles                     []string
	Way                       string // password, directory
	Version                   int64

	Account   account.Account // as it stands
	Options   []Option        // the roles there are
	Directory bool            // there is a directory to sign in through
	Decided   bool            // the directory decides the roles
	Own       bool
	Locked    bool
	Now       time.Time
	Sessions  int
}

func (s *Site) roleOptions() (out []Option) {
	p := s.Desk.Policy()
	for _, role := range rolesInOrder(p) {
		out = append(out, Option{string(role), capital(string(role)), p.About[role]})
	}
	return out
}

// rolesInOrder are the roles of a table: those that Lookback knows by name in the
// order of its menu, then others.
func rolesInOrder(p *desk.Policy) []casefile.Role {
	known := []casefile.Role{casefile.Administrator, casefile.Records, casefile.Analyst, casefile.Reviewer, casefile.Supervisor, casefile.Disclosure, casefile.Inspector, casefile.Panel}
	var out, others []casefile.Role
	for _, r := range known {
		if _, ok := p.Roles[r]; ok {
			out = append(out, r)
		}
	}
	for r := range p.Roles {
		if !slices.Contains(known, r) {
			others = append(others, r)
		}
	}
	slices.Sort(others)
	return append(out, others...)
}

func capital(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (s *Site) accountForm(r *request) (accountForm, error) {
	f := accountForm{Options: s.roleOptions(), Directory: s.Accounts.Directory != nil}
	if err := r.ParseForm(); err != nil {
		return f, casefile.Errorf(casefile.Invalid, "The form cannot be read. Go back and send it again: %w", err)
	}
	f.ID, f.Name, f.KnownAs = r.PostFormValue("id"), r.PostFormValue("name"), r.PostFormValue("known_as")
	f.Roles, f.Reason, f.Way = r.PostForm["roles"], r.PostFormValue("reason"), r.PostFormValue("way")
	f.Version, _ = strconv.ParseInt(r.PostFormValue("version"), 10, 64) // 0 fits no account, and says so
	return f, nil
}

// typed is the account that a form describes.
func (f accountForm) typed() account.Account {
	a := account.Account{ID: f.ID, Name: f.Name, Version: f.Version, Password: f.Way != "directory"}
	for line := range strings.Lines(f.KnownAs) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !slices.Contains(a.KnownAs, line) {
			a.KnownAs = append(a.KnownAs, line)
		}
	}
	for _, r := range f.Roles {
		a.Roles = append(a.Roles, casefile.Role(r))
	}
	return a
}

func (s *Site) askNewAccount(w http.ResponseWriter, r *request) error {
	f, err := s.accountForm(r)
	if err != nil {
		return err
	}
	return s.render(w, r, "account-new", "Add an account", &f)
}

// A handover is a one-time password, shown once.
type handover struct {
	Account  account.Account
	Password string
	Added    bool
}

func (s *Site) addAccount(w http.ResponseWriter, r *request) error {
	f, err := s.accountForm(r)
	if err != nil {
		return err
	}
	a := f.typed()
	password, err := s.Accounts.Add(r.Context(), r.By, a)
	if kind := casefile.KindOf(err); kind == casefile.Invalid || kind == casefile.Conflict {
		f.Add("id", "%s", casefile.Message(err))
		return s.renderStatus(w, r, statusOf(err), "account-new", "Add an account", &f)
	}
	if err != nil {
		return err
	}
	a.ID = account.CleanID(a.ID)
	if password == "" {
		return redirect(w, r, "/accounts/"+url.PathEscape(a.ID), "The account is added. Its owner signs in through the directory.")
	}
	return s.render(w, r, "account-handover", "Account added", handover{a, password, true})
}

func (s *Site) showAccount(w http.ResponseWriter, r *request) error {
	f, err := s.accountAsItIs(r)
	if err != nil {
		return err
	}
	return s.render(w, r, "account-edit", f.Account.Name, &f)
}

func (s *Site) accountAsItIs(r *request) (accountForm, error) {
	f, err := s.accountForm(r)
	if err != nil {
		return f, err
	}
	a, err := s.Accounts.Find(r.Context(), r.PathValue("account"))
	if err != nil {
		return f, err
	}
	sessions, err := s.Accounts.Sessions(r.Context(), r.By, a.ID)
	f.Account, f.ID, f.Sessions = a, a.ID, len(sessions)
	f.Own, f.Decided = a.ID == r.By.ID, s.Accounts.RolesFrom(a) != ""
	f.Now, f.Locked = s.now(), s.now().Before(a.LockedUntil)
	if r.Method == http.MethodGet {
		f.Name, f.KnownAs, f.Version = a.Name, strings.Join(a.KnownAs, "\n"), a.Version
		for _, role := range a.Roles {
			f.Roles = append(f.Roles, string(role))
		}
	}
	return f, err
}

func (s *Site) changeAccount(w http.ResponseWriter, r *request) error {
	f, err := s.accountAsItIs(r)
	if err != nil {
		return err
	}
	a := f.typed()
	if f.Own || f.Decided {
		a.Roles = f.Account.Roles // not on the form
	}
	err = s.Accounts.Change(r.Context(), r.By, a, f.Reason)
	if casefile.KindOf(err) == casefile.Invalid {
		field := "name"
		if strings.TrimSpace(f.Reason) == "" {
			field = "reason"
		}
		f.Add(field, "%s", casefile.Message(err))
		return s.renderStatus(w, r, statusOf(err), "account-edit", f.Account.Name, &f)
	}
	if err != nil {
		return err
	}
	return redirect(w, r, "/accounts/"+url.PathEscape(a.ID), "The account is changed. It takes effect with the person's next page.")
}

// An accountStep is something that is done to an account after asking.
type accountStep struct {
	Faults
	Account              account.Account
	Step, Question, What string
	Hint, Button, Done   string
	Reason               string
	Warning              bool
}

// accountSteps are the pages that ask first.
var accountSteps = map[string]accountStep{
	"reset": {
		Question: "Reset the account of %s?",
		What: "They get a new one-time password, which you see once and hand over in person. Their second factor is removed and they set up another. " +
			"Their sessions end at once. It is how somebody who lost a password or a phone comes back.",
		Hint: "And how you know that it is they who ask: a voice on the telephone is not enough.", Button: "Reset this account", Warning: true,
	},
	"disable": {
		Question: "Disable the account of %s?",
		What:     "Their sessions end at once, and they cannot sign in. What they did stays in the record under their name. You can enable the account again.",
		Button:   "Disable this account", Done: "The account is disabled, and its sessions have ended.", Warning: true,
	},
	"enable": {
		Question: "Enable the account of %s again?",
		What:     "They sign in with the password and second factor they had. If those may be known to others, reset the account after.",
		Button:   "Enable this account", Done: "The account is enabled again.",
	},
	"unlock": {
		Question: "Unlock the account of %s?",
		What:     "It was locked after five wrong attempts, and opens again by itself after 15 minutes. Unlock it only if you know that it was they who mistyped.",
		Hint:     "And how you know that it is they who ask.", Button: "Unlock this account", Done: "The account is unlocked.",
	},
	"sign-out": {
		Question: "Sign %s out on every device?",
		What:     "Their sessions end at once. They can sign in again.",
		Button:   "End all sessions", Done: "All sessions of this account have ended.",
	},
}

func (s *Site) accountStep(r *request) (accountStep, error) {
	step, ok := accountSteps[r.PathValue("step")]
	if !ok {
		return step, casefile.Errorf(casefile.NotFound, "There is no such page. Go back to the account.")
	}
	a, err := s.Accounts.Find(r.Context(), r.PathValue("account"))
	step.Account, step.Step, step.Reason = a, r.PathValue("step"), r.PostFormValue("reason")
	step.Question = strings.ReplaceAll(step.Question, "%s", a.Name)
	return step, err
}

func (s *Site) askAccountStep(w http.ResponseWriter, r *request) error {
	step, err := s.accountStep(r)
	if err != nil {
		return err
	}
	return s.render(w, r, "account-step", step.Question, &step)
}

func (s *Site) takeAccountStep(w http.ResponseWriter, r *request) error {
	step, err := s.accountStep(r)
	if err != nil {
		return err
	}
	ctx, id := r.Context(), step.Account.ID
	password := ""
	switch step.Step {
	case "reset":
		password, err = s.Accounts.Reset(ctx, r.By, id, step.Reason)
	case "disable":
		err = s.Accounts.Disable(ctx, r.By, id, step.Reason)
	case "enable":
		err = s.Accounts.Enable(ctx, r.By, id, step.Reason)
	case "unlock":
		err = s.Accounts.Unlock(ctx, r.By, id, step.Reason)
	case "sign-out":
		err = s.Accounts.SignOutEverywhere(ctx, r.By, id)
	}
	if casefile.KindOf(err) == casefile.Invalid {
		step.Add("reason", "%s", casefile.Message(err))
		return s.renderStatus(w, r, statusOf(err), "account-step", step.Question, &step)
	}
	if err != nil {
		return err
	}
	if password != "" {
		return s.render(w, r, "account-handover", "Account reset", handover{step.Account, password, false})
	}
	done := step.Done
	if done == "" {
		done = "The account is reset. Its owner signs in through the directory and sets up a second factor."
	}
	return redirect(w, r, "/accounts/"+url.PathEscape(id), done)
}

// browserName says in a few words what a browser calls itself.
func browserName(agent string) string {
	first := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(agent, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := first("Edg/", "Edge", "OPR/", "Opera", "Firefox/", "Firefox", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first("Windows", "Windows", "Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Mac OS", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case browser == "":
		return "Another browser"
	case system == "":
		return browser
	}
	return browser + " on " + system
}
