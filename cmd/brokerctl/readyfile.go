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
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s: there is no such directory", filepath.Dir(path))
		}
		return &readyFile{path: path}, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || !hasToken(path, info):
		return nil, fmt.Errorf("%s exists, and is not the file of a lock", path)
	}
	left, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = left.Close() }()
	if !lockFile(left) {
		return nil, errInUse
	}
	return &readyFile{path: path}, os.Remove(path)
}

// tokenLine is the content of the file.
var tokenLine = regexp.MustCompile(`^[0-9]{1,20}\n$`)

// hasToken reports whether the file has a fencing token and nothing else.
func hasToken(path string, info fs.FileInfo) bool {
	const mostBytes = 21
	if info.Size() > mostBytes {
		return false
	}
	text, err := os.ReadFile(path)
	return err == nil && tokenLine.Match(text)
}

// create creates the file, with its content, in one step. It does not replace the file of another process.
func (r *readyFile) create(text string) error {
	folder, name := filepath.Split(r.path)
	written, err := os.CreateTemp(folder, "."+name+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(written.Name()) }()
	if _, err = written.WriteString(text); err == nil && !lockFile(written) {
		err = errInUse
	}
	if err == nil {
		err = linkTo(written, r.path)
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
	own, err := r.file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(r.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !os.SameFile(own, there):
		return nil
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
	err := os.Link(written.Name(), name)
	if errors.Is(err, fs.ErrExist) {
		return errInUse
	}
	return err
}
