package web

import (
	"fmt"
	"html/template"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lookback/internal/allocation"
	"lookback/internal/casefile"
	"lookback/internal/cohort"
	"lookback/internal/desk"
)

var workloadRoutes = []route{
	{"GET /workload", desk.ReadWorkload, (*Site).showWorkload},
	{"GET /workload/people", desk.ReadWorkload, (*Site).sendPeople},
	{"GET /workload/units", desk.ReadWorkload, (*Site).sendUnits},
	{"GET /workload/forecast", desk.ReadWorkload, (*Site).showForecast},
	{"GET /workload/forecast/figures", desk.ReadWorkload, (*Site).sendForecast},
}

// A workloadPage is who has to do how much.
type workloadPage struct {
	*allocation.Workload
	Sum  allocation.Load
	most int64
}

func (workloadPage) Wide() bool { return true }

// Draw is the bar of one person: overdue, the rest of what is assigned, and what
// came back.
func (p workloadPage) Draw(l allocation.Load) template.HTML {
	return stripe(p.most, part{int64(l.Overdue), solid}, part{int64(l.Returned), dashed}, part{int64(l.Assigned - l.Overdue), faint})
}

// DrawUnit is the bar of one unit.
func (p workloadPage) DrawUnit(u allocation.UnitLoad) template.HTML {
	most := int64(0)
	for _, other := range p.Units {
		most = max(most, int64(other.Cases))
	}
	return stripe(most, part{int64(u.Decided), solid}, part{int64(u.Waiting), dashed}, part{int64(u.ToRead + u.Deferred), faint})
}

// ToAssign is the list of a unit's cases that nobody has.
func (workloadPage) ToAssign(unit string) string { return "/allocation?" + inScopeQuery(unit) }

// Of is the list of what somebody has.
func (workloadPage) Of(account string) string {
	return "/allocation?" + url.Values{"list": {"y"}, cohort.FacetAssigned: {account}, cohort.FacetStage: {string(casefile.StageOpen), string(casefile.StageReturned)}}.Encode()
}

