//go:build unix

package listen

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// checkOwner checks whose file it is.
func checkOwner(t *testing.T, path string, uid, gid int) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Sys().(*syscall.Stat_t); int(got.Uid) != uid || int(got.Gid) != gid {
		t.Errorf("the file has the user %d and the group %d, want %d and %d", got.Uid, got.Gid, uid, gid)
	}
}

// groupsToTry returns groups to which this process may give a file, as numbers and as names.
func groupsToTry(t *testing.T) map[string]int {
	t.Helper()
	numbers, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	if numbers = append(numbers, os.Getgid()); os.Geteuid() == 0 {
		numbers = append(numbers, 1)
	}
	groups := make(map[string]int)
	for _, number := range numbers {
		group, err := user.LookupGroupId(strconv.Itoa(number))
		if err == nil {
			groups[group.Gid], groups[group.Name] = number, number
		}
	}
	if len(groups) == 0 {
		t.Fatal("no group of this process has a name")
	}
	return groups
}

// The socket has its owner. Root may give it to anybody, and other users to their own groups.
func TestOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	uid, gid := os.Geteuid(), os.Getegid()
	for name, want := range groupsToTry(t) {
		socket, err := open(t, "unix:"+path+"?mode=0660&group="+name)
		if err != nil {
			t.Fatal(err)
		}
		checkOwner(t, path, uid, want)
		_ = socket.Close()
	}
	for _, number := range []int{uid, 1} {
		known, err := user.LookupId(strconv.Itoa(number))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{known.Uid, known.Username} {
			socket, err := open(t, "unix:"+path+"?user="+name)
			if number != uid && uid != 0 {
				if err == nil {
					t.Errorf("user=%s: a user has given the socket to another one", name)
				}
				checkNothingLeft(t, filepath.Dir(path))
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			checkOwner(t, path, number, gid)
			_ = socket.Close()
		}
	}
	checkNothingLeft(t, filepath.Dir(path))
}

func checkNothingLeft(t *testing.T, directory string) {
	t.Helper()
	entries, err := os.ReadDir(directory)
	if err != nil || len(entries) > 0 {
		t.Errorf("the directory has %v, %v", entries, err)
	}
}

// An intruder is somebody who may write in the directory of the socket, and acts while the socket is being made.
type intruder struct {
	t         *testing.T
	directory string
	important string // a file of the broker's user
	file      *socketFile
}

// swap replaces the private directory by one with a link to the important file.
func (i *intruder) swap() {
	i.t.Helper()
	private := filepath.Join(i.directory, i.file.name)
	if err := errors.Join(
		os.Rename(private, private+".moved"), os.Mkdir(private, 0o700),
		os.Symlink(i.important, filepath.Join(private, socketName)),
	); err != nil {
		i.t.Fatal(err)
	}
}

// link puts a link to the important file to the path of the socket.
func (i *intruder) link() {
	i.t.Helper()
	if err := os.Symlink(i.important, filepath.Join(i.directory, "path")); err != nil {
		i.t.Fatal(err)
	}
}

// swapSocket replaces the private directory by one with a socket of its own.
func (i *intruder) swapSocket() {
	i.t.Helper()
	i.swap()
	path := filepath.Join(i.directory, i.file.name, socketName)
	if err := os.Remove(path); err != nil {
		i.t.Fatal(err)
	}
	leaveStale(i.t, path)
}

// Whatever an intruder does, and whenever, the mode of no other file changes, and Listen does not report a socket that
// is not its own.
func TestIntruder(t *testing.T) {
	for name, test := range map[string]struct {
		afterMake, afterBind, afterPermit func(*intruder)
		want                              error
	}{
		"nobody":                 {},
		"swap before the bind":   {afterMake: (*intruder).swapSocket, want: syscall.EADDRINUSE},
		"swap after the bind":    {afterBind: (*intruder).swap, want: errMoved},
		"swap before the move":   {afterPermit: (*intruder).swap, want: errMoved},
		"socket before the move": {afterPermit: (*intruder).swapSocket, want: errMoved},
		"link before the bind":   {afterMake: (*intruder).link},
		"link before the move":   {afterPermit: (*intruder).link},
		"link and swap":          {afterBind: (*intruder).link, afterPermit: (*intruder).swap, want: errMoved},
	} {
		t.Run(name, func(t *testing.T) {
			i := &intruder{t: t, directory: t.TempDir(), important: filepath.Join(t.TempDir(), "f")}
			if err := os.WriteFile(i.important, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			err := i.make(test.afterMake, test.afterBind, test.afterPermit)
			if test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			path := filepath.Join(i.directory, "path")
			if info, _ := os.Stat(i.important); info.Mode() != 0o600 {
				t.Errorf("the important file has mode %v", info.Mode())
			}
			if err == nil {
				if info, err := os.Lstat(path); err != nil || info.Mode() != fs.ModeSocket|0o666 {
					t.Errorf("the path has %v, %v", info, err)
				}
			}
		})
	}
}

// make does what makeSocket does, and lets the intruder act between the steps.
func (i *intruder) make(afterMake, afterBind, afterPermit func(*intruder)) (err error) {
	i.t.Helper()
	act := func(what func(*intruder)) {
		if what != nil {
			what(i)
		}
	}
	if i.file, err = newSocketFile(i.directory); err != nil {
		return err
	}
	defer i.file.end()
	act(afterMake)
	listener, err := listenAt(i.t.Context(), filepath.Join(i.directory, i.file.name, socketName))
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	act(afterBind)
	made, err := i.file.permit(-1, -1, 0o666)
	if err != nil {
		return err
	}
	act(afterPermit)
	return i.file.move(made, "path")
}

// A private directory is refused if somebody else may have written it.
func TestPrivateDirectory(t *testing.T) {
	for name, spoil := range map[string]func(path string) error{
		"writable": func(path string) error { return os.Chmod(path, 0o770) },
		"not empty": func(path string) error {
			return os.WriteFile(filepath.Join(path, socketName), nil, 0o600)
		},
		"of another user": func(path string) error {
			if os.Geteuid() != 0 {
				return os.Chmod(path, 0o777) // cannot make one
			}
			return os.Chown(path, 1, -1)
		},
	} {
		directory := t.TempDir()
		f, err := newSocketFile(directory)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.check(); err != nil {
			t.Errorf("%s: before: %v", name, err)
		}
		if err := spoil(filepath.Join(directory, f.name)); err != nil {
			t.Fatal(err)
		}
		if err := f.check(); !errors.Is(err, errMoved) {
			t.Errorf("%s: got %v, want a refusal", name, err)
		}
		f.end()
		checkNothingLeft(t, directory)
	}
}

// Clients connect to the path, also after the private directory is gone, and see its address.
func TestConnectToPath(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a-name-that-is-longer-than-the-private-one")
	socket, err := open(t, "unix:"+path+"?mode=0666")
	if err != nil {
		t.Fatal(err)
	}
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if socket.Addr().String() != path {
		t.Errorf("the address is %s", socket.Addr())
	}
}
