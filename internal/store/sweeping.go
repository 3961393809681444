package store

import (
	"context"
	"maps"
	"slices"
)

// sweep removes what an import or a run left behind when its process died. It
// does nothing while an import is running.
func (db *DB) sweep(ctx context.Context) error {
	lock, err := db.lockImports()
	if err != nil {
		return nil
	}
	defer lock.Close()
	return db.sweepLocked(ctx)
}

func (db *DB) sweepLocked(ctx context.Context) error {
	var left bool
	err := db.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM extract WHERE landed = 'n')
			OR EXISTS (SELECT 1 FROM row WHERE id > (SELECT watermark FROM register))`).Scan(&left)
	if err != nil {
		return fault(err)
	}
	if left {
		if err := db.Stage(ctx, func(t *Tx) error { return t.sweepAll(ctx) }); err != nil {
			return err
		}
	}
	return db.IndexTexts(ctx, func(int) {})
}

// sweepAll deletes every staged row.
func (t *Tx) sweepAll(ctx context.Context) error {
	queries := []string{
		`DELETE FROM document_page WHERE row_id > (SELECT watermark FROM register)`,
		`DELETE FROM superseded WHERE new > (SELECT watermark FROM register)`,
		`DELETE FROM source_file WHERE extract_id IN (SELECT id FROM extract WHERE landed = 'n')`,
		`DELETE FROM extract WHERE landed = 'n'`,
		`DELETE FROM row WHERE id > (SELECT watermark FROM register)`,
	}
	tables := append(slices.Sorted(maps.Values(sqlTable)), "nominal_monitoring", "document_file")
	for _, table := range tables {
		queries = append(queries, `DELETE FROM `+table+` WHERE row_id > (SELECT watermark FROM register)`)
	}
	for _, q := range queries {
		if _, err := t.tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}
