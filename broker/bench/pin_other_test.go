//go:build !linux

package bench

import "runtime"

// pinning says that nobody has a processor of his own.
func pinning() (how string, pinned bool) {
	if !*wantPinned {
		return "not pinned, as was asked for", false
	}
	return "not pinned: not on " + runtime.GOOS, false
}

func startPinned(start func() error) error { return start() }

func pinLoad(int) (unpin func() error, err error) { return func() error { return nil }, nil }
