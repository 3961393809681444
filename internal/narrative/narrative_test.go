package narrative

import (
	"fmt"
	"strings"
	"testing"
)

// said writes what a text states as "lo-hi", "lo+" where open, "" for nothing.
func said(text string) string {
	most, at := Stated(text)
	switch {
	case at < 0:
		return ""
	case most.Hi == 0:
		return fmt.Sprintf("%d+", most.Lo)
	case most.Hi == most.Lo:
		return fmt.Sprint(most.Lo)
	}
	return fmt.Sprintf("%d-%d", most.Lo, most.Hi)
}

type reading struct{ text, want string }

func check(t *testing.T, readings []reading) {
	t.Helper()
	for _, c := range readings {
		if got := said(c.text); got != c.want {
			t.Errorf("%q states %q, want %q", c.text, got, c.want)
		}
	}
}

func TestNumbersInDigitsAndWords(t *testing.T) {
	check(t, []reading{
		{"Victim named three males.", "3"},
		{"3 males in a car", "3"},
		{"Twenty-five males were present.", "25"},
		{"two dozen men outside", "24"}, {"half a dozen lads", "6"}, {"a dozen males", "12"},
		{"x2 males seen", "2"}, {"2x males", "2"}, {"2 x IC1 males", "2"}, {"4 x IC1 males in vehicle", "4"},
		{"males x3", "3"}, {"males x 3 arrested", "3"}, {"three (3) males", "3"}, {"males (2)", "2"},
		{"Suspects: 3", "3"}, {"Number of suspects: 4", "4"}, {"no. of offenders - 2", "2"},
		{"number of suspects is three", "3"}, {"there were four of them", "4"}, {"2males made off", "2"},
		{"a couple of males", "2"}, {"a pair of males", "2"}, {"the trio of suspects", "3"},
		{"IC 4 male seen", "1"}, {"4 IC 1 males", "4"},
	})
}

func TestRangesAndBounds(t *testing.T) {
	check(t, []reading{
		{"3-4 males", "3-4"}, {"3 – 4 males", "3-4"}, {"3/4 males", "3-4"}, {"three or four males", "3-4"},
		{"between 5 and 7 males", "5-7"}, {"2 to 3 suspects", "2-3"}, {"two, possibly three, males", "2-3"},
		{"three males, possibly four", "3-4"}, {"either two or three males", "2-3"}, {"one or two males", "1-2"},
		{"at least three males", "3+"}, {"more than two males", "3+"}, {"3+ males", "3+"}, {"two or more suspects", "2+"},
		{"no fewer than four males", "4+"}, {"up to five males", "1-5"}, {"no more than three males", "1-3"},
		{"fewer than four males", "1-3"}, {"about five males", "5"}, {"approx. 3 males", "3"}, {"~4 males", "4"},
		{"a minimum of 2 offenders", "2+"}, {"three males or more", "3+"},
	})
}

func TestVagueAmountsAreOpen(t *testing.T) {
	check(t, []reading{
		{"a group of males", "2+"}, {"a number of men", "2+"}, {"an unknown number of males", "2+"}, {"several males", "3+"},
		{"multiple suspects", "2+"}, {"a few lads", "2+"}, {"many males", "3+"}, {"a gang of 6 males", "6"},
		{"a large group of older males", "2+"}, {"The suspects were arrested.", "2+"}, {"two groups of males", "2"},
		{"a group of three or four males", "3-4"}, {"other males were present", "2+"},
	})
}

func TestPartsOfAWhole(t *testing.T) {
	check(t, []reading{
		{"both suspects", "2"}, {"Both were arrested.", "2"}, {"all four males", "4"}, {"all four arrested", "4"},
		{"the pair were arrested", "2"}, {"one of the three males", "3"}, {"one of the males", "2+"},
		{"none of the three males was arrested", "3"}, {"neither male was interviewed", "2"}, {"neither of the suspects", "2"},
		{"two of the four suspects were NFA'd", "4"}, {"any of the three males", "3"}, {"each of the males", "2+"}, {"all seven of the males", "7"}, {"a male and two of his friends", "3"},
		{"two of them were arrested", "2"},
	})
}

