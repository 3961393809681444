package web

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lookback/internal/casefile"
	"lookback/internal/casework"
	"lookback/internal/desk"
)

var riskRoutes = []route{
	{"GET /risks", desk.RaiseRisk, (*Site).listRisks},
	{"GET /risks/figures", desk.RaiseRisk, (*Site).sendRiskFigures},
	{"GET /risks/{risk}", desk.RaiseRisk, (*Site).showRisk},
	{"POST /risks/{risk}", desk.RaiseRisk, (*Site).moveRisk},
	{"GET /cases/{id}/risk", desk.RaiseRisk, (*Site).askRisk},
	{"POST /cases/{id}/risk", desk.RaiseRisk, (*Site).raiseRisk},
	{"POST /cases/{id}/risk/draft", desk.RaiseRisk, (*Site).keepRisk},
}

// A riskPage is the page to raise a risk.
type riskPage struct {
	Faults
	*casework.RiskPage
	List   *casework.RiskList
	People []Option
}

func (p *riskPage) Has(kind string) bool { return slices.Contains(p.Form.Kinds, kind) }

func (s *Site) askRisk(w http.ResponseWriter, r *request) error {
	p, err := casework.ReadRiskPage(r.Context(), s.Desk, r.By, caseOf(r))
	if err != nil {
		return err
	}
	return s.renderRisk(w, r, http.StatusOK, &riskPage{RiskPage: p})
}

func (s *Site) renderRisk(w http.ResponseWriter, r *request, status int, p *riskPage) error {
	p.List = casework.RiskKinds()
	p.People = []Option{{Value: "", Label: "Nobody chosen"}}
	for _, part := range p.RiskPage.People {
		label := part.Person.Name()
		if label == "" {
			label = "Not named"
		}
		_, ref := part.Person.ID.Split()
		label += ", " + strings.ReplaceAll(part.Role, "_", " ")
		if y := part.Person.DOB.Year(); y != 0 {
			label += fmt.Sprintf(", born %d", y)
		}
		p.People = append(p.People, Option{Value: string(part.Person.ID), Label: label + " (" + ref + ")"})
	}
	_, ref := p.Case.Split()
	return s.renderStatus(w, r, status, "risk", "Risk now: case "+ref, p)
}

func caseOf(r *request) casefile.CaseID { return casefile.CaseID(r.PathValue("id")) }

// riskForm reads what was typed about a risk.
func riskForm(r *request) casework.RiskForm {
	return casework.RiskForm{
		Case:    caseOf(r),
		Nominal: casefile.NominalID(r.PostFormValue("nominal")),
		Who:     r.PostFormValue("who"),
		Kinds:   r.PostForm["kinds"],
		Detail:  r.PostFormValue("detail"),
		Whom:    r.PostFormValue("whom"),
		How:     r.PostFormValue("how"),
	}
}

func (s *Site) raiseRisk(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	f := riskForm(r)
	faults := f.Faults()
	if len(faults) == 0 {
		id, err := casework.RaiseRisk(r.Context(), s.Desk, r.By, f)
		switch casefile.KindOf(err) {
		case "":
			if err != nil {
				return err
			}
			next := "It heads the supervisors' page until somebody acknowledges it. Tell somebody who can act now, and say so here."
			if strings.TrimSpace(f.Whom) != "" {
				next = "It heads the supervisors' page until somebody acknowledges it."
			}
			return redirect(w, r, riskAddress(id), fmt.Sprintf("Risk %d was raised. %s", id, next))
		case casefile.Invalid:
			faults = append(faults, casefile.Fault{Field: "who", Message: casefile.Message(err)})
		default:
			return err
		}
	}
	p, err := casework.ReadRiskPage(r.Context(), s.Desk, r.By, f.Case)
	if err != nil {
		return err
	}
	p.Form = f
	page := &riskPage{RiskPage: p}
	page.addAll(faults)
	p.Saved = time.Time{}
	return s.renderRisk(w, r, http.StatusUnprocessableEntity, page)
}

// addAll takes over what a verb found wrong with a form.
func (f *Faults) addAll(faults []casefile.Fault) {
	for _, one := range faults {
		f.Add(one.Field, "%s", one.Message)
	}
}

// formError says what is wrong with a form that cannot be read.
func formError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return err
	}
	return casefile.Errorf(casefile.Invalid, "What was sent could not be read. Go back and send it again. (%w)", err)
}

