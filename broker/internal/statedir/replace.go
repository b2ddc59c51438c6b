package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Files lists the file operations that a Dir uses to change the disk. Tests replace it, to observe
// the order of operations and to make them fail.
type Files interface {
	Mkdir(path string, mode fs.FileMode) error
	Create(dir, pattern string) (File, error)
	Rename(from, to string) error
	Remove(path string) error
	SyncDir(path string) error
	// Born returns when the file was created, in nanoseconds since 1970, or 0 if that is not
	// known.
	Born(path string) int64
}

// A File is an open file that is being written.
type File interface {
	Name() string
	Write([]byte) (int, error)
	Sync() error
	Close() error
}

// The modes of new directories, before the umask. Only this user may read the state, but the
// directories above may be for others too. A directory that already exists keeps the mode that
// somebody has chosen for it. The files in the state directory always have mode 0600.
const (
	dirMode   fs.FileMode = 0o700
	aboveMode fs.FileMode = 0o755
)

// makeDir creates a directory, and those above it, if they do not exist. It flushes the name of
// each new one to the disk. Otherwise a power failure could remove them together with the state,
// and the next use would count as the first.
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
		return nil // if it is not a directory, reading it will fail
	}
	return err
}

// replace replaces the contents of a file in dir with what compose returns. compose is
// passed the creation time of the new file. If replace returns nil, the new file is on the disk.
// There is no library for this: none also flushes the directory on every system, and without that a
// power failure may undo the rename.
//
// Each call writes a new file. After a failed flush, Linux may treat bytes as written although it
// could not write them, so a second flush of the same file would succeed without writing them. See
// "Can Applications Recover from fsync Failures?", Rebello et al., 2020.
func replace(f Files, dir, name string, compose func(born int64) ([]byte, error)) error {
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
		err = f.Rename(temp.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, f.Remove(temp.Name()))
	}
	return f.SyncDir(dir)
}

// Disk implements Files on this machine's disk.
type Disk struct{}

// Mkdir creates a directory. The umask applies to mode.
func (Disk) Mkdir(path string, mode fs.FileMode) error { return os.Mkdir(path, mode) }

// Create creates a file with a new name.
func (Disk) Create(dir, pattern string) (File, error) { return os.CreateTemp(dir, pattern) }

// Rename renames a file, and replaces any file that already has the new name.
func (Disk) Rename(from, to string) error { return os.Rename(from, to) }

// Remove removes a file.
func (Disk) Remove(path string) error { return os.Remove(path) }

// SyncDir flushes the file names in a directory to the disk.
func (Disk) SyncDir(path string) error { return syncDir(path) }

// Born returns when the file was created, as described at [Files].
func (Disk) Born(path string) int64 { return born(path) }

// Append opens a file to append to it.
func (Disk) Append(path string) (File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600)
}
