package statedir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Of the libraries that replace a file none flushes the directory too on every
// system, without which the rename may be lost with the power.

// A files is what replace does to files, so that a test can see the order.
type files interface {
	mkdir(path string) error
	create(dir, pattern string) (tempFile, error)
	rename(from, to string) error
	remove(path string) error
	syncDir(path string) error
}

type tempFile interface {
	Name() string
	Write([]byte) (int, error)
	Sync() error
	Close() error
}

// makeDir makes a directory, and those above it, where they are not there yet.
// Those that it has made are on the disk: else a loss of power could take the
// state along with them, and the next use would be taken for the first.
func makeDir(f files, path string) error {
	err := f.mkdir(path)
	above := filepath.Dir(path)
	if errors.Is(err, fs.ErrNotExist) && above != path {
		if err := makeDir(f, above); err != nil {
			return err
		}
		err = f.mkdir(path)
	}
	switch {
	case err == nil:
		return f.syncDir(above)
	case errors.Is(err, fs.ErrExist):
		return nil // if it is no directory, whoever reads it will say so
	}
	return err
}

// replace makes content the state file in dir. When it returns nil that is on
// the disk.
func replace(f files, dir string, content []byte) error {
	temp, err := f.create(dir, tempName)
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err == nil {
		err = temp.Sync()
	}
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = f.rename(temp.Name(), filepath.Join(dir, stateName))
	}
	if err != nil {
		return errors.Join(err, f.remove(temp.Name()))
	}
	return f.syncDir(dir)
}

// disk does it on the disk.
type disk struct{}

func (disk) mkdir(path string) error                      { return os.Mkdir(path, 0o700) }
func (disk) create(dir, pattern string) (tempFile, error) { return os.CreateTemp(dir, pattern) }
func (disk) rename(from, to string) error                 { return os.Rename(from, to) }
func (disk) remove(path string) error                     { return os.Remove(path) }
func (disk) syncDir(path string) error                    { return syncDir(path) }
