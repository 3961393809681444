package allocation

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"lookback/internal/casefile"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within || math.IsNaN(got) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestIncompleteBeta(t *testing.T) {
	// Of a Beta(2, 3), by integrating 12 x (1−x)²: 6x² − 8x³ + 3x⁴.
	near(t, "I_.5(2,3)", betaI(.5, 2, 3), .6875, 1e-12)
	near(t, "I_.2(2,3)", betaI(.2, 2, 3), .24-.064+.0048, 1e-12)
	near(t, "I_.3(1,1)", betaI(.3, 1, 1), .3, 1e-12)
	near(t, "I_.3(4,1)", betaI(.3, 4, 1), .0081, 1e-12)
	near(t, "its median", betaQuantile(.5, 40, 40), .5, 1e-9)
	// Symmetric, also where the numbers are large.
	for _, a := range []float64{.5, 7, 900, 90_000} {
		near(t, "I_.5(a,a)", betaI(.5, a, a), .5, 1e-8)
		near(t, "the sum of both sides", betaI(.47, a, 2*a)+betaI(.53, 2*a, a), 1, 1e-9)
	}
}

// handPace is a pace without doubt: mean 3, size 3, so p = 1/2.
func handPace() Pace { return Pace{Mean: 3, Size: 3, means: []float64{3}} }

func TestTheChanceThatSoManyFilesAreRead(t *testing.T) {
	p := handPace()
	// One officer-day, size 3, p = 1/2: P(0) = 1/8, P(1) = 3/16.
	near(t, "P(X ≥ 1)", p.atLeast(1, 1, 0), 7./8, 1e-12)
	near(t, "P(X ≥ 2)", p.atLeast(2, 1, 0), 11./16, 1e-12)
	// Two: size 6. P(0) = 1/64, P(1) = 6/128.
	near(t, "P(X ≥ 2) in two days", p.atLeast(2, 2, 0), 1-1./64-6./128, 1e-12)
	// Half the days away: mean 3/2, 1/r' = (1/3 + 1/2)/(1/2) = 5/3, so r' = 3/5 and
	// p' = 1/(1 + 3·5/6) = 2/7; P(0) = (2/7)^(3/5).
	near(t, "P(X ≥ 1) half away", p.atLeast(1, 1, .5), 1-math.Pow(2./7, .6), 1e-12)
	near(t, "P(X ≥ 0)", p.atLeast(0, 1, 0), 1, 0)
}

func TestThePaceIsLearntFromDaysAtWork(t *testing.T) {
	// Ten days of 1 or 5: mean 3, variance 40/9, r = 9/(40/9 − 3) = 81/13.
	p, ok := ObservePace([]int{1, 1, 1, 1, 1, 5, 5, 5, 5, 5})
	if !ok || p.Files != 30 || p.Days != 10 || p.Assumed {
		t.Fatalf("%+v, %v", p, ok)
	}
	near(t, "the mean", p.Mean, 3, 1e-12)
	near(t, "the size", p.Size, 81./13, 1e-12)
	// E[μ] = r (Σy + 1/2) / (n r − 1).
	r := 81. / 13
	sum := 0.0
	for _, m := range p.means {
		sum += m
	}
	near(t, "the expected mean", sum/nodes, r*30.5/(10*r-1), .02)
	if !(p.Low < p.Mean && p.Mean < p.High) {
		t.Errorf("the mean %v lies outside %v to %v", p.Mean, p.Low, p.High)
	}
	if even, _ := ObservePace([]int{3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}); even.Size != maxSize {
		t.Errorf("counts that vary less than Poisson's have size %v", even.Size)
	}
}

func TestTooLittleIsNoPace(t *testing.T) {
	for _, counts := range [][]int{nil, {29}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, {4, 4, 4, 4, 4, 4, 4, 4, 4}} {
		if _, ok := ObservePace(counts); ok {
			t.Errorf("%v was taken for a pace", counts)
		}
	}
}

func TestAnAssumedPaceIsWithinAQuarter(t *testing.T) {
	p := AssumePace(PlannedFiles)
	if !p.Assumed {
		t.Error("it does not say that it is assumed")
	}
	near(t, "its low end", p.Low, 2.4, .15)
	near(t, "its high end", p.High, 3.75, .15)
}

var monday = casefile.DayOf(2026, time.June, 1)

func team() Conditions {
	return Conditions{Backlog: 9000, From: monday, Officers: 26, Away: .2, Week: FiveDays}
}