// keepRisk saves what somebody is typing. With discard it is dropped instead.
func (s *Site) keepRisk(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	f := riskForm(r)
	if r.PostForm.Has("discard") {
		if err := casework.SaveRiskDraft(r.Context(), s.Desk, r.By, casework.RiskForm{Case: f.Case}); err != nil {
			return err
		}
		return redirect(w, r, caseAddress(f.Case)+"/risk", "What you had typed was dropped.")
	}
	if err := casework.SaveRiskDraft(r.Context(), s.Desk, r.By, f); err != nil {
		return err
	}
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, map[string]string{"kept": s.now().In(london).Format("15:04")})
	}
	return redirect(w, r, caseAddress(f.Case)+"/risk", "What you typed is kept.")
}

func riskAddress(id int64) string { return "/risks/" + strconv.FormatInt(id, 10) }

// numberOf reads a number from the address; what is none names nothing.
func numberOf(r *request, name, what string) (int64, error) {
	n, err := strconv.ParseInt(r.PathValue(name), 10, 64)
	if err != nil || n < 1 {
		return 0, casefile.Errorf(casefile.NotFound, "There is no such %s here. Check the address.", what)
	}
	return n, nil
}

// A riskView is one risk with the form for its next step.
type riskView struct {
	Faults
	casework.RiskView
	Step casework.RiskMove // as typed
	List *casework.RiskList
	Ends bool // the reader may end it
}

// Can reports whether a step may follow and the reader may take it.
func (p *riskView) Can(step string) bool {
	return slices.Contains(p.Moves(), casefile.RiskState(step)) && (step != string(casefile.RiskEnded) || p.Ends)
}

// Typed is what was typed into a field of the form for a step, which is shown
// again in that form alone.
func (p *riskView) Typed(step, field string) string {
	if string(p.Step.To) != step {
		return ""
	}
	return map[string]string{"whom": p.Step.Whom, "how": p.Step.How, "reference": p.Step.Reference, "happened": p.Step.Happened, "note": p.Step.Note}[field]
}

// Wrong is what is wrong with a field of the form for a step.
func (p *riskView) Wrong(step, field string) string {
	if string(p.Step.To) != step {
		return ""
	}
	return p.Of(step + "-" + field)
}

// When is what the fields of day and time of the form for a step show.
func (p *riskView) When(step string) map[string]string {
	day, clock, _ := strings.Cut(p.Typed(step, "happened"), "T")
	return map[string]string{"ID": step + "-happened", "Day": day, "Time": clock, "Wrong": p.Wrong(step, "happened")}
}

func (s *Site) showRisk(w http.ResponseWriter, r *request) error {
	return s.renderRiskView(w, r, http.StatusOK, &riskView{})
}

func (s *Site) renderRiskView(w http.ResponseWriter, r *request, status int, p *riskView) (err error) {
	id, err := numberOf(r, "risk", "risk")
	if err != nil {
		return err
	}
	if p.RiskView, err = casework.ReadRisk(r.Context(), s.Desk, r.By, id); err != nil {
		return err
	}
	p.List, p.Ends = casework.RiskKinds(), s.can(r, desk.EndRisks)
	return s.renderStatus(w, r, status, "risk-step", fmt.Sprintf("Present risk %d", id), p)
}

func (s *Site) moveRisk(w http.ResponseWriter, r *request) error {
	id, err := numberOf(r, "risk", "risk")
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return formError(err)
	}
	m := casework.RiskMove{To: casefile.RiskState(r.PostFormValue("to")), Whom: r.PostFormValue("whom"), How: r.PostFormValue("how"),
		Reference: r.PostFormValue("reference"), Happened: happened(r.PostFormValue("day"), r.PostFormValue("time")), Note: r.PostFormValue("note")}
	faults := m.Faults(s.now())
	status := http.StatusUnprocessableEntity
	if len(faults) == 0 {
		err := casework.MoveRisk(r.Context(), s.Desk, r.By, id, m)
		switch casefile.KindOf(err) {
		case casefile.Invalid, casefile.Conflict:
			faults, status = []casefile.Fault{{Message: casefile.Message(err)}}, statusOf(err)
		default:
			if err != nil {
				return err
			}
			return redirect(w, r, riskAddress(id), riskDone[m.To])
		}
	}
	p := &riskView{Step: m}
	for _, f := range faults {
		if f.Field != "" {
			f.Field = string(m.To) + "-" + f.Field
		}
		p.Add(f.Field, "%s", f.Message)
	}
	return s.renderRiskView(w, r, status, p)
}

