//go:build unix

package child

import "sync"

// Spared is the one child of this process that does not belong to the command. Somebody else waits for it, to know how
// it has ended. It may be used concurrently. The zero value and nil spare nobody.
type Spared struct {
	mu  sync.Mutex
	pid int
}

// Start calls start, whose process takes the place of the one before, which has ended. Until start returns no child is
// taken for an orphan: it could be this one.
func (s *Spared) Start(start func() (pid int, err error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, err := start()
	s.pid = pid // 0 with an error
	return err
}

// unless calls f, unless pid is the spared process, and reports whether it is.
func (s *Spared) unless(pid int, f func()) (isSpared bool) {
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
