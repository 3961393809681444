package web

import (
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"net/url"

	"lookback/internal/account"
	"lookback/internal/casefile"
)

// Signing in: name and password, then what the session still owes, one page each.
// Every page sends whoever is at another step to that one.
var signingRoutes = []route{
	{"GET /sign-in", anyone, (*Site).askPassword},
	{"POST /sign-in", anyone, (*Site).signIn},
	{"GET /sign-in/code", anyone, (*Site).askCode},
	{"POST /sign-in/code", anyone, (*Site).proveCode},
	{"GET /sign-in/password", anyone, (*Site).askOwnPassword},
	{"POST /sign-in/password", anyone, (*Site).chooseOwnPassword},
	{"GET /sign-in/second-factor", anyone, (*Site).showEnrolment},
	{"POST /sign-in/second-factor", anyone, (*Site).confirmApp},
	{"POST /sign-in/passkey/begin", anyone, (*Site).beginPasskey},
	{"POST /sign-in/passkey", anyone, (*Site).usePasskey},
	{"POST /sign-in/new-passkey/begin", anyone, (*Site).beginNewPasskey},
	{"POST /sign-in/new-passkey", anyone, (*Site).addPasskey},
	{"GET /sign-in/directory", anyone, (*Site).goToDirectory},
	{"GET /sign-in/directory/back", anyone, (*Site).backFromDirectory},
	{"POST /sign-out", anyone, (*Site).signOut},
}

// A signInPage is any of the pages on the way in.
type signInPage struct {
	Faults
	Next      string // the page to go to after
	ID        string // as typed
	Ended     bool   // there was a session, and it is over
	Directory string // name of the force's directory, "" for none
	Passkeys  bool   // the browser may use passkeys at this address
	Code      bool   // the account has an authenticator app
	Passkey   bool   // the account has a passkey
	Secret    string
	QR        template.URL
	Full      bool // enrolling from one's own account, signed in already
	OutOfTime bool // the session is too old for that
}

func (s *Site) signInData(r *request) signInPage {
	p := signInPage{Next: localPath(r.FormValue("next")), ID: r.PostFormValue("id"), Passkeys: account.PasskeysAt(s.origin(r))}
	if d := s.Accounts.Directory; d != nil {
		p.Directory = d.Name
	}
	return p
}

// onward is the page of the step that a session owes.
func onward(owes account.Step, next string) string {
	to := map[account.Step]string{account.SecondFactor: "/sign-in/code", account.ChangePassword: "/sign-in/password", account.Enrol: "/sign-in/second-factor"}[owes]
	switch {
	case to == "":
		return next
	case next == "/":
		return to
	}
	return to + "?next=" + url.QueryEscape(next)
}

// elsewhere sends on whoever is not at this step, and reports whether it did.
func (s *Site) elsewhere(w http.ResponseWriter, r *request, step account.Step) bool {
	next := localPath(r.FormValue("next"))
	switch {
	case r.Session.Account == "":
		http.Redirect(w, r.Request, "/sign-in", http.StatusSeeOther)
	case r.Session.Stage == account.Full || r.Session.Owes != step:
		http.Redirect(w, r.Request, onward(r.Session.Owes, next), http.StatusSeeOther)
	default:
		return false
	}
	return true
}

// advance gives the browser its new token and sends it to what it owes now.
func (s *Site) advance(w http.ResponseWriter, r *request, token, next string) error {
	s.setSession(w, token)
	_, session, err := s.Accounts.Who(r.Context(), token)
	if err != nil {
		return err
	}
	return redirect(w, r, onward(session.Owes, next), "")
}

func (s *Site) askPassword(w http.ResponseWriter, r *request) error {
	p := s.signInData(r)
	if r.By.ID != "" {
		return redirect(w, r, p.Next, "")
	}
	if r.Session.Account != "" {
		return redirect(w, r, onward(r.Session.Owes, p.Next), "")
	}
	p.Ended = r.FormValue("ended") == "1"
	return s.render(w, r, "sign-in", "Sign in", &p)
}

func (s *Site) signIn(w http.ResponseWriter, r *request) error {
	p := s.signInData(r)
	if p.ID == "" {
		p.Add("id", "Type your sign-in name.")
	}
	if r.PostFormValue("password") == "" {
		p.Add("password", "Type your password.")
	}
	if len(p.Faults) > 0 {
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "sign-in", "Sign in", &p)
	}
	token, err := s.Accounts.SignIn(r.Context(), p.ID, r.PostFormValue("password"), s.device(r))
	if casefile.KindOf(err) == casefile.Forbidden {
		p.Add("password", "%s", casefile.Message(err))
		return s.renderStatus(w, r, http.StatusForbidden, "sign-in", "Sign in", &p)
	}
	if err != nil {
		return err
	}
	return s.advance(w, r, token, p.Next)
}

