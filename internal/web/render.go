package web

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync/atomic"

	"lookback/internal/account"
	"lookback/internal/casefile"
	"lookback/internal/desk"
)

// Templates: layout.html frames every page; components/*.html define what pages
// share; each other file defines "content" of one page and, if it needs to,
// "beside" for what stands next to it.
//
//go:embed templates
var templateFiles embed.FS

type pages struct {
	byName map[string]*template.Template
	beside map[string]bool     // which of them define "beside"
	acts   map[string]desk.Act // what each page asks for, by path
	madeUp atomic.Bool         // see Site.madeUp
}

func loadPages() (*pages, error) {
	base, err := template.New("layout.html").Funcs(functions).ParseFS(templateFiles, "templates/layout.html", "templates/components/*.html")
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	p := &pages{byName: map[string]*template.Template{}, beside: map[string]bool{}, acts: actsOfPages(routes())}
	for _, name := range names {
		if path.Base(name) == "layout.html" {
			continue
		}
		t, err := template.Must(base.Clone()).ParseFS(templateFiles, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		short := strings.TrimSuffix(path.Base(name), ".html")
		p.byName[short] = t
		p.beside[short] = t.Lookup("beside").Tree != base.Lookup("beside").Tree
	}
	return p, nil
}

// A view is what every page is drawn from.
type view struct {
	Title   string // the subject of the page's question
	Data    any    // the page's own
	By      casefile.Actor
	Account account.Account
	Path    string // of this page, for the menu and for signing in again
	Query   string
	Done    string // what was just done
	Faults  Faults // what is wrong with the form that was sent
	MadeUp  bool   // the register holds made-up data only
	Wide    bool   // the page uses the whole width
	Beside  bool   // the page defines "beside"

	site *Site
	r    *request
}

// Version is that of the program, for the foot of the page.
func (v view) Version() string { return v.site.Desk.Code }

// Demo reports whether a visitor may be anybody of the team.
func (v view) Demo() bool { return v.site.Demo }

// RiskAt is where a present risk in the case shown is raised, or "".
func (v view) RiskAt() string {
	_, path, _ := strings.Cut(v.r.Pattern, " ")
	id := v.r.PathValue("id")
	if id == "" || path != "/cases/{id}" && !strings.HasPrefix(path, "/cases/{id}/") || !v.May(string(desk.RaiseRisk)) {
		return ""
	}
	return caseAddress(casefile.CaseID(id)) + "/risk"
}

// May is for templates: whether to show a link or a button.
func (v view) May(act string) bool { return v.site.can(v.r, desk.Act(act)) }

// render draws a page with status 200.
func (s *Site) render(w http.ResponseWriter, r *request, name, title string, data any) error {
	return s.renderStatus(w, r, http.StatusOK, name, title, data)
}

func (s *Site) renderStatus(w http.ResponseWriter, r *request, status int, name, title string, data any) error {
	t := s.pages.byName[name]
	if t == nil {
		return fmt.Errorf("web: there is no template %s", name)
	}
	v := view{Title: title, Data: data, By: r.By, Account: r.Account, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Done: takeDone(w, r), site: s, r: r}
	if wide, ok := data.(interface{ Wide() bool }); ok {
		v.Wide = wide.Wide()
	}
	if form, ok := data.(interface{ all() Faults }); ok {
		v.Faults = form.all()
	}
	v.Beside = s.pages.beside[name]
	v.MadeUp = s.madeUp(r)
	// Drawn whole before anything is sent, so that a fault cannot leave half a page.
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout.html", v); err != nil {
		return fmt.Errorf("drawing %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	page := squeeze(w.Header(), r.Request, b.Bytes())
	w.WriteHeader(status)
	if _, err := w.Write(page); err != nil {
		s.Log.Debug("reader gone", "path", r.URL.Path)
	}
	return nil
}

// statusOf is the only place where an error becomes a status.
func statusOf(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	switch casefile.KindOf(err) {
	case casefile.Invalid:
		return http.StatusUnprocessableEntity
	case casefile.NotFound:
		return http.StatusNotFound
	case casefile.Forbidden:
		return http.StatusForbidden
	case casefile.Conflict:
		return http.StatusConflict
	case casefile.Full:
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}

// A problem is what an error page says.
type problem struct {
	Status  int
	Message string
	Ref     string // of the line in the log
}

// askToSignIn sends whoever is not signed in to the sign-in page. What a form sent
// would be lost on the way, so its sender is told how to send it again instead.
func (s *Site) askToSignIn(w http.ResponseWriter, r *request) {
	switch {
	case wantsJSON(r):
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "Your session has ended. Sign in again in another tab; what you typed is still on this page.", "signIn": s.signInAddress(r)})
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		http.Redirect(w, r.Request, s.signInAddress(r), http.StatusSeeOther)
	default:
		if err := s.renderStatus(w, r, http.StatusUnauthorized, "expired", "You were signed out", typedBefore(r)); err != nil {
			s.Log.Error("error page failed", "err", err)
			http.Error(w, "You were signed out. Sign in in another tab, then reload this page.", http.StatusUnauthorized)
		}
	}
}

// fail answers with an error page, and logs what the operator needs.
func (s *Site) fail(w http.ResponseWriter, r *request, err error) {
	if errors.Is(err, errSignIn) {
		s.askToSignIn(w, r)
		return
	}
	status := statusOf(err)
	p := problem{Status: status, Message: casefile.Message(err)}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		p.Message = "That is more than this form takes. Nothing was saved of it; what was saved before is safe. Go back and shorten it."
	case status >= 500 && casefile.KindOf(err) == "":
		p.Message = "Something went wrong here, and it was not you. What was saved before is safe."
	}
	if status >= 500 {
		p.Ref = newRef()
		s.Log.Error("page failed", "ref", p.Ref, "path", r.Pattern, "by", r.By, "err", err)
	}
	if wantsJSON(r) {
		writeJSON(w, status, map[string]string{"error": p.Message})
		return
	}
	titles := map[int]string{http.StatusNotFound: "Not found", http.StatusForbidden: "Not allowed", http.StatusConflict: "Somebody else was first",
		http.StatusUnprocessableEntity: "That cannot be done", http.StatusInsufficientStorage: "The disk is full"}
	title := titles[status]
	if title == "" {
		title = "Something went wrong"
	}
	if err := s.renderStatus(w, r, status, "error", title, p); err != nil {
		s.Log.Error("error page failed", "err", err)
		http.Error(w, p.Message, status)
	}
}
