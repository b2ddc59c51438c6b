//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// openDescriptor returns a descriptor that this process has inherited. It refuses one that it has not inherited:
// the Go runtime may use this number itself.
func openDescriptor(n int) (*os.File, error) {
	const stderr = 2
	if n <= stderr {
		return nil, errors.New("want 3 or more: stdout gets the token in any case")
	}
	flags, err := unix.FcntlInt(uintptr(n), unix.F_GETFL, 0)
	var stat unix.Stat_t
	if err == nil {
		err = unix.Fstat(n, &stat)
	}
	switch kind := stat.Mode & unix.S_IFMT; {
	case err != nil || kind == 0: // epoll and its like have no kind
		return nil, fmt.Errorf("the descriptor %d is not open", n)
	case flags&unix.O_ACCMODE == unix.O_RDONLY || kind == unix.S_IFDIR:
		return nil, fmt.Errorf("the descriptor %d is not open for writing", n)
	}
	return os.NewFile(uintptr(n), fmt.Sprintf("descriptor %d", n)), nil
}