// happened joins a day and a time of day as two fields give them.
func happened(day, clock string) string {
	if day == "" && clock == "" {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSpace(day)+"T"+strings.TrimSpace(clock), "T")
}

var riskDone = map[casefile.RiskState]string{
	casefile.RiskTold:         "It is recorded who was told. Next: send the referral and record its reference.",
	casefile.RiskSent:         "The referral is recorded. The risk stays open until they acknowledge it.",
	casefile.RiskAcknowledged: "The acknowledgement is recorded. The risk is no longer open.",
	casefile.RiskEnded:        "The risk is ended. It stays on the case with your reason.",
	casefile.RiskNote:         "The note is added.",
}

// A risksPage is the list of risks.
type risksPage struct {
	*casework.RiskBoard
	List   *casework.RiskList
	States []Option
	Kinds  []Option
	Next   string // address of the next page, "" on the last
}

func (risksPage) Wide() bool { return true }

func riskQuery(r *request) casework.RiskQuery {
	q := r.URL.Query()
	after, _ := strconv.ParseInt(q.Get("after"), 10, 64)
	return casework.RiskQuery{State: q.Get("state"), Kind: q.Get("kind"), RaisedBy: q.Get("by"), Case: casefile.CaseID(q.Get("case")), After: after}
}

func (s *Site) listRisks(w http.ResponseWriter, r *request) error {
	q := riskQuery(r)
	if q.RaisedBy == "me" {
		q.RaisedBy = r.By.ID
	}
	b, err := casework.ListRisks(r.Context(), s.Desk, r.By, q)
	if err != nil {
		return err
	}
	p := risksPage{RiskBoard: b, List: casework.RiskKinds(), Kinds: []Option{{Value: "", Label: "Any kind"}}}
	p.States = []Option{{Value: "open", Label: "Not acknowledged"}}
	for _, state := range casefile.RiskStates() {
		p.States = append(p.States, Option{Value: string(state), Label: states[string(state)][1]})
	}
	p.States = append(p.States, Option{Value: "all", Label: "All"})
	for _, k := range p.List.Kinds {
		p.Kinds = append(p.Kinds, Option{Value: k.Code, Label: k.Words})
	}
	if n := len(b.Risks); b.More {
		q := r.URL.Query()
		q.Set("after", strconv.FormatInt(b.Risks[n-1].ID, 10))
		p.Next = "/risks?" + q.Encode()
	}
	return s.render(w, r, "risks", "Present risk", p)
}

// Figures is the address of the list as figures, with the same filter.
func (p risksPage) Figures(format string) string {
	q := url.Values{"format": {format}, "state": {p.Query.State}}
	for name, v := range map[string]string{"kind": p.Query.Kind, "by": p.Query.RaisedBy, "case": string(p.Query.Case)} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return "/risks/figures?" + q.Encode()
}

// sendRiskFigures sends the list as a table without personal data.
func (s *Site) sendRiskFigures(w http.ResponseWriter, r *request) error {
	q := riskQuery(r)
	if q.RaisedBy == "me" {
		q.RaisedBy = r.By.ID
	}
	figures, err := casework.RiskFigures(r.Context(), s.Desk, r.By, q)
	if err != nil {
		return err
	}
	header := []string{"risk", "unit", "kinds", "state", "raised", "state since", "minutes until acknowledged or ended", "minutes open so far"}
	return s.sendTable(w, r, "risks", header, riskRows(figures))
}

func riskRows(figures []casework.RiskFigure) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, f := range figures {
			done, sofar := strconv.Itoa(int(f.Age/time.Minute)), ""
			if f.State.Open() {
				done, sofar = "", done
			}
			unit, kinds := f.Unit, strings.Join(f.Kinds, "; ")
			if f.Hidden {
				unit, kinds = "restricted", "restricted"
			} else if unit == "" {
				unit = "not recorded"
			}
			if !yield([]string{strconv.FormatInt(f.Number, 10), unit, kinds, string(f.State), f.RaisedAt.In(london).Format("2006-01-02 15:04"),
				f.StateAt.In(london).Format("2006-01-02 15:04"), done, sofar}, nil) {
				return
			}
		}
	}
}