func (s *Site) askCode(w http.ResponseWriter, r *request) error {
	if s.elsewhere(w, r, account.SecondFactor) {
		return nil
	}
	return s.codePage(w, r, http.StatusOK, "")
}

func (s *Site) codePage(w http.ResponseWriter, r *request, status int, fault string) error {
	p := s.signInData(r)
	a, err := s.Accounts.Find(r.Context(), r.Session.Account)
	if err != nil {
		return err
	}
	p.Code, p.Passkey = a.TOTP, a.Passkeys > 0 && p.Passkeys
	if fault != "" {
		p.Add("code", "%s", fault)
	}
	return s.renderStatus(w, r, status, "sign-in-code", "Second factor", &p)
}

func (s *Site) proveCode(w http.ResponseWriter, r *request) error {
	if s.elsewhere(w, r, account.SecondFactor) {
		return nil
	}
	token, err := s.Accounts.Prove(r.Context(), r.PostFormValue("code"), s.device(r))
	if casefile.KindOf(err) == casefile.Forbidden {
		return s.codePage(w, r, http.StatusForbidden, casefile.Message(err))
	}
	if err != nil {
		return err
	}
	return s.advance(w, r, token, localPath(r.FormValue("next")))
}

func (s *Site) askOwnPassword(w http.ResponseWriter, r *request) error {
	if s.elsewhere(w, r, account.ChangePassword) {
		return nil
	}
	p := s.signInData(r)
	return s.render(w, r, "sign-in-password", "Choose your password", &p)
}

func (s *Site) chooseOwnPassword(w http.ResponseWriter, r *request) error {
	if s.elsewhere(w, r, account.ChangePassword) {
		return nil
	}
	p := s.signInData(r)
	var token string
	err := sameTwice(r)
	if err == nil {
		token, err = s.Accounts.ChoosePassword(r.Context(), r.PostFormValue("password"), s.device(r))
	}
	if casefile.KindOf(err) == casefile.Invalid {
		p.Add("password", "%s", casefile.Message(err))
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "sign-in-password", "Choose your password", &p)
	}
	if err != nil {
		return err
	}
	return s.advance(w, r, token, p.Next)
}

func sameTwice(r *request) error {
	if r.PostFormValue("password") != r.PostFormValue("again") {
		return casefile.Errorf(casefile.Invalid, "The two passwords are not the same. Type the new one twice.")
	}
	return nil
}

// showEnrolment sets up an authenticator app or a passkey: on the way in, or from
// one's own account soon after.
func (s *Site) showEnrolment(w http.ResponseWriter, r *request) error {
	if r.Session.Stage != account.Full && s.elsewhere(w, r, account.Enrol) {
		return nil
	}
	return s.enrolmentPage(w, r, http.StatusOK, "")
}

func (s *Site) enrolmentPage(w http.ResponseWriter, r *request, status int, fault string) error {
	p := s.signInData(r)
	p.Full = r.Session.Stage == account.Full
	if p.OutOfTime = p.Full && !r.Session.Fresh(s.now()); !p.OutOfTime {
		app, err := s.Accounts.StartApp(r.Context(), s.token(r))
		if err != nil {
			return err
		}
		p.Secret, p.QR = app.Secret, template.URL(app.Image) // a picture that we drew
	}
	if fault != "" {
		p.Add("code", "%s", fault)
	}
	title := "Set up your second factor"
	if p.Full {
		title = "Set up an authenticator app or a passkey"
	}
	return s.renderStatus(w, r, status, "sign-in-enrol", title, &p)
}

func (s *Site) confirmApp(w http.ResponseWriter, r *request) error {
	if r.Session.Stage != account.Full && s.elsewhere(w, r, account.Enrol) {
		return nil
	}
	token, err := s.Accounts.ConfirmApp(r.Context(), r.PostFormValue("code"), s.device(r))
	if casefile.KindOf(err) == casefile.Invalid {
		return s.enrolmentPage(w, r, http.StatusUnprocessableEntity, casefile.Message(err))
	}
	if err != nil {
		return err
	}
	s.setSession(w, token)
	if r.Session.Stage == account.Full {
		return redirect(w, r, "/account", "The authenticator app is set up. Sessions on other devices have ended.")
	}
	return redirect(w, r, localPath(r.FormValue("next")), "You are signed in, and your second factor is set up.")
}