func TestTwentySixOfficersAndNineThousandFiles(t *testing.T) {
	f := Predict(team(), handPace())
	// 26 officers, four in five at work, 3 files: 62.4 a day, 144.2 days. Without
	// doubt about the pace the days hardly spread.
	if f.Middle.Days < 144 || f.Middle.Days > 146 || f.Late.Days-f.Early.Days > 6 {
		t.Errorf("%d to %d, middle %d, want 145", f.Early.Days, f.Late.Days, f.Middle.Days)
	}
	if want := FiveDays.next(monday, f.Middle.Days); f.Middle.Day != want {
		t.Errorf("working day %d is %s, want %s", f.Middle.Days, f.Middle.Day, want)
	}
	assumed := Predict(team(), AssumePace(3))
	if assumed.Early.Days > 130 || assumed.Late.Days < 165 {
		t.Errorf("an assumption should leave more room than %d to %d days", assumed.Early.Days, assumed.Late.Days)
	}
	last := assumed.Course[len(assumed.Course)-1]
	if last.Day != assumed.Late.Day || last.High != 0 {
		t.Errorf("the course ends %+v, want nothing left by the late day %s", last, assumed.Late.Day)
	}
	for i := 1; i < len(assumed.Course); i++ {
		a, b := assumed.Course[i-1], assumed.Course[i]
		if b.Low > a.Low || b.Middle > a.Middle || b.High > a.High || b.Low > b.Middle || b.Middle > b.High || b.Day <= a.Day {
			t.Errorf("the course goes from %+v to %+v", a, b)
		}
	}
}

func TestTheSameFiguresGiveTheSameForecast(t *testing.T) {
	a, b := Predict(team(), AssumePace(3)), Predict(team(), AssumePace(3))
	if a.Early != b.Early || a.Middle != b.Middle || a.Late != b.Late {
		t.Errorf("%+v and %+v", a.Middle, b.Middle)
	}
}

func TestMoreOfficersAreNeverLater(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	for range 25 {
		c := Conditions{Backlog: 1 + random.IntN(4000), From: monday, Away: random.Float64() * .6, Week: FiveDays,
			Joiners: random.IntN(3), Joining: monday + casefile.Day(random.IntN(200))}
		p := AssumePace(.3 + 4*random.Float64())
		before := when(c, p)
		for officers := 1; officers < 12; officers += 2 {
			c.Officers = officers
			f := when(c, p)
			for _, q := range [][2]When{{before.Early, f.Early}, {before.Middle, f.Middle}, {before.Late, f.Late}} {
				if was, is := q[0], q[1]; was.Days > 0 && (is.Days == 0 || is.Days > was.Days) {
					t.Fatalf("%+v: working day %d became %d with more officers", c, was.Days, is.Days)
				}
			}
			if f.Early.Days > f.Middle.Days || f.Late.Days > 0 && f.Middle.Days > f.Late.Days {
				t.Fatalf("%+v: %d, %d, %d are out of order", c, f.Early.Days, f.Middle.Days, f.Late.Days)
			}
			before = f
		}
	}
}

// reading draws how many files an officer reads on a day at work.
func reading(r *rand.Rand, mean, size float64) int {
	return poisson(r, gamma(r, size)*mean/size)
}

