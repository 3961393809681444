package allocation

import (
	"time"

	"lookback/internal/casefile"
)

// A Week says on which days people work.
type Week int

const (
	FiveDays  Week = 5 // Monday to Friday, without bank holidays
	SixDays   Week = 6 // Monday to Saturday, without bank holidays
	SevenDays Week = 7 // every day
)

// Works reports whether a day is a working day.
func (w Week) Works(d casefile.Day) bool {
	if w >= SevenDays {
		return true
	}
	weekday := (int(d)+3)%7 + 1 // 1970-01-01 was a Thursday; Monday is 1
	return weekday <= int(w) && !bankHoliday(d)
}

// next returns the n-th working day after d, d itself for n of 0.
func (w Week) next(d casefile.Day, n int) casefile.Day {
	for n > 0 {
		if d++; w.Works(d) {
			n--
		}
	}
	return d
}

// workdays counts the working days after from, up to and with to.
func (w Week) workdays(from, to casefile.Day) (n int) {
	for d := from + 1; d <= to; d++ {
		if w.Works(d) {
			n++
		}
	}
	return n
}

// bankHoliday reports whether a day is a bank holiday in England and Wales under
// the Banking and Financial Dealings Act 1971 and its usual proclamations. Those
// that are proclaimed for one year only, such as for a coronation, are not in it.
func bankHoliday(d casefile.Day) bool {
	year, month, day := d.Civil()
	monday := (int(d)+3)%7 == 0
	switch month {
	case time.January:
		return d == substitute(casefile.DayOf(year, time.January, 1))
	case time.March, time.April:
		e := easter(year)
		return d == e-2 || d == e+1
	case time.May:
		return monday && (day <= 7 || day > 24) // early May; spring, the last Monday
	case time.August:
		return monday && day > 24
	case time.December:
		christmas := substitute(casefile.DayOf(year, time.December, 25))
		boxing := substitute(casefile.DayOf(year, time.December, 26))
		if boxing <= christmas {
			boxing = christmas + 1
		}
		return d == christmas || d == boxing
	}
	return false
}

// substitute moves a holiday from a weekend to the Monday.
func substitute(d casefile.Day) casefile.Day {
	for (int(d)+3)%7 >= 5 {
		d++
	}
	return d
}

// easter returns Easter Sunday in the Gregorian calendar (Meeus, Jones, Butcher).
func easter(year int) casefile.Day {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return casefile.DayOf(year, time.Month(n/31), n%31+1)
}
