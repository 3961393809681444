package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strings"
)

// A Fault is one thing wrong with what a form sent.
type Fault struct {
	Field   string // its name; "" for the form as a whole
	Message string // what is wrong and what to do
}

// Faults are what is wrong with a form. A page's data that embeds them gets a
// summary above the page and a title that begins with "Error".
type Faults []Fault

// Add appends a fault of a field.
func (f *Faults) Add(field, format string, args ...any) {
	*f = append(*f, Fault{field, fmt.Sprintf(format, args...)})
}

// Of returns what is wrong with a field, or "".
func (f Faults) Of(field string) string {
	for _, fault := range f {
		if fault.Field == field {
			return fault.Message
		}
	}
	return ""
}

func (f Faults) all() Faults { return f }

// A Field is one question of a form: its label, hint, fault and input together.
type Field struct {
	Kind         string // text (also ""), textarea, select, radios, checkboxes, date, password, number, search, file
	Name         string // of the input; also its id
	Label        string
	Hint         string
	Error        string
	Value        string
	Values       []string // what is chosen of checkboxes
	Options      []Option // of select, radios, checkboxes
	Rows         int      // of a textarea; 5
	Max          int      // characters; counts down as somebody types
	Width        string   // in characters: 2, 3, 4, 5, 10, 20, 30; "" fills the line
	Autocomplete string
	Inputmode    string
	Accept       string // of a file
	Optional     bool   // says so after the label
	Large        bool   // the label is the page's question
	Inline       bool   // radios in one line
	Small        bool   // small radios and checkboxes
	Focus        bool   // the page starts here
}

// An Option is one choice of a field.
type Option struct {
	Value, Label, Hint string
}

// newField is a Field written in a template: name, label, then properties in
// pairs, such as (field "reason" "Reason" "kind" "textarea" "value" .Reason).
func newField(name, label string, pairs ...any) (Field, error) {
	f := Field{Name: name, Label: label}
	set, err := dict(pairs...)
	if err != nil {
		return f, err
	}
	for property, v := range set {
		ok := true
		switch property {
		case "kind":
			f.Kind, ok = v.(string)
		case "hint":
			f.Hint, ok = v.(string)
		case "error":
			f.Error, ok = v.(string)
		case "value":
			f.Value = fmt.Sprint(v)
		case "values":
			f.Values, ok = v.([]string)
		case "options":
			f.Options, err = options(v)
		case "rows":
			f.Rows, ok = v.(int)
		case "max":
			f.Max, ok = v.(int)
		case "width":
			f.Width = fmt.Sprint(v)
		case "autocomplete":
			f.Autocomplete, ok = v.(string)
		case "inputmode":
			f.Inputmode, ok = v.(string)
		case "accept":
			f.Accept, ok = v.(string)
		case "optional":
			f.Optional, ok = v.(bool)
		case "large":
			f.Large, ok = v.(bool)
		case "inline":
			f.Inline, ok = v.(bool)
		case "small":
			f.Small, ok = v.(bool)
		case "focus":
			f.Focus, ok = v.(bool)
		default:
			return f, fmt.Errorf("field %s: there is no property %q", name, property)
		}
		if err != nil || !ok {
			return f, fmt.Errorf("field %s: %s cannot be %T", name, property, v)
		}
	}
	return f, nil
}

// options reads choices: Options, or texts that are value and label at once, or a
// list of value, label, value, label.
func options(v any) ([]Option, error) {
	switch v := v.(type) {
	case []Option:
		return v, nil
	case []string:
		out := make([]Option, len(v))
		for i, s := range v {
			out[i] = Option{Value: s, Label: s}
		}
		return out, nil
	case []any:
		if len(v)%2 != 0 {
			return nil, fmt.Errorf("a value without a label")
		}
		out := make([]Option, len(v)/2)
		for i := range out {
			out[i] = Option{Value: fmt.Sprint(v[2*i]), Label: fmt.Sprint(v[2*i+1])}
		}
		return out, nil
	}
	return nil, fmt.Errorf("no options")
}

// Is names the kind of input, text if nothing is said.
func (f Field) Is() string {
	if f.Kind == "" {
		return "text"
	}
	return f.Kind
}

// Lines is the height of a textarea.
func (f Field) Lines() int {
	if f.Rows == 0 {
		return 5
	}
	return f.Rows
}

// Chosen reports whether an option is chosen.
func (f Field) Chosen(value string) bool {
	if f.Kind == "checkboxes" {
		for _, v := range f.Values {
			if v == value {
				return true
			}
		}
		return false
	}
	return f.Value == value
}

// IDOf is the id of the i-th option; the first has the field's own, so that the
// summary of errors leads to it.
func (f Field) IDOf(i int) string {
	if i == 0 {
		return f.Name
	}
	return fmt.Sprintf("%s-%d", f.Name, i+1)
}

// DescribedBy lists the ids of hint and fault.
func (f Field) DescribedBy() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Error != "" {
		ids = append(ids, f.Name+"-error")
	}
	return strings.Join(ids, " ")
}

