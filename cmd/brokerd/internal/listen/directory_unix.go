//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package listen

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	// lockWait is how long another broker may hold the lock of a directory. It needs it for milliseconds.
	lockWait = 3 * time.Second
	// lockInterval is the time between two attempts.
	lockInterval = 10 * time.Millisecond
)

// lockDirectory makes other brokers wait that want to make or remove a socket in a directory.
func lockDirectory(path string) (unlock func(), err error) {
	directory, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	attempts := time.NewTicker(lockInterval)
	defer attempts.Stop()
	for end := time.Now().Add(lockWait); ; <-attempts.C {
		err := syscall.Flock(int(directory.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = directory.Close() }, nil
		case errors.Is(err, syscall.EINTR):
		case !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(end):
			_ = directory.Close()
			return nil, fmt.Errorf("lock directory %s: %w", path, err)
		}
	}
}
