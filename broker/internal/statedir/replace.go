package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Of the libraries that replace a file none flushes the directory too on every
// system, without which the rename may be lost with the power.

// Files is what a Dir does to files, so that tests can see the order, and let it fail.
type Files interface {
	Mkdir(path string, mode fs.FileMode) error
	Create(dir, pattern string) (File, error)
	Rename(from, to string) error
	Remove(path string) error
	SyncDir(path string) error
	// Born returns when the file was made, in nanoseconds since 1970, and 0 where the
	// file system does not tell.
	Born(path string) int64
}

// A File is one that is being written.
type File interface {
	Name() string
	Write([]byte) (int, error)
	Sync() error
	Close() error
}

// The modes of directories that are made, less the umask: only this user may read the state, but what is
// above it may be for others, too. A directory that is there already keeps its mode, which somebody has
// chosen. The files in it have 0600 in any case.
const (
	dirMode   fs.FileMode = 0o700
	aboveMode fs.FileMode = 0o755
)

// makeDir makes a directory, and those above it, where they are not there yet.
// Those that it has made are on the disk: else a loss of power could take the
// state along with them, and the next use would be taken for the first.
func makeDir(f Files, path string, mode fs.FileMode) error {
	err := f.Mkdir(path, mode)
	above := filepath.Dir(path)
	if errors.Is(err, fs.ErrNotExist) && above != path {
		if err := makeDir(f, above, aboveMode); err != nil {
			return err
		}
		err = f.Mkdir(path, mode)
	}
	switch {
	case err == nil:
		return f.SyncDir(above)
	case errors.Is(err, fs.ErrExist):
		return nil // if it is no directory, whoever reads it will say so
	}
	return err
}

// replace makes what compose returns the state file in dir. When it returns nil that
// is on the disk. Compose is told when the file was made that is to hold it.
//
// Each call writes a file of its own. After a flush that has failed Linux may count what it
// could not write as written, so that a second flush of the same file succeeds for
// nothing. See "Can Applications Recover from fsync Failures?", Rebello et al., 2020.
func replace(f Files, dir string, compose func(born int64) ([]byte, error)) error {
	temp, err := f.Create(dir, tempName)
	if err != nil {
		return err
	}
	content, err := compose(f.Born(temp.Name()))
	if err == nil {
		_, err = temp.Write(content)
	}
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = f.Rename(temp.Name(), filepath.Join(dir, stateName))
	}
	if err != nil {
		return errors.Join(err, f.Remove(temp.Name()))
	}
	return f.SyncDir(dir)
}

// Disk is the Files of this machine.
type Disk struct{}

// Mkdir makes a directory with that mode, less the umask.
func (Disk) Mkdir(path string, mode fs.FileMode) error { return os.Mkdir(path, mode) }

// Create makes a file with a new name.
func (Disk) Create(dir, pattern string) (File, error) { return os.CreateTemp(dir, pattern) }

// Rename gives a file another name, whose file, if there is one, it replaces.
func (Disk) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file.
func (Disk) Remove(path string) error { return os.Remove(path) }

// SyncDir puts the names in a directory on the disk.
func (Disk) SyncDir(path string) error { return syncDir(path) }

// Born returns when the file was made.
func (Disk) Born(path string) int64 { return born(path) }
