package extract

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// A parquetTable is the rows of a Parquet file.
type parquetTable struct {
	x    *Extract
	name string
	size int64
	rows int64
	head []string

	file   *parquet.File
	leaves []parquetLeaf // by column index of the file
}

// A parquetLeaf says where the values of a column of the file go, and how they
// are written.
type parquetLeaf struct {
	cell  int // index of the cell in the row
	write func(parquet.Value) string
}

func (t *parquetTable) header() []string { return t.head }

// contained runs f and turns a panic, which a hostile file can provoke in the
// decoder, into an error.
func (t *parquetTable) contained(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = t.damaged(fmt.Errorf("panic in the decoder: %v", p))
		}
	}()
	return f()
}

func (t *parquetTable) damaged(err error) error {
	return refuseFor(err, "%s is damaged, or is not a Parquet file; copy it again, or export it as CSV.", t.name)
}

func (t *parquetTable) open() error {
	at, n, err := t.x.place.openAt(t.x.prefix + t.name)
	if err != nil {
		return err
	}
	t.x.opened = append(t.x.opened, at)
	t.size = n
	return t.contained(func() error {
		t.file, err = parquet.OpenFile(at, n, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		if err != nil {
			return t.damaged(err)
		}
		t.rows = t.file.NumRows()
		if err := t.checkSize(); err != nil {
			return err
		}
		return t.readSchema()
	})
}

// checkSize refuses a file that would unpack to far more than it is.
func (t *parquetTable) checkSize() error {
	var unpacked int64
	for _, g := range t.file.Metadata().RowGroups {
		for _, c := range g.Columns {
			if c.MetaData.TotalUncompressedSize < 0 {
				return t.damaged(errors.New("negative size"))
			}
			unpacked += c.MetaData.TotalUncompressedSize
			if lim := t.x.lim; unpacked > lim.suspect && unpacked/lim.ratio > t.size {
				return refuse("%s would unpack from %s to more than %d times that; that is no extract. Nothing was unpacked.",
					t.name, size(t.size), lim.ratio)
			}
		}
	}
	return nil
}

// readSchema names the columns. A list has one column, a group one for each of
// its members, with a dot in its name.
func (t *parquetTable) readSchema() error {
	at := map[string]int{}
	for _, path := range t.file.Schema().Columns() {
		leaf, ok := t.file.Schema().Lookup(path...)
		if !ok {
			return t.damaged(fmt.Errorf("no column %v", path))
		}
		name := columnName(path, leaf.MaxRepetitionLevel > 0)
		cell, seen := at[name]
		if !seen {
			cell = len(t.head)
			at[name] = cell
			t.head = append(t.head, name)
		} else if leaf.MaxRepetitionLevel == 0 {
			t.head = append(t.head, name) // refused as a heading that stands twice
			cell = len(t.head) - 1
		}
		t.leaves = append(t.leaves, parquetLeaf{cell, parquetText(leaf.Node)})
	}
	if len(t.head) == 0 || len(t.head) > maxColumns {
		return refuse("%s has %d columns; expected 1 to %d.", t.name, len(t.head), maxColumns)
	}
	return nil
}

// columnName drops the levels that only say that a column is a list.
func columnName(path []string, list bool) string {
	n := len(path)
	if list && n == 3 && (path[1] == "list" || path[1] == "bag" || path[1] == "array") {
		n = 1
	}
	return strings.Join(path[:n], ".")
}

func (t *parquetTable) each(done *atomic.Int64, yield func(rawRow) bool) error {
	read := 0
	for _, group := range t.file.RowGroups() {
		b := parquetBatch{t: t, buf: make([]parquet.Row, 128)}
		if err := t.contained(func() error { b.rows = group.Rows(); return nil }); err != nil {
			return err
		}
		for more := true; more; {
			var rows [][]string
			var err error
			if rows, more, err = b.next(); err != nil {
				b.rows.Close()
				return err
			}
			for _, cells := range rows {
				read++
				if !yield(rawRow{line: read, cells: cells}) {
					b.rows.Close()
					return nil
				}
			}
			done.Add(int64(len(rows)) * t.size / max(t.rows, 1))
		}
		b.rows.Close()
	}
	if int64(read) != t.rows {
		return t.damaged(fmt.Errorf("%d rows, not %d", read, t.rows))
	}
	return nil
}

// A parquetBatch reads some rows at a time, so that a panic of the decoder is
// told from one of whoever receives the rows.
type parquetBatch struct {
	t    *parquetTable
	rows parquet.Rows
	buf  []parquet.Row
}

func (b *parquetBatch) next() (rows [][]string, more bool, err error) {
	err = b.t.contained(func() error {
		n, err := b.rows.ReadRows(b.buf)
		for _, row := range b.buf[:n] {
			rows = append(rows, b.t.cells(row))
		}
		more = err == nil
		if err != nil && err != io.EOF || more && n == 0 {
			return b.t.damaged(err)
		}
		return nil
	})
	return rows, more, err
}

func (t *parquetTable) cells(row parquet.Row) []string {
	cells := make([]string, len(t.head))
	for _, v := range row {
		if v.IsNull() {
			continue
		}
		leaf := t.leaves[v.Column()]
		text := leaf.write(v)
		if cells[leaf.cell] != "" {
			text = cells[leaf.cell] + ";" + text
		}
		cells[leaf.cell] = text
	}
	return cells
}

// parquetText returns how values of a column are written as text.
func parquetText(n parquet.Node) func(parquet.Value) string {
	kind := n.Type().Kind()
	if l := n.Type().LogicalType(); l != nil {
		switch a := l.Value.(type) {
		case *format.DateType:
			return func(v parquet.Value) string {
				return time.Unix(int64(v.Int32())*86400, 0).UTC().Format("2006-01-02")
			}
		case *format.TimestampType:
			return timestampText(a)
		case *format.DecimalType:
			return decimalText(kind, int(a.Scale))
		case *format.UUIDType:
			return uuidText
		case *format.IntType:
			if !a.IsSigned && kind == parquet.Int32 {
				return func(v parquet.Value) string { return strconv.FormatUint(uint64(v.Uint32()), 10) }
			}
			if !a.IsSigned {
				return func(v parquet.Value) string { return strconv.FormatUint(v.Uint64(), 10) }
			}
		}
	}
	return plainText(kind)
}

func plainText(kind parquet.Kind) func(parquet.Value) string {
	switch kind {
	case parquet.Boolean:
		return func(v parquet.Value) string { return strconv.FormatBool(v.Boolean()) }
	case parquet.Int32:
		return func(v parquet.Value) string { return strconv.Itoa(int(v.Int32())) }
	case parquet.Int64:
		return func(v parquet.Value) string { return strconv.FormatInt(v.Int64(), 10) }
	case parquet.Int96:
		return int96Text
	case parquet.Float:
		return func(v parquet.Value) string { return strconv.FormatFloat(float64(v.Float()), 'f', -1, 32) }
	case parquet.Double:
		return func(v parquet.Value) string { return strconv.FormatFloat(v.Double(), 'f', -1, 64) }
	}
	return func(v parquet.Value) string { return string(v.ByteArray()) }
}

// timestampText writes times with an offset only where the file says that they
// are UTC; others are local.
func timestampText(a *format.TimestampType) func(parquet.Value) string {
	layout := "2006-01-02T15:04:05"
	if a.IsAdjustedToUTC {
		layout += "Z"
	}
	unit := time.Nanosecond
	if a.Unit.Value != nil {
		unit = a.Unit.Value.Duration()
	}
	perSecond := int64(time.Second / unit)
	return func(v parquet.Value) string {
		n := v.Int64()
		s := n / perSecond
		if n%perSecond < 0 {
			s--
		}
		return time.Unix(s, 0).UTC().Format(layout)
	}
}

// int96Text writes the timestamps of older tools: nanoseconds of the day, and
// the Julian day, of which 2440588 is 1970-01-01.
func int96Text(v parquet.Value) string {
	i := v.Int96()
	nanos := int64(i[0]) | int64(i[1])<<32
	return time.Unix((int64(i[2])-2440588)*86400+nanos/1e9, 0).UTC().Format("2006-01-02T15:04:05")
}

func decimalText(kind parquet.Kind, scale int) func(parquet.Value) string {
	return func(v parquet.Value) string {
		n := new(big.Int)
		switch kind {
		case parquet.Int32:
			n.SetInt64(int64(v.Int32()))
		case parquet.Int64:
			n.SetInt64(v.Int64())
		default:
			setTwosComplement(n, v.ByteArray())
		}
		if scale <= 0 || scale > 100 {
			return n.String()
		}
		text := new(big.Int).Abs(n).String()
		text = strings.Repeat("0", max(0, scale+1-len(text))) + text
		text = text[:len(text)-scale] + "." + text[len(text)-scale:]
		if n.Sign() < 0 {
			text = "-" + text
		}
		return text
	}
}

func setTwosComplement(n *big.Int, b []byte) {
	n.SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
}

func uuidText(v parquet.Value) string {
	b := v.ByteArray()
	if len(b) != 16 {
		return hex.EncodeToString(b)
	}
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
