package review

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"lookback/internal/casefile"
)

// The forms that Lookback ships with, one file a version: forms/NAME-VERSION.json.
// A file that anybody has used is never edited: a change is a file with the next
// version. Reviews made on an earlier version keep it.
//
//go:embed forms/*.json
var formFiles embed.FS

// Names of forms: what a reviewer fills in, and what a second or third person says
// in their own words.
const (
	ReviewForm   = "review"
	ApprovalForm = "approval"
)

// A Form is one version of the questions that a review answers.
type Form struct {
	Name     string    `json:"name"`
	Version  int       `json:"version"`
	Title    string    `json:"title"`
	Sections []Section `json:"sections"`
	Rules    []Rule    `json:"rules"`
}

// ID is how drafts and reviews name the form: name@version.
func (f *Form) ID() string { return fmt.Sprintf("%s@%d", f.Name, f.Version) }

// A Section is some questions under one heading. The answers of a section that
// stands apart are stored apart, and nothing but monitoring figures may read them.
type Section struct {
	Title     string     `json:"title"`
	About     string     `json:"about,omitempty"`
	Apart     bool       `json:"apart,omitempty"`
	Questions []Question `json:"questions"`
}

// A Question is answered by one of its options, or by Many, with a text and
// passages of the case.
type Question struct {
	ID      string   `json:"id"`
	Short   string   `json:"short"` // two or three words, for a list
	Title   string   `json:"title"`
	Help    string   `json:"help,omitempty"`
	Many    bool     `json:"many,omitempty"`
	Options []Option `json:"options"`
	Reason  string   `json:"reason"` // label of the text
}

// An Option is one answer, and what choosing it asks for.
type Option struct {
	Code     string `json:"code"`
	Title    string `json:"title"`
	Help     string `json:"help,omitempty"`
	Least    int    `json:"least,omitempty"`    // letters and digits that the text must have
	Evidence int    `json:"evidence,omitempty"` // passages that must be cited
	Alone    bool   `json:"alone,omitempty"`    // excludes the other options
}

// A Rule asks for something when every question in When has the given answer:
// "risk" that a present risk stands raised in the case, "evidence" that at least
// Least passages are cited anywhere (unless the case has no text), "never" that
// the answers do not go together.
type Rule struct {
	When  map[string]string `json:"when"`
	Need  string            `json:"need"`
	Least int               `json:"least,omitempty"`
	Say   string            `json:"say"`
}

// Option returns the option with a code.
func (q *Question) Option(code string) (Option, bool) {
	i := slices.IndexFunc(q.Options, func(o Option) bool { return o.Code == code })
	if i < 0 {
		return Option{}, false
	}
	return q.Options[i], true
}

// Questions returns every question in the order of the form.
func (f *Form) Questions() (all []Question) {
	for _, s := range f.Sections {
		all = append(all, s.Questions...)
	}
	return all
}

// Question returns the question with an id.
func (f *Form) Question(id string) (Question, bool) {
	all := f.Questions()
	i := slices.IndexFunc(all, func(q Question) bool { return q.ID == id })
	if i < 0 {
		return Question{}, false
	}
	return all[i], true
}

// apart reports whether a question stands in a section that is stored apart.
func (f *Form) apart(id string) bool {
	return slices.ContainsFunc(f.Sections, func(s Section) bool {
		return s.Apart && slices.ContainsFunc(s.Questions, func(q Question) bool { return q.ID == id })
	})
}

// An Entry is the answer to one question.
type Entry struct {
	Chosen   []string            `json:"chosen,omitempty"` // codes
	Text     string              `json:"text,omitempty"`
	Evidence []casefile.Citation `json:"evidence,omitempty"`
}

// Has reports whether an option is chosen.
func (e Entry) Has(code string) bool { return slices.Contains(e.Chosen, code) }

func (e Entry) empty() bool {
	return len(e.Chosen) == 0 && strings.TrimSpace(e.Text) == "" && len(e.Evidence) == 0
}

// A Body is a form as filled in, by question. What stands apart in the form
// stands apart here.
type Body struct {
	Answers    map[string]Entry `json:"answers,omitempty"`
	Monitoring map[string]Entry `json:"monitoring,omitempty"`
}

// Entry returns the answer to a question.
func (b Body) Entry(id string) Entry {
	if e, ok := b.Answers[id]; ok {
		return e
	}
	return b.Monitoring[id]
}

// Set stores the answer to a question of a form.
func (b *Body) Set(f *Form, id string, e Entry) {
	to := &b.Answers
	if f.apart(id) {
		to = &b.Monitoring
	}
	if *to == nil {
		*to = map[string]Entry{}
	}
	if delete(*to, id); !e.empty() {
		(*to)[id] = e
	}
}

