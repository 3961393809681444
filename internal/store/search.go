package store

import (
	"context"
	"database/sql"
	"math"
	"strings"
	"unicode"

	"lookback/internal/casefile"
)

// indexBatch is how many texts go into one transaction of the search index. It
// has a file of its own, so nobody who decides waits for it.
const indexBatch = 20_000

// startIndexing fills the search index beside the import.
func (im *Importing) startIndexing(ctx context.Context) {
	arriving := make(chan []Text, 64)
	im.texts, im.indexed = arriving, make(chan struct{})
	go func() {
		defer close(im.indexed)
		var batch []Text
		for texts := range arriving {
			if batch = append(batch, texts...); len(batch) >= indexBatch {
				if im.indexErr = im.db.index(ctx, batch); im.indexErr != nil {
					return
				}
				batch = batch[:0]
			}
		}
		im.indexErr = im.db.index(ctx, batch)
	}()
}

// stopIndexing lets the index take what it was given, and waits for it.
func (im *Importing) stopIndexing() {
	if im.texts != nil {
		close(im.texts)
		im.texts = nil
	}
	<-im.indexed
}

// index adds texts; a negative id is the page of a document.
func (db *DB) index(ctx context.Context, texts []Text) error {
	if len(texts) == 0 {
		return nil
	}
	tx, err := db.search.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	entry, err := tx.PrepareContext(ctx, `INSERT INTO entry (rowid, text) VALUES (?1, ?2)`)
	if err != nil {
		return err
	}
	defer entry.Close()
	page, err := tx.PrepareContext(ctx, `INSERT INTO page (rowid, text) VALUES (?1, ?2)`)
	if err != nil {
		return err
	}
	defer page.Close()
	for _, t := range texts {
		db.GiveWay()
		if t.ID < 0 {
			_, err = page.ExecContext(ctx, -t.ID, t.Text)
		} else {
			_, err = entry.ExecContext(ctx, t.ID, t.Text)
		}
		if err != nil {
			return err
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	_, err = db.search.ExecContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	return err
}

// IndexTexts brings the search index up to the register: it forgets texts that
// never landed and adds those it has missed. Progress is told in texts.
func (db *DB) IndexTexts(ctx context.Context, progress func(done int)) error {
	var watermark, indexed int64
	if err := db.read.QueryRowContext(ctx, `SELECT watermark FROM register`).Scan(&watermark); err != nil {
		return fault(err)
	}
	if err := db.search.QueryRowContext(ctx, `SELECT row_id FROM indexed`).Scan(&indexed); err != nil {
		return fault(err)
	}
	if err := db.forgetTexts(ctx, indexed); err != nil || indexed >= watermark {
		return err
	}
	done := 0
	for _, query := range []string{
		`SELECT row_id, text FROM log_entry WHERE row_id > ?1 AND row_id <= ?2 ORDER BY row_id`,
		`SELECT row_id, mo_text || char(10) || closing_text FROM investigation WHERE row_id > ?1 AND row_id <= ?2 ORDER BY row_id`,
		`SELECT -id, text FROM document_page WHERE row_id > ?1 AND row_id <= ?2 AND text <> '' ORDER BY id`,
	} {
		var batch []Text
		for t, err := range each(ctx, db.read, scanText, query, indexed, watermark) {
			if err != nil {
				return fault(err)
			}
			if batch = append(batch, t); len(batch) == indexBatch {
				if err := db.index(ctx, batch); err != nil {
					return fault(err)
				}
				done += len(batch)
				progress(done)
				batch = batch[:0]
			}
		}
		if err := db.index(ctx, batch); err != nil {
			return fault(err)
		}
		done += len(batch)
	}
	return db.setIndexed(ctx, watermark)
}

func scanText(s scanner) (t Text, err error) { return t, s.Scan(&t.ID, &t.Text) }

// forgetTexts removes what was indexed for rows beyond the given one.
func (db *DB) forgetTexts(ctx context.Context, row int64) error {
	var last sql.NullInt64
	if err := db.search.QueryRowContext(ctx, `SELECT max(id) FROM entry_docsize`).Scan(&last); err != nil {
		return fault(err)
	}
	if last.Int64 > row {
		if _, err := db.search.ExecContext(ctx, `DELETE FROM entry WHERE rowid > ?1`, row); err != nil {
			return fault(err)
		}
	}
	var page sql.NullInt64
	if err := db.read.QueryRowContext(ctx, `SELECT max(id) FROM document_page WHERE row_id <= ?1`, row).Scan(&page); err != nil {
		return fault(err)
	}
	_, err := db.search.ExecContext(ctx, `DELETE FROM page WHERE rowid > ?1`, page.Int64)
	return fault(err)
}

func (db *DB) setIndexed(ctx context.Context, row int64) error {
	_, err := db.search.ExecContext(ctx, `UPDATE indexed SET row_id = ?1`, row)
	return fault(err)
}

// Indexed records that the texts of every visible row are in the index.
func (db *DB) Indexed(ctx context.Context) error {
	var watermark int64
	if err := db.read.QueryRowContext(ctx, `SELECT watermark FROM register`).Scan(&watermark); err != nil {
		return fault(err)
	}
	return db.setIndexed(ctx, watermark)
}

// A Hit is one text that holds the words searched for.
type Hit struct {
	Case     casefile.CaseID `json:"case"`
	Row      int64           `json:"row"`
	Source   string          `json:"source"`             // log, case, document
	Document string          `json:"document,omitempty"` // title or file name
	Page     int             `json:"page,omitempty"`
	At       casefile.Date   `json:"at"`
	Text     string          `json:"text"`
}

// Search finds texts that hold every word of the query, latest received first;
// "words in quotation marks" stand together, and a word that ends in * stands for
// all that begin so. It gives at most limit hits and says how many there are,
// counting to countTo at most. The cost grows with limit and countTo, not with
// the register.
func (db *DB) Search(ctx context.Context, query string, limit, countTo int) (hits []Hit, total int, err error) {
	match := matchQuery(query)
	if match == "" {
		return nil, 0, casefile.Errorf(casefile.Invalid, "Give at least one word to search for.")
	}
	var entries, pages []int64
	err = db.View(ctx, func(t *Tx) error {
		if entries, err = db.match(ctx, t, "entry", match, countTo); err != nil {
			return err
		}
		if pages, err = db.match(ctx, t, "page", match, countTo); err != nil {
			return err
		}
		if hits, err = t.entryHits(ctx, entries, limit); err != nil {
			return err
		}
		documents, err := t.pageHits(ctx, pages, limit)
		hits = append(documents, hits...)
		return err
	})
	return hits[:min(limit, len(hits))], min(countTo, len(entries)+len(pages)), err
}

// matchQuery turns a user's words into an FTS5 expression in which nothing of
// the user's is syntax, except quotation marks and a final asterisk.
func matchQuery(query string) string {
	var terms []string
	for i, part := range strings.Split(query, `"`) {
		words := strings.FieldsFunc(part, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '*'
		})
		if i%2 == 1 {
			if phrase := strings.ReplaceAll(strings.Join(words, " "), "*", ""); phrase != "" {
				terms = append(terms, `"`+phrase+`"`)
			}
			continue
		}
		for _, w := range words {
			prefix := strings.HasSuffix(w, "*")
			if w = strings.ReplaceAll(w, "*", ""); w == "" {
				continue
			}
			w = `"` + w + `"`
			if prefix {
				w += "*"
			}
			terms = append(terms, w)
		}
	}
	return strings.Join(terms, " AND ")
}

// currentTexts says which of the texts that an index found are those of rows that
// can be seen: the index also holds staged rows and earlier versions.
var currentTexts = map[string]string{
	"entry": `
		SELECT j.value
		FROM json_each(?1) j
		WHERE j.value <= (SELECT watermark FROM register)
			AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = j.value AND s.new <= (SELECT watermark FROM register))
		ORDER BY j.value DESC`,
	"page": `
		SELECT p.id
		FROM json_each(?1) j
		JOIN document_page p ON p.id = j.value
		WHERE p.row_id <= (SELECT watermark FROM register)
			AND NOT EXISTS (SELECT 1 FROM superseded s WHERE s.old = p.row_id AND s.new <= (SELECT watermark FROM register))
		ORDER BY p.id DESC`,
}

// match returns the ids of the current texts that match, the latest first, at
// most limit of them.
func (db *DB) match(ctx context.Context, t *Tx, table, match string, limit int) (out []int64, err error) {
	for before := int64(math.MaxInt64); ; {
		found, err := collect(each(ctx, db.search, scanID, `
			SELECT rowid
			FROM `+table+`
			WHERE `+table+` MATCH ?1 AND rowid < ?2
			ORDER BY rowid DESC
			LIMIT ?3`, match, before, limit))
		if err != nil {
			return nil, err
		}
		current, err := all(ctx, t.tx, scanID, currentTexts[table], asJSON(found))
		if err != nil {
			return nil, err
		}
		if out = append(out, current...); len(out) >= limit || len(found) < limit {
			return out[:min(limit, len(out))], nil
		}
		before = found[len(found)-1]
	}
}

func scanID(s scanner) (id int64, err error) { return id, s.Scan(&id) }

func (t *Tx) entryHits(ctx context.Context, ids []int64, limit int) ([]Hit, error) {
	var out []Hit
	for _, id := range ids {
		hit, err := all(ctx, t.tx, scanHit, `
			SELECT case_id, row_id, 'log', '', 0, at, text
			FROM log_entry_now
			WHERE row_id = ?1
			UNION ALL
			SELECT case_id, row_id, 'case', '', 0, recorded_at, mo_text || char(10) || closing_text
			FROM investigation_now
			WHERE row_id = ?1`, id)
		if err != nil {
			return nil, err
		}
		if out = append(out, hit...); len(out) >= limit {
			break
		}
	}
	return out, nil
}

func (t *Tx) pageHits(ctx context.Context, ids []int64, limit int) ([]Hit, error) {
	var out []Hit
	for _, id := range ids {
		hit, err := all(ctx, t.tx, scanHit, `
			SELECT d.case_id, d.row_id, 'document', CASE d.title WHEN '' THEN d.file ELSE d.title END, p.page, d.date, p.text
			FROM document_page p
			JOIN document_now d ON d.row_id = p.row_id
			WHERE p.id = ?1`, id)
		if err != nil {
			return nil, err
		}
		if out = append(out, hit...); len(out) >= limit {
			break
		}
	}
	return out, nil
}

func scanHit(s scanner) (h Hit, err error) {
	var at string
	err = s.Scan(&h.Case, &h.Row, &h.Source, &h.Document, &h.Page, &at, &h.Text)
	h.At = casefile.StoredDate(at)
	return h, err
}
