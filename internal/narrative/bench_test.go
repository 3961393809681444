package narrative

import (
	"strings"
	"testing"
)

// quiet is a log entry of the common kind: it mentions nobody who is a suspect.
const quiet = "Call to social services to arrange strategy meeting for Thursday at 14:00. CCTV request sent to the council, " +
	"awaiting reply. Victim update letter sent in line with policy. Supervisor to review in 28 days. Exhibit JB/3 booked to store."

const telling = "Update from OIC 12/03/2014 at 21:30 hrs. Victim states that two unknown males and a female were in the car with another male. " +
	"She did not see any other males. S1 and S2 have been interviewed, both deny the offence. The three suspects to be bailed pending CPS advice."

func BenchmarkQuiet(b *testing.B)   { benchmark(b, quiet) }
func BenchmarkTelling(b *testing.B) { benchmark(b, telling) }
func BenchmarkLong(b *testing.B)    { benchmark(b, strings.Repeat(telling+"\n"+quiet+"\n", 200)) }

// BenchmarkHostile reads what the rules have to look at longest; it must stay
// within a small factor of the others.
func BenchmarkHostile(b *testing.B) {
	for _, s := range []string{"the of all of ", "1,1,", "S1,", "male 1, ", "a 15 yr ", "no more than ", "and male ", "not if ", "a. ", "\n", "a ", "x1", "2males", "males'"} {
		b.Run(s, func(b *testing.B) { benchmark(b, "male "+strings.Repeat(s, 20000)) })
	}
}

func benchmark(b *testing.B, text string) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var to []Statement
	for b.Loop() {
		to = AppendSuspects(to[:0], text)
	}
}

func TestAnEntryWithoutSuspectsCostsNoMemory(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Suspects(quiet) }); n != 0 {
		t.Errorf("an entry that states nothing allocated %v times, want 0", n)
	}
}