// Verdict returns what the form concludes, "" if nothing yet.
func (b Body) Verdict() casefile.Verdict {
	if v := b.Answers["verdict"].Chosen; len(v) == 1 {
		return casefile.Verdict(v[0])
	}
	return ""
}

// Limits of a form. A draft is kept far beyond what may be submitted, so that a
// paste that is too long can be cut down in place.
const (
	MaxField     = 200 << 10 // bytes of one text, as submitted
	MaxDraft     = 4 << 20   // bytes of a draft as JSON
	maxCitations = 200       // under one question
	maxPassage   = 20_000    // characters of one passage
)

// ParseBody reads a form as filled in. Questions and options that the form does
// not have are refused; bytes that are no text become the replacement character.
func (f *Form) ParseBody(text []byte) (b Body, err error) {
	if len(text) > MaxDraft {
		return b, casefile.Errorf(casefile.Invalid, "This review has grown to %.1f MB, and at most %d MB are kept. What was saved before is safe. Shorten the longest text.", float64(len(text))/(1<<20), MaxDraft>>20)
	}
	var sent Body
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(&sent)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		return b, casefile.Errorf(casefile.Invalid, "This page sent something that is no review. Nothing was saved of it. Reload the page. (%w)", err)
	}
	for _, part := range []map[string]Entry{sent.Answers, sent.Monitoring} {
		for id, e := range part {
			if err := f.checkEntry(id, e); err != nil {
				return b, err
			}
			e.Text = casefile.Shown(e.Text)
			b.Set(f, id, e)
		}
	}
	return b, nil
}

// checkEntry refuses what no page of this form can have sent.
func (f *Form) checkEntry(id string, e Entry) error {
	q, ok := f.Question(id)
	if !ok {
		return casefile.Errorf(casefile.Invalid, "This form has no question %q. Reload the page.", id)
	}
	if len(e.Chosen) > 1 && !q.Many {
		return casefile.Errorf(casefile.Invalid, "“%s” takes one answer. Reload the page.", q.Short)
	}
	for _, code := range e.Chosen {
		if _, ok := q.Option(code); !ok {
			return casefile.Errorf(casefile.Invalid, "“%s” has no answer %q. Reload the page.", q.Short, code)
		}
	}
	if len(e.Evidence) > maxCitations {
		return casefile.Errorf(casefile.Invalid, "“%s” cites %d passages, at most %d are kept under one question.", q.Short, len(e.Evidence), maxCitations)
	}
	return nil
}

// JSON returns the body as it is stored.
func (b Body) JSON() string {
	text, err := json.Marshal(b)
	if err != nil {
		panic("review: " + err.Error()) // maps of texts and numbers
	}
	return string(text)
}

// A Footing is what of a case a form is checked against.
type Footing struct {
	OpenRisks int  // present risks raised in the case that have not ended
	HasText   bool // there is something to cite
}

// Check returns everything that keeps a form from being submitted, in its order.
func (f *Form) Check(b Body, on Footing) (faults []casefile.Fault) {
	cited := 0
	for _, q := range f.Questions() {
		e := b.Entry(q.ID)
		cited += len(e.Evidence)
		for _, m := range q.check(e) {
			faults = append(faults, casefile.Fault{Field: q.ID, Message: m})
		}
	}
	for _, r := range f.Rules {
		if where := r.applies(f, b); where != "" && !r.met(cited, on) {
			faults = append(faults, casefile.Fault{Field: where, Message: r.Say})
		}
	}
	return faults
}

// applies returns the question to which the rule's sentence belongs, the last in
// the form of those it speaks of, or "".
func (r Rule) applies(f *Form, b Body) (where string) {
	for _, q := range f.Questions() {
		if code, asked := r.When[q.ID]; asked {
			if !b.Entry(q.ID).Has(code) {
				return ""
			}
			where = q.ID
		}
	}
	return where
}

func (r Rule) met(cited int, on Footing) bool {
	switch r.Need {
	case "risk":
		return on.OpenRisks > 0
	case "evidence":
		return cited >= r.Least || !on.HasText
	}
	return false
}

