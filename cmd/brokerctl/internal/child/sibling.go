//go:build unix

package child

import "sync"

// A Sibling is the one child of this process that does not belong to the command: the watchdog. Package watchdog waits
// for it and needs its exit status, so this package must not collect that. It may be used concurrently. The zero value
// and nil stand for no process.
type Sibling struct {
	mu  sync.Mutex
	pid int
}

// Start calls start, whose process replaces an earlier sibling that has ended. Until start returns, no child of this
// process is treated as an orphan, because it could be the sibling.
func (s *Sibling) Start(start func() (pid int, err error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, err := start()
	s.pid = pid // 0 after an error
	return err
}

// unless calls f unless pid is the sibling, and reports whether it is.
func (s *Sibling) unless(pid int, f func()) (isSibling bool) {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if pid == s.pid {
			return true
		}
	}
	f()
	return false
}
