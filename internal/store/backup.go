package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"lookback/internal/casefile"
)

// Backup writes the register as it stands, encrypted with age, to a new file,
// while others go on reading and writing. The file appears whole or not at all.
// Inside the age layer is the database, itself still encrypted.
func (db *DB) Backup(ctx context.Context, out string) error {
	if _, err := os.Stat(out); err == nil {
		return casefile.Errorf(casefile.Conflict, "%s exists. A backup never overwrites: give another name.", out)
	}
	copied := out + ".partial-copy"
	os.Remove(copied)
	defer os.Remove(copied)
	// The address is used inside this process only, and never logged.
	_, err := db.read.ExecContext(ctx, `VACUUM INTO ?1`, "file:"+escapePath(copied)+"?vfs=adiantum&hexkey="+db.key.hex("register"))
	if err != nil {
		return fault(err)
	}
	partial := out + ".partial"
	if err := db.encryptFile(copied, partial); err != nil {
		os.Remove(partial)
		return fault(err)
	}
	return fault(os.Rename(partial, out))
}

func (db *DB) encryptFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Sync(), out.Close()) }()
	w, err := db.key.Encrypt(out)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, in); err != nil {
		return err
	}
	return w.Close()
}

// Restore makes the register in dir from a backup. It appears whole or not at
// all; check must accept it before it does.
func Restore(ctx context.Context, backup, dir string, key Key, clock func() time.Time, check func(*DB) error) error {
	if err := mustBeFree(dir); err != nil {
		return err
	}
	return appear(dir, func(partial string) error {
		if err := decryptFile(backup, filepath.Join(partial, registerFile), key); err != nil {
			return err
		}
		db, err := open(partial, key, clock)
		if err != nil {
			return err
		}
		if err = db.IndexTexts(ctx, func(int) {}); err == nil {
			err = check(db)
		}
		return errors.Join(err, db.Close())
	})
}

func decryptFile(from, to string, key Key) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return casefile.Errorf(casefile.NotFound, "The backup %s cannot be read: %w", from, err)
	}
	defer in.Close()
	plain, err := key.Decrypt(in)
	if err != nil {
		return backupFault(from, err)
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Sync(), out.Close()) }()
	if _, err := io.Copy(out, plain); err != nil {
		return backupFault(from, err)
	}
	return nil
}

func backupFault(file string, err error) error {
	if err = fault(err); casefile.KindOf(err) != "" {
		return err
	}
	return casefile.Errorf(casefile.Broken, "%s is not a whole backup: it is cut short or was changed. Use another one. (%w)", file, err)
}

// Opens reports whether the key opens a backup.
func Opens(key Key, backup string) bool {
	f, err := os.Open(backup)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = key.Decrypt(f)
	return err == nil
}

// ViewBackup opens a backup for reading in a temporary folder, where it stays
// encrypted, and removes it afterwards.
func ViewBackup(backup string, key Key, clock func() time.Time, f func(*DB) error) error {
	dir, err := os.MkdirTemp("", "lookback-backup-")
	if err != nil {
		return fault(err)
	}
	defer os.RemoveAll(dir)
	if err := decryptFile(backup, filepath.Join(dir, registerFile), key); err != nil {
		return err
	}
	db, err := open(dir, key, clock)
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}
