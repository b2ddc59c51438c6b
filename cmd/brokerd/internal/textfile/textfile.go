// Package textfile reads the files that an operator gives brokerd: certificates, keys, tokens and rules.
//
// It refuses everything except regular files: reading a pipe could block forever, and a second read would find
// nothing. It follows symbolic links, because some tools replace files by replacing a link.
package textfile

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// maxBytes is the length of the longest file.
const maxBytes = 16 << 20

// Read returns the contents of a file of at most 16 MiB. The error names the file.
func Read(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: want a regular file", name)
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err == nil && len(text) > maxBytes {
		err = errors.New("want at most 16 MiB")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}
