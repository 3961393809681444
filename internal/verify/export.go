package verify

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"lookback/internal/ledger"
)

// An Export is the folder that [ledger.Export] writes, as a [Source].
type Export struct{ files fs.FS }

// OpenExport reads an export from its root folder. Errors wait for [Check].
func OpenExport(files fs.FS) *Export { return &Export{files} }

// Largest files and lines that are read; what is larger is no part of a log.
const (
	maxNote   = 64 << 10
	maxBundle = ledger.TileWidth * (2 + 1<<16)
	maxLine   = ledger.MaxBody + 3*6*ledger.MaxText + 1024
)

// Key returns the verifier key that lies in the export.
func (x *Export) Key() (string, error) {
	b, err := x.read(ledger.KeyFile, maxNote)
	if err != nil {
		return "", err
	}
	key, ok := strings.CutSuffix(string(b), "\n")
	if !ok {
		return "", fmt.Errorf("%s does not end with its line", ledger.KeyFile)
	}
	return key, nil
}

// Checkpoint returns the export's checkpoint.
func (x *Export) Checkpoint() ([]byte, error) { return x.read(ledger.CheckpointFile, maxNote) }

// Tile returns a tile as the export holds it.
func (x *Export) Tile(t tlog.Tile) ([]byte, error) {
	return x.read(ledger.TilePath(t), ledger.TileWidth*tlog.HashSize)
}

// Earlier yields the earlier checkpoints that lie in the export.
func (x *Export) Earlier() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		lines, err := x.lines(ledger.CheckpointsFile)
		if err != nil {
			yield(nil, err)
			return
		}
		defer lines.Close()
		for lines.next() {
			msg, err := ledger.ParseCheckpointLine(lines.line)
			if !yield(msg, err) || err != nil {
				return
			}
		}
		if lines.err != nil {
			yield(nil, lines.err)
		}
	}
}

// Entries yields the events with what the export opens of them.
func (x *Export) Entries() iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		openings, err := x.lines(ledger.OpeningsFile)
		if err != nil {
			yield(Entry{}, err)
			return
		}
		defer openings.Close()
		openings.next()
		index := int64(0)
		for leaf, err := range x.leaves() {
			e := Entry{Leaf: leaf}
			if err == nil {
				e.Open = openings.of(index)
			}
			if !yield(e, err) || err != nil {
				return
			}
			index++
		}
		if openings.line != nil || openings.err != nil {
			yield(Entry{}, openings.leftOver())
		}
	}
}

// leaves yields the leaves of all bundles.
func (x *Export) leaves() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		msg, err := x.Checkpoint()
		if err != nil {
			yield(nil, err)
			return
		}
		c, err := ledger.PeekCheckpoint(msg)
		if err != nil {
			yield(nil, err)
			return
		}
		for n := int64(0); n*ledger.TileWidth < c.Tree.N; n++ {
			width := ledger.TileAt(0, n, c.Tree.N).W
			bundle, err := x.read(ledger.BundlePath(n, width), maxBundle)
			if err != nil {
				yield(nil, err)
				return
			}
			for leaf, err := range ledger.Entries(bundle, width) {
				if err != nil {
					err = fmt.Errorf("%s: %w", ledger.BundlePath(n, width), err)
				}
				if !yield(leaf, err) || err != nil {
					return
				}
			}
		}
	}
}

// Strays returns the files of the folder that are no part of the export.
func (x *Export) Strays() ([]string, error) {
	msg, err := x.Checkpoint()
	if err != nil {
		return nil, err
	}
	c, err := ledger.PeekCheckpoint(msg)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{ledger.CheckpointFile: true, ledger.KeyFile: true, ledger.OpeningsFile: true, ledger.CheckpointsFile: true}
	for level := 0; ledger.TileAt(level, 0, c.Tree.N).W > 0; level++ {
		for n := int64(0); ; n++ {
			t := ledger.TileAt(level, n, c.Tree.N)
			if t.W == 0 {
				break
			}
			known[ledger.TilePath(t)] = true
			if level == 0 {
				known[ledger.BundlePath(n, t.W)] = true
			}
		}
	}
	var strays []string
	err = fs.WalkDir(x.files, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !known[path] {
			strays = append(strays, path)
		}
		return err
	})
	return strays, err
}

// read reads a whole file of at most limit bytes.
func (x *Export) read(name string, limit int) ([]byte, error) {
	f, err := x.files.Open(name)
	if err != nil {
		return nil, missing(name, err)
	}
	defer f.Close()
	size := 0
	if info, err := f.Stat(); err == nil {
		size = int(min(info.Size(), int64(limit)))
	}
	b := make([]byte, 0, size+1)
	for {
		n, err := f.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > limit:
			return nil, fmt.Errorf("%s is larger than the %d bytes it may have", name, limit)
		case err == io.EOF:
			return b, nil
		case err != nil:
			return nil, fmt.Errorf("reading %s: %w", name, err)
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

func missing(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing", name)
	}
	return fmt.Errorf("opening %s: %w", name, err)
}

// lines reads a file of lines, one ahead. A file that is absent has none.
type lines struct {
	io.Closer
	name   string
	r      *bufio.Reader
	line   []byte // with its newline; nil at the end
	number int    // of line, from 1
	err    error
}

func (x *Export) lines(name string) (*lines, error) {
	f, err := x.files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return &lines{Closer: io.NopCloser(nil), name: name, r: bufio.NewReader(strings.NewReader(""))}, nil
	}
	if err != nil {
		return nil, missing(name, err)
	}
	return &lines{Closer: f, name: name, r: bufio.NewReaderSize(f, 64<<10)}, nil
}

// next reads the next line into a slice of its own.
func (l *lines) next() bool {
	l.line = nil
	for l.err == nil {
		part, err := l.r.ReadSlice('\n')
		l.line = append(l.line, part...)
		switch {
		case err == nil:
			l.number++
			return true
		case err == io.EOF && len(l.line) == 0:
			l.line = nil
			return false
		case err == io.EOF:
			l.err = fmt.Errorf("%s line %d has no end", l.name, l.number+1)
		case err != bufio.ErrBufferFull:
			l.err = fmt.Errorf("reading %s line %d: %w", l.name, l.number+1, err)
		case len(l.line) > maxLine:
			l.err = fmt.Errorf("%s line %d is longer than %d bytes", l.name, l.number+1, maxLine)
		}
	}
	l.line = nil
	return false
}

// of returns what opens the event at index, or nil. A line that does not say
// which event it opens, or one that was passed, is held against this event.
func (l *lines) of(index int64) func() (ledger.Opening, error) {
	if err := l.err; err != nil {
		l.err = nil
		return func() (ledger.Opening, error) { return ledger.Opening{}, err }
	}
	if l.line == nil {
		return nil
	}
	if at, ok := ledger.LineIndex(l.line); ok && at > index {
		return nil
	}
	line, number := l.line, l.number
	l.next()
	return func() (ledger.Opening, error) {
		o, err := ledger.ParseOpening(line)
		switch {
		case err != nil:
			err = fmt.Errorf("%s line %d: %w", l.name, number, err)
		case o.Index != index:
			err = fmt.Errorf("%s line %d opens event %d, which stands earlier", l.name, number, o.Index)
		}
		return o, err
	}
}

// leftOver says what is wrong with lines that follow the last event's.
func (l *lines) leftOver() error {
	if l.err != nil {
		return l.err
	}
	return fmt.Errorf("%s line %d opens no event of this log: %.60q", l.name, l.number, l.line)
}
