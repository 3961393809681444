package codelist

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// An OffenceRow is one offence, or one recording class of offences, as listed.
type OffenceRow struct {
	Row
	Class       string   // recording class: "19D"; empty where not known
	HomeOffice  string   // Home Office code: "019/07"; empty for a class
	CJS         []string // codes of the criminal justice systems: "SX03001"
	Title       string
	Act         string
	Section     string
	VictimAge   string // "<13", "13-15", "16+", "any": as the offence words it
	VictimUnder int    // 13, 16 or 18 where the offence itself says so, else 0

	level                 offenceLevel
	sexual, contact, rape string // y, n, depends
}

// String names the row by its finest code.
func (o OffenceRow) String() string {
	switch {
	case o.HomeOffice != "":
		return o.HomeOffice + " (" + o.Title + ")"
	case len(o.CJS) > 0:
		return o.CJS[0] + " (" + o.Title + ")"
	default:
		return "class " + o.Class + " (" + o.Title + ")"
	}
}

// offenceLevel says how finely a code names an offence.
type offenceLevel int

const (
	unread     offenceLevel = iota
	class                   // 19D
	homeOffice              // 019/07, sometimes shared by several offences
	cjs                     // SX03001, one offence
)

type offenceKey struct {
	level offenceLevel
	code  string
}

func addOffence(s *Set, r record) {
	o := OffenceRow{
		Row: r.row(), Class: r.text("hocr_class"), HomeOffice: r.text("ho_code"), CJS: r.list("cjs_codes"),
		Title: r.filled("title"), Act: r.text("act"), Section: r.text("section"), VictimAge: r.text("victim_age"),
		level:   homeOffice,
		sexual:  r.oneOf("sexual", "y", "n", "depends"),
		contact: r.oneOf("contact_offence", "y", "n", "depends"),
		rape:    r.oneOf("rape", "y", "n"),
	}
	if under := r.oneOf("victim_under", "", "13", "16", "18"); under != "" {
		o.VictimUnder, _ = strconv.Atoi(under)
	}
	if r.oneOf("level", "class", "subclass") == "class" {
		o.level = class
		r.filled("hocr_class")
	} else {
		r.filled("cjs_codes")
	}
	s.offences = append(s.offences, o)
}

func (s *Set) indexOffences() {
	s.offenceIndex = map[offenceKey][]int{}
	put := func(l offenceLevel, code string, i int) {
		if code != "" {
			k := offenceKey{l, code}
			s.offenceIndex[k] = append(s.offenceIndex[k], i)
		}
	}
	for i, o := range s.offences {
		if o.level == class {
			put(class, o.Class, i)
			continue
		}
		put(homeOffice, o.HomeOffice, i)
		for _, c := range o.CJS {
			put(cjs, c, i)
		}
	}
}

// Offences returns every listed offence and class, in the order of the list.
func (s *Set) Offences() []OffenceRow { return slices.Clone(s.offences) }

// An Offence is what an offence code may mean: one row, or several where the
// code is shared, or none.
type Offence struct {
	Asked string       // the codes as given
	Rows  []OffenceRow // the candidates, in the order of the list

	missing string // why the candidates are not known, or not all of them
}

// Offence returns the offence that was recorded under the given codes: a
// recording class (19D), a Home Office code (019/07, 19/7, 01907, and 1907 as a
// spreadsheet leaves it), a code of the criminal justice systems (SX03001), or
// several of them for one case, as arguments or in one text. The finest kind
// of code given decides, so a Home Office code wins over a class.
func (s *Set) Offence(codes ...string) Offence {
	out := Offence{Asked: strings.TrimSpace(strings.Join(codes, " "))}
	written := strings.FieldsFunc(out.Asked, func(r rune) bool { return r == ';' || r == ',' || r == ' ' || r == '\t' || r == '\n' })
	if len(written) == 0 {
		out.missing = "no offence code is recorded"
		return out
	}
	finest := class
	for _, w := range written {
		k, _ := readOffenceCode(w)
		finest = max(finest, k.level)
	}
	seen := map[int]bool{}
	for _, w := range written {
		k, ok := readOffenceCode(w)
		if ok && k.level < finest {
			continue
		}
		rows := s.offenceIndex[k]
		if len(rows) == 0 && out.missing == "" {
			out.missing = "offence code " + quoted(w) + " is not in the list of sexual and related offences"
		}
		for _, i := range rows {
			if !seen[i] {
				seen[i] = true
				out.Rows = append(out.Rows, s.offences[i])
			}
		}
	}
	return out
}

