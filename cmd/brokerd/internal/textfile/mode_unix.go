//go:build unix

package textfile

import "os"

// IsPublic reports whether every user of this machine may read a file, as far as its own mode says.
func IsPublic(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().Perm()&0o004 != 0
}