func gamma(r *rand.Rand, shape float64) float64 { // Marsaglia and Tsang, for shape of 1 and more
	d := shape - 1./3
	for {
		x := r.NormFloat64()
		v := math.Pow(1+x/math.Sqrt(9*d), 3)
		if v > 0 && math.Log(r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

func poisson(r *rand.Rand, mean float64) (n int) {
	for limit, p := math.Exp(-mean), r.Float64(); p > limit; n++ {
		p *= r.Float64()
	}
	return n
}

// covered simulates teams, forecasts from their first weeks and says in which share
// the day of the end lay between the early and the late one.
func covered(teams int, pace func([]int) Pace) float64 {
	r := rand.New(rand.NewPCG(11, 2026))
	in := 0
	for range teams {
		mean, size := 1.5+2*r.Float64(), 1.5+3*r.Float64()
		const officers, away = 6, .2
		var seen []int
		for range officers * 20 {
			if r.Float64() >= away {
				seen = append(seen, reading(r, mean, size))
			}
		}
		c := Conditions{Backlog: 900, From: monday, Officers: officers, Away: away, Week: FiveDays}
		f := when(c, pace(seen))
		left, day := c.Backlog, 0
		for ; left > 0; day++ {
			for range officers {
				if r.Float64() >= away {
					left -= reading(r, mean, size)
				}
			}
		}
		if day >= f.Early.Days && day <= f.Late.Days {
			in++
		}
	}
	return float64(in) / float64(teams)
}

func TestTheIntervalCoversWhatItSays(t *testing.T) {
	// 80%, and a little more since days are whole; the error of 300 teams is 2.3.
	got := covered(300, func(seen []int) Pace {
		p, ok := ObservePace(seen)
		if !ok {
			t.Fatal("a month of six officers is too little")
		}
		return p
	})
	if got < .75 || got > .89 {
		t.Errorf("the interval of eight in ten covered %.0f in a hundred teams", 100*got)
	}
	// Taking the observed mean for certain, as a plain division does, would not.
	sure := covered(300, func(seen []int) Pace {
		p, _ := ObservePace(seen)
		p.means = []float64{p.Mean}
		return p
	})
	if sure > .65 {
		t.Errorf("without doubt about the mean %.0f in a hundred are covered: the check above proves nothing", 100*sure)
	}
}

func TestWhatCannotBeToldHasNoDay(t *testing.T) {
	for name, x := range map[string]struct {
		c    func(*Conditions)
		pace Pace
		says string
	}{
		"no pace":     {func(*Conditions) {}, AssumePace(0), "no files a day"},
		"nobody":      {func(c *Conditions) { c.Officers = 0 }, handPace(), "nobody is there"},
		"always away": {func(c *Conditions) { c.Away = 1 }, handPace(), "always away"},
		"for ever":    {func(c *Conditions) { c.Officers, c.Backlog = 1, 1_000_000 }, handPace(), "longer than 30 years"},
	} {
		c := team()
		x.c(&c)
		f := Predict(c, x.pace)
		if f.Told || f.Middle != (When{}) || !strings.Contains(f.Why, "cannot be told") || !strings.Contains(f.Why, x.says) || len(f.Course) > 0 {
			t.Errorf("%s: %+v", name, f)
		}
	}
	c := team()
	c.Backlog = 0
	if f := Predict(c, handPace()); !f.Told || f.Middle.Day != monday || f.Middle.Days != 0 {
		t.Errorf("with nothing to read: %+v", f)
	}
}

func TestJoinersCountFromTheirFirstDay(t *testing.T) {
	c := Conditions{Backlog: 60, From: monday, Joiners: 2, Joining: monday + 14, Week: FiveDays}
	f := Predict(c, handPace())
	// 14 days later is the tenth working day after the start; 6 a day from it on.
	if f.Early.Day < c.Joining || f.Middle.Days < 18 || f.Middle.Days > 21 {
		t.Errorf("done between %s and %s, middle after %d days", f.Early.Day, f.Late.Day, f.Middle.Days)
	}
}

func TestSensitivitiesPointTheRightWay(t *testing.T) {
	f := Predict(team(), AssumePace(3))
	sooner := map[string]bool{"3 officers more": true, "3 officers fewer": false, "A pace one fifth higher": true, "A pace one fifth lower": false, "Ten days in a hundred more away": false}
	for _, s := range f.Sensitivities() {
		want, ok := sooner[s.If]
		if !ok || (s.Middle.Days < f.Middle.Days) != want || s.Middle.Days == f.Middle.Days {
			t.Errorf("%s: %d days against %d", s.If, s.Middle.Days, f.Middle.Days)
		}
		delete(sooner, s.If)
	}
	if len(sooner) > 0 {
		t.Errorf("missing: %v", sooner)
	}
}

func TestBankHolidays(t *testing.T) {
	// As gov.uk/bank-holidays lists them for England and Wales.
	for _, d := range []string{
		"2021-01-01", "2021-04-02", "2021-04-05", "2021-05-03", "2021-05-31", "2021-08-30", "2021-12-27", "2021-12-28",
		"2022-01-03", "2022-04-15", "2022-04-18", "2022-05-02", "2022-08-29", "2022-12-26", "2022-12-27",
		"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28",
	} {
		day, err := casefile.ParseDay(d)
		if err != nil {
			t.Fatal(err)
		}
		if FiveDays.Works(day) || SixDays.Works(day) || !SevenDays.Works(day) {
			t.Errorf("%s is taken for a working day of most people", d)
		}
	}
	// 365 days, 52 weekends of two days, and eight holidays, all on weekdays.
	if n := FiveDays.workdays(casefile.DayOf(2025, time.December, 31), casefile.DayOf(2026, time.December, 31)); n != 365-104-8 {
		t.Errorf("2026 has %d working days", n)
	}
	if d := FiveDays.next(casefile.DayOf(2026, time.December, 24), 1); d.String() != "2026-12-29" {
		t.Errorf("work goes on after Christmas 2026 on %s", d)
	}
}
