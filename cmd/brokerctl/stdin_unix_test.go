//go:build unix

package main

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A pipe or socket is held open if it has a writer or unread data.
func TestIsHeldOpen(t *testing.T) {
	pipe := func() (in, out *os.File) {
		in, out, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		return in, out
	}
	sockets := func() (in, out *os.File) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		return os.NewFile(uintptr(fds[0]), "in"), os.NewFile(uintptr(fds[1]), "out")
	}
	for name, open := range map[string]func() (in, out *os.File){"pipe": pipe, "sockets": sockets} {
		for _, test := range []struct {
			says   string
			closes bool
			want   bool
		}{{"", false, true}, {"x", false, true}, {"x", true, true}, {"", true, false}} {
			in, out := open()
			if _, err := out.WriteString(test.says); err != nil {
				t.Fatal(err)
			}
			if test.closes {
				_ = out.Close()
			}
			if got := isHeldOpen(in); got != test.want {
				t.Errorf("%s, %+v: got %v", name, test, got)
			}
			_, _ = in.Close(), out.Close()
		}
	}
}
