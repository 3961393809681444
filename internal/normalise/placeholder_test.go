package normalise

import (
	"strings"
	"testing"
)

// name is "SURNAME, forenames"; without a comma all of it stands in the surname.
func split(name string) (surname, forenames string) {
	surname, forenames, _ = strings.Cut(name, ",")
	return surname, strings.TrimSpace(forenames)
}

func TestPlaceholdersNameNobody(t *testing.T) {
	for _, name := range []string{
		"", "?", "-", "...", "***", "N/A", "N/K", "NK", "U/K", "UK", "NA", "NA, NA", "UNK", "Unk.", "T.B.C.", "TBC", "TBA", "NOT KNOWN", "Not Yet Known",
		"UNKNOWN", "UNKNOWN MALE 1", "UNKNOWN MALE, 1", "UNKNOWN, MALE 2", "UNKNOWNMALE1", "Unknown Female", "UNKOWN, MALE", "UNKNOWN, UNKNOWN",
		"UNKNOWN, Dave", "unknown male (2)", "MALE 2", "MALE, 2", "MALE2", "MALE", "FEMALE", "MALE, UNKNOWN", "MALE, N/K", "N/K MALE", "MALE A", "MALE, B", "WHITE MALE", "ASIAN, MALE 3",
		"IC1 MALE", "POLISH MALE 2", "TALL MALE", "YOUNG MAN", "OLDER, MALE", "TWO MALES", "GROUP OF MALES", "3 X MALES", "MALE WEARING CAP",
		"JOHN DOE", "DOE, JOHN", "Doe, Jane", "JOHN DOE 2", "BLOGGS, Joe", "Joe Bloggs", "A N OTHER", "OTHER, A N",
		"ANON", "ANONYMOUS", "Anonymous Caller", "SUSPECT 1", "SUSPECT, 02", "SUSPECT TWO", "SUSPECT", "OFFENDER ONE", "PERSON UNKNOWN", "PERSONS UNKNOWN",
		"UNKNOWN PERSON(S)", "UNIDENTIFIED", "UNIDENTIFIED SUSPECT", "UNNAMED", "XXXX", "xx", "XX, XXX", "X", "M, 1", "S1", "V2", "B, A", "AAAA", "12345",
		"NO NAME", "NO NAME GIVEN", "NAME NOT GIVEN", "NAME UNKNOWN", "NAMES NOT KNOWN", "NO TRACE", "NONE", "NULL", "NULL, NULL", "BLANK", "NIL",
		"DRIVER", "THE DRIVER", "DRIVER OF VEHICLE", "Driver of blue Ford Fiesta", "TAXI DRIVER", "PASSENGER 1", "PASSENGER IN CAR", "MAN IN VAN",
		"MOTHER OF VICTIM", "VICTIM'S FRIEND", "FRIEND OF SUSPECT 2", "BOYFRIEND", "CHILD B", "CHILD, A", "BABY", "REGINA", "THE CALLER", "MR X", "MR UNKNOWN",
		"SECURITY GUARD", "SHOP MANAGER", "REGISTERED KEEPER", "TEST, TEST", "DUPLICATE RECORD", "DO NOT USE", ", UNKNOWN", ", MALE 1", ", Unknown Male", "UNKNOWN MALE WITH BEARD",
	} {
		if s, f := split(name); !Placeholder(s, f) {
			t.Errorf("Placeholder(%q, %q) = false, want true", s, f)
		}
	}
}

func TestRealNamesAreNotPlaceholders(t *testing.T) {
	for _, name := range []string{
		"MANN, Thomas", "Mann", "MALE, David", "Male, George J", "Male, J", "KNOWN, Peter", "Known", "UNKOVIC, Ana", "Unkovic", "Doe", "DOE, Peter", "Doe, Johanna",
		"Hussain, Unknown", "HUSSAIN, N/K", "Hussain", "Mohammed", ", Mohammed", "Khan, M", "O'Brien, X", "Smith, John", "Smith, A N", "Other, Brian",
		"Young, Ian", "Young", "White, Jack", "White", "Black, Guy", "Brown, B", "Short, Clare", "Old, W", "Grey, Silver", "Boy, Andrew", "Man, Yi Lam", "Man, Ka Ho",
		"To, Man", "Man, On", "Wong, Man Yi", "Kim, Man In", "MAN IN SU", "An, Na", "Do, Van Tam", "No, Tae Woo", "O, Jin", "E, Li", "U, Thant", "Ng, A", "Xu, X", "Xi", "Aa, Karel",
		"Uk, Sophal", "Na, Min Ho", "Null, Jennifer", "Blank, Les", "None, Ugo", "Nil, Asha", "Anon, Pilar", "Añón, Luisa", "Test, Marcel", "Child, Julia", "Driver, Minnie",
		"Driver, J", "Driver, K", "Parent, S", "Child, T", "Man, N", "Friend, Amy", "Neighbour, Tom", "Guard, Simon", "Holder, Noddy", "Keeper, Lou", "Parent, Nick", "Partner, Jo", "Party, Ann", "Person, Karl",
		"Husband, Phil", "Wife, Ada", "Uncle, Rob", "Brothers, Ed", "Sibling, Bo", "Minor, Ana", "Major, John", "Lad, Raj", "Ladd, Alan", "Baby, Binu", "Youth, Kit",
		"Bloggs, Norman", "Mickey, Lee", "Mouse, Edwin", "Duck, Geoff", "Regina, Paolo", "Costa, Regina", ", Regina", "Rex, Simon", "King, Rex", "Witness, Hope",
		"Sour, Ce", "One, Chi", "Six, Jan", "Tenn, Y", "Vi, Le", "Last, James", "First, Neta", "Third, Ewan", "Van, Tran", "Cab, Io", "Carr, Jim", "Bus, Sy", "Lee, Blue",
		"李", "李, 伟", "Иванов, Иван", "محمد", "de la Cruz, Ana", "Nobody, Kim", "Source, Abel", "Unwin, Ted", "Untermann, Ulf", "Tbilisi, Ana",
		"Male, Unknown Hussain", "Unknown Hussain", "Singh, Unknown", "Kaur", "Persons, Henry", "Mann, Unknown", "Maleek, A", "Femal, Ola", "Suspekt, Rolf",
	} {
		if s, f := split(name); Placeholder(s, f) {
			t.Errorf("Placeholder(%q, %q) = true, want false", s, f)
		}
	}
}

// A word in two classes would get whichever came last.
func TestNoWordOfTheLexiconStandsTwice(t *testing.T) {
	seen := map[string]class{}
	for _, c := range classWords {
		for _, w := range strings.Fields(c.words) {
			if was, ok := seen[w]; ok {
				t.Errorf("%q is in class %d and in class %d", w, was, c.class)
			}
			seen[w] = c.class
			if Fold(w) != w {
				t.Errorf("%q never meets a folded word", w)
			}
		}
	}
}

func FuzzPlaceholder(f *testing.F) {
	f.Add("UNKNOWN", "MALE 1")
	f.Add("Smith", "John")
	f.Add("N/K", "")
	f.Fuzz(func(t *testing.T, surname, forenames string) {
		got := Placeholder(surname, forenames)
		if again := Placeholder(Fold(surname), Fold(forenames)); got != again {
			t.Errorf("Placeholder(%q, %q) = %v, but %v once folded", surname, forenames, got, again)
		}
	})
}
