//go:build unix

package child

import "sync"

// Spared is the one child of this process that is none of the command's: somebody else waits for it, and needs to know
// how it has ended. It may be used concurrently. The zero value is nobody, and so is nil.
type Spared struct {
	mu  sync.Mutex
	pid int
}

// Start starts it, in place of the one before, which has ended. While start has not returned nobody is taken for an orphan.
func (s *Spared) Start(start func() (pid int, err error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	pid, err := start()
	s.pid = pid // 0 with an error
	return err
}

// unless calls f, unless pid is that of the one who is spared, which it returns.
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
