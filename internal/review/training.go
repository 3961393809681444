package review

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/normalise"
	"lookback/internal/store"
)

// A Training list says which skills there are and which of them a case needs. It
// is data with a version. It asks only what kind of case it is: never who is in
// it, where it was, or anything about ethnicity, nationality, religion or language.
type Training struct {
	Version int     `json:"version"`
	Skills  []Skill `json:"skills"`
	Needs   []Need  `json:"needs"`

	named map[string]string // code by any folded name
}

// A Skill is a skill or training that a case may need.
type Skill struct {
	Code  string   `json:"code"` // stored
	Label string   `json:"label"`
	About string   `json:"about"`
	Also  []string `json:"also"` // what else training systems call it
}

// A Need is one rule: cases of which something holds need a skill.
type Need struct {
	Skill      string `json:"skill"`
	When       string `json:"when"`    // one of the keys of needFacts
	Unknown    string `json:"unknown"` // where that is not known: "needed" or "not needed"
	Why        string `json:"why"`     // said where it holds
	WhyUnknown string `json:"why_unknown"`
}

//go:embed training.json
var trainingText []byte

var training = func() *Training {
	t, err := parseTraining(trainingText)
	if err != nil {
		panic("review: training.json: " + err.Error())
	}
	return t
}()

// TrainingInForce returns the list in force.
func TrainingInForce() *Training { return training }

// needFacts are what a need may ask of a case. A case that is not in the last
// analysis has no row: then nothing is known of it.
var needFacts = map[string]func(row *cohort.Row, restricted bool) cohort.Answer{
	"every case":      func(*cohort.Row, bool) cohort.Answer { return cohort.Yes },
	"restricted":      func(_ *cohort.Row, restricted bool) cohort.Answer { return yesNo(restricted) },
	"victim under 18": ofRow(func(r *cohort.Row) cohort.Answer { return r.VictimUnder18 }),
	"online":          ofRow(func(r *cohort.Row) cohort.Answer { return r.Online }),
	"group":           ofRow(func(r *cohort.Row) cohort.Answer { return yesNo(r.Group != "") }),
}

func ofRow(ask func(*cohort.Row) cohort.Answer) func(*cohort.Row, bool) cohort.Answer {
	return func(r *cohort.Row, _ bool) cohort.Answer {
		if r == nil {
			return cohort.NotKnown
		}
		return ask(r)
	}
}

func yesNo(b bool) cohort.Answer {
	if b {
		return cohort.Yes
	}
	return cohort.No
}

func parseTraining(text []byte) (*Training, error) {
	t := &Training{named: map[string]string{}}
	if err := json.Unmarshal(text, t); err != nil {
		return nil, err
	}
	if t.Version < 1 || len(t.Skills) == 0 || len(t.Needs) == 0 {
		return nil, fmt.Errorf("it needs a version from 1, skills and needs")
	}
	for _, s := range t.Skills {
		for _, name := range append([]string{s.Code, s.Label}, s.Also...) {
			folded := normalise.Fold(name)
			if other, ok := t.named[folded]; ok && other != s.Code {
				return nil, fmt.Errorf("%q names both %s and %s", name, other, s.Code)
			}
			t.named[folded] = s.Code
		}
	}
	for _, n := range t.Needs {
		switch {
		case t.Label(n.Skill) == "":
			return nil, fmt.Errorf("a need asks for %q, which is no skill", n.Skill)
		case needFacts[n.When] == nil:
			return nil, fmt.Errorf("a need asks when %q, which is nothing that is known of a case", n.When)
		case n.Unknown != "needed" && n.Unknown != "not needed":
			return nil, fmt.Errorf("the need of %s does not say what holds where %s is not known", n.Skill, n.When)
		case n.Why == "":
			return nil, fmt.Errorf("the need of %s does not say why", n.Skill)
		}
	}
	return t, nil
}

// Code returns the code of a skill by any of its names; ok is false for a skill
// that no case needs, and code is then the name in small letters.
func (t *Training) Code(name string) (code string, ok bool) {
	if code, ok = t.named[normalise.Fold(name)]; ok {
		return code, true
	}
	return strings.ToLower(strings.Join(strings.Fields(name), " ")), false
}

// Label returns how a page names a skill, "" for one that no case needs.
func (t *Training) Label(code string) string {
	for _, s := range t.Skills {
		if s.Code == code {
			return s.Label
		}
	}
	return ""
}

// Names lists the codes of the skills.
func (t *Training) Names() []string {
	out := make([]string, len(t.Skills))
	for i, s := range t.Skills {
		out[i] = s.Code
	}
	return out
}

// A Needed is a skill that a case needs, and why.
type Needed struct {
	Skill, Label, Why string
}

// Needed returns what a case needs. Where it is not known whether something holds,
// the need's own rule decides; as shipped, what may be needed is.
func (t *Training) Needed(row *cohort.Row, restricted bool) []Needed {
	var out []Needed
	for _, n := range t.Needs {
		why := n.Why
		switch needFacts[n.When](row, restricted) {
		case cohort.No:
			continue
		case cohort.NotKnown:
			if n.Unknown != "needed" {
				continue
			}
			if n.WhyUnknown != "" {
				why = n.WhyUnknown
			}
		}
		out = append(out, Needed{n.Skill, t.Label(n.Skill), why})
	}
	return out
}

// Skills are what somebody holds on a day.
type Skills struct {
	// Recorded is false as long as no skills were ever imported: nobody's are known,
	// so none are asked for, and pages say so.
	Recorded bool
	Held     map[string]bool
}

// Missing returns what a case needs and the holder of the skills has not.
func (t *Training) Missing(row *cohort.Row, restricted bool, held Skills) []Needed {
	if !held.Recorded {
		return nil
	}
	var out []Needed
	for _, n := range t.Needed(row, restricted) {
		if !held.Held[n.Skill] {
			out = append(out, n)
		}
	}
	return out
}

// SkillsOf returns what an account holds on a day. Cost: two seeks and its skills.
func SkillsOf(ctx context.Context, tx *store.Tx, account string, on casefile.Day) (Skills, error) {
	s := Skills{Held: map[string]bool{}}
	version, _, err := tx.SkillsImported(ctx)
	if err != nil || version == 0 {
		return s, err
	}
	s.Recorded = true
	held, err := tx.SkillsHeld(ctx, account, on)
	for _, k := range held {
		s.Held[k] = true
	}
	return s, err
}
