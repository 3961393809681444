package ledger

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

// An Export says what of a log is handed over.
type Export struct {
	Checkpoint []byte                    // the signed state that is exported
	Key        string                    // the verifier key
	Events     iter.Seq2[Sealed, error]  // from the first on; those after the checkpoint stay out
	Show       func(int64, Event) Fields // what the receiver may see; nil: no openings at all
	Earlier    iter.Seq2[[]byte, error]  // earlier checkpoints, oldest first; nil: none
}

// Exported counts what was written.
type Exported struct {
	Events int64 `json:"events"`
	Opened int64 `json:"opened"` // events of which at least one field is shown
	Erased int64 `json:"erased"` // events that nobody can open any more
}

// Write writes the log to dir as c2sp.org/tlog-tiles, with what x adds to it.
// The folder must be new or empty. The checkpoint is written last, and only if
// the events hash to it: an export that was cut short has none. Memory does not
// grow with the log.
func (x Export) Write(dir string) (Exported, error) {
	v, err := NewVerifier(x.Key)
	if err != nil {
		return Exported{}, err
	}
	c, err := v.Open(x.Checkpoint)
	if err != nil {
		return Exported{}, err
	}
	if err := makeEmpty(dir); err != nil {
		return Exported{}, err
	}
	w := &exporter{dir: dir, show: x.Show, size: c.Tree.N}
	w.tiles.Emit = w.writeTile
	if err := w.writeEvents(x.Events); err != nil {
		return w.count, err
	}
	if got := w.tree.Tree(); got != c.Tree {
		return w.count, fmt.Errorf("the log has %d events with root %v, the checkpoint speaks of %d with root %v: nothing was exported that verifies",
			got.N, got.Hash, c.Tree.N, c.Tree.Hash)
	}
	if err := writeCheckpoints(filepath.Join(dir, CheckpointsFile), x.Earlier); err != nil {
		return w.count, err
	}
	if err := os.WriteFile(filepath.Join(dir, KeyFile), []byte(x.Key+"\n"), 0o644); err != nil {
		return w.count, err
	}
	return w.count, os.WriteFile(filepath.Join(dir, CheckpointFile), x.Checkpoint, 0o644)
}

func makeEmpty(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	held, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		return fmt.Errorf("%s is not empty (it holds %s): an export needs a folder of its own", dir, held[0].Name())
	}
	return nil
}

// An exporter is the state of one export that is being written.
type exporter struct {
	dir      string
	size     int64
	show     func(int64, Event) Fields
	tree     Frontier
	tiles    Tiler
	bundle   []byte
	openings *bufio.Writer // nil if nothing is shown
	line     []byte
	count    Exported
}

func (w *exporter) writeEvents(events iter.Seq2[Sealed, error]) (err error) {
	if w.show != nil {
		f, ferr := os.OpenFile(filepath.Join(w.dir, OpeningsFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if ferr != nil {
			return ferr
		}
		w.openings = bufio.NewWriterSize(f, 1<<16)
		defer func() { err = errors.Join(err, w.openings.Flush(), f.Close()) }()
	}
	if w.size > 0 {
		for s, err := range events {
			if err != nil {
				return fmt.Errorf("reading event %d: %w", w.tree.Size(), err)
			}
			if err := w.event(s); err != nil {
				return err
			}
			if w.tree.Size() == w.size {
				break
			}
		}
	}
	if err := w.writeBundle(); err != nil {
		return err
	}
	return w.tiles.Flush()
}

func (w *exporter) event(s Sealed) error {
	index := w.tree.Size()
	if err := w.open(index, s); err != nil {
		return err
	}
	if len(s.Leaf) > 1<<16-1 {
		return fmt.Errorf("event %d: its leaf has %d bytes, a bundle takes at most 65535", index, len(s.Leaf))
	}
	w.bundle = AppendEntry(w.bundle, s.Leaf)
	h := tlog.RecordHash(s.Leaf)
	w.tree.Append(h)
	w.count.Events++
	if w.tree.Size()%TileWidth == 0 {
		if err := w.writeBundle(); err != nil {
			return err
		}
	}
	return w.tiles.Append(h)
}

// open writes the line of an event's opening, if there is anything to show.
func (w *exporter) open(index int64, s Sealed) error {
	if s.Erased() {
		w.count.Erased++
		return nil
	}
	if w.show == nil {
		return nil
	}
	e, err := Unseal(s)
	if err != nil {
		return fmt.Errorf("event %d: %w", index, err)
	}
	show := w.show(index, e) & AllFields
	if show == 0 {
		return nil
	}
	o, err := Reveal(index, s, show)
	if err != nil {
		return err
	}
	w.count.Opened++
	w.line = o.AppendLine(w.line[:0])
	_, err = w.openings.Write(w.line)
	return err
}

func (w *exporter) writeBundle() error {
	if len(w.bundle) == 0 {
		return nil
	}
	last := w.tree.Size() - 1
	path := BundlePath(last/TileWidth, int(last%TileWidth)+1)
	err := w.write(path, w.bundle)
	w.bundle = w.bundle[:0]
	return err
}

func (w *exporter) writeTile(t tlog.Tile, data []byte) error { return w.write(TilePath(t), data) }

func (w *exporter) write(path string, data []byte) error {
	path = filepath.Join(w.dir, filepath.FromSlash(path))
	err := os.WriteFile(path, data, 0o644)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// writeCheckpoints writes one earlier checkpoint a line.
func writeCheckpoints(path string, earlier iter.Seq2[[]byte, error]) (err error) {
	if earlier == nil {
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	defer func() { err = errors.Join(err, b.Flush(), f.Close()) }()
	for msg, err := range earlier {
		if err != nil {
			return fmt.Errorf("reading earlier checkpoints: %w", err)
		}
		if _, err := b.Write(CheckpointLine(msg)); err != nil {
			return err
		}
	}
	return nil
}

type checkpointLine struct {
	Note string `json:"note"`
}

// CheckpointLine returns a signed checkpoint as one line of checkpoints.jsonl,
// with its newline.
func CheckpointLine(msg []byte) []byte {
	line, err := json.Marshal(checkpointLine{string(msg)})
	if err != nil {
		panic("ledger: a checkpoint that is not JSON: " + err.Error())
	}
	return append(line, '\n')
}

// ParseCheckpointLine is the inverse of CheckpointLine and takes nothing else.
func ParseCheckpointLine(line []byte) ([]byte, error) {
	var c checkpointLine
	if err := json.Unmarshal(line, &c); err != nil || string(CheckpointLine([]byte(c.Note))) != string(line) {
		return nil, fmt.Errorf("%.80q is not a checkpoint as %s holds it", line, CheckpointsFile)
	}
	return []byte(c.Note), nil
}