// maxPasskey bounds what a browser's answer about a passkey may weigh.
const maxPasskey = 64 << 10

func (s *Site) beginPasskey(w http.ResponseWriter, r *request) error {
	token := ""
	if r.Session.Stage != account.Full && r.Session.Account != "" {
		token = s.token(r)
	}
	options, err := s.Accounts.PasskeyOptions(r.Context(), s.origin(r), token)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, options)
}

// passkeyAnswer is what the page's script sends: the browser's answer as it is,
// and what belongs to it.
type passkeyAnswer struct {
	Credential json.RawMessage `json:"credential"`
	Name       string          `json:"name"`
	Next       string          `json:"next"`
}

func readPasskey(r *request) (a passkeyAnswer, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPasskey+1))
	if err != nil {
		return a, err
	}
	if len(body) > maxPasskey || json.Unmarshal(body, &a) != nil {
		return a, casefile.Errorf(casefile.Invalid, "The browser's answer cannot be read. Try again, or use your authenticator app.")
	}
	return a, nil
}

func (s *Site) usePasskey(w http.ResponseWriter, r *request) error {
	answer, err := readPasskey(r)
	if err != nil {
		return err
	}
	half := ""
	if r.Session.Stage != account.Full && r.Session.Account != "" {
		half = s.token(r)
	}
	token, err := s.Accounts.UsePasskey(r.Context(), s.origin(r), half, answer.Credential, s.device(r))
	if err != nil {
		return err
	}
	s.setSession(w, token)
	return writeJSON(w, http.StatusOK, map[string]string{"to": localPath(answer.Next)})
}

func (s *Site) beginNewPasskey(w http.ResponseWriter, r *request) error {
	if r.Session.Account == "" {
		return errSignIn
	}
	options, err := s.Accounts.NewPasskeyOptions(r.Context(), s.origin(r), s.token(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, options)
}

func (s *Site) addPasskey(w http.ResponseWriter, r *request) error {
	if r.Session.Account == "" {
		return errSignIn
	}
	answer, err := readPasskey(r)
	if err != nil {
		return err
	}
	token, err := s.Accounts.AddPasskey(r.Context(), s.origin(r), answer.Name, answer.Credential, s.device(r))
	if err != nil {
		return err
	}
	s.setSession(w, token)
	to := localPath(answer.Next)
	if r.Session.Stage == account.Full {
		to = "/account"
	}
	return writeJSON(w, http.StatusOK, map[string]string{"to": to})
}

// errandCookie keeps what ties a sign-in at the directory to this browser.
const errandCookie = "lookback-directory"

func (s *Site) setErrand(w http.ResponseWriter, value string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: errandCookie, Value: value, Path: "/sign-in/directory", MaxAge: seconds, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode})
}

// goToDirectory is a link and not a form: the content security policy keeps forms
// from leading elsewhere.
func (s *Site) goToDirectory(w http.ResponseWriter, r *request) error {
	if s.Accounts.Directory == nil {
		return casefile.Errorf(casefile.NotFound, "Nobody signs in through a directory here. Use your name and password.")
	}
	address, errand, err := s.Accounts.Directory.Begin(r.Context(), localPath(r.FormValue("next")))
	if err != nil {
		return err
	}
	text, err := json.Marshal(errand)
	if err != nil {
		return err
	}
	s.setErrand(w, base64.RawURLEncoding.EncodeToString(text), 600)
	http.Redirect(w, r.Request, address, http.StatusSeeOther)
	return nil
}

func (s *Site) backFromDirectory(w http.ResponseWriter, r *request) error {
	var errand account.Errand
	if c, err := r.Cookie(errandCookie); err == nil {
		if text, err := base64.RawURLEncoding.DecodeString(c.Value); err == nil {
			if json.Unmarshal(text, &errand) != nil {
				errand = account.Errand{}
			}
		}
	}
	s.setErrand(w, "", -1)
	if why := r.FormValue("error"); why != "" {
		return casefile.Errorf(casefile.Forbidden, "The directory did not let you in. Start again from the sign-in page, or ask whoever runs the directory.")
	}
	token, err := s.Accounts.DirectorySignIn(r.Context(), errand, r.FormValue("state"), r.FormValue("code"), s.device(r))
	if err != nil {
		return err
	}
	return s.advance(w, r, token, localPath(errand.Next))
}

func (s *Site) signOut(w http.ResponseWriter, r *request) error {
	if token := s.token(r); token != "" {
		if err := s.Accounts.SignOut(r.Context(), token); err != nil {
			return err
		}
	}
	s.setSession(w, "")
	return redirect(w, r, "/sign-in", "You are signed out.")
}
