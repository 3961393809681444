package normalise

import "testing"

func TestInstitutionsTieNobody(t *testing.T) {
	for _, c := range []struct{ premises, description string }{
		{"care_home", ""}, {"CARE HOME", ""}, {"hostel", ""}, {"hotel", ""}, {"school", ""}, {"hospital", ""}, {"police_station", ""}, {"prison", ""}, {"taxi_office", ""},
		{"", "Children's home landline"}, {"", "care home, main line"}, {"", "Hostel reception"}, {"other", "HOTEL SWITCHBOARD"}, {"", "Custody suite"}, {"", "custody phone"},
		{"", "Solicitors' office"}, {"", "Smithson & Co Solicitors"}, {"", "duty solicitor"}, {"", "main line"}, {"", "Duty phone, social services"}, {"", "pool car"}, {"", "POOL VEHICLE"},
		{"", "works van"}, {"", "hire car"}, {"", "Hospital ward 4"}, {"", "taxi office"}, {"", "cab firm line"}, {"", "borough council"}, {"", "charity helpline"}, {"", "phone box"},
		{"", "School office"}, {"", "HMP reception"}, {"", "police station front counter"}, {"", "GP surgery"}, {"", "A&E"}, {"", "the social worker's duty phone"}, {"", "Probation"},
		{"", "youth club minibus"}, {"dwelling", "supported living unit"}, {"", "seen near hotel, number of taxi firm"}, {"", "switchboard"},
	} {
		if !Institution(c.premises, c.description) {
			t.Errorf("Institution(%q, %q) = false, want true", c.premises, c.description)
		}
	}
}

func TestWhatBelongsToPeopleIsNoInstitution(t *testing.T) {
	for _, c := range []struct{ premises, description string }{
		{"", ""}, {"dwelling", ""}, {"takeaway", ""}, {"park", ""}, {"other", ""}, {"unknown", ""},
		{"", "mobile"}, {"", "own phone"}, {"", "mother's mobile"}, {"", "pay as you go, prepaid"}, {"", "home landline"}, {"", "second phone"}, {"", "contact"},
		{"", "black hatchback"}, {"", "white van"}, {"", "taxi, private hire, own vehicle"}, {"", "family car"}, {"", "moped"}, {"", "red saloon"},
		{"", "seen near the hospital"}, {"", "parked outside school"}, {"", "school friend"}, {"", "opposite hotel"}, {"dwelling", "next to the police station"},
		{"", "reported stolen to police"}, {"", "Flat 2, Temple Court"}, {"dwelling", "School House, Church View"}, {"", "12 Church Road"}, {"", "Hospital Lane"}, {"", "Hotel Street"}, {"", "Prison Road"}, {"", "Charity's friend"}, {"", "social worker's son"}, {"", "bus driver"},
		{"", "not the main line"}, {"", "ex hostel"}, {"", "Wardle"}, {"", "Hotelling"}, {"", "college student"}, {"", "school uniform"},
	} {
		if Institution(c.premises, c.description) {
			t.Errorf("Institution(%q, %q) = true, want false", c.premises, c.description)
		}
	}
}

func FuzzInstitution(f *testing.F) {
	f.Add("care_home", "near the hospital")
	f.Add("", "Children's home")
	f.Fuzz(func(t *testing.T, premises, description string) {
		if got, folded := Institution(premises, description), Institution(Fold(premises), Fold(description)); got != folded {
			t.Errorf("Institution(%q, %q) = %v, but %v once folded", premises, description, got, folded)
		}
	})
}