func TestOneSuspect(t *testing.T) {
	check(t, []reading{
		{"A male approached.", "1"}, {"the suspect was arrested", "1"}, {"Suspect is outstanding", "1"}, {"an unknown male", "1"},
		{"suspect(s) to be interviewed", "1+"}, {"suspect's phone seized", "1"}, {"suspects' phones seized", "2+"},
		{"UNKNOWN MALE 1", "1+"}, {"a lone male", "1"}, {"a 15 year old male", "1"}, {"u/k m seen", "1"}, {"another male", "1+"},
		{"male 15 yrs", "1"}, {"the male's phone was seized", "1"}, {"the suspects phone was seized", "1"},
		{"Enquiries to trace the male", "1"},
	})
}

func TestLabels(t *testing.T) {
	check(t, []reading{
		{"UNKNOWN MALE 1 and UNKNOWN MALE 2", "2"}, {"S1, S2 and S3", "3"}, {"Male 1, male 2 seen", "2"}, {"no trace of suspect 2", "2+"}, {"suspect and a second male", "2"}, {"S1 & S2 arrested", "2"}, {"suspects 1 to 4", "4"},
		{"Suspect 2 was interviewed", "2+"}, {"suspects one and two", "2"}, {"Male 1, male 2 and male 3 seen", "3"},
		{"one male one female suspect", "2"}, {"the second male", "2+"}, {"a third suspect", "3+"},
		{"Male A and Male B", "2"}, {"suspects A, B and C", "3"}, {"SUSPECT A WHITE MALE", "1"}, {"suspect D Alder arrested", "1"},
		{"contrary to S1 of the Act", ""}, {"S9 statement obtained", ""}, {"Address is S1 2AB", ""},
	})
}

func TestASentenceAddsWhatItAddsItself(t *testing.T) {
	check(t, []reading{
		{"two males and a female", "3"}, {"a male driver and two passengers", "3"}, {"him and two friends", "3"},
		{"2 males, 1 female", "3"}, {"The suspect and two other males", "3"}, {"a male with two friends", "3"}, {"two males with a female", "2"}, {"a male and he had two friends", "1"},
		{"two males in the car, a third outside", "3+"}, {"one suspect arrested, one outstanding", "2"},
		{"A male was driving and another male was in the rear", "2"}, {"one male in front and one male in the rear", "2"},
		{"one male drove, the other male walked", "2"}, {"two males approached and the other male left", "2"},
		{"suspects are two males and a female", "3"}, {"two suspects, a male and a female", "2"},
		{"a male front seat passenger and a male driver", "2"}, {"the suspect arrived with two males", "3"},
		{"the suspect did not attend with two males", "1"},
		{"Three males came in. Two males left.", "3"}, {"victim and two males", "2"}, {"male officer and two males", "2"},
	})
}

func TestNegation(t *testing.T) {
	check(t, []reading{
		{"no males", ""}, {"No other males were present", ""}, {"not two males but one", "1"}, {"not one but three males", "3"},
		{"denied that there were three males", ""}, {"did not see any other males", ""}, {"there was no evidence of two males", ""},
		{"could not identify two males", "2"}, {"the three males were not arrested", "3"}, {"did not recognise the two males", "2"},
		{"No further action against two males", "2"}, {"no suspects identified", ""}, {"did not see two males but saw one male", "1"},
		{"Suspects: none", ""}, {"0 suspects", ""}, {"Suspects: nil", ""}, {"Suspects unknown", "1+"}, {"Suspects not yet identified", "1+"},
		{"the report of two males was found to be false", ""}, {"had there been two males", ""},
		{"without any suspects", ""}, {"not just one male but three", "3"}, {"one male rather than two males", "1"},
	})
}

func TestSuppositionsAndQuestions(t *testing.T) {
	check(t, []reading{
		{"if there were two males", ""}, {"asked whether two suspects were present", ""}, {"Were there two males?", ""},
		{"how many males were there", ""}, {"If located, the two males to be arrested", "2"}, {"whether the two males are known", "2"},
		{"identify any suspects", ""}, {"at risk from older males", ""}, {"Establish the number of suspects", ""},
	})
}

