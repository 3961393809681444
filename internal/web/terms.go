package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"crypto/rand"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/ledger"
	"lookback/internal/scope"
	"lookback/internal/store"
)

var termsRoutes = []route{
	{"GET /terms", desk.ReadFigures, (*Site).showTerms},
	{"GET /terms/new", desk.AdoptCriteria, (*Site).showNewTerms},
	{"POST /terms/new", desk.AdoptCriteria, (*Site).tryTerms},
	{"GET /terms/compare", desk.ReadFigures, (*Site).showCompared},
	{"GET /terms/known-on", desk.ReadFigures, (*Site).showKnownOn},
	{"GET /terms/{of}", desk.ReadFigures, (*Site).showVersion},
	{"POST /terms/{of}/adopt", desk.AdoptCriteria, (*Site).adoptTerms},
}

// A version is terms of reference as a page names them.
type version struct {
	Key     string // in addresses: in-force, adopted-3, a preset's name, trial-…
	Terms   scope.Terms
	InForce bool
	Preset  bool
	Trial   bool
	Adopted store.Adoption // zero unless adopted
}

// Label names a version for a list of choices.
func (v version) Label() string {
	label := fmt.Sprintf("%s (%s, version %d)", v.Terms.Title, v.Terms.Name, v.Terms.Version)
	switch {
	case v.InForce:
		label += ", in force"
	case v.Trial:
		label += ", being tried"
	}
	return label
}

// Trials are wordings that somebody tries before adopting one. They are not
// decided, so they are not kept: the latest maxTrials, until Lookback is stopped.
// The zero Trials is empty.
type Trials struct {
	mu   sync.Mutex
	list []trial
}

type trial struct {
	id, by string
	terms  scope.Terms
}

const maxTrials = 50

func (t *Trials) add(by string, terms scope.Terms) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	id := "trial-" + strings.ToLower(rand.Text()[:12])
	t.list = append(t.list, trial{id, by, terms})
	t.list = t.list[max(0, len(t.list)-maxTrials):]
	return id
}

func (t *Trials) find(id string) (trial, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.list, func(x trial) bool { return x.id == id })
	if i < 0 {
		return trial{}, false
	}
	return t.list[i], true
}

// versions lists what was adopted, newest first, then what ships with Lookback.
func (s *Site) versions(ctx context.Context) ([]version, error) {
	adopted, err := cohort.Adopted(ctx, s.Desk)
	if err != nil {
		return nil, err
	}
	var out []version
	for i, a := range slices.Backward(adopted) {
		t, err := scope.Parse([]byte(a.Terms))
		if err != nil {
			return nil, casefile.Errorf(casefile.Broken, "The terms of reference adopted as %s, version %d, cannot be read. Tell whoever runs Lookback. (%w)", a.Name, a.Version, err)
		}
		out = append(out, version{Key: fmt.Sprintf("adopted-%d", a.ID), Terms: t, InForce: i == len(adopted)-1, Adopted: a})
	}
	for _, p := range scope.Presets() {
		out = append(out, version{Key: p.Name, Terms: p, Preset: true})
	}
	return out, nil
}

// versionOf finds a version by its place in an address.
func (s *Site) versionOf(ctx context.Context, of string) (version, []version, error) {
	all, err := s.versions(ctx)
	if err != nil {
		return version{}, nil, err
	}
	if t, ok := s.Trials.find(of); ok {
		return version{Key: of, Terms: t.terms, Trial: true}, all, nil
	}
	for _, v := range all {
		if v.Key == of || of == "in-force" && v.InForce {
			return v, all, nil
		}
	}
	switch {
	case of == "in-force":
		err = casefile.Errorf(casefile.NotFound, "No terms of reference have been adopted yet. Choose some from the list and say why.")
	case strings.HasPrefix(of, "trial-"):
		err = casefile.Errorf(casefile.NotFound, "This wording is no longer kept: only the latest %d that are being tried are, until Lookback is stopped. Try it again.", maxTrials)
	default:
		err = casefile.Errorf(casefile.NotFound, "There are no terms of reference %q here. Choose some from the list.", clip(of))
	}
	return version{}, all, err
}

