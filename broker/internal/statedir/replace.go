package statedir

import (
	"errors"
	"os"
	"path/filepath"
)

// Of the libraries that replace a file none flushes the directory too on every
// system, without which the rename may be lost with the power.

// A files is what replace does to files, so that a test can see the order.
type files interface {
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

func (disk) create(dir, pattern string) (tempFile, error) { return os.CreateTemp(dir, pattern) }
func (disk) rename(from, to string) error                 { return os.Rename(from, to) }
func (disk) remove(path string) error                     { return os.Remove(path) }
func (disk) syncDir(path string) error                    { return syncDir(path) }
