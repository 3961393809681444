//go:build unix

package store

import (
	"os"
	"syscall"
)

// tryLock takes the lock on an open file, or fails at once. The system lets go of
// it when the process ends, however it ends.
func tryLock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
