package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"lookback/internal/casefile"
	"lookback/internal/desk"
	"lookback/internal/store"
)

// keyPath is where a register's key lies by default: beside its folder, never in it.
func keyPath(dir string) string { return filepath.Clean(dir) + ".key" }

// findKey takes the key from -key-file, else LOOKBACK_KEY_FILE, else the default
// file, else asks for it on the terminal.
func (a *app) findKey(dir, given string) (store.Key, error) {
	if given == "" {
		given = a.getenv("LOOKBACK_KEY_FILE")
	}
	if given == "" {
		given = keyPath(dir)
		if _, err := os.Stat(given); errors.Is(err, fs.ErrNotExist) {
			return a.askKey(dir)
		}
	}
	return store.ReadKey(given)
}

func (a *app) askKey(dir string) (store.Key, error) {
	if a.in == nil || !term.IsTerminal(int(a.in.Fd())) {
		return store.Key{}, casefile.Errorf(casefile.NotFound, "The key of %s is missing: there is no %s. Name the key file with -key-file or LOOKBACK_KEY_FILE.", dir, keyPath(dir))
	}
	fmt.Fprintf(a.err, "Key of %s (the line that starts with AGE-SECRET-KEY-1; it is not shown): ", dir)
	text, err := term.ReadPassword(int(a.in.Fd()))
	fmt.Fprintln(a.err)
	if err != nil {
		return store.Key{}, err
	}
	return store.ParseKey(string(text))
}

// open opens the register that -dir names.
func (a *app) open(f *flags) (*desk.Desk, error) {
	if err := f.need("dir"); err != nil {
		return nil, err
	}
	if _, err := os.Stat(f.dir); errors.Is(err, fs.ErrNotExist) {
		return nil, casefile.Errorf(casefile.NotFound, "There is no register in %s. Make one with: lookback init -dir %s", f.dir, f.dir)
	}
	key, err := a.findKey(f.dir, f.keyFile)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(f.dir, key, a.clock)
	if err != nil {
		return nil, err
	}
	return &desk.Desk{DB: db, Code: code()}, nil
}

// newKey reads the key file for a new register if it is there, and makes it if
// it is not.
func (a *app) newKey(dir, given string) (key store.Key, path string, made bool, err error) {
	path = given
	if path == "" {
		path = a.getenv("LOOKBACK_KEY_FILE")
	}
	if path == "" {
		path = keyPath(dir)
	}
	if _, err := os.Stat(path); err == nil {
		key, err = store.ReadKey(path)
		return key, path, false, err
	}
	if key, err = store.NewKey(); err != nil {
		return key, path, false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return key, path, false, err
	}
	return key, path, true, key.Write(path)
}

// keyFor finds the key that opens a backup: the one given, else any key file
// that lies beside the backup or beside the new register.
func (a *app) keyFor(backup, dir, given string) (key store.Key, path string, err error) {
	if given == "" {
		given = a.getenv("LOOKBACK_KEY_FILE")
	}
	if given != "" {
		key, err = store.ReadKey(given)
		return key, given, err
	}
	candidates := []string{}
	for _, folder := range []string{filepath.Dir(backup), filepath.Dir(filepath.Clean(dir))} {
		found, _ := filepath.Glob(filepath.Join(folder, "*.key"))
		candidates = append(candidates, found...)
	}
	for _, path := range candidates {
		k, err := store.ReadKey(path)
		if err == nil && store.Opens(k, backup) {
			return k, path, nil
		}
	}
	return key, "", casefile.Errorf(casefile.NotFound, "The backup is locked with the key of its register. Name its key file with -key-file (usually REGISTER.key)%s.", looked(candidates))
}

func looked(candidates []string) string {
	if len(candidates) == 0 {
		return ""
	}
	return "; these do not open it: " + strings.Join(candidates, ", ")
}
