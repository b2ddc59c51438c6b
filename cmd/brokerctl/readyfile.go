//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"
)

// A readyFile is a file that exists while a lock is held. The process that has created it keeps it open and locked.
// So the next process can tell a file in use from one that a killed process has left behind.
type readyFile struct {
	path string
	file *os.File // nil: not created
}

// errInUse says that another process has the file.
var errInUse = errors.New("another brokerctl uses this file: choose another name, such as one with $$")

// newReadyFile removes a file that a killed process has left behind. It refuses any other file, because a path that
// is wrong must not destroy anything.
func newReadyFile(path string) (*readyFile, error) {
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s: there is no such directory", filepath.Dir(path))
	}
	return &readyFile{path: path}, removeLeft(path)
}

// removeLeft removes the file that a killed process has left behind, if there is one.
func removeLeft(path string) error {
	for {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !info.Mode().IsRegular() || !isReadyFile(path, info):
			return fmt.Errorf("%s exists, and is not the file of a lock", path)
		}
		gone, err := removeUnused(path)
		if err != nil || gone {
			return err
		}
	}
}

// removeUnused removes the file, which no process may use. It reports false if the path has got another file
// meanwhile.
func removeUnused(path string) (gone bool, err error) {
	left, err := os.Open(path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist), ignoreMissing(err)
	}
	defer func() { _ = left.Close() }()
	if !lockFile(left) {
		return false, errInUse
	}
	// Whoever removes a file locks it first. So the path keeps this file from here on.
	if same, err := isAt(left, path); err != nil || !same {
		return false, err
	}
	return true, os.Remove(path)
}

// isAt reports whether a path has that file.
func isAt(file *os.File, path string) (bool, error) {
	own, err := file.Stat()
	if err != nil {
		return false, err
	}
	there, err := os.Lstat(path)
	if err != nil {
		return false, ignoreMissing(err)
	}
	return os.SameFile(own, there), nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// textOf returns the content of the file of a lock with that fencing token. The second line tells it from other files,
// such as the one with the id of a process.
func textOf(token int64) string {
	return fmt.Sprintf("%d\nheld by brokerctl, process %d\n", token, os.Getpid())
}

var readyText = regexp.MustCompile(`^[0-9]{1,20}\nheld by brokerctl, process [0-9]{1,10}\n$`)

// isReadyFile reports whether a file has what textOf returns.
func isReadyFile(path string, info fs.FileInfo) bool {
	const mostBytes = 80
	if info.Size() > mostBytes {
		return false
	}
	text, err := os.ReadFile(path)
	return err == nil && readyText.Match(text)
}

// create creates the file, with its content, in one step. It does not replace the file of another process, unless that
// was killed.
func (r *readyFile) create(token int64) error {
	folder, name := filepath.Split(r.path)
	written, err := os.CreateTemp(folder, "."+name+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(written.Name()) }()
	if _, err = written.WriteString(textOf(token)); err == nil && !lockFile(written) {
		err = errInUse
	}
	if err == nil {
		err = linkTo(written, r.path)
	}
	if errors.Is(err, fs.ErrExist) { // since newReadyFile: perhaps its process was killed
		if err = removeLeft(r.path); err == nil {
			err = linkTo(written, r.path)
		}
	}
	if err != nil {
		_ = written.Close()
		return err
	}
	r.file = written
	return nil
}

// remove removes the file, unless it is no longer the one that this process has created.
func (r *readyFile) remove() error {
	if r.file == nil {
		return nil
	}
	defer func() { _ = r.file.Close(); r.file = nil }()
	if same, err := isAt(r.file, r.path); err != nil || !same {
		return err
	}
	return os.Remove(r.path)
}

// lockFile locks an open file against other processes until it is closed, and reports whether that was possible.
func lockFile(file *os.File) bool {
	return unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil
}

// linkTo gives a file its name, and lets everybody read it. It fails if the name is taken.
func linkTo(written *os.File, name string) error {
	const readable = 0o644
	if err := written.Chmod(readable); err != nil {
		return err
	}
	return os.Link(written.Name(), name)
}
