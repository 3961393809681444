package ledger

import (
	"encoding/binary"
	"fmt"
	"iter"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Names within an export, beside the tiles of c2sp.org/tlog-tiles.
const (
	CheckpointFile  = "checkpoint"
	KeyFile         = "key"
	OpeningsFile    = "openings.jsonl"
	CheckpointsFile = "checkpoints.jsonl"
)

// TileHeight is the number of tree levels in a tile; a tile is at most
// TileWidth hashes wide, a bundle at most TileWidth leaves.
const (
	TileHeight = 8
	TileWidth  = 1 << TileHeight
)

// TilePath returns where a tile of hashes lies. Package tlog puts the height
// into its paths, c2sp.org/tlog-tiles does not.
func TilePath(t tlog.Tile) string {
	return strings.Replace(t.Path(), "tile/8/", "tile/", 1)
}

// BundlePath returns where the n-th bundle lies, which holds width leaves.
func BundlePath(n int64, width int) string {
	path := tlog.Tile{H: TileHeight, L: 0, N: n, W: width}.Path()
	return strings.Replace(path, "tile/8/0/", "tile/entries/", 1)
}

// TileAt returns the n-th tile on a level of a log of size events; its W is 0
// if there is none.
func TileAt(level int, n, size int64) tlog.Tile {
	width := size>>(TileHeight*level) - n*TileWidth
	return tlog.Tile{H: TileHeight, L: level, N: n, W: int(min(max(width, 0), TileWidth))}
}

// AppendEntry appends a leaf to a bundle: two bytes of length, then the leaf.
func AppendEntry(bundle, leaf []byte) []byte {
	bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(leaf)))
	return append(bundle, leaf...)
}

// Entries yields the leaves of a bundle, which must hold width of them and
// nothing else; the leaves share the bundle's memory.
func Entries(bundle []byte, width int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for i := range width {
			if len(bundle) < 2 {
				yield(nil, fmt.Errorf("the bundle ends after %d of %d events", i, width))
				return
			}
			end := 2 + int(binary.BigEndian.Uint16(bundle))
			if len(bundle) < end {
				yield(nil, fmt.Errorf("the bundle ends within its event number %d", i))
				return
			}
			if !yield(bundle[2:end:end], nil) {
				return
			}
			bundle = bundle[end:]
		}
		if len(bundle) > 0 {
			yield(nil, fmt.Errorf("the bundle goes on for %d bytes after its %d events", len(bundle), width))
		}
	}
}

// A Tiler cuts a growing log into tiles. Emit is called with each tile once it
// is full, in an order that is total, and with the partial ones by Flush.
type Tiler struct {
	Emit   func(t tlog.Tile, data []byte) error
	levels []tilerLevel
}

type tilerLevel struct {
	done int64  // tiles emitted
	data []byte // hashes of the tile that is growing
}

// Append adds the record hash of one leaf.
func (t *Tiler) Append(leaf tlog.Hash) error { return t.add(0, leaf) }

func (t *Tiler) add(level int, h tlog.Hash) error {
	if level == len(t.levels) {
		t.levels = append(t.levels, tilerLevel{})
	}
	l := &t.levels[level]
	if l.data = append(l.data, h[:]...); len(l.data) < TileWidth*tlog.HashSize {
		return nil
	}
	if err := t.emit(level); err != nil {
		return err
	}
	root := subtreeRoot(l.data)
	l.done, l.data = l.done+1, l.data[:0]
	return t.add(level+1, root)
}

// Flush emits the tiles that are not full. Nothing may be appended afterwards.
func (t *Tiler) Flush() error {
	for level := range t.levels {
		if len(t.levels[level].data) == 0 {
			continue
		}
		if err := t.emit(level); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tiler) emit(level int) error {
	l := t.levels[level]
	tile := tlog.Tile{H: TileHeight, L: level, N: l.done, W: len(l.data) / tlog.HashSize}
	return t.Emit(tile, l.data)
}

// subtreeRoot hashes a full tile.
func subtreeRoot(data []byte) tlog.Hash {
	if len(data) == tlog.HashSize {
		return tlog.Hash(data)
	}
	half := len(data) / 2
	return tlog.NodeHash(subtreeRoot(data[:half]), subtreeRoot(data[half:]))
}
