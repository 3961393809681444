package extract

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"lookback/internal/casefile"
)

// A Problem says why a row cannot be accepted.
type Problem struct {
	Column   string // ours, or theirs where we have none; "" for the row as a whole
	Value    string // at most 80 characters of it
	Expected string
	Sentence string // for the user: file, line, column, value, what was expected
}

func (p Problem) String() string       { return p.Column + ": expected " + p.Expected }
func (p Problem) LogValue() slog.Value { return slog.StringValue(p.String()) }

// complaint says what is wrong with a value, with advice where the cause is known.
func (r *Reader) complaint(c *casefile.Column, cell, want string) string {
	value := fmt.Sprintf("%q", cut(strings.TrimSpace(cell)))
	s := strings.TrimSpace(cell)
	switch {
	case c.Kind == casefile.Ref && isShortened(s):
		return value + " is a number that a spreadsheet has shortened; expected " + want +
			": export the column as text"
	case isSpreadsheetError(s):
		return value + " is an error of a spreadsheet; expected " + want
	case c.Kind == casefile.When && r.order != UKDates && isUKDate(s):
		return value + " is not an ISO date; expected " + want +
			`, or "dates": "uk" in the mapping if the force writes day, month, year`
	case c.Kind == casefile.When && looksLikeDay(s, r.order) && (s[:4] < "1850" || s[:4] > "2199") && s[4] == '-':
		return value + " is outside the years 1850 to 2199; expected " + want
	case c.Kind == casefile.When && looksLikeDay(s, r.order):
		return value + " is no day of the calendar; expected " + want
	case c.Kind == casefile.Code:
		return fmt.Sprintf("%s is not a known %s; expected %s", value, c.Name, want)
	}
	return value + " is not " + article(c.Kind) + "; expected " + want
}

func article(k casefile.ColumnKind) string {
	switch k {
	case casefile.When:
		return "a date"
	case casefile.Whole:
		return "a whole number"
	case casefile.Number:
		return "a number"
	case casefile.YesNo:
		return "y or n"
	}
	return "a reference"
}

func isUKDate(s string) bool {
	_, ok := fromUK(s)
	return ok
}

// looksLikeDay reports whether s is written as a full day, whether or not the
// calendar has it.
func looksLikeDay(s string, order DateOrder) bool {
	if order == UKDates {
		if iso, ok := fromUK(s); ok {
			s = iso
		}
	}
	return len(s) >= 10 && s[4] == '-' && s[7] == '-' && isDigits(s[:4]) && isDigits(s[5:7]) && isDigits(s[8:10]) &&
		(len(s) == 10 || s[10] == 'T' || s[10] == ' ') && func() bool { _, ok := dayOf(s[:10]); return !ok }()
}

func (r *Row) hasProblem(column string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Column == column })
}

// problem adds a problem with the cells at the given indexes, none for the row
// as a whole.
func (r *Reader) problem(row *Row, cells []int, value, want, what string) {
	p := Problem{Value: cut(value), Expected: want}
	where := ""
	if len(cells) > 0 {
		p.Column = r.columnOf(cells[0])
		where = fmt.Sprintf(", column %q", r.headingAt(cells))
		if ours := p.Column; heading(r.headingAt(cells)) != ours && r.schema.Column(ours) >= 0 {
			where += " (" + ours + ")"
		}
	}
	p.Sentence = fmt.Sprintf("%s, %s %d%s: %s.", r.File, r.line, row.Line, where, what)
	row.Problems = append(row.Problems, p)
}

// columnOf returns our column that the cell at i feeds, or its heading.
func (r *Reader) columnOf(i int) string {
	for k := range r.sources {
		if slices.Contains(r.sources[k].from, i) {
			return r.sources[k].column.Name
		}
	}
	return r.headingAt([]int{i})
}

func (r *Reader) headingAt(cells []int) string {
	var names []string
	for _, i := range cells {
		switch {
		case i >= len(r.header) || isBlank(r.header[i]):
			names = append(names, fmt.Sprintf("%d, which has no heading", i+1))
		default:
			names = append(names, cut(strings.TrimSpace(r.header[i])))
		}
	}
	return strings.Join(names, " + ")
}