// figures counts every version that stands in the list, in one walk, by
// fingerprint.
func (s *Site) figures(r *request, all []version, back string) (map[string]*cohort.ScopeFigure, cohort.Basis, error) {
	basis, err := cohort.LastBasis(r.Context(), s.Desk)
	if err != nil || basis.Run == 0 {
		return nil, basis, err
	}
	var list []scope.Terms
	key := "terms " + basis.Key()
	seen := map[string]bool{}
	for _, v := range all {
		if print := v.Terms.Fingerprint(); !seen[print] {
			seen[print] = true
			key += " " + print
			list = append(list, v.Terms)
		}
	}
	by := r.By
	found, err := counted(s, r, key, "Count under every version of the terms of reference", back, desk.ReadFigures,
		func(ctx context.Context, p desk.Progress) (map[string]*cohort.ScopeFigure, error) {
			figures, err := cohort.CountAll(ctx, s.Desk, by, list, nil, p)
			if err != nil {
				return nil, err
			}
			out := map[string]*cohort.ScopeFigure{}
			for _, f := range figures {
				out[f.Fingerprint] = f
			}
			return out, nil
		})
	return found, basis, err
}

// A termsPage shows one version in plain English, with what it does to the cases.
type termsPage struct {
	Faults
	version
	English []criterion
	Classes []criterion
	Figure  *cohort.ScopeFigure // nil before the first analysis
	Basis   cohort.Basis
	Fall    Waterfall
	All     []versionRow // every version side by side
	History []version    // adopted, newest first
	Others  []Option     // to compare with
	InForce *version
	Print   string
	Reason  string
	Day     string
	JSON    string
}

type criterion struct{ Title, Says, Why, ID string }

type versionRow struct {
	version
	Figure *cohort.ScopeFigure
	Here   bool
}

// fill works out everything about a version that its page shows.
func (s *Site) fillTerms(r *request, p *termsPage, all []version) error {
	program, err := scope.Compile(p.Terms)
	if err != nil {
		return casefile.Errorf(casefile.Invalid, "%s", err)
	}
	p.Print = program.Fingerprint()
	for i, says := range program.English() {
		c := p.Terms.Criteria[i]
		p.English = append(p.English, criterion{c.Title, sentence(says), c.Why, c.ID})
	}
	for i, says := range program.ClassEnglish() {
		c := p.Terms.Classes[i]
		p.Classes = append(p.Classes, criterion{c.Title, sentence(says), c.Why, c.ID})
	}
	text, err := json.MarshalIndent(p.Terms, "", "  ")
	if err != nil {
		return err
	}
	p.JSON = string(text)
	list := all
	if p.Trial {
		list = append([]version{p.version}, all...)
	}
	figures, basis, err := s.figures(r, list, r.URL.RequestURI())
	if err != nil {
		return err
	}
	p.Basis, p.Figure = basis, figures[p.Print]
	if p.Figure != nil {
		p.Fall = waterfallOf(p.Figure, basis)
	}
	shown := map[string]bool{}
	for i, v := range list {
		if v.InForce {
			p.InForce = &list[i]
		}
		if v.Adopted.ID != 0 {
			p.History = append(p.History, v)
		}
		print := v.Terms.Fingerprint()
		if v.Key != p.Key {
			p.Others = append(p.Others, Option{Value: v.Key, Label: v.Label()})
		}
		if !shown[print] {
			shown[print] = true
			p.All = append(p.All, versionRow{v, figures[print], print == p.Print})
		}
	}
	return nil
}

