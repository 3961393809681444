package store

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

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

// value is the cell of a row as it is stored.
func (c cell) value(system string, values []string) string {
	v := values[c.from]
	if c.id && v != "" {
		return system + ":" + v
	}
	return v
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
		b.args = append(b.args, c.value(system, values))
	}
	b.rows++
}

// bulkRows is how many rows go into one statement: more gains nothing.
const bulkRows = 32

// flush writes what was added until stop says to pause, and reports whether all
// of it is written.
func (b *bulk) flush(ctx context.Context, t *Tx, stop func() bool) (all bool, err error) {
	if b.rows == 0 {
		return true, nil
	}
	width := len(b.args) / b.rows
	done := 0
	for done < b.rows && (done == 0 || !stop()) {
		n := 1
		if b.rows-done >= bulkRows {
			n = bulkRows
		}
		query := b.head + b.tuple + strings.Repeat(", "+b.tuple, n-1)
		if _, err := t.tx.ExecContext(ctx, query, b.args[done*width:(done+n)*width]...); err != nil {
			return false, err
		}
		done += n
	}
	left := copy(b.args, b.args[done*width:])
	clear(b.args[left:])
	b.args, b.rows = b.args[:left], b.rows-done
	return b.rows == 0, nil
}

// flushBulks writes what was added to any of them, in as many short transactions
// as it takes to keep nobody waiting.
func (db *DB) flushBulks(ctx context.Context, bulks map[string]*bulk) error {
	for {
		start, most := time.Now(), db.stagingTime()
		all := true
		err := db.Stage(ctx, func(t *Tx) (err error) {
			stop := func() bool { return db.deciding.Load() > 0 || time.Since(start) > most }
			for _, name := range slices.Sorted(maps.Keys(bulks)) {
				if all, err = bulks[name].flush(ctx, t, stop); err != nil || !all {
					return err
				}
			}
			return nil
		})
		if most == politely {
			time.Sleep(time.Since(start)) // leave the cores and the disk to others for as long again
		}
		if err != nil || all {
			return err
		}
	}
}

// How long a transaction of staged rows may last, which is about what a waiting
// decision waits: while people are deciding, and while an import has the
// register to itself.
const (
	politely = 500 * time.Microsecond
	alone    = 5 * time.Millisecond
)

func (db *DB) stagingTime() time.Duration {
	if time.Since(time.Unix(0, db.decided.Load())) < 2*time.Second {
		return politely
	}
	return alone
}
