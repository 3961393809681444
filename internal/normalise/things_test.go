package normalise

import "testing"

type keyCase struct{ in, want string }

func checkKeys(t *testing.T, name string, f func(string) (string, bool), cases []keyCase) {
	t.Helper()
	for _, c := range cases {
		if got, ok := f(c.in); got != c.want || ok != (c.want != "") {
			t.Errorf("%s(%q) = %q, %v, want %q", name, c.in, got, ok, c.want)
		}
	}
}

func TestVehicleMark(t *testing.T) {
	checkKeys(t, "VehicleMark", VehicleMark, []keyCase{
		{"ab12 cde", "AB12CDE"}, {"AB12CDE", "AB12CDE"}, {"A123 BCD", "A123BCD"}, {"A 1", "A1"}, {"AB-123-CD", "AB123CD"}, {"045 217", "045217"},
		{"07 D 12345", "07D12345"}, {"XX12 ABC", "XX12ABC"}, {"NK12 BUS", "NK12BUS"}, {"AAA 111", "AAA111"}, {"TBC 1", "TBC1"}, {"ＡＢ１２ＣＤＥ", "AB12CDE"},

		{"", ""}, {"UNKNOWN", ""}, {"NOVRM", ""}, {"NO VRM", ""}, {"NOT KNOWN", ""}, {"TBC", ""}, {"N/K", ""}, {"N/A", ""}, {"?", ""}, {"AB12 ???", ""}, {"AB12*", ""},
		{"PART AB12", ""}, {"TAXI", ""}, {"BLUE", ""}, {"X", ""}, {"1", ""}, {"0000000", ""}, {"XX00XXX", ""}, {"X999XXX", ""}, {"1234567", ""}, {"123456", ""}, {"UNKNOWN1", ""},
		{"NO REG 1", ""}, {"AB12CDE AND AB13CDE", ""}, {"АВ12 СДЕ", ""}, {"no plate 2", ""},
	})
}

func TestPostcode(t *testing.T) {
	checkKeys(t, "Postcode", Postcode, []keyCase{
		{"zz1 2ab", "ZZ1 2AB"}, {"ZZ12AB", "ZZ1 2AB"}, {"ZZ99 1AA", "ZZ99 1AA"}, {"Z1 2AB", "Z1 2AB"}, {"Z12 2AB", "Z12 2AB"}, {"Z1A 2AB", "Z1A 2AB"},
		{"ZZ1A 2AB", "ZZ1A 2AB"}, {"ZZ1 OAB", "ZZ1 0AB"}, {"GIR 0AA", "GIR 0AA"}, {" zz1-2ab ", "ZZ1 2AB"},

		{"", ""}, {"ZZ99 3VZ", ""}, {"ZZ99 3WZ", ""}, {"UNKNOWN", ""}, {"ZZ1", ""}, {"ZZ1 2A", ""}, {"ZZZ1 2AB", ""}, {"12345", ""}, {"Z123 4AB", ""}, {"XX1 1XX", ""},
		{"XX99 9XX", ""}, {"ZZ1 2AB ZZ1 2AC", ""}, {"NONE", ""},
	})
}

func TestEmail(t *testing.T) {
	checkKeys(t, "Email", Email, []keyCase{
		{"A.B@Example.Test", "a.b@example.test"}, {" mailto:a@example.test ", "a@example.test"}, {"Somebody <a@example.test>", "a@example.test"}, {"a+b@mail.example.test;", "a+b@mail.example.test"},

		{"", ""}, {"a", ""}, {"a@b", ""}, {"@example.test", ""}, {"a b@example.test", ""}, {"a@b@example.test", ""}, {"none@none.com", ""}, {"unknown@unknown.test", ""},
		{"test@test.test", ""}, {"N/A", ""}, {"noemail@example.test", ""}, {"a@example.t", ""}, {"a@.test", ""},
	})
}

func TestOnline(t *testing.T) {
	checkKeys(t, "Online", Online, []keyCase{
		{"@Smiler99", "smiler99"}, {"smiler99", "smiler99"}, {"https://social.example/Smiler99", "smiler99"}, {"https://www.social.example/Smiler99/?hl=en", "smiler99"},
		{"social.example/add/smiler99", "smiler99"}, {"https://social.example/profile.php?id=10099&ref=x", "10099"}, {"Snap: smiler99", "smiler99"}, {"Snap : @smiler99", "smiler99"},
		{"https://social.example/@smiler99", "smiler99"}, {"j_99.x", "j_99.x"},

		{"", ""}, {"@", ""}, {"unknown", ""}, {"N/K", ""}, {"none", ""}, {"a", ""}, {"xxxx", ""}, {"two words", ""}, {"https://social.example/", ""}, {"TBC", ""},
	})
}

func FuzzKeys(f *testing.F) {
	for _, s := range []string{"AB12 CDE", "ZZ1 2AB", "a@example.test", "https://social.example/@smiler99", "Snap: smiler99", "N/K", "mailto:mailto:a@b.cd", "\"\vt\xa8\xd7\xd8\u063d\xd4"} {
		f.Add(s)
	}
	forms := map[string]func(string) (string, bool){"VehicleMark": VehicleMark, "Postcode": Postcode, "Email": Email, "Online": Online}
	f.Fuzz(func(t *testing.T, s string) {
		for name, form := range forms {
			key, ok := form(s)
			if ok != (key != "") {
				t.Errorf("%s(%q) = %q, %v", name, s, key, ok)
			}
			if again, _ := form(key); ok && again != key {
				t.Errorf("%s(%q) = %q, but of that %q", name, s, key, again)
			}
		}
	})
}
