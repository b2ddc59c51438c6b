//go:build !unix

package listen

// setUmask does nothing: this system has no umask.
func setUmask(int) (restore func()) { return func() {} }

// closeOnExec does nothing: this system has no sockets of systemd.
func closeOnExec(int) {}
