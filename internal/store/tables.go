package store

import (
	"context"
	"strings"

	"lookback/internal/casefile"
)

// sqlTable is where the typed rows of an extract's table are kept.
var sqlTable = map[casefile.Table]string{
	casefile.Investigations: "investigation",
	casefile.Nominals:       "nominal",
	casefile.Involvements:   "involvement",
	casefile.Addresses:      "address",
	casefile.Identifiers:    "identifier",
	casefile.Uses:           "usage",
	casefile.Flags:          "flag",
	casefile.Log:            "log_entry",
	casefile.Outcomes:       "outcome",
	casefile.Missing:        "missing_episode",
	casefile.Exhibits:       "exhibit",
	casefile.Documents:      "document",
}

// idColumn names the columns that hold a reference with its system before it.
var idColumn = map[string]string{
	"crime_ref":         "case_id",
	"nominal_ref":       "nominal_id",
	"address_ref":       "address_id",
	"identifier_ref":    "identifier_id",
	"venue_address_ref": "venue_address_id",
}

// A cell says where one column of an extract goes.
type cell struct {
	column string
	from   int  // index in Schema.Columns
	id     bool // prefix with the system
}

// cells lists the typed columns of a table, apart or not apart.
func cells(s *casefile.Schema, apart bool) []cell {
	var out []cell
	for i, c := range s.Columns {
		if c.Apart != apart {
			continue
		}
		id, is := idColumn[c.Name]
		if !is {
			id = c.Name
		}
		out = append(out, cell{id, i, is})
	}
	return out
}

// A bulk writes rows of one table, many to a statement.
type bulk struct {
	table string
	cells []cell
	head  string // INSERT INTO t (…) VALUES
	tuple string // (?, ?, …)
	args  []any
	rows  int
}

func newBulk(table string, columns ...string) *bulk {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = `"` + c + `"`
	}
	return &bulk{
		table: table,
		head:  "INSERT INTO " + table + " (" + strings.Join(quoted, ", ") + ") VALUES ",
		tuple: "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")",
	}
}

// newTypedBulk writes the typed form of an extract's rows.
func newTypedBulk(table string, cells []cell) *bulk {
	columns := []string{"row_id"}
	for _, c := range cells {
		columns = append(columns, c.column)
	}
	b := newBulk(table, columns...)
	b.cells = cells
	return b
}

func (b *bulk) add(args ...any) {
	b.args = append(b.args, args...)
	b.rows++
}

func (b *bulk) addTyped(row int64, system string, values []string) {
	b.args = append(b.args, row)
	for _, c := range b.cells {
		v := values[c.from]
		if c.id && v != "" {
			v = system + ":" + v
		}
		b.args = append(b.args, v)
	}
	b.rows++
}

// bulkRows is how many rows go into one statement: more gains nothing.
const bulkRows = 32

// flush writes what was added.
func (b *bulk) flush(ctx context.Context, t *Tx) error {
	width := 0
	if b.rows > 0 {
		width = len(b.args) / b.rows
	}
	for done := 0; done < b.rows; {
		n := 1
		if b.rows-done >= bulkRows {
			n = bulkRows
		}
		query := b.head + b.tuple + strings.Repeat(", "+b.tuple, n-1)
		if _, err := t.tx.ExecContext(ctx, query, b.args[done*width:(done+n)*width]...); err != nil {
			return err
		}
		done += n
	}
	clear(b.args)
	b.args, b.rows = b.args[:0], 0
	return nil
}