// waterfallOf is the chart of a figure, a bar a criterion.
func waterfallOf(f *cohort.ScopeFigure, b cohort.Basis) Waterfall {
	w := Waterfall{Of: "Criterion", Caption: fmt.Sprintf("%s cases under “%s”, version %d", thousands(int64(f.Cases)), f.Title, f.Version)}
	for i, step := range f.Steps {
		w.Rows = append(w.Rows, Fall{Label: fmt.Sprintf("%d. %s", i+1, step.Title), Stay: int64(step.Kept), Go: int64(step.Dropped), Unknown: int64(step.Unknown)})
	}
	w.Summary = fmt.Sprintf("Of %s cases, %s are in, %s are out and of %s it cannot be told.", thousands(int64(f.Cases)), thousands(int64(f.In)), thousands(int64(f.Out)), thousands(int64(f.Unknown)))
	if i := mostDropped(f.Steps); i >= 0 {
		w.Summary += fmt.Sprintf(" Most fall out at “%s”: %s.", f.Steps[i].Title, thousands(int64(f.Steps[i].Dropped)))
	}
	return w
}

func mostDropped(steps []scope.Step) int {
	best := -1
	for i, s := range steps {
		if s.Dropped > 0 && (best < 0 || s.Dropped > steps[best].Dropped) {
			best = i
		}
	}
	return best
}

func (s *Site) showTerms(w http.ResponseWriter, r *request) error {
	v, all, err := s.versionOf(r.Context(), "in-force")
	p := &termsPage{version: v}
	if casefile.KindOf(err) == casefile.NotFound {
		p.version = version{}
		figures, basis, err := s.figures(r, all, "/terms")
		if err != nil {
			return counting(w, r, err)
		}
		p.Basis = basis
		for _, v := range all {
			p.All = append(p.All, versionRow{v, figures[v.Terms.Fingerprint()], false})
		}
		return s.render(w, r, "terms-none", "Terms of reference", p)
	}
	if err != nil {
		return err
	}
	if err := s.fillTerms(r, p, all); err != nil {
		return counting(w, r, err)
	}
	if r.URL.Query().Get("format") != "" {
		return s.sendWaterfall(w, r, p.Figure)
	}
	return s.render(w, r, "terms", "Terms of reference", p)
}

func (s *Site) showVersion(w http.ResponseWriter, r *request) error {
	v, all, err := s.versionOf(r.Context(), r.PathValue("of"))
	if err != nil {
		return err
	}
	p := &termsPage{version: v}
	if err := s.fillTerms(r, p, all); err != nil {
		return counting(w, r, err)
	}
	if r.URL.Query().Get("format") != "" {
		return s.sendWaterfall(w, r, p.Figure)
	}
	return s.render(w, r, "terms", v.Terms.Title, p)
}

func (s *Site) sendWaterfall(w http.ResponseWriter, r *request, f *cohort.ScopeFigure) error {
	if f == nil {
		return casefile.Errorf(casefile.NotFound, "Nothing has been analysed yet, so nothing can be counted.")
	}
	return s.sendTable(w, r, "waterfall", []string{"terms", "version", "fingerprint", "run", "known_on", "criterion", "title", "entered", "in", "unknown", "unknown_because_undated", "out", "not_met_anywhere", "not_met_alone"},
		func(yield func([]string, error) bool) {
			for _, x := range f.Steps {
				if !yield([]string{f.Terms, strconv.Itoa(f.Version), f.Fingerprint, fmt.Sprint(f.Run), f.KnownOn, x.ID, x.Title, strconv.Itoa(x.Entered), strconv.Itoa(x.Kept),
					strconv.Itoa(x.Unknown), strconv.Itoa(x.Undated), strconv.Itoa(x.Dropped), strconv.Itoa(x.NotMet), strconv.Itoa(x.Alone)}, nil) {
					return
				}
			}
		})
}

