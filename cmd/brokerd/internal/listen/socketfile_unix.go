//go:build unix

package listen

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// A socketFile is a socket file that is being made. Until it has its owner and its mode, it is in a new directory to
// which only the user of this process has access. Then it moves to its path.
//
// Changing the mode at the path itself would be wrong: chmod follows a symbolic link that somebody has put there in
// between. fchmod cannot change the file of a socket, and a umask changes the whole process.
//
// Both directories are open, so it does not matter whether somebody moves them: each step acts in the open directory,
// or finds that the file is not there.
type socketFile struct {
	above   *os.Root // the directory of the path
	name    string   // of the new directory
	private *os.Root
}

// socketName is the name of the socket in the new directory. It is short, because the path of a socket must be.
const socketName = "s"

var errMoved = errors.New("somebody has moved or replaced it while it was being made")

// makeSocket listens on a new socket, which has its owner and its mode from the beginning, and returns what the file
// is.
func (a Address) makeSocket(ctx context.Context, uid, gid int) (net.Listener, fs.FileInfo, error) {
	f, err := newSocketFile(filepath.Dir(a.path))
	if err != nil {
		return nil, nil, err
	}
	defer f.end()
	listener, err := listenAt(ctx, filepath.Join(filepath.Dir(a.path), f.name, socketName))
	if err != nil {
		return nil, nil, err
	}
	made, err := f.permit(uid, gid, a.mode)
	if err == nil {
		err = f.move(made, filepath.Base(a.path))
	}
	if err != nil {
		_ = listener.Close()
		return nil, nil, err
	}
	return listener, made, nil
}

// newSocketFile makes the private directory. Call end when the socket has moved.
func newSocketFile(directory string) (*socketFile, error) {
	above, err := os.OpenRoot(directory)
	if err != nil {
		return nil, err
	}
	f := &socketFile{above: above, name: "." + rand.Text()[:6]}
	if err := above.Mkdir(f.name, 0o700); err != nil {
		_ = above.Close()
		return nil, err
	}
	if f.private, err = above.OpenRoot(f.name); err == nil {
		err = f.check()
	}
	if err != nil {
		f.end()
		return nil, err
	}
	return f, nil
}

// check refuses a private directory that somebody else can write, or has written.
func (f *socketFile) check() error {
	directory, err := f.private.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = directory.Close() }()
	info, err := directory.Stat()
	if err != nil {
		return err
	}
	entries, err := directory.ReadDir(-1)
	if err != nil {
		return err
	}
	status, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(status.Uid) != os.Geteuid() || info.Mode().Perm() != 0o700 || len(entries) > 0 {
		return errMoved
	}
	return nil
}

// permit gives the socket its owner, then its mode. Nobody else could have put it into the private directory.
func (f *socketFile) permit(uid, gid int, mode fs.FileMode) (fs.FileInfo, error) {
	info, err := f.private.Lstat(socketName)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return nil, errMoved
	}
	if uid >= 0 || gid >= 0 {
		if err := f.private.Lchown(socketName, uid, gid); err != nil {
			return nil, err
		}
	}
	if err := f.private.Chmod(socketName, mode); err != nil {
		return nil, err
	}
	return f.private.Lstat(socketName)
}

// move moves the socket to its name in the directory above. A link of this name is replaced, and not followed.
func (f *socketFile) move(made fs.FileInfo, name string) error {
	if err := f.above.Rename(filepath.Join(f.name, socketName), name); err != nil {
		return fmt.Errorf("%w: %w", errMoved, err)
	}
	if now, err := f.above.Lstat(name); err != nil || !os.SameFile(now, made) {
		return errMoved
	}
	return nil
}

// end removes the private directory.
func (f *socketFile) end() {
	if f.private != nil {
		_ = f.private.Remove(socketName)
		_ = f.private.Close()
	}
	_ = f.above.Remove(f.name)
	_ = f.above.Close()
}
