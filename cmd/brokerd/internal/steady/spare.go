package steady

import (
	"os"
	"sync"
)

// A spare is a descriptor that is kept for when there is no other.
type spare struct {
	mu   sync.Mutex
	file *os.File // nil: it is in use, was lost, or was given up
	over bool
}

func newSpare() (*spare, error) {
	s := &spare{}
	return s, s.take()
}

// take opens the descriptor, if it is not open.
func (s *spare) take() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil || s.over {
		return nil
	}
	file, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	s.file = file
	return nil
}

// free closes the descriptor, so that the next thing that is opened gets it. It returns false if there is none.
func (s *spare) free() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return false
	}
	_ = s.file.Close()
	s.file = nil
	return true
}

// giveUp closes the descriptor for good.
func (s *spare) giveUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
}
