// Package store keeps a register: the only SQL in Lookback.
//
// A register is a folder with two encrypted SQLite files: register.db holds what
// was received, derived and decided, search.db an index over its texts that can
// be built again from the first. Both are locked with keys drawn from one [Key].
//
// There are these ways in. [DB.View] reads. [DB.Update] writes what is received or
// decided and refuses to commit without a ledger event; [DB.Note] appends an event
// about something read. [DB.Stage] and [DB.BeginRun] write rows that nobody sees
// until an Update makes them visible. [DB.Housekeep] writes sessions, leases and
// drafts.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/ext/fts5"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // registers the encrypting file system
	"github.com/pressly/goose/v3"

	"lookback/internal/casefile"
)

//go:embed schema/*.sql
var schema embed.FS

//go:embed search/*.sql
var searchSchema embed.FS

// readers is how many reads may go on at the same time.
const readers = 8

const (
	registerFile = "register.db"
	searchFile   = "search.db"
	lockFile     = "import.lock"
)

// A DB is an open register.
type DB struct {
	dir   string
	key   Key
	clock func() time.Time

	read   *sql.DB // any number of readers
	write  *sql.DB // one connection, every commit reaches the disk
	bulk   *sql.DB // one connection, for rows that are not visible yet
	search *sql.DB

	// writing is held for the length of one write transaction, by whoever writes,
	// so that a waiting decision gets in between two short batches of an import.
	writing sync.Mutex
	staging *staging // guarded by writing
	// deciding counts who is in an Update or waits for one; see GiveWay.
	deciding atomic.Int32
	decided  atomic.Int64 // when somebody last did, in Unix nanoseconds

	notes notes // events about reads, waiting to be committed together
}

// staging is the connection of bulk, with the statements it has prepared.
type staging struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

// Dir returns the folder of the register.
func (db *DB) Dir() string { return db.dir }

// Open opens the register in dir. The clock stamps what is written.
func Open(dir string, key Key, clock func() time.Time) (*DB, error) {
	if _, err := os.Stat(filepath.Join(dir, registerFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, casefile.Errorf(casefile.NotFound, "There is no register in %s. Make one with: lookback init -dir %s", dir, dir)
	} else if err != nil {
		return nil, casefile.Errorf(casefile.NotFound, "The register in %s cannot be opened: %w", dir, err)
	}
	db, err := open(dir, key, clock)
	if err != nil {
		return nil, err
	}
	if err := db.sweep(context.Background()); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func open(dir string, key Key, clock func() time.Time) (*DB, error) {
	db := &DB{dir: dir, key: key, clock: clock}
	main := filepath.Join(dir, registerFile)
	var err error
	if db.write, err = connect(main, key.hex("register"), "FULL", 1, 4); err != nil {
		return nil, err
	}
	if err := db.unlock(); err != nil {
		db.Close()
		return nil, err
	}
	if db.bulk, err = connect(main, key.hex("register"), "NORMAL", 1, 64); err == nil {
		if db.read, err = connect(main, key.hex("register"), "NORMAL", readers, 16); err == nil {
			db.search, err = connect(filepath.Join(dir, searchFile), key.hex("search"), "NORMAL", 2, 64)
		}
	}
	if err == nil {
		err = errors.Join(migrate(db.write, schema, "schema"), migrate(db.search, searchSchema, "search"))
	}
	if err != nil {
		db.Close()
		return nil, fault(err)
	}
	return db, nil
}

// unlock makes the first read, which is where a wrong key shows.
func (db *DB) unlock() error {
	var n int
	err := db.write.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&n)
	if errors.Is(err, sqlite3.NOTADB) {
		return casefile.Errorf(casefile.Forbidden, "This key does not open the register in %s: it is the key of another register, or the file is damaged.", db.dir)
	}
	return fault(err)
}

// connect opens one pool. Cache is per connection, in MiB.
func connect(file, hexKey, synchronous string, connections, cache int) (*sql.DB, error) {
	// SQLite would make the file readable for everybody, and its log takes after it.
	if f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		f.Close()
	}
	// The key goes in by PRAGMA: in the address it could end up in a log.
	pool, err := driver.Open("file:"+escapePath(file)+"?vfs=adiantum&_txlock=immediate", func(c *sqlite3.Conn) error {
		for _, pragma := range []string{
			"hexkey='" + hexKey + "'",
			"busy_timeout=60000",
			"journal_mode=WAL",
			"synchronous=" + synchronous,
			"temp_store=" + tempStore(connections),
			"foreign_keys=off",
			"wal_autocheckpoint=0",
			fmt.Sprintf("cache_size=-%d", cache*1024),
		} {
			if err := c.Exec("PRAGMA " + pragma); err != nil {
				return err
			}
		}
		return fts5.Register(c)
	})
	if err != nil {
		return nil, fault(err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return pool, nil
}

// tempStore: what the sort of a reader cannot hold spills to a file, encrypted
// with a key of its own. Writers and the index sort nothing, and their journals
// in files cost an import a quarter of its time.
func tempStore(connections int) string {
	if connections == readers {
		return "file"
	}
	return "memory"
}

func escapePath(p string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(p))
}

func migrate(pool *sql.DB, files embed.FS, dir string) error {
	sub, err := fs.Sub(files, dir)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, pool, sub)
	if err != nil {
		return err
	}
	pending, err := p.HasPending(context.Background())
	if err != nil || !pending {
		return err
	}
	_, err = p.Up(context.Background())
	return err
}

