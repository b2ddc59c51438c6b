package service

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// WritePublic writes a file that everybody may read and only its owner may change, whatever the umask is. A missing
// directory is created in the same way.
func WritePublic(path, text string) error {
	const file, directory = 0o644, 0o755
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(path), directory); err != nil {
			return err
		}
		if err := os.Chmod(filepath.Dir(path), directory); err != nil {
			return err
		}
	}
	if err := os.WriteFile(path, []byte(text), file); err != nil {
		return err
	}
	return os.Chmod(path, file)
}
