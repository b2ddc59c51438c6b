//go:build !windows

package statedir

import (
	"errors"
	"os"
)

// syncDir flushes the file names in a directory to the disk.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
