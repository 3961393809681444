package codelist

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWhetherAnOutcomeIsANoFurtherAction(t *testing.T) {
	tests := []struct {
		scheme, code string
		want         Value
		reason       string // a part of it
	}{
		{HO2013, "15", Yes, "outcome 15 (Evidential difficulties: suspect identified, victim supports) is a decision"},
		{HO2013, "16", Yes, ""},
		{HO2013, "21", Yes, ""},
		{HO2013, "9", Yes, ""},
		{HO2013, "outcome 15", Yes, ""},
		{HO2013, "Outcome: 15", Yes, ""},
		{HO2013, "OC15", Yes, ""},
		{HO2013, "015", Yes, ""},
		{HO2013, "15.0", Yes, ""},
		{HO2013, " 16 - Victim declines ", Yes, ""},
		{HO2013, "1", No, "is not a decision"},
		{HO2013, "1a", No, "alternative offence"},
		{HO2013, "1 A", No, "alternative offence"},
		{HO2013, "14", No, "leaves no suspect on the record"},
		{HO2013, "18", No, "leaves no suspect on the record"},
		{HO2013, "0", No, "still open"},
		{HO2013, "00", No, "still open"},
		{HO2013, "", Unknown, "no outcome is recorded"},
		{HO2013, "23", Unknown, `outcome "23" is not in the list`},
		{HO2013, "15-16", Unknown, `outcome "15-16" is not in the list`},
		{HO2013, "15B", Unknown, "is not in the list"},
		{HO2013, "115", Unknown, "is not in the list"},
		{HO2013, "NFA", Unknown, "is not in the list"},
		{"", "15", Unknown, "the scheme of outcome \"15\" is not recorded"},
		{Local, "15", Unknown, "local code"},
		{"niche", "15", Unknown, `scheme "niche" is not known`},
		{Pre2013, "NFA-police", Unknown, "the meaning of NFA-police before April 2013 is not verified"},
		{Pre2013, "nfa-cps-evid", Unknown, "not verified"},
		{Pre2013, "SD-charge", Unknown, "not verified (its row is secondary)"},
		{Pre2013, "8", Unknown, "does not say which list"},
		{Pre2013, "cleared-up-1996:8", Yes, "of cleared-up-1996"},
		{Pre2013, "cleared-up-1996:12b", Yes, ""},
		{Pre2013, "cleared-up-1996:1", No, ""},
		{Pre2013, "detections-2013:8", Unknown, "is in no list"},
		{Pre2013, "NC", No, ""},
		{Pre2013, "pu-nfa", Unknown, "covers decisions of several kinds"},
		{Pre2013, "", Unknown, "no outcome is recorded"},
	}
	for _, tt := range tests {
		got := Shipped().Outcome(tt.scheme, tt.code).NFA()
		if got.Value != tt.want || !strings.Contains(got.Reason, tt.reason) {
			t.Errorf("NFA of %q under %q: %s; want %s with %q", tt.code, tt.scheme, got, tt.want, tt.reason)
		}
	}
}

func TestAnAlternativeOffenceLiesInsideItsPlainCode(t *testing.T) {
	for code, want := range map[string]string{"1A": "1", "2a": "2", "3A": "3", "1": "", "15": ""} {
		if got := Shipped().Outcome(HO2013, code).Within; got != want {
			t.Errorf("%s lies within %q, want %q", code, got, want)
		}
	}
}

func TestWhoDecidesAnOutcome(t *testing.T) {
	tests := []struct {
		code, body string
		want       Value
	}{
		{"9", "CPS", Yes}, {"9", "police", No}, {"10", "police", Yes}, {"10", "cps", No},
		{"15", "police", Unknown}, {"15", "cps", Unknown}, {"0", "police", Unknown}, {"4", "police", No}, {"99", "police", Unknown},
		{"9", "", No},
	}
	for _, tt := range tests {
		if got := Shipped().Outcome(HO2013, tt.code).By(tt.body); got.Value != tt.want {
			t.Errorf("outcome %s by %s: %s, want %s", tt.code, tt.body, got, tt.want)
		}
	}
}

func FuzzOutcome(f *testing.F) {
	for _, c := range []string{"15", "1a", "outcome 0", "NFA-police", "cleared-up-1996:8", ":", "16 - x", "٣"} {
		f.Add(HO2013, c)
		f.Add(Pre2013, c)
	}
	s := Shipped()
	f.Fuzz(func(t *testing.T, scheme, code string) {
		o := s.Outcome(scheme, code)
		checkAnswer(t, o.NFA(), o.Listed())
		checkAnswer(t, o.By("police"), o.Listed())
		if o.Listed() && s.Outcome(o.Scheme, listedCode(o)).Label != o.Label {
			t.Errorf("%q finds %s, whose own code does not", code, o)
		}
	})
}

func listedCode(o Outcome) string {
	if o.List == "" {
		return o.Code
	}
	return o.List + ":" + o.Code
}

// checkAnswer holds what is true of any answer: it has a reason, short enough to
// read, and it decides nothing that no list has.
func checkAnswer(t *testing.T, a Answer, listed bool) {
	t.Helper()
	if a.Reason == "" || utf8.RuneCountInString(a.Reason) > 700 || !utf8.ValidString(a.Reason) {
		t.Errorf("reason %q", a.Reason)
	}
	if !listed && a.Value != Unknown {
		t.Errorf("no list has it, yet %s", a)
	}
}
