package codelist

import (
	"slices"
	"strings"
)

// An Ethnicity is a label for monitoring and for nothing else: it feeds no
// linkage, no ranking and no criterion. What a person says of themself and what
// an officer saw are two lists and are never merged.
type Ethnicity struct {
	Row
	Code  string // "W1"; "4" for officer-seen
	Label string
	Group string // self-defined only

	spoken     string // "IC4"
	in16, in18 bool
}

// The schemes of self-defined ethnicity.
const (
	SixteenPlusOne  = "16+1"
	EighteenPlusOne = "18+1"
)

func addSelfDefined(s *Set, r record) {
	s.selfDefined = append(s.selfDefined, Ethnicity{
		Row: r.row(), Code: r.filled("code"), Label: r.filled("label"), Group: r.text("high_level_group"),
		in16: r.oneOf("in_16plus1", "y", "n") == "y",
		in18: r.oneOf("in_18plus1", "y", "n") == "y",
	})
}

func addOfficerSeen(s *Set, r record) {
	s.officerSeen = append(s.officerSeen, Ethnicity{
		Row: r.row(), Code: r.filled("code"), spoken: r.filled("spoken"), Label: r.filled("label"),
	})
}

// SelfDefined returns a code of self-defined ethnicity under a scheme; with an
// empty scheme, under either. Chinese is O1 under 16+1 and A4 under 18+1.
func (s *Set) SelfDefined(scheme, code string) (Ethnicity, bool) {
	code = strings.ToUpper(strings.TrimSpace(code))
	i := slices.IndexFunc(s.selfDefined, func(e Ethnicity) bool {
		in := scheme == "" || scheme == SixteenPlusOne && e.in16 || scheme == EighteenPlusOne && e.in18
		return in && e.Code == code
	})
	if i < 0 {
		return Ethnicity{}, false
	}
	return s.selfDefined[i], true
}

// OfficerSeen returns an officer's description, written "4" or "IC4". Unknown is
// 0 in some systems and 9 in others.
func (s *Set) OfficerSeen(code string) (Ethnicity, bool) {
	code = strings.ReplaceAll(strings.ToUpper(strings.TrimSpace(code)), " ", "")
	i := slices.IndexFunc(s.officerSeen, func(e Ethnicity) bool { return e.Code == code || e.spoken == code })
	if i < 0 {
		return Ethnicity{}, false
	}
	return s.officerSeen[i], true
}