func TestNotSuspects(t *testing.T) {
	check(t, []reading{
		{"males' clothing", ""}, {"MASE meeting attended.", ""}, {"People carrier with index seen.", ""}, {"Special meas.", ""}, {"male clothing recovered", ""}, {"males clothing", ""}, {"a male officer attended", ""},
		{"two officers attended", ""}, {"three calls were made", ""}, {"aged 15", ""}, {"2 phones seized", ""},
		{"two victims", ""}, {"three girls disclosed", ""}, {"she and two friends attended", ""}, {"two male victims", ""},
		{"two male and one female officers", ""}, {"Two males witnessed the incident", ""}, {"statement taken from two males", ""},
		{"witnesses: two males", ""}, {"VICTIM: TWO MALES CAME IN", "2"}, {"the victim is a male", ""},
		{"two males eliminated from the enquiry", ""}, {"the suspect vehicle", ""}, {"two male members of staff", ""},
		{"appropriate adult present", ""}, {"a suspect and an appropriate adult", "1"}, {"at 2130 hrs", ""}, {"I suspect that", ""},
		{"a male police officer attended", ""}, {"a male care worker spoke to her", ""}, {"two male social workers", ""},
		{"passed to a male DC", ""}, {"reported by a male neighbour", ""}, {"no record that two males came", ""},
		{"two officers, one male and one female", ""}, {"Two officers attended, two males arrested", "2"},
		{"Two males gave statements", ""}, {"two males called police", ""}, {"Room 3 males ward", ""}, {"Isle of Man", ""},
		{"two people attended the station", ""}, {"crime ref 12/3456/14", ""}, {"3 persons of interest", ""},
	})
}

func TestOthersNeedACue(t *testing.T) {
	check(t, []reading{
		{"two youths were arrested", "2"}, {"two unknown females", "2"}, {"disclosed an offence by three boys", "3"},
		{"She named three people", "3"}, {"a woman was charged", "1"}, {"four persons detained", "4"},
		{"two people waited outside", ""}, {"suspects are two women", "2"},
	})
}

// A descriptor, of whatever kind, is skipped: it is in no list and sways nothing.
func TestDescriptorsSwayNothing(t *testing.T) {
	for _, text := range []string{"three %s males", "a %s male and two %s friends", "2 %s lads arrested", "no %s males", "two %s officers", "the %s suspects"} {
		want := said(strings.ReplaceAll(text, "%s ", ""))
		for _, d := range []string{"tall", "IC1", "IC4", "ic 6", "Zorblian", "north Zorblian", "mixed-build", "éclair"} {
			if got := said(strings.ReplaceAll(text, "%s", d)); got != want {
				t.Errorf("%q with %q states %q, without it %q", text, d, got, want)
			}
		}
	}
}

func TestTheSentenceAndThePhraseAreGiven(t *testing.T) {
	first, second := "Call at 14:00.", "OIC told.\r\nIP stated that two males and a female left. No CCTV."
	most, at := Stated(first, second, "a male")
	if at != 1 || most.Lo != 3 || most.Hi != 3 {
		t.Fatalf("read %+v in text %d, want 3 in text 1", most, at)
	}
	if got, want := most.Sentence.In(second), "IP stated that two males and a female left."; got != want {
		t.Errorf("sentence %q, want %q", got, want)
	}
	if got, want := most.Phrase.In(second), "two males and a female"; got != want {
		t.Errorf("phrase %q, want %q", got, want)
	}
}

func TestNumbersOfDifferentTextsAreNeverAdded(t *testing.T) {
	if most, at := Stated("Two males left.", "At least two males left.", "A female was arrested."); most.Lo != 2 || most.Hi != 2 || at != 0 {
		t.Errorf("read %+v in text %d, want 2 in text 0", most, at)
	}
	if most, at := Stated("No males.", ""); at != -1 || most != (Statement{}) {
		t.Errorf("read %+v in text %d, want nothing", most, at)
	}
}

func TestHowLogsAreWritten(t *testing.T) {
	check(t, []reading{
		{"VIC NAMED THREE MALES AND A FEMALE NFA", "4"}, {"thre mlaes seen", "3"}, {"2 suspetcs arrested", "2"},
		{"Seen with 3 mal", "3"}, {"Seen with 3 off", ""}, {"two\r\nmales seen", "2"}, {"2 suspects.3 officers attended", "2"},
		{"two tall, hooded males", "2"}, {"two 15 year old males", "2"}, {"3 males (18-20 yrs)", "3"}, {"named two ‘older’ males", "2"},
	})
}
