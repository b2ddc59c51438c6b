//go:build unix && !linux

package child

import "syscall"

// A Cgroup is a thing of Linux. Here there is none.
type Cgroup struct{}

// NewCgroup returns nil.
func NewCgroup() *Cgroup { return nil }

// OpenCgroup returns nil.
func OpenCgroup(string) *Cgroup { return nil }

// Path is "".
func (*Cgroup) Path() string { return "" }

// Remove does nothing.
func (*Cgroup) Remove() {}

// Leave does nothing.
func (*Cgroup) Leave() {}

func (*Cgroup) kill() {}

func (*Cgroup) isEmpty() bool { return true }

func (*Cgroup) enter(*syscall.SysProcAttr) (begun func()) { return func() {} }
