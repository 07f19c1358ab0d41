package store

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Lease is the right to sync and send from a data folder. One process has it at a time (R6.7); the
// operating system takes it back when the process ends, however it ends.
type Lease struct{ lock *flock.Flock }

// Lock takes the lease of a data folder, or returns ErrLocked when another process or another part of this
// one holds it. The folder is made when it is not there.
func Lock(dir string) (*Lease, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, explain(dir, err)
	}
	lock := flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, explain(dir, fmt.Errorf("locking the data folder: %w", err))
	}
	if !got {
		return nil, errLocked(dir)
	}
	return &Lease{lock}, nil
}

// Release gives the lease back. The lock file stays, as removing it would let two processes in.
func (l *Lease) Release() error { return l.lock.Unlock() }