// A Sorting is the head of a column that can be sorted by.
type Sorting struct {
	Label string
	To    string // the page sorted by this column, the other way round if it is already
	Now   string // ascending, descending or none
}

// Sort is the head of a column: {{template "th" ($.Sort "year" "Year")}}. The
// order travels as ?sort=year or ?sort=-year.
func (v view) Sort(key, label string) Sorting {
	now := v.r.URL.Query().Get("sort")
	s := Sorting{Label: label, To: v.With("sort", key), Now: "none"}
	switch now {
	case key:
		s.Now, s.To = "ascending", v.With("sort", "-"+key)
	case "-" + key:
		s.Now = "descending"
	}
	return s
}

// paging are the parameters that say which part of a list is shown; they mean
// nothing once the list is another.
var paging = []string{"after", "before", "page", "done"}

// With is this page's address with parameters changed, in pairs; a parameter set
// to "" goes. Where the list was left off goes too.
func (v view) With(pairs ...any) string {
	q := v.r.URL.Query()
	for _, p := range paging {
		q.Del(p)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, value := fmt.Sprint(pairs[i]), fmt.Sprint(pairs[i+1])
		if q.Del(name); value != "" {
			q.Set(name, value)
		}
	}
	return address(v.Path, q)
}

// Without is this page's address without one value of a parameter that may be
// given several times.
func (v view) Without(name, value string) string {
	q := v.r.URL.Query()
	for _, p := range paging {
		q.Del(p)
	}
	kept := q[name]
	q.Del(name)
	for _, one := range kept {
		if one != value {
			q.Add(name, one)
		}
	}
	return address(v.Path, q)
}

func address(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// Param is a parameter of this page's address.
func (v view) Param(name string) string { return v.r.URL.Query().Get(name) }

// tagKinds are the kinds of tag: a class, which sets the colour, and a mark, so
// that colour is never alone.
var tagKinds = map[string]string{
	"risk":  "▲", // present risk, overdue: act now
	"warn":  "◆", // waits for somebody
	"work":  "◐", // somebody is at it
	"ok":    "●", // done
	"note":  "■", // a fact worth seeing
	"quiet": "○", // nothing asked, not looked, not recorded
}

// tag is a state in words, with a colour and a mark of its kind.
func tag(kind, words string) (template.HTML, error) {
	mark, ok := tagKinds[kind]
	if !ok {
		return "", fmt.Errorf("tag: there is no kind %q", kind)
	}
	return template.HTML(`<strong class="govuk-tag lb-tag lb-tag--` + kind + `"><span aria-hidden="true" class="lb-tag__mark">` + mark + `</span> ` +
		template.HTMLEscapeString(words) + `</strong>`), nil
}

// states say how each stored state is shown. One that is not here is shown as it
// stands, quietly.
var states = map[string][2]string{
	// a case
	"":          {"quiet", "Not started"},
	"open":      {"quiet", "Not decided"},
	"submitted": {"warn", "Waits for approval"},
	"returned":  {"warn", "Returned"},
	"disputed":  {"warn", "Two readers disagree"},
	"decided":   {"ok", "Decided"},
	"closed":    {"ok", "Closed"},
	"deferred":  {"quiet", "Deferred unread"},
	// under terms of reference
	"in":      {"note", "In"},
	"out":     {"quiet", "Out"},
	"unknown": {"warn", "Unknown"},
	// a risk
	"raised":       {"risk", "Nobody told yet"},
	"told":         {"risk", "Told, not sent"},
	"sent":         {"risk", "Sent, not acknowledged"},
	"acknowledged": {"ok", "Acknowledged"},
	"ended":        {"ok", "Ended"},
	// a line of enquiry
	"identified":         {"note", "Identified"},
	"done":               {"ok", "Done"},
	"nothing found":      {"ok", "Looked, found nothing"},
	"not done":           {"warn", "Not done"},
	"still possible":     {"warn", "Still possible"},
	"no longer possible": {"quiet", "No longer possible"},
	"refused":            {"quiet", "Refused"},
	// an action
	"for allocation": {"warn", "For allocation"},
	"allocated":      {"work", "Allocated"},
	"resulted":       {"warn", "Resulted, not filed"},
	"filed":          {"ok", "Filed"},
	"withdrawn":      {"quiet", "Withdrawn"},
	// a verdict
	"no further lines":                {"note", "No further lines"},
	"reinvestigate":                   {"note", "Reinvestigate"},
	"refer to the national operation": {"note", "Refer to the national operation"},
	"safeguard now":                   {"risk", "Safeguard now"},
	"deferred unread":                 {"quiet", "Deferred unread"},
}

// state is a stored state as a tag.
func state(code any) (template.HTML, error) {
	text := fmt.Sprint(code)
	if s, ok := states[text]; ok {
		return tag(s[0], s[1])
	}
	return tag("quiet", sentence(text))
}

// sentence begins with a capital letter.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
