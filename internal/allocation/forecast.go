package allocation

import (
	"math"
	"sort"

	"lookback/internal/casefile"
)

// Conditions are what a forecast rests on beside the pace.
type Conditions struct {
	Backlog  int          // files to be read
	From     casefile.Day // work begins on the next working day
	Officers int
	Joiners  int          // officers who come later
	Joining  casefile.Day // their first day
	Away     float64      // share of working days on which an officer is away, 0 to below 1
	Week     Week
}

// A Forecast says when the backlog will have been read.
//
// With N_t officer-days in the first t working days and X_t files read in them, the
// backlog B is read by day t if X_t ≥ B, so the chance of that is P(X_t ≥ B), which
// [Pace] gives in closed form. No random numbers are drawn: whoever puts in the same
// figures gets the same days. More officers never make it later, since X_t only
// grows with N_t.
type Forecast struct {
	Conditions
	Pace   Pace
	Told   bool   // false: it cannot be told, and Why says why
	Why    string // a sentence
	Early  When   // one chance in ten that it is done by then
	Middle When   // even chances
	Late   When   // nine chances in ten
	Course []Point
}

// A When is a working day of a forecast, or none: Days is 0 where even the horizon
// is too early.
type When struct {
	Day  casefile.Day
	Days int // working days from the start
}

// A Point is how many files are left at the end of a day: fewer than Low one chance
// in ten, fewer than High nine in ten.
type Point struct {
	Day               casefile.Day
	Low, Middle, High int
}

// Horizon is how many years ahead a forecast looks. What lies beyond is no forecast.
const Horizon = 30

// points is how many there are of a course.
const points = 16

// Predict forecasts. Cost: some ten thousand evaluations of a continued fraction, a
// few tens of milliseconds; without the course a few milliseconds.
func Predict(c Conditions, p Pace) Forecast {
	f := when(c, p)
	if f.Told {
		f.course()
	}
	return f
}

// when forecasts the days without the course.
func when(c Conditions, p Pace) Forecast {
	f := Forecast{Conditions: c, Pace: p}
	switch {
	case c.Backlog <= 0:
		f.Told, f.Why = true, "Nothing is left to be read."
		f.Early.Day, f.Middle.Day, f.Late.Day = c.From, c.From, c.From
		return f
	case c.Officers+c.Joiners <= 0:
		f.Why = "It cannot be told: nobody is there to read."
		return f
	case c.Away >= 1:
		f.Why = "It cannot be told: everybody is always away."
		return f
	case !p.Told():
		f.Why = "It cannot be told: at no files a day, nothing is ever finished."
		return f
	}
	days := newDays(c)
	f.Early, f.Middle, f.Late = f.by(days, .1), f.by(days, .5), f.by(days, .9)
	if f.Told = f.Middle.Days > 0; !f.Told {
		f.Why = "It cannot be told: at this pace it would take longer than 30 years."
	}
	return f
}

// days are the working days up to the horizon, with the officer-days up to each.
type days struct {
	day         []casefile.Day
	officerDays []float64 // those of the first t+1 working days
}

func newDays(c Conditions) days {
	var d days
	sum := 0.0
	for day := c.From + 1; day <= c.From+Horizon*366; day++ {
		if !c.Week.Works(day) {
			continue
		}
		sum += float64(c.Officers)
		if c.Joiners > 0 && day >= c.Joining {
			sum += float64(c.Joiners)
		}
		d.day, d.officerDays = append(d.day, day), append(d.officerDays, sum)
	}
	return d
}

// by returns the first working day by which the backlog is read with a chance.
func (f *Forecast) by(d days, chance float64) When {
	t := sort.Search(len(d.day), func(t int) bool {
		return f.Pace.atLeast(float64(f.Backlog), d.officerDays[t], f.Away) >= chance
	})
	if t == len(d.day) {
		return When{}
	}
	return When{d.day[t], t + 1}
}

// course fills in how the backlog falls until the late day, or the middle one where
// the late one lies beyond the horizon.
func (f *Forecast) course() {
	d := newDays(f.Conditions)
	last := f.Late.Days
	if last == 0 {
		last = f.Middle.Days
	}
	f.Course = []Point{{f.From, f.Backlog, f.Backlog, f.Backlog}}
	n := min(points, last)
	for i := 1; i <= n; i++ {
		t := int(math.Round(float64(i)*float64(last)/float64(n))) - 1
		left := func(chance float64) int {
			// The most that is read with this chance at least.
			read := sort.Search(f.Backlog, func(x int) bool {
				return f.Pace.atLeast(float64(x+1), d.officerDays[t], f.Away) < chance
			})
			return f.Backlog - read
		}
		f.Course = append(f.Course, Point{d.day[t], left(.1), left(.5), left(.9)})
	}
}

// A Sensitivity is what becomes of a forecast if one thing is otherwise.
type Sensitivity struct {
	If string
	Forecast
}

// Sensitivities forecast again with one thing changed at a time.
func (f *Forecast) Sensitivities() []Sensitivity {
	var out []Sensitivity
	add := func(words string, c Conditions, p Pace) { out = append(out, Sensitivity{words, when(c, p)}) }
	more := max(1, int(math.Round(float64(f.Officers)/10)))
	c := f.Conditions
	c.Officers += more
	add(plural(more, "officer")+" more", c, f.Pace)
	if f.Officers > more {
		c.Officers = f.Officers - more
		add(plural(more, "officer")+" fewer", c, f.Pace)
	}
	add("A pace one fifth higher", f.Conditions, f.Pace.times(1.2))
	add("A pace one fifth lower", f.Conditions, f.Pace.times(.8))
	c = f.Conditions
	c.Away = min(.95, c.Away+.1)
	add("Ten days in a hundred more away", c, f.Pace)
	return out
}
