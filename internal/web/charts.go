package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
)

// Charts are drawn here, as SVG without styles, so that they need no script, print,
// and pass the content security policy. Bars stand in the rows of a table that has
// the figures; a line has its table below it.

// Bars compare counts: {{template "bars" .Data.ByUnit}}.
type Bars struct {
	Caption string // what is counted, of what, when
	Summary string // one sentence: what the chart shows
	Of      string // what a row is: "Unit"
	Unit    string // what is counted: "Cases"
	Rows    []Bar
}

// A Bar is one row of Bars.
type Bar struct {
	Label string
	Href  string // the list behind the figure, if there is one
	Value int64
	Note  string // beside the figure: its base, its share
}

// Draw is the bar of one row, against the longest.
func (b Bars) Draw(row Bar) template.HTML {
	most := int64(0)
	for _, r := range b.Rows {
		most = max(most, r.Value)
	}
	return stripe(most, part{row.Value, solid})
}

// A Waterfall shows how many are left after each step, and where the others went:
// {{template "waterfall" .Data.Waterfall}}.
type Waterfall struct {
	Caption string
	Summary string
	Of      string // what a row is: "Criterion"
	Rows    []Fall
}

// A Fall is one step: of those that came to it, how many stay, how many go, and of
// how many it cannot be told.
type Fall struct {
	Label   string
	Href    string
	Stay    int64
	Go      int64
	Unknown int64
}

// Came is how many came to a step.
func (f Fall) Came() int64 { return f.Stay + f.Go + f.Unknown }

// Draw is the bar of one step, against the largest.
func (w Waterfall) Draw(row Fall) template.HTML {
	most := int64(0)
	for _, r := range w.Rows {
		most = max(most, r.Came())
	}
	return stripe(most, part{row.Stay, solid}, part{row.Unknown, dashed}, part{row.Go, faint})
}

// A part of a stripe; parts differ in lightness and outline, not in colour alone.
type part struct {
	n    int64
	fill string
}

const (
	solid  = `fill="#2f6a91" stroke="#2f6a91"`
	dashed = `fill="#fff1c9" stroke="#8a6d00" stroke-dasharray="4 2"`
	faint  = `fill="#e4e8eb" stroke="#848c93"`
)

