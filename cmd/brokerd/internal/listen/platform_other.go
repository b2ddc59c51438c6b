//go:build !unix

package listen

// closeOnExec does nothing: this system has no sockets of systemd.
func closeOnExec(int) {}