func (s *Site) showWorkload(w http.ResponseWriter, r *request) error {
	load, err := allocation.Loads(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	p := workloadPage{Workload: load}
	for _, l := range load.People {
		p.most = max(p.most, int64(l.Assigned+l.Returned))
		p.Sum.Assigned += l.Assigned
		p.Sum.Overdue += l.Overdue
		p.Sum.Reading += l.Reading + l.Judging
		p.Sum.Returned += l.Returned
		p.Sum.Waiting += l.Waiting
		p.Sum.Read7 += l.Read7
		p.Sum.Read28 += l.Read28
		p.Sum.ActionsOpen += l.ActionsOpen
		p.Sum.ActionsOverdue += l.ActionsOverdue
	}
	return s.render(w, r, "workload", "Workload", p)
}

func (s *Site) sendPeople(w http.ResponseWriter, r *request) error {
	load, err := allocation.Loads(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	header := []string{"day", "account", "name", "reviews", "disabled", "assigned", "overdue", "no_due_day", "open_for_review_now", "open_for_approval_now", "returned",
		"waiting_for_another", "read_7_days", "read_28_days", "actions_open", "actions_overdue"}
	return s.sendTable(w, r, "workload", header, func(yield func([]string, error) bool) {
		for _, l := range load.People {
			row := append([]string{load.Day.String(), l.Account, l.Name, yOrN(l.Reviews), yOrN(l.Disabled)}, ints(l.Assigned, l.Overdue, l.Undated, l.Reading, l.Judging,
				l.Returned, l.Waiting, l.Read7, l.Read28, l.ActionsOpen, l.ActionsOverdue)...)
			if !yield(row, nil) {
				return
			}
		}
	})
}

func (s *Site) sendUnits(w http.ResponseWriter, r *request) error {
	load, err := allocation.Loads(r.Context(), s.Desk, r.By)
	if err != nil {
		return err
	}
	header := []string{"day", "unit", "cases_in_scope_or_unknown", "to_read", "assigned", "waiting_or_returned", "decided_or_closed", "deferred_unread"}
	return s.sendTable(w, r, "workload-units", header, func(yield func([]string, error) bool) {
		for _, u := range load.Units {
			name := u.Unit
			if name == "" {
				name = "not recorded"
			}
			if !yield(append([]string{load.Day.String(), name}, ints(u.Cases, u.ToRead, u.Assigned, u.Waiting, u.Decided, u.Deferred)...), nil) {
				return
			}
		}
	})
}

func ints(n ...int) []string {
	out := make([]string, len(n))
	for i, v := range n {
		out[i] = strconv.Itoa(v)
	}
	return out
}

func yOrN(b bool) string {
	if b {
		return "y"
	}
	return "n"
}

// A forecastPage answers when the work will be done.
type forecastPage struct {
	*allocation.Outlook
	Faults
	Line  Line
	Files string // query string of the files
}

func (forecastPage) Wide() bool { return true }

// Mean is the pace with one decimal at most.
func (p forecastPage) Mean() string {
	return strings.TrimSuffix(strconv.FormatFloat(p.Pace.Mean, 'f', 1, 64), ".0")
}

func (s *Site) showForecast(w http.ResponseWriter, r *request) error {
	o, err := allocation.Ask(r.Context(), s.Desk, r.By, allocation.ReadQuestion(r.URL.Query()))
	if err != nil {
		return err
	}
	p := forecastPage{Outlook: o, Files: o.Question.Query()}
	for _, f := range o.Faults {
		p.Add(f.Field, "%s", f.Message)
	}
	p.Line = forecastLine(o)
	status := http.StatusOK
	if len(p.Faults) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return s.renderStatus(w, r, status, "forecast", "Pace and forecast", p)
}

func forecastLine(o *allocation.Outlook) Line {
	l := Line{ID: "backlog", Title: "Files left to read", Unit: "Files left",
		Summary: "The dashed line has even chances to lie above or below; the band holds eight chances in ten."}
	for i, point := range o.Course {
		day := time.Unix(int64(point.Day)*86400, 0).UTC()
		if i == 0 {
			l.So = append(l.So, Point{day, float64(point.Middle)})
		}
		l.May = append(l.May, Range{day, float64(point.Low), float64(point.Middle), float64(point.High)})
	}
	return l
}

// sendForecast sends the forecast with every assumption in it: whoever has the file
// can see what it rests on.
func (s *Site) sendForecast(w http.ResponseWriter, r *request) error {
	o, err := allocation.Ask(r.Context(), s.Desk, r.By, allocation.ReadQuestion(r.URL.Query()))
	if err != nil {
		return err
	}
	if len(o.Faults) > 0 {
		return casefile.Errorf(casefile.Invalid, "%s", o.Faults[0].Message)
	}
	return s.sendTable(w, r, "forecast", []string{"kind", "what", "value", "low", "high", "from"}, forecastRows(o))
}

func forecastRows(o *allocation.Outlook) iter.Seq2[[]string, error] {
	day := func(w allocation.When) string {
		switch {
		case !o.Told:
			return "cannot be told"
		case w.Days == 0 && o.Backlog > 0:
			return fmt.Sprintf("beyond %d years", allocation.Horizon)
		}
		return w.Day.String()
	}
	var rows [][]string
	for _, sentence := range o.Says() {
		rows = append(rows, []string{"answer", sentence, "", "", "", ""})
	}
	rows = append(rows, []string{"forecast", "all files read by (even chances; 1 in 10; 9 in 10)", day(o.Middle), day(o.Early), day(o.Late), "as of " + o.Workload.Day.String()})
	for _, a := range o.Assumptions {
		rows = append(rows, []string{"assumption", a.What, a.Value, "", "", a.From})
	}
	for _, x := range o.Sensitivities {
		f := x.Forecast
		rows = append(rows, []string{"if", x.If, day(f.Middle), day(f.Early), day(f.Late), ""})
	}
	for _, point := range o.Course {
		rows = append(rows, append([]string{"files left at the end of", point.Day.String()}, append(ints(point.Middle, point.Low, point.High), "")...))
	}
	return func(yield func([]string, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}