func (s *Site) adoptTerms(w http.ResponseWriter, r *request) error {
	v, all, err := s.versionOf(r.Context(), r.PathValue("of"))
	if err != nil {
		return err
	}
	p := &termsPage{version: v, Reason: r.PostFormValue("reason")}
	switch {
	case strings.TrimSpace(p.Reason) == "":
		p.Add("reason", "Say why these terms are adopted: outsiders ask for it first.")
	case len(p.Reason) > 4000:
		p.Add("reason", "Keep the reason under 4,000 characters.")
	}
	if len(p.Faults) == 0 {
		err := cohort.Adopt(r.Context(), s.Desk, r.By, v.Terms, p.Reason)
		if err == nil {
			return redirect(w, r, "/terms", fmt.Sprintf("%s, version %d, is in force.", v.Terms.Title, v.Terms.Version))
		}
		if kind := casefile.KindOf(err); kind != casefile.Conflict && kind != casefile.Invalid {
			return err
		}
		p.Add("reason", "%s", casefile.Message(err))
	}
	if err := s.fillTerms(r, p, all); err != nil {
		return counting(w, r, err)
	}
	return s.renderStatus(w, r, http.StatusUnprocessableEntity, "terms", v.Terms.Title, p)
}

type newTermsPage struct {
	Faults
	Text  string
	From  []Option
	Start string
	Facts []scope.FactInfo
}

func (s *Site) showNewTerms(w http.ResponseWriter, r *request) error {
	p := newTermsPage{Start: cmp.Or(r.URL.Query().Get("from"), "in-force")}
	v, all, err := s.versionOf(r.Context(), p.Start)
	if casefile.KindOf(err) == casefile.NotFound && len(all) > 0 {
		v, err = all[0], nil
	}
	if err != nil {
		return err
	}
	t := v.Terms
	if t.Version++; v.Preset {
		t.Name, t.Version = "our-"+t.Name, 1
	}
	for _, x := range all { // a name and version that was adopted cannot be used again
		if x.Terms.Name == t.Name && x.Terms.Version >= t.Version {
			t.Version = x.Terms.Version + 1
		}
	}
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return err
	}
	// CEL reads better as it is written.
	p.Text = strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(text))
	p.fill(all)
	return s.render(w, r, "terms-new", "Try a wording", p)
}

func (p *newTermsPage) fill(all []version) {
	for _, x := range all {
		p.From = append(p.From, Option{Value: x.Key, Label: x.Label()})
	}
	p.Facts = scope.Facts
}

// maxTerms is how long a text of terms may be.
const maxTerms = 1 << 20

func (s *Site) tryTerms(w http.ResponseWriter, r *request) error {
	p := newTermsPage{}
	text, err := termsText(r)
	if err != nil {
		return err
	}
	p.Text = string(text)
	t, err := scope.Parse(text)
	if err == nil {
		_, err = scope.Compile(t)
	}
	if err != nil {
		p.Add("text", "%s.", strings.TrimSuffix(sentence(err.Error()), "."))
		all, err := s.versions(r.Context())
		if err != nil {
			return err
		}
		p.fill(all)
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "terms-new", "Try a wording", p)
	}
	return redirect(w, r, "/terms/"+s.Trials.add(r.By.ID, t), "This wording is being tried. Nothing is adopted yet.")
}

// termsText is what the form sent: a file if there is one, else the text.
func termsText(r *request) ([]byte, error) {
	if err := r.ParseMultipartForm(4 << 20); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return nil, err
	}
	if r.MultipartForm != nil {
		defer r.MultipartForm.RemoveAll()
		if f, _, err := r.FormFile("file"); err == nil {
			defer f.Close()
			text, err := io.ReadAll(io.LimitReader(f, maxTerms+1))
			if err != nil || len(text) > 0 {
				return text, err
			}
		}
	}
	return []byte(strings.ReplaceAll(r.PostFormValue("text"), "\r\n", "\n")), nil
}

