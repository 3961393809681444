package analysis_test

import (
	"strings"
	"testing"

	"lookback/internal/cohort"
	"lookback/internal/desk"
	"lookback/internal/desk/desktest"
	"lookback/internal/store"
)

func identities(t *testing.T, d *desk.Desk) map[string]store.Identity {
	t.Helper()
	out := map[string]store.Identity{}
	err := cohort.WithRun(t.Context(), d, func(tx *store.Tx, run int64) error {
		for i, err := range tx.Identities(t.Context(), run) {
			if err != nil {
				return err
			}
			_, ref := i.Nominal.Split()
			out[ref] = i
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOnePersonIsWhoHasOnePNCOrCRONumber(t *testing.T) {
	d := desktest.NewDesk(t)
	desktest.Import(t, d, desktest.Folder(t, desktest.Tables{
		"investigations": "crime_ref\nC1\n",
		"nominals": "nominal_ref,surname,forenames,pnc_id,cro_no,dob\n" +
			"N1,ARDEN,Sam,04/23K,,1980-01-02\n" +
			"N2,ARDENN,S,2004/0000023K,,\n" + // the long form
			"N3,BEECH,Kim,,23/04A,\n" +
			"N4,BEECH,Kim,,CRO 000023/04a,\n" +
			"N5,ARDEN,Sam,,,1980-01-02\n" + // same name and birthday only
			"N6,UNKNOWN,MALE 1,04/23K,,\n" +
			"N7,UNKNOWN,MALE 1,,,\n" +
			"N8,CEDAR,Alex,UNKNOWN,UNKNOWN,\n" +
			"N9,DOGWOOD,Jo,UNKNOWN,UNKNOWN,\n",
		"involvements": "crime_ref,nominal_ref,role\nC1,N1,suspect\n",
	}))
	desktest.Analyse(t, d)
	who := identities(t, d)
	for _, c := range []struct {
		a, b string
		same bool
	}{{"N1", "N2", true}, {"N3", "N4", true}, {"N1", "N5", false}, {"N1", "N3", false}, {"N8", "N9", false}} {
		if got := who[c.a].Identity == who[c.b].Identity; got != c.same {
			t.Errorf("%s and %s held to be one person: %v, want %v (%v, %v)", c.a, c.b, got, c.same, who[c.a], who[c.b])
		}
	}
	for _, nobody := range []string{"N6", "N7"} {
		if i, ok := who[nobody]; ok {
			t.Errorf("a placeholder became a person: %+v", i)
		}
	}
	if got := who["N2"].Because; got != "same PNC id as unstated:N1" {
		t.Errorf("N2 because %q", got)
	}
	if got := who["N4"].Because; got != "same CRO number as unstated:N3" {
		t.Errorf("N4 because %q", got)
	}
}

func TestAPhoneTiesPeopleUnlessAnInstitutionAnswersIt(t *testing.T) {
	for _, c := range []struct {
		description string
		tied        bool
	}{{"mobile", true}, {"care home office", false}, {"custody desk, police station", false}} {
		d := desktest.NewDesk(t)
		desktest.Import(t, d, desktest.Folder(t, desktest.Tables{
			"investigations": "crime_ref\nC1\nC2\n",
			"nominals":       "nominal_ref,surname\nN1,ARDEN\nN2,BEECH\n",
			"involvements":   "crime_ref,nominal_ref,role\nC1,N1,suspect\nC2,N2,suspect\n",
			"identifiers":    "identifier_ref,kind,value,description\nI1,phone,07700 900123," + quote(c.description) + "\nI2,phone,+447700900123," + quote(c.description) + "\n",
			"uses":           "crime_ref,nominal_ref,identifier_ref,use\n,N1,I1,used\n,N2,I2,used\n",
		}))
		a := desktest.Analyse(t, d)
		if got := a.Ties == 1; got != c.tied {
			t.Errorf("%q: %d ties, want a tie %v", c.description, a.Ties, c.tied)
		}
		var because []string
		err := cohort.WithRun(t.Context(), d, func(tx *store.Tx, run int64) error {
			for m, err := range tx.Memberships(t.Context(), run) {
				if err != nil {
					return err
				}
				because = append(because, m.Because)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range because {
			if !strings.HasPrefix(b, "both used phone ") {
				t.Errorf("a member's reason is %q", b)
			}
		}
		if (len(because) == 2) != c.tied {
			t.Errorf("%q: %d members of groups, with reasons %q", c.description, len(because), because)
		}
	}
}

func quote(s string) string { return `"` + s + `"` }
