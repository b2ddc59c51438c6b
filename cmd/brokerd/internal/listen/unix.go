package listen

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// dialTimeout is how long it may take to find out whether somebody listens on a socket.
const dialTimeout = time.Second

// A unixListener removes its socket file when it is closed.
type unixListener struct {
	net.Listener
	path  string
	close func() error
}

// Addr returns the path of the socket.
func (l *unixListener) Addr() net.Addr { return &net.UnixAddr{Name: l.path, Net: "unix"} }

// Close removes the socket file, unless it is no longer the one of this listener.
func (l *unixListener) Close() error { return l.close() }

func (a Address) listenUnix(ctx context.Context) (net.Listener, error) {
	uid, gid, err := a.owner()
	if err != nil {
		return nil, err
	}
	unlock, err := lockDirectory(filepath.Dir(a.path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := removeStale(ctx, a.path); err != nil {
		return nil, err
	}
	listener, made, err := a.makeSocket(ctx, uid, gid)
	if err != nil {
		return nil, fmt.Errorf("listen unix %s: %w", a.path, err)
	}
	return &unixListener{listener, a.path, sync.OnceValue(func() error {
		removeSocket(a.path, made)
		return listener.Close()
	})}, nil
}

// listenAt listens on a new socket file, which stays when the listener is closed.
func listenAt(ctx context.Context, path string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove the file of another process, too
	return listener, nil
}

// owner returns the numbers of the user and the group, or -1 for those of this process.
func (a Address) owner() (uid, gid int, err error) {
	uid, gid = -1, -1
	if a.user != "" {
		known, err := user.Lookup(a.user)
		if err != nil {
			known, err = user.LookupId(a.user)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("unix:%s: unknown user %q", a.path, a.user)
		}
		if uid, err = strconv.Atoi(known.Uid); err != nil {
			return 0, 0, err
		}
	}
	if a.group != "" {
		known, err := user.LookupGroup(a.group)
		if err != nil {
			known, err = user.LookupGroupId(a.group)
		}
		if err != nil {
			return 0, 0, fmt.Errorf("unix:%s: unknown group %q", a.path, a.group)
		}
		if gid, err = strconv.Atoi(known.Gid); err != nil {
			return 0, 0, err
		}
	}
	return uid, gid, nil
}

// removeStale removes a socket file on which nobody listens. The caller has locked the directory.
func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("listen unix %s: the file exists, and is not a socket", path)
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		_ = conn.Close()
		return &net.OpError{
			Op: "listen", Net: "unix", Addr: &net.UnixAddr{Name: path, Net: "unix"},
			Err: syscall.EADDRINUSE,
		}
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	}
	return fmt.Errorf("listen unix %s: cannot find out whether somebody listens on it: %w", path, err)
}

// removeSocket removes a socket file if it is still the same. The listener must be open: as long as it is,
// no other file can look the same.
func removeSocket(path string, made fs.FileInfo) {
	unlock, err := lockDirectory(filepath.Dir(path))
	if err != nil {
		unlock = func() {}
	}
	defer unlock()
	if now, err := os.Lstat(path); err == nil && os.SameFile(now, made) {
		_ = os.Remove(path)
	}
}