// A comparedPage says what replacing one version by another does.
type comparedPage struct {
	From, To version
	Choices  []Option
	Report   *scope.DiffReport
	Moves    []comparedMove
	Basis    cohort.Basis
	Before   *cohort.ScopeFigure
	After    *cohort.ScopeFigure
	Cases    bool // ids of cases are shown
}

type comparedMove struct {
	scope.Move
	Says string
	IDs  []casefile.CaseID // that the reader may see
	More int               // others, not listed
}

// keepIDs is how many ids of a kind of move are kept to be shown.
const keepIDs = 500

var moveSays = map[[2]scope.Status]string{
	{scope.Out, scope.In}: "Out, would be in", {scope.Unknown, scope.In}: "Unknown, would be in",
	{scope.In, scope.Out}: "In, would be out", {scope.In, scope.Unknown}: "In, would be unknown",
	{scope.Out, scope.Unknown}: "Out, would be unknown", {scope.Unknown, scope.Out}: "Unknown, would be out",
}

func (s *Site) showCompared(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	from, all, err := s.versionOf(r.Context(), cmp.Or(q.Get("from"), "in-force"))
	if err != nil {
		return err
	}
	to, _, err := s.versionOf(r.Context(), cmp.Or(q.Get("to"), from.Key))
	if err != nil {
		return err
	}
	p := comparedPage{From: from, To: to}
	for _, v := range all {
		p.Choices = append(p.Choices, Option{Value: v.Key, Label: v.Label()})
	}
	for _, v := range []version{from, to} {
		if v.Trial {
			p.Choices = append(p.Choices, Option{Value: v.Key, Label: v.Label()})
		}
	}
	a, b := from.Terms.Fingerprint(), to.Terms.Fingerprint()
	if p.Basis, err = cohort.LastBasis(r.Context(), s.Desk); err != nil {
		return err
	}
	if p.Basis.Run != 0 && a != b {
		list := all
		for _, v := range []version{from, to} {
			if v.Trial {
				list = append([]version{v}, list...)
			}
		}
		figures, _, err := s.figures(r, list, r.URL.RequestURI())
		if err != nil {
			return counting(w, r, err)
		}
		p.Before, p.After = figures[a], figures[b]
		by := r.By
		p.Report, err = counted(s, r, fmt.Sprintf("diff %s %s %s", p.Basis.Key(), a, b), "Comparison of two versions of the terms of reference", r.URL.RequestURI(), desk.ReadFigures,
			func(ctx context.Context, pr desk.Progress) (*scope.DiffReport, error) {
				return cohort.Compare(ctx, s.Desk, by, from.Terms, to.Terms, keepIDs, pr)
			})
		if err != nil {
			return counting(w, r, err)
		}
		if err := s.compareMoves(r, &p, q.Get("cases") == "y"); err != nil {
			return err
		}
	}
	if q.Get("format") != "" {
		return s.sendTable(w, r, "comparison", []string{"from", "to", "was", "becomes", "cases", "because"}, func(yield func([]string, error) bool) {
			for _, m := range p.Moves {
				for _, why := range m.Reasons {
					if !yield([]string{p.From.Terms.Name, p.To.Terms.Name, m.From.String(), m.To.String(), strconv.Itoa(why.Cases), why.Text}, nil) {
						return
					}
				}
			}
		})
	}
	return s.render(w, r, "terms-compare", "What another wording would do", p)
}

