package codelist

import "testing"

func TestEthnicityCodesAreLabelsByScheme(t *testing.T) {
	s := Shipped()
	tests := []struct{ scheme, code, want string }{
		{SixteenPlusOne, "O1", "Chinese (16+1)"},
		{EighteenPlusOne, "O1", ""},
		{EighteenPlusOne, "a4", "Asian: Chinese"},
		{SixteenPlusOne, "A4", ""},
		{"", "A4", "Asian: Chinese"},
		{"", "NS", "Not stated"},
		{"5+1", "W1", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		if e, _ := s.SelfDefined(tt.scheme, tt.code); e.Label != tt.want {
			t.Errorf("%s under %q: %q, want %q", tt.code, tt.scheme, e.Label, tt.want)
		}
	}
	for code, want := range map[string]string{
		"IC1": "White: North European", "ic 6": "Arab or North African", "4": "Asian (Indian subcontinent)",
		"0": "Not recorded or not known", "9": "Unknown", "7": "", "": "", "W1": "",
	} {
		if e, _ := s.OfficerSeen(code); e.Label != want {
			t.Errorf("officer-seen %q: %q, want %q", code, e.Label, want)
		}
	}
}

func TestAForceIsFoundByCodeOrName(t *testing.T) {
	for written, want := range map[string]string{
		"01": "Metropolitan Police Service", "1": "Metropolitan Police Service", "66": "Metropolitan Police Service",
		"Metropolitan Police": "Metropolitan Police Service", "CITY OF LONDON POLICE": "City of London",
		"Devon & Cornwall Constabulary": "Devon and Cornwall", "dyfed powys": "Dyfed-Powys", "48": "City of London",
		"00": "Athena forces (shared system)",
		"":   "", "Police": "", "77": "", "Atlantis": "",
	} {
		if f, _ := Shipped().Force(written); f.Name != want {
			t.Errorf("%q: %q, want %q", written, f.Name, want)
		}
	}
}

func TestEveryBoroughHasAListedForce(t *testing.T) {
	s := Shipped()
	met := 0
	for _, b := range s.Boroughs() {
		f, ok := s.Force(b.Force)
		if !ok {
			t.Errorf("%s has force %q, which is not listed", b.Name, b.Force)
		}
		if f.Code == "01" {
			met++
		}
	}
	if met != 32 {
		t.Errorf("%d boroughs of the Met, want 32", met)
	}
	if b, ok := s.Borough("London Borough of Tower Hamlets"); !ok || b.Force != "01" {
		t.Errorf("Tower Hamlets: %v %v", b, ok)
	}
	if _, ok := s.Borough("London"); ok {
		t.Error("London is no borough")
	}
}

func TestAForceCodeNamesOneForce(t *testing.T) {
	seen := map[string]string{}
	for _, f := range Shipped().Forces() {
		for _, c := range append([]string{f.Code}, f.Also...) {
			if other := seen[c]; other != "" {
				t.Errorf("code %s: %s and %s", c, other, f.Name)
			}
			seen[c] = f.Name
		}
	}
}

func TestWhetherAClockHeldOnADay(t *testing.T) {
	tests := []struct {
		id, day string
		want    Value
	}{
		{"vc6-nopros", "2021-03-31", No},
		{"vc6-nopros", "2021-04-01", Yes},
		{"vc-2006", "2021-03-31", Yes},
		{"vc-2006", "2021-04-01", No},
		{"vc6-nopros-enh", "2022-01-01", Unknown}, // secondary
		{"vc-new", "2026-06-01", Unknown},         // a draft
		{"csarp", "2012-01-01", Yes},
		{"csarp", "2013-06-05", No},
		{"s62-justify-old", "2025-08-18", Yes},
		{"s62-justify-new", "2025-08-18", No},
		{"s62-justify-new", "2025-08-19", Yes},
		{"cvrr-local", "2020-01-01", Unknown}, // unverified
		{"cvrr-ask", "2020-01-01", Unknown},   // no start is listed
	}
	for _, tt := range tests {
		c, ok := Shipped().Clock(tt.id)
		if !ok {
			t.Errorf("no clock %s", tt.id)
			continue
		}
		if got := c.Held(tt.day); got.Value != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.id, tt.day, got, tt.want)
		}
	}
	if c, _ := Shipped().Clock("vc6-nopros"); c.Number != 5 || c.Unit != WorkingDays {
		t.Errorf("vc6-nopros: %d %s, want 5 working days", c.Number, c.Unit)
	}
}

func FuzzForce(f *testing.F) {
	for _, s := range []string{"01", "Met", "Devon & Cornwall", "", "٠١"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, written string) {
		if force, ok := Shipped().Force(written); ok && force.Name == "" {
			t.Errorf("%q finds a force without a name", written)
		}
	})
}
