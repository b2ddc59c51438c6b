//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package listen

// lockDirectory does nothing: this system has no flock.
func lockDirectory(string) (unlock func(), err error) { return func() {}, nil }
