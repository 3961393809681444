package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"slices"
	"strings"

	"lookback/internal/casefile"
)

// A seal is a digest over everything that an extract brought into the register:
// rows as received, what was read out of them, files of documents, and which
// earlier rows they replace. The ledger holds it, so that a change made behind
// the register's back shows.
type seal struct {
	rows, values, files hash.Hash
	replaced            [][2]int64 // old row, new row
}

func newSeal() *seal { return &seal{rows: sha256.New(), values: sha256.New(), files: sha256.New()} }

// hex returns the seal: SHA-256 over the four parts.
func (s *seal) hex() string {
	slices.SortFunc(s.replaced, func(a, b [2]int64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	replaced := sha256.New()
	for _, pair := range s.replaced {
		number(replaced, pair[0])
		number(replaced, pair[1])
	}
	all := sha256.New()
	for _, part := range []hash.Hash{s.rows, s.values, s.files, replaced} {
		all.Write(part.Sum(nil))
	}
	return hex.EncodeToString(all.Sum(nil))
}

// row adds a row as received; values what was read out of it; file the SHA-256 of
// a document. Lengths come first, so that no two rows give the same bytes.
func (s *seal) row(id, file int64, line int, content []byte, raw, reason string) {
	number(s.rows, id)
	number(s.rows, file)
	number(s.rows, int64(line))
	s.rows.Write(content)
	text(s.rows, raw)
	text(s.rows, reason)
}

func (s *seal) read(id int64, values []string) {
	number(s.values, id)
	for _, v := range values {
		text(s.values, v)
	}
}

func (s *seal) file(id int64, sum []byte) {
	number(s.files, id)
	s.files.Write(sum)
}

func number(h hash.Hash, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

func text(h hash.Hash, s string) {
	number(h, int64(len(s)))
	h.Write([]byte(s))
}

// typed returns the values of a row as they are stored, columns apart last.
func typed(schema *casefile.Schema, system string, values []string) []string {
	out := make([]string, 0, len(schema.Columns))
	for _, apart := range []bool{false, true} {
		for _, c := range cells(schema, apart) {
			out = append(out, c.value(system, values))
		}
	}
	return out
}

// Seal computes the seal of an extract again, from what the register holds now.
func (t *Tx) Seal(ctx context.Context, e Extract) (string, error) {
	s := newSeal()
	if err := t.sealRows(ctx, e, s); err != nil {
		return "", err
	}
	files, err := t.Files(ctx, e.ID)
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if err := t.sealValues(ctx, f, s); err != nil {
			return "", err
		}
	}
	for d, err := range each(ctx, t.tx, func(s scanner) (d struct {
		id    int64
		bytes []byte
	}, err error) {
		return d, s.Scan(&d.id, &d.bytes)
	}, `
		SELECT row_id, bytes
		FROM document_file
		WHERE row_id BETWEEN ?1 AND ?2
		ORDER BY row_id`, e.FirstRow, e.LastRow) {
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(d.bytes)
		s.file(d.id, sum[:])
	}
	s.replaced, err = all(ctx, t.tx, func(s scanner) (p [2]int64, err error) { return p, s.Scan(&p[0], &p[1]) }, `
		SELECT old, new
		FROM superseded
		WHERE new BETWEEN ?1 AND ?2
		ORDER BY old, new`, e.FirstRow, e.LastRow)
	return s.hex(), err
}

func (t *Tx) sealRows(ctx context.Context, e Extract, s *seal) error {
	rows, err := t.tx.QueryContext(ctx, `
		SELECT id, file_id, line, content, raw, coalesce(reason, '')
		FROM row
		WHERE id BETWEEN ?1 AND ?2
		ORDER BY id`, e.FirstRow, e.LastRow)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id, file int64
		var line int
		var content sql.RawBytes
		var raw, reason string
		if err := rows.Scan(&id, &file, &line, &content, &raw, &reason); err != nil {
			return err
		}
		s.row(id, file, line, content, raw, reason)
	}
	return rows.Err()
}

// sealValues reads the typed rows of a table, columns apart last.
func (t *Tx) sealValues(ctx context.Context, f SourceFile, s *seal) error {
	schema := casefile.SchemaOf(f.Table)
	var columns []string
	from := sqlTable[f.Table] + " r"
	for _, c := range cells(schema, false) {
		columns = append(columns, `r."`+c.column+`"`)
	}
	if beside := cells(schema, true); len(beside) > 0 {
		from += " JOIN nominal_monitoring m ON m.row_id = r.row_id"
		for _, c := range beside {
			columns = append(columns, `m."`+c.column+`"`)
		}
	}
	values := make([]string, len(columns))
	to := []any{new(int64)}
	for i := range values {
		to = append(to, &values[i])
	}
	rows, err := t.tx.QueryContext(ctx, `
		SELECT r.row_id, `+strings.Join(columns, ", ")+`
		FROM `+from+`
		WHERE r.row_id BETWEEN ?1 AND ?2
		ORDER BY r.row_id`, f.FirstRow, f.LastRow)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return err
		}
		s.read(*to[0].(*int64), values)
	}
	return rows.Err()
}