// Close closes the register. What was committed stays.
func (db *DB) Close() error {
	var errs []error
	if db.staging != nil {
		for _, st := range db.staging.prepared {
			errs = append(errs, st.Close())
		}
		errs = append(errs, db.staging.conn.Close())
	}
	for _, pool := range []*sql.DB{db.read, db.bulk, db.search, db.write} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(errs...)
}

// writeFailures are what a full disk looks like from within the database, whose
// file layer does not tell it from other failures to write.
var writeFailures = []sqlite3.ExtendedErrorCode{
	sqlite3.IOERR_WRITE, sqlite3.IOERR_FSYNC, sqlite3.IOERR_TRUNCATE, sqlite3.IOERR_SHMOPEN, sqlite3.IOERR_SHMSIZE, sqlite3.IOERR_SHMMAP,
}

// fault turns what the database says into an error for two readers.
func fault(err error) error {
	switch {
	case err == nil:
		return nil
	case casefile.KindOf(err) != "":
		return err
	case errors.Is(err, sqlite3.FULL), strings.Contains(err.Error(), "no space left"):
		return &casefile.Error{Kind: casefile.Full, Err: err,
			Message: "The disk is full. Nothing was lost: what was saved before is safe, and this step was taken back. Make room and repeat it."}
	case slices.ContainsFunc(writeFailures, func(c sqlite3.ExtendedErrorCode) bool { return errors.Is(err, c) }):
		return &casefile.Error{Kind: casefile.Full, Err: err,
			Message: "The disk is full, or it fails. Nothing was lost: what was saved before is safe, and this step was taken back. Make room and repeat it."}
	case errors.Is(err, sqlite3.BUSY):
		return &casefile.Error{Kind: casefile.Conflict, Err: err,
			Message: "The register is busy with another write. Nothing was changed; try again in a moment."}
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB):
		return &casefile.Error{Kind: casefile.Broken, Err: err,
			Message: "The register's file is damaged. Restore the last backup with: lookback restore"}
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.PERM):
		return &casefile.Error{Kind: casefile.Forbidden, Err: err,
			Message: "The register's folder cannot be written by this account."}
	}
	return err
}

// A Tx is one transaction. Now is the same for everything written in it.
type Tx struct {
	tx  querier
	Now time.Time
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// View runs f on one consistent state of the register.
func (db *DB) View(ctx context.Context, f func(*Tx) error) (err error) {
	tx, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fault(err)
	}
	defer func() {
		if p := recover(); p == nil {
			tx.Rollback()
		} else if err = outOfMemory(p); err == nil {
			panic(p)
		}
	}()
	return fault(f(&Tx{tx, db.now()}))
}

