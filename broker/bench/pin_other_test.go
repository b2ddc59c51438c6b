//go:build !linux

package bench

import "runtime"

// pinning describes why nothing is pinned.
func pinning() (how string, pinned bool) {
	if !*wantPinned {
		return "not pinned, because of -pinned=false", false
	}
	return "not pinned: not on " + runtime.GOOS, false
}

func startPinned(start func() error) error { return start() }

func pinLoad(int) (unpin func() error, err error) { return func() error { return nil }, nil }

func startApart(start func() error) error { return start() }

// processorsApart returns 0: the load leaves no processor to others.
func processorsApart() int { return 0 }

func startBesideLoad(start func() error) error { return start() }

// givePrecedence does nothing: this system has no such setting.
func givePrecedence() error { return nil }