func (q Question) check(e Entry) (faults []string) {
	if len(e.Text) > MaxField {
		faults = append(faults, fmt.Sprintf("The text under “%s” has %s and at most %d KB can be sent. All of it is kept in your draft: shorten it there, or cite the passage instead of pasting it.",
			q.Short, kilobytes(len(e.Text)), MaxField>>10))
	}
	if len(e.Chosen) == 0 {
		if q.Many {
			return append(faults, fmt.Sprintf("Choose what applies under “%s”.", q.Short))
		}
		return append(faults, fmt.Sprintf("Answer “%s”.", strings.TrimSuffix(q.Title, "?")))
	}
	least, evidence := 0, 0
	for _, code := range e.Chosen {
		o, _ := q.Option(code)
		least, evidence = max(least, o.Least), max(evidence, o.Evidence)
		if o.Alone && len(e.Chosen) > 1 {
			faults = append(faults, fmt.Sprintf("“%s” does not go with the other choices under “%s”.", o.Title, q.Short))
		}
	}
	switch has := substance(e.Text); {
	case has == 0 && least > 0:
		faults = append(faults, fmt.Sprintf("Give the reason under “%s”.", q.Short))
	case has < least:
		faults = append(faults, fmt.Sprintf("The reason under “%s” is too short for somebody else to follow: it has %d letters, and %d are the least.", q.Short, has, least))
	}
	if len(e.Evidence) < evidence {
		faults = append(faults, fmt.Sprintf("Cite the passage under “%s”: without it the answer cannot be checked.", q.Short))
	}
	return faults
}

func kilobytes(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", (n+1023)>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// substance counts the letters and digits of a text: spaces and full stops do not
// make a reason.
func substance(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// shippedForms are the forms of formFiles, by id.
var shippedForms = func() map[string]*Form {
	forms, err := readForms(formFiles, "forms")
	if err != nil {
		panic("review: " + err.Error())
	}
	return forms
}()

// readForms reads every version of every form in a folder.
func readForms(files fs.FS, dir string) (map[string]*Form, error) {
	names, err := fs.Glob(files, path.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	forms := map[string]*Form{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		f, err := parseForm(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if want := fmt.Sprintf("%s-%d.json", f.Name, f.Version); path.Base(name) != want {
			return nil, fmt.Errorf("%s: a form of this name and version stands in %s", name, want)
		}
		forms[f.ID()] = f
	}
	return forms, nil
}

// parseForm reads one version of a form and refuses one that nobody could fill in.
func parseForm(text []byte) (*Form, error) {
	var f Form
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, fmt.Errorf("the form is not as described in docs/review.md: %w", err)
	}
	if f.Name == "" || strings.ContainsAny(f.Name, "@*?[") || f.Version < 1 {
		return nil, fmt.Errorf("a form needs a plain name and a version from 1")
	}
	seen := map[string]bool{}
	for _, q := range f.Questions() {
		switch {
		case q.ID == "" || q.Short == "" || q.Title == "" || q.Reason == "" || len(q.Options) < 2:
			return nil, fmt.Errorf("question %q needs an id, a title, a short title, a label for its reason and two options", q.ID)
		case seen[q.ID]:
			return nil, fmt.Errorf("there are two questions %q", q.ID)
		}
		seen[q.ID] = true
	}
	v, ok := f.Question("verdict")
	if !ok || v.Many || f.apart("verdict") {
		return nil, fmt.Errorf("the form needs one question \"verdict\" with one answer")
	}
	for _, o := range v.Options {
		if !slices.Contains(casefile.Verdicts(), casefile.Verdict(o.Code)) {
			return nil, fmt.Errorf("%q is no verdict of a review", o.Code)
		}
		if o.Least < 1 {
			return nil, fmt.Errorf("verdict %q asks for no reason", o.Code)
		}
	}
	return &f, f.checkRules()
}

func (f *Form) checkRules() error {
	for _, r := range f.Rules {
		if !slices.Contains([]string{"risk", "evidence", "never"}, r.Need) || r.Say == "" || len(r.When) == 0 {
			return fmt.Errorf("rule %q needs a when, a sentence, and one of risk, evidence and never", r.Say)
		}
		for id, code := range r.When {
			q, ok := f.Question(id)
			if _, has := q.Option(code); !ok || !has {
				return fmt.Errorf("rule %q speaks of %s = %s, which the form does not have", r.Say, id, code)
			}
		}
	}
	return nil
}

// CurrentForm returns the latest version of a form.
func CurrentForm(name string) *Form { return latestForm(shippedForms, name) }

func latestForm(forms map[string]*Form, name string) (latest *Form) {
	for _, f := range forms {
		if f.Name == name && (latest == nil || f.Version > latest.Version) {
			latest = f
		}
	}
	return latest
}

// FormOf returns the version of a form on which something was filled in.
func FormOf(id string) (*Form, error) {
	if f, ok := shippedForms[id]; ok {
		return f, nil
	}
	return nil, casefile.Errorf(casefile.Broken, "This review was made on the form %s, which this version of Lookback does not have. Use the version that it was made with, or a later one.", id)
}
