//go:build !headless

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"dunlin/core"
)

// instance makes sure that one window at a time is open on a data folder. A second start asks the first to
// come to the front and ends.
type instance struct {
	lock   *flock.Flock
	listen net.Listener
	mu     sync.Mutex
	show   func()
	done   chan struct{}
}

// firstInstance returns nil without an error when another window is open and was asked to show itself.
func firstInstance(dir string) (*instance, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &core.Problem{Code: "data_folder", Message: fmt.Sprintf("The data folder %s cannot be made.", dir), Hint: "Check that its place belongs to you, or choose another one with --data."}
	}
	lock := flock.New(filepath.Join(dir, "window.lock"), flock.SetPermissions(0o600))
	won, err := lock.TryLock()
	if err != nil {
		return nil, &core.Problem{Code: "data_folder", Message: fmt.Sprintf("The data folder %s cannot be locked.", dir), Hint: "Check that it belongs to you and that the disk is not full."}
	}
	socket := socketPath(dir)
	if !won {
		if askToShow(socket) {
			return nil, nil
		}
		return nil, &core.Problem{Code: "locked", Message: "Dunlin is already open on this data folder.", Hint: "Look for its window or its icon in the tray."}
	}
	os.Remove(socket) // left by a crash: the lock was free
	l, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listening for a second start: %w", err)
	}
	i := &instance{lock: lock, listen: l, done: make(chan struct{})}
	go i.serve()
	return i, nil
}

// socketPath is short whatever the data folder's name is: sockets allow some hundred bytes only.
func socketPath(dir string) string {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" {
		base = os.TempDir()
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join(base, fmt.Sprintf("dunlin-%d-%s.sock", os.Getuid(), hex.EncodeToString(sum[:6])))
}

func askToShow(socket string) bool {
	conn, err := net.DialTimeout("unix", socket, 2*time.Second)
	if err != nil {
		return false
	}
	// Being heard is asking: the first instance may hang up before anything could be said.
	conn.Close()
	return true
}

func (i *instance) serve() {
	defer close(i.done)
	for {
		conn, err := i.listen.Accept()
		if err != nil {
			return
		}
		conn.Close()
		i.mu.Lock()
		show := i.show
		i.mu.Unlock()
		if show != nil {
			show()
		}
	}
}

// OnShow says what to do when a second start asks for the window.
func (i *instance) OnShow(f func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.show = f
}

// Close lets another window open.
func (i *instance) Close() error {
	i.listen.Close()
	<-i.done
	return i.lock.Unlock()
}
