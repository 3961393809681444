package codelist

import (
	"strings"
	"testing"
)

func TestAnOffenceIsFoundHoweverItsCodeIsWritten(t *testing.T) {
	tests := []struct {
		code string
		want string // the first candidate's title; "" if none
		rows int
	}{
		{"19D", "Rape of a female child under 16", 1},
		{"19d", "Rape of a female child under 16", 1},
		{"019D", "Rape of a female child under 16", 1},
		{"71", "Abuse of children through sexual exploitation", 1},
		{"106", "Modern slavery", 1},
		{"019/07", "Rape of a girl aged 13 to 15", 2},
		{"19/7", "Rape of a girl aged 13 to 15", 2},
		{"01907", "Rape of a girl aged 13 to 15", 2},
		{"1907", "Rape of a girl aged 13 to 15", 2},
		{"SX03001", "Rape of a girl aged 13 to 15", 1},
		{"sx03001a", "Attempted rape of a girl aged 13 to 15", 1},
		{"19D 019/07", "Rape of a girl aged 13 to 15", 2},
		{"019/07;SX56070", "Rape of a female under 16", 1},
		{"", "", 0},
		{"030C", "", 0},
		{"17", "", 0},
		{"burglary", "", 0},
		{"019/99", "", 0},
		{"SX99999", "", 0},
		{"071/04", "Paying for sexual services of a girl under 13 (no penetration)", 2},
	}
	for _, tt := range tests {
		o := Shipped().Offence(tt.code)
		title := ""
		if len(o.Rows) > 0 {
			title = o.Rows[0].Title
		}
		if title != tt.want || len(o.Rows) != tt.rows || o.Listed() != (tt.rows > 0) {
			t.Errorf("%q: %q and %d rows, listed %v; want %q and %d", tt.code, title, len(o.Rows), o.Listed(), tt.want, tt.rows)
		}
	}
}

func TestWhetherAnOffenceIsAContactOffenceOrRape(t *testing.T) {
	tests := []struct {
		code          string
		contact, rape Value
	}{
		{"19D", Yes, Yes},
		{"019/07", Yes, Yes},                // both offences that share it
		{"019/11", Unknown, Yes},            // an attempt
		{"19J", Unknown, Unknown},           // its row is secondary
		{"20A", Yes, No},                    //
		{"021/10", No, No},                  // in the presence of a child
		{"88A", No, No},                     // grooming
		{"71", Unknown, No},                 //
		{"024/01", Unknown, No},             // four offences: three may be contact, one is not
		{"20A 021/10", No, No},              // the code wins over the class
		{"019/07;021/10", Unknown, Unknown}, // two offences that differ
		{"086/02", No, No},                  //
		{"SX56042", Unknown, Unknown},
		{"030C", Unknown, Unknown},
		{"019/07;030/01", Unknown, Unknown}, // one of two is not listed
		{"17 019/07", Yes, Yes},             // a class that is not listed beside a code that is
	}
	for _, tt := range tests {
		o := Shipped().Offence(tt.code)
		if c, r := o.Contact(), o.Rape(); c.Value != tt.contact || r.Value != tt.rape {
			t.Errorf("%s: contact %s, rape %s; want %s and %s", tt.code, c, r, tt.contact, tt.rape)
		}
	}
}

func TestWhetherAnOffenceIsAChildSexualOffence(t *testing.T) {
	none := Age{}
	tests := []struct {
		code   string
		victim Age
		want   Value
		reason string
	}{
		{"19D", none, Yes, "under 16"},
		{"19D", AgeIs(30), Yes, "under 16"}, // the offence itself says so
		{"19E", none, Yes, "under 13"},
		{"071/06", none, Yes, "under 18"},
		{"20A", none, Unknown, "the victim's age is not known"},
		{"20A", AgeIs(15), Yes, "the victim was under 18"},
		{"20A", AgeIs(18), No, "18 or over"},
		{"20A", AgeBetween(14, 17), Yes, ""},
		{"20A", AgeBetween(16, 20), Unknown, "between 16 and 20"},
		{"20A", AgeBetween(20, 16), Unknown, "not known"},
		{"19C", AgeIs(17), Yes, ""},
		{"071/04", none, Yes, ""}, // shared by two offences, both against children
		{"106", AgeIs(14), Unknown, "need not be a sexual offence"},
		{"013/02", AgeIs(14), No, "is not a sexual offence"},
		{"19J", AgeIs(14), Unknown, "not verified"},
		{"86", AgeIs(14), Unknown, ""},
		{"086/02", none, Yes, ""},
		{"", AgeIs(14), Unknown, "no offence code is recorded"},
		{"030C", AgeIs(14), Unknown, `offence code "030C" is not in the list`},
	}
	for _, tt := range tests {
		got := Shipped().Offence(tt.code).ChildSexual(tt.victim)
		if got.Value != tt.want || !strings.Contains(got.Reason, tt.reason) {
			t.Errorf("%s, victim %+v: %s; want %s with %q", tt.code, tt.victim, got, tt.want, tt.reason)
		}
	}
}

// An offence that covers children only answers the same at every age, and an
// older victim never turns a no into a yes.
func TestAVictimsAgeOnlyMovesTheAnswerOneWay(t *testing.T) {
	rank := map[Value]int{Yes: 2, Unknown: 1, No: 0}
	for _, r := range Shipped().Offences() {
		o := Offence{Rows: []OffenceRow{r}}
		for age := 1; age < 60; age++ {
			younger, older := o.ChildSexual(AgeIs(age-1)), o.ChildSexual(AgeIs(age))
			if rank[older.Value] > rank[younger.Value] {
				t.Errorf("%s: %s at %d but %s at %d", r, younger, age-1, older, age)
			}
		}
	}
}

func FuzzOffence(f *testing.F) {
	for _, c := range []string{"19D", "019/07", "01907", "SX03001", "19D 019/07", "/", "00", "071/04;106", "１９D"} {
		f.Add(c, 14)
	}
	s := Shipped()
	f.Fuzz(func(t *testing.T, code string, age int) {
		o := s.Offence(code)
		checkAnswer(t, o.Contact(), o.Listed())
		checkAnswer(t, o.Rape(), o.Listed())
		checkAnswer(t, o.ChildSexual(AgeIs(age)), o.Listed())
		if o.Listed() && len(o.Rows) == 0 {
			t.Errorf("%q is listed without a row", code)
		}
	})
}

func BenchmarkOffence(b *testing.B) {
	s := Shipped()
	for b.Loop() {
		s.Offence("019/07").Contact()
	}
}
