package store

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"
	"strings"

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
	if err := db.forgetTexts(ctx, indexed); err != nil {
		return err
	}
	if err := db.indexPeople(ctx, watermark); err != nil || indexed >= watermark {
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

// Search finds texts that hold every term of the query, latest received first. It
// gives at most limit hits and says how many there are, counting to countTo at
// most. The cost grows with limit and countTo, not with the register.
func (db *DB) Search(ctx context.Context, query string, limit, countTo int) (hits []Hit, total int, err error) {
	words, err := ReadWords(query)
	if err != nil {
		return nil, 0, err
	}
	found, err := db.FindTexts(ctx, words, TextFilter{Reader: EveryCase, Want: countTo})
	if err != nil {
		return nil, 0, err
	}
	hits, err = db.HitTexts(ctx, found.Hits[:min(limit, len(found.Hits))])
	return hits, len(found.Hits), err
}

// The kinds of text a hit may be in.
const (
	SourceLog      = "log"
	SourceCase     = "case" // how it was done, why it was closed
	SourceDocument = "document"
)

// A TextFilter says which texts a search is for.
type TextFilter struct {
	Reader  string                     // the account that searches
	Sources []string                   // none: all
	Keep    func(casefile.CaseID) bool // nil: every case
	From    casefile.Day               // dated on or after, if Dated
	Until   casefile.Day               // dated on or before, if Dated
	Dated   bool
	Start   string // where to go on, as an earlier answer said; "" from the beginning
	Want    int    // texts to find at most
}

// maxScan is how many texts one search looks at before it says how far it came.
const maxScan = 10_000

// Texts are what a search found, without the texts themselves.
type Texts struct {
	Hits    []Hit
	Undated int    // texts with the words but without a date, left out by a filter on dates
	Next    string // where to go on; "" when every text was looked at
}

// FindTexts finds the texts that hold every term, documents first, then what was
// received last. Texts of restricted cases are found by their readers only. The
// cost grows with the texts looked at, at most 10,000, not with the register.
func (db *DB) FindTexts(ctx context.Context, words Words, f TextFilter) (out Texts, err error) {
	if len(words) == 0 {
		return out, casefile.Errorf(casefile.Invalid, "Give at least one word to search for.")
	}
	table, before, err := readStart(f.Start)
	if err != nil {
		return out, err
	}
	scanned := 0
	err = db.View(ctx, func(t *Tx) error {
		for _, name := range []string{"page", "entry"} {
			if name == "page" && table == "entry" || !f.wants(name) {
				continue
			}
			if name != table {
				before = math.MaxInt64
			}
			for more := true; more; {
				if scanned >= maxScan || len(out.Hits) >= f.Want {
					out.Next = name + ":" + strconv.FormatInt(before, 10)
					return nil
				}
				size := min(1000, maxScan-scanned)
				ids, err := db.matching(ctx, name, words.match(), before, size)
				if err != nil {
					return err
				}
				scanned += len(ids)
				if before, err = t.addHits(ctx, &out, name, ids, before, f); err != nil {
					return err
				}
				more = len(ids) == size || len(ids) > 0 && before > ids[len(ids)-1]
			}
		}
		return nil
	})
	return out, err
}

func readStart(start string) (table string, before int64, err error) {
	if start == "" {
		return "page", math.MaxInt64, nil
	}
	table, number, _ := strings.Cut(start, ":")
	before, err = strconv.ParseInt(number, 10, 64)
	if err != nil || table != "page" && table != "entry" {
		return "", 0, casefile.Errorf(casefile.Invalid, "This address does not say where to go on with the search. Search again.")
	}
	return table, before, nil
}

func (f *TextFilter) wants(table string) bool {
	return len(f.Sources) == 0 || slices.ContainsFunc(f.Sources, func(s string) bool { return (s == SourceDocument) == (table == "page") })
}

// matching returns the ids of texts that match, below before, the latest first.
func (db *DB) matching(ctx context.Context, table, match string, before int64, limit int) ([]int64, error) {
	return collect(each(ctx, db.search, scanID, `
		SELECT rowid
		FROM `+table+`
		WHERE `+table+` MATCH ?1 AND rowid < ?2
		ORDER BY rowid DESC
		LIMIT ?3`, match, before, limit))
}

// currentTexts looks up what an index found: the case, the date, and whether it can
// be seen at all. The index also holds staged rows and earlier versions.
var currentTexts = map[string]string{
	"entry": `
		SELECT j.value, l.case_id, l.row_id, 'log', '', 0, l.at
		FROM json_each(?1) j
		JOIN log_entry_now l ON l.row_id = j.value
		WHERE ` + unrestricted("l.case_id", "?2") + `
		UNION ALL
		SELECT j.value, i.case_id, i.row_id, 'case', '', 0, i.recorded_at
		FROM json_each(?1) j
		JOIN investigation_now i ON i.row_id = j.value
		WHERE ` + unrestricted("i.case_id", "?2") + `
		ORDER BY 1 DESC`,
	"page": `
		SELECT j.value, d.case_id, d.row_id, 'document', CASE d.title WHEN '' THEN d.file ELSE d.title END, p.page, d.date
		FROM json_each(?1) j
		JOIN document_page p ON p.id = j.value
		JOIN document_now d ON d.row_id = p.row_id
		WHERE ` + unrestricted("d.case_id", "?2") + `
		ORDER BY 1 DESC`,
}

// addHits adds those of the ids that pass the filter, until there are enough, and
// returns below which id to go on.
func (t *Tx) addHits(ctx context.Context, out *Texts, table string, ids []int64, before int64, f TextFilter) (int64, error) {
	for h, err := range each(ctx, t.tx, scanFound, currentTexts[table], asJSON(ids), f.Reader) {
		if err != nil {
			return before, err
		}
		before = h.id
		if f.Keep != nil && !f.Keep(h.Case) || len(f.Sources) > 0 && !slices.Contains(f.Sources, h.Source) {
			continue
		}
		if f.Dated {
			if h.At.IsZero() {
				out.Undated++
				continue
			}
			if first, last := h.At.Span(); last < f.From || first > f.Until {
				continue
			}
		}
		if out.Hits = append(out.Hits, h.Hit); len(out.Hits) >= f.Want {
			return before, nil
		}
	}
	if len(ids) > 0 {
		before = ids[len(ids)-1]
	}
	return before, nil
}

type foundText struct {
	id int64
	Hit
}

func scanFound(s scanner) (h foundText, err error) {
	var at string
	err = s.Scan(&h.id, &h.Case, &h.Row, &h.Source, &h.Document, &h.Page, &at)
	h.At = casefile.StoredDate(at)
	return h, err
}

// HitTexts returns hits with their texts.
func (db *DB) HitTexts(ctx context.Context, hits []Hit) (out []Hit, err error) {
	err = db.View(ctx, func(t *Tx) error {
		for _, h := range hits {
			query := `SELECT text FROM log_entry WHERE row_id = ?1 AND ?2 = 0`
			switch h.Source {
			case SourceCase:
				query = `SELECT mo_text || char(10) || closing_text FROM investigation WHERE row_id = ?1 AND ?2 = 0`
			case SourceDocument:
				query = `SELECT text FROM document_page WHERE row_id = ?1 AND page = ?2`
			}
			if err := t.tx.QueryRowContext(ctx, query, h.Row, h.Page).Scan(&h.Text); err != nil {
				return err
			}
			out = append(out, h)
		}
		return nil
	})
	return out, err
}

func scanID(s scanner) (id int64, err error) { return id, s.Scan(&id) }