// compareMoves lays out who moves. Ids are shown to those who may read cases, if
// they ask, and that is one event; a restricted case is counted and not listed.
func (s *Site) compareMoves(r *request, p *comparedPage, cases bool) error {
	p.Cases = cases && s.can(r, desk.ReadCases)
	var hidden map[casefile.CaseID]bool
	if p.Cases {
		err := s.Desk.DB.View(r.Context(), func(tx *store.Tx) (err error) {
			hidden, err = tx.HiddenCases(r.Context(), desk.Reader(r.By))
			return err
		})
		if err != nil {
			return err
		}
	}
	var shown []casefile.CaseID
	for _, m := range p.Report.Moves {
		c := comparedMove{Move: m, Says: moveSays[[2]scope.Status{m.From, m.To}]}
		if p.Cases {
			for _, id := range m.IDs {
				if id := casefile.CaseID(id); !hidden[id] {
					c.IDs = append(c.IDs, id)
				}
			}
			c.More = m.Cases - len(c.IDs)
			shown = append(shown, c.IDs...)
		}
		p.Moves = append(p.Moves, c)
	}
	if len(shown) == 0 {
		return nil
	}
	return s.Desk.Seen(r.Context(), r.By, ledger.Event{Kind: ledger.ListRead, Purpose: "review", Subject: "cases that change with the terms", Body: map[string]any{
		"from": p.Report.From.Fingerprint, "to": p.Report.To.Fingerprint, "cases": shown,
	}})
}

// A knownOnPage counts as known on a day.
type knownOnPage struct {
	Faults
	version
	Choices []Option
	Day     string
	Figure  *cohort.ScopeFigure
	Now     *cohort.ScopeFigure
	Fall    Waterfall
	Basis   cohort.Basis
}

func (s *Site) showKnownOn(w http.ResponseWriter, r *request) error {
	q := r.URL.Query()
	v, all, err := s.versionOf(r.Context(), cmp.Or(q.Get("of"), "in-force"))
	if err != nil {
		return err
	}
	p := &knownOnPage{version: v, Day: strings.TrimSpace(q.Get("on"))}
	for _, x := range all {
		p.Choices = append(p.Choices, Option{Value: x.Key, Label: x.Label()})
	}
	if v.Trial {
		p.Choices = append(p.Choices, Option{Value: v.Key, Label: v.Label()})
	}
	if p.Basis, err = cohort.LastBasis(r.Context(), s.Desk); err != nil {
		return err
	}
	if p.Day == "" || p.Basis.Run == 0 {
		return s.render(w, r, "terms-known-on", "As known on a day", p)
	}
	on := p.day(s.now())
	if len(p.Faults) > 0 {
		return s.renderStatus(w, r, http.StatusUnprocessableEntity, "terms-known-on", "As known on a day", p)
	}
	by, print := r.By, v.Terms.Fingerprint()
	p.Figure, err = counted(s, r, fmt.Sprintf("known on %s %s %s", on, p.Basis.Key(), print), "Count as known on "+dayWords(on), r.URL.RequestURI(), desk.ReadFigures,
		func(ctx context.Context, pr desk.Progress) (*cohort.ScopeFigure, error) {
			return cohort.Count(ctx, s.Desk, by, v.Terms, &on, pr)
		})
	if err != nil {
		return counting(w, r, err)
	}
	list := all
	if v.Trial {
		list = append([]version{v}, all...)
	}
	figures, _, err := s.figures(r, list, r.URL.RequestURI())
	if err != nil {
		return counting(w, r, err)
	}
	p.Now, p.Fall = figures[print], waterfallOf(p.Figure, p.Basis)
	if q.Get("format") != "" {
		return s.sendWaterfall(w, r, p.Figure)
	}
	return s.render(w, r, "terms-known-on", "As known on "+dayWords(on), p)
}

// day reads the day that was asked for.
func (p *knownOnPage) day(now time.Time) casefile.Day {
	on, err := casefile.ParseDay(p.Day)
	today, _ := casefile.ParseDay(now.In(london).Format("2006-01-02"))
	switch {
	case err != nil:
		p.Add("on", "%q is not a day; write it like 2019-03-14.", clip(p.Day))
	case on > today:
		p.Add("on", "%s is still to come, so nothing can have been known on it. Give a day that has passed.", dayWords(on))
	}
	return on
}

func dayWords(d casefile.Day) string {
	t, err := time.Parse("2006-01-02", d.String())
	if err != nil {
		return d.String()
	}
	return t.Format("2 January 2006")
}