// outOfMemory turns the driver's panic into an error. The connection is lost and
// must not be touched again: rolling back would wait for the query that panicked.
func outOfMemory(p any) error {
	cause, ok := p.(error)
	if !ok || !strings.Contains(cause.Error(), "out of memory") {
		return nil
	}
	return &casefile.Error{Kind: casefile.Full, Err: cause,
		Message: "The database ran out of memory in a question about very many rows. Nothing was changed. Please report which command this was."}
}

func (db *DB) now() time.Time { return db.clock().UTC().Truncate(time.Microsecond) }

// inTx runs f in a write transaction of pool, one writer at a time.
func (db *DB) inTx(ctx context.Context, pool *sql.DB, f func(*Tx) error) error {
	db.deciding.Add(1)
	defer db.deciding.Add(-1)
	db.decided.Store(time.Now().UnixNano())
	db.writing.Lock()
	defer db.writing.Unlock()
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fault(err)
	}
	defer tx.Rollback()
	if err := f(&Tx{tx, db.now()}); err != nil {
		return fault(err)
	}
	return fault(tx.Commit())
}

// Stage runs f in a short write transaction for rows beyond the watermark or of
// an unfinished run. Keep each under a few milliseconds: readers never wait, but
// a decision does.
func (db *DB) Stage(ctx context.Context, f func(*Tx) error) error {
	db.GiveWay()
	db.writing.Lock()
	defer db.writing.Unlock()
	conn, err := db.stagingConn(ctx)
	if err != nil {
		return fault(err)
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fault(err)
	}
	err = f(&Tx{db.staging, db.now()})
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	}
	return fault(err)
}

// GiveWay holds bulk work up while somebody decides, for 20 ms at the most so
// that it gets on in the end. Without it a decision waits for its turn on cores
// that an import keeps busy.
func (db *DB) GiveWay() {
	for range 200 {
		if db.deciding.Load() == 0 {
			return
		}
		time.Sleep(100 * time.Microsecond)
	}
}

func (db *DB) stagingConn(ctx context.Context) (*sql.Conn, error) {
	if db.staging == nil {
		conn, err := db.bulk.Conn(ctx)
		if err != nil {
			return nil, err
		}
		db.staging = &staging{conn, map[string]*sql.Stmt{}}
	}
	return db.staging.conn, nil
}

func (s *staging) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st := s.prepared[query]
	if st == nil {
		var err error
		if st, err = s.conn.PrepareContext(context.WithoutCancel(ctx), query); err != nil {
			return nil, err
		}
		s.prepared[query] = st
	}
	return st.ExecContext(ctx, args...)
}

func (s *staging) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.conn.QueryContext(ctx, query, args...)
}

func (s *staging) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return s.conn.QueryRowContext(ctx, query, args...)
}

// Tidy copies the write-ahead log back into the database file. Nobody waits for it.
func (db *DB) Tidy(ctx context.Context) error {
	var busy, log, done int
	return fault(db.read.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &log, &done))
}

// An instant is a moment as the register stores it: RFC 3339 in UTC, always of
// the same width, so that texts sort by time.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// scanner reads one row.
type scanner interface{ Scan(...any) error }

// all collects every row of a query.
func all[T any](ctx context.Context, tx querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	return collect(each(ctx, tx, scan, query, args...))
}

// each streams the rows of a query.
func each[T any](ctx context.Context, tx querier, scan func(scanner) (T, error), query string, args ...any) func(func(T, error) bool) {
	return func(yield func(T, error) bool) {
		var zero T
		rows, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			yield(zero, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			v, err := scan(rows)
			if !yield(v, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(zero, err)
		}
	}
}

// collect gathers what a query streams.
func collect[T any](seq func(func(T, error) bool)) ([]T, error) {
	var out []T
	for v, err := range seq {
		if err != nil {
			return nil, fault(err)
		}
		out = append(out, v)
	}
	return out, nil
}
