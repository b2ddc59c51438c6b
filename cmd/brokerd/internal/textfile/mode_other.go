//go:build !unix

package textfile

// IsPublic returns false: on this system, the mode of a file does not say who may read it.
func IsPublic(string) bool { return false }