// stripe is a bar of several parts that fills its cell. What is not nothing can be
// seen.
func stripe(most int64, parts ...part) template.HTML {
	const width = 300.0
	var b strings.Builder
	b.WriteString(`<svg class="lb-bar" width="100%" height="16" viewBox="0 0 302 16" preserveAspectRatio="none" aria-hidden="true" focusable="false">`)
	x := 1.0
	for _, p := range parts {
		if p.n <= 0 || most <= 0 {
			continue
		}
		w := max(width*float64(p.n)/float64(most), 1.5)
		fmt.Fprintf(&b, `<rect x="%s" y="1" width="%s" height="14" %s vector-effect="non-scaling-stroke"/>`, short(x), short(w), p.fill)
		x += w
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

func short(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

// meter draws how much of a whole is done, with its figures in words beside it.
func meter(part, whole any) (template.HTML, error) {
	p, err := count(part)
	if err != nil {
		return "", err
	}
	w, err := count(whole)
	if err != nil {
		return "", err
	}
	const width = 160
	filled := int64(0)
	if w > 0 {
		filled = min(p, w) * width / w
		if p > 0 {
			filled = max(filled, 2)
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="lb-meter" width="%d" height="14" viewBox="0 0 %[1]d 14" aria-hidden="true" focusable="false">`+
		`<rect x=".5" y=".5" width="%d" height="13" fill="#fff" stroke="#484f55"/><rect y="0" width="%d" height="14" fill="#2f6a91"/></svg>%s of %s`,
		width, width-1, filled, thousands(p), thousands(w))), nil
}

// A Line shows a count over time, what it may become, and how sure that is:
// {{template "line" .Data.Pace}}.
type Line struct {
	ID        string // unique on the page
	Title     string
	Summary   string // one sentence: what the chart shows
	Unit      string // what is counted: "Cases decided"
	So        []Point
	May       []Range // from the last of So on
	Goal      float64 // 0: none
	GoalLabel string
}

// A Point is a count on a day.
type Point struct {
	Day   time.Time
	Value float64
}

// A Range is what a count may be on a day.
type Range struct {
	Day            time.Time
	Low, Mid, High float64
}

// Empty reports that there is nothing to draw.
func (l Line) Empty() bool { return len(l.So)+len(l.May) < 2 }

// Draw is the chart.
func (l Line) Draw() template.HTML {
	const (
		width, height            = 760.0, 300.0
		left, right, top, bottom = 60.0, 44.0, 14.0, 34.0
	)
	if l.Empty() {
		return ""
	}
	var first, last time.Time
	most := l.Goal
	see := func(day time.Time, v float64) {
		if first.IsZero() || day.Before(first) {
			first = day
		}
		if day.After(last) {
			last = day
		}
		most = max(most, v)
	}
	for _, p := range l.So {
		see(p.Day, p.Value)
	}
	for _, r := range l.May {
		see(r.Day, r.High)
	}
	step := tick(most)
	ceiling := max(math.Ceil(most/step), 1) * step
	span := max(last.Sub(first).Hours(), 1)
	x := func(day time.Time) float64 { return left + (width-left-right)*day.Sub(first).Hours()/span }
	y := func(v float64) float64 { return top + (height-top-bottom)*(1-v/ceiling) }

	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %g %g" width="%[1]g" height="%[2]g" role="img" aria-labelledby="%s-title" font-size="13">`, width, height, template.HTMLEscapeString(l.ID))
	for v := 0.0; v <= ceiling+step/2; v += step {
		fmt.Fprintf(&b, `<line x1="%s" x2="%s" y1="%[3]s" y2="%[3]s" stroke="#d5dade"/><text x="%[4]s" y="%[5]s" text-anchor="end">%[6]s</text>`,
			short(left), short(width-right), short(y(v)), short(left-8), short(y(v)+4), thousands(int64(math.Round(v))))
	}
	for _, t := range months(first, last) {
		fmt.Fprintf(&b, `<line x1="%[1]s" x2="%[1]s" y1="%[2]s" y2="%[3]s" stroke="#484f55"/><text x="%[1]s" y="%[4]s" text-anchor="middle">%[5]s</text>`,
			short(x(t)), short(height-bottom), short(height-bottom+5), short(height-bottom+20), t.Format("2 Jan 2006"))
	}
	if l.Goal > 0 {
		fmt.Fprintf(&b, `<line x1="%s" x2="%s" y1="%[3]s" y2="%[3]s" stroke="#0b0c0c" stroke-dasharray="2 3"/><text x="%[4]s" y="%[5]s">%[6]s</text>`,
			short(left), short(width-right), short(y(l.Goal)), short(left+6), short(y(l.Goal)-5), template.HTMLEscapeString(l.GoalLabel))
	}
	if len(l.May) > 0 {
		var edge []string
		for _, r := range l.May {
			edge = append(edge, short(x(r.Day))+","+short(y(r.High)))
		}
		for i := len(l.May) - 1; i >= 0; i-- {
			edge = append(edge, short(x(l.May[i].Day))+","+short(y(l.May[i].Low)))
		}
		fmt.Fprintf(&b, `<polygon points="%s" fill="#dce9f2" stroke="#7ba5c6"/>`, strings.Join(edge, " "))
		mid := make([]Point, len(l.May))
		for i, r := range l.May {
			mid[i] = Point{r.Day, r.Mid}
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="#123f66" stroke-width="2" stroke-dasharray="7 5"/>`, polyline(mid, x, y))
	}
	if len(l.So) > 0 {
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="#123f66" stroke-width="3"/>`, polyline(l.So, x, y))
	}
	fmt.Fprintf(&b, `<line x1="%s" x2="%s" y1="%[3]s" y2="%[3]s" stroke="#0b0c0c"/></svg>`, short(left), short(width-right), short(y(0)))
	return template.HTML(b.String())
}

func polyline(points []Point, x func(time.Time) float64, y func(float64) float64) string {
	var at []string
	for _, p := range points {
		at = append(at, short(x(p.Day))+","+short(y(p.Value)))
	}
	return strings.Join(at, " ")
}

// tick is the distance of lines: 1, 2 or 5 times a power of ten, four to eight of
// them below most. Counts are whole, so it is 1 at least.
func tick(most float64) float64 {
	if most <= 4 {
		return 1
	}
	size := math.Pow(10, math.Floor(math.Log10(most/4)))
	for _, m := range []float64{5, 2} {
		if most/(m*size) >= 4 {
			return m * size
		}
	}
	return size
}

// months are days to mark below a chart: at most eight, evenly apart.
func months(first, last time.Time) []time.Time {
	days := int(last.Sub(first).Hours() / 24)
	step := max(1, (days+6)/7)
	var out []time.Time
	for d := 0; d <= days; d += step {
		out = append(out, first.AddDate(0, 0, d))
	}
	return out
}
