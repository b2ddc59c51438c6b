//go:build unix

package listen

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

func open(t *testing.T, text string) (Socket, error) {
	t.Helper()
	address, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	sockets, err := address.Listen(t.Context())
	if err != nil {
		return Socket{}, err
	}
	t.Cleanup(func() { _ = sockets[0].Close() })
	return sockets[0], nil
}

// leaveStale makes the socket file of a process that was killed.
func leaveStale(t *testing.T, path string) {
	t.Helper()
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
}

// The socket has its mode, and its file goes with it.
func TestMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for query, want := range map[string]fs.FileMode{"": 0o600, "?mode=0666": 0o666, "?mode=640": 0o640} {
		socket, err := open(t, "unix:"+path+query)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode().Perm() != want || socket.Address != "unix:"+path {
			t.Errorf("%q: got %v, %v, %s", query, info, err, socket.Address)
		}
		if err := socket.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is still there: %v", err)
		}
	}
	if _, err := open(t, "unix:"+path+"?user=no-such-user"); err == nil {
		t.Error("an unknown user is accepted")
	}
}

// A file that a dead broker has left is replaced. One on which somebody listens is not.
func TestStaleSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	leaveStale(t, path)
	first, err := open(t, "unix:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, "unix:"+path); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v, want EADDRINUSE", err)
	}
	// Somebody else may have replaced the file before the first listener ends.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, "unix:"+path); err != nil {
		t.Fatal(err)
	}
	_ = first.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the first listener has removed the file of the second: %v", err)
	}
}

// A file that is not a socket is never replaced, and no link is followed.
func TestOtherFiles(t *testing.T) {
	file, directory := filepath.Join(t.TempDir(), "f"), t.TempDir()
	if err := os.WriteFile(file, []byte("important"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(directory, "link")
	leaveStale(t, filepath.Join(directory, "stale"))
	if err := os.Symlink("stale", link); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, directory, link} {
		if _, err := open(t, "unix:"+path); err == nil || !strings.Contains(err.Error(), "not a socket") {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "important" {
		t.Errorf("the file has %q, %v", text, err)
	}
}

// If several brokers start at once, exactly one of them gets a stale socket.
func TestStartAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for range 20 {
		leaveStale(t, path)
		var opened atomic.Int32
		var starting sync.WaitGroup
		sockets := make([]Socket, 4)
		for i := range sockets {
			starting.Go(func() {
				address, err := Parse("unix:" + path)
				if err != nil {
					t.Error(err)
				}
				switch got, err := address.Listen(t.Context()); {
				case err == nil:
					sockets[i] = got[0]
					opened.Add(1)
				case !errors.Is(err, syscall.EADDRINUSE):
					t.Error(err)
				}
			})
		}
		starting.Wait()
		if opened.Load() != 1 {
			t.Errorf("%d brokers listen", opened.Load())
		}
		for i := range sockets {
			if sockets[i].Listener != nil {
				_ = sockets[i].Close()
			}
		}
	}
}