var (
	classPattern      = regexp.MustCompile(`^0*([1-9]\d{0,2})([A-Z]?)$`)
	homeOfficePattern = regexp.MustCompile(`^(\d{1,3})/(\d{1,2})$`)
	joinedPattern     = regexp.MustCompile(`^(\d{2,3})(\d{2})$`)
	cjsPattern        = regexp.MustCompile(`^[A-Z]{2}\d{5}[A-Z]?$`)
)

// readOffenceCode says what kind of code was written, and how the list writes
// it. Four or five digits together are a Home Office code: classes have at most
// three.
func readOffenceCode(written string) (offenceKey, bool) {
	w := strings.ToUpper(written)
	if cjsPattern.MatchString(w) {
		return offenceKey{cjs, w}, true
	}
	m := homeOfficePattern.FindStringSubmatch(w)
	if m == nil {
		m = joinedPattern.FindStringSubmatch(w)
	}
	if m != nil {
		return offenceKey{homeOffice, pad(m[1], 3) + "/" + pad(m[2], 2)}, true
	}
	if m = classPattern.FindStringSubmatch(w); m != nil {
		return offenceKey{class, m[1] + m[2]}, true
	}
	return offenceKey{}, false
}

func pad(digits string, width int) string {
	return strings.Repeat("0", max(0, width-len(digits))) + digits
}

// Listed reports whether the list has every code that was given.
func (o Offence) Listed() bool { return o.missing == "" }

// Contact says whether physical contact by the offender is an element of the
// offence: unknown where it need not be but may have happened.
func (o Offence) Contact() Answer {
	return o.agreed("contact", func(r OffenceRow) Answer {
		switch r.contact {
		case "y":
			return yes("contact is an element of %s", r)
		case "n":
			return no("contact is no element of %s", r)
		default:
			return unknown("whether contact took place is no element of %s: the account must be read", r)
		}
	})
}

// Rape says whether the offence is rape or attempted rape.
func (o Offence) Rape() Answer {
	return o.agreed("rape", func(r OffenceRow) Answer {
		if r.rape == "y" {
			return yes("%s is a rape offence", r)
		}
		return no("%s is not a rape offence", r)
	})
}

// ChildSexual says whether the offence is a sexual offence against a person
// under 18: because the offence itself says so, or, where it covers adults too,
// because of the victim's own age at the time.
func (o Offence) ChildSexual(victim Age) Answer {
	return o.agreed("child sexual offence", func(r OffenceRow) Answer {
		switch {
		case r.sexual == "n":
			return no("%s is not a sexual offence", r)
		case r.sexual == "depends":
			return unknown("%s need not be a sexual offence: the account must be read", r)
		case r.VictimUnder > 0:
			return yes("%s is a sexual offence against a person under %d", r, r.VictimUnder)
		default:
			return victim.under18(r)
		}
	})
}

// agreed asks every candidate, each through the gate, and answers yes or no only
// where all are known and agree.
func (o Offence) agreed(what string, ask func(OffenceRow) Answer) Answer {
	if o.missing != "" {
		return unknown("%s", o.missing)
	}
	var answers []Answer
	for _, r := range o.Rows {
		answers = append(answers, r.gate("offence "+r.String(), ask(r)))
	}
	first := answers[0]
	for _, a := range answers[1:] {
		if a.Value != first.Value {
			return unknown("%s stands for %d offences that differ (%s): %s; %s", quoted(o.Asked), len(answers), what, first.Reason, a.Reason)
		}
	}
	return first
}

// An Age is a victim's age at the offence in whole years, or a range that it
// lies in. The zero Age is "not known".
type Age struct {
	from, to int
	known    bool
}

// AgeIs returns a known age. AgeBetween returns a range, both ends included; one
// whose ends are the wrong way round is not known.
func AgeIs(years int) Age { return AgeBetween(years, years) }

func AgeBetween(from, to int) Age {
	return Age{from: from, to: to, known: from >= 0 && from <= to}
}

func (a Age) under18(r OffenceRow) Answer {
	switch {
	case !a.known:
		return unknown("%s covers victims of 18 and over too, and the victim's age is not known", r)
	case a.to < 18:
		return yes("%s is a sexual offence and the victim was under 18", r)
	case a.from >= 18:
		return no("%s covers victims of any such age and the victim was 18 or over", r)
	default:
		return unknown("%s covers victims of 18 and over too, and the victim was between %d and %d", r, a.from, a.to)
	}
}
