//go:build unix && !linux

package child

import "syscall"

// A Cgroup is nil on this system: only Linux has cgroups.
type Cgroup struct{}

// NewCgroup returns nil.
func NewCgroup() *Cgroup { return nil }

// OpenCgroup returns nil.
func OpenCgroup(string) *Cgroup { return nil }

// Path returns "".
func (*Cgroup) Path() string { return "" }

// Remove does nothing.
func (*Cgroup) Remove() {}

// Leave does nothing.
func (*Cgroup) Leave() {}

func (*Cgroup) kill() {}

func (*Cgroup) isEmpty() bool { return true }

func (*Cgroup) enter(*syscall.SysProcAttr) (started func()) { return func() {} }
