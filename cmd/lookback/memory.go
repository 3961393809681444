package main

import (
	"io/fs"
	"path/filepath"
	"runtime/debug"
)

// spareMemory asks the collector to keep an import small: starting the PDF reader
// leaves 300 MB of garbage that nothing else needs. It is a wish, not a limit, and
// grows with the extract, since an import remembers every key of a table. Whoever
// sets GOMEMLIMIT decides instead.
func (a *app) spareMemory(extract string) {
	if a.getenv("GOMEMLIMIT") != "" {
		return
	}
	const ground = 340 << 20
	var size int64
	filepath.WalkDir(extract, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	debug.SetMemoryLimit(ground + size/2)
}
