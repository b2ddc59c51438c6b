package broker_test

import (
	"bytes"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// A testLog keeps the lines that are written to it.
type testLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps a line.
func (l *testLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(line)
}

func (l *testLog) logger() zerolog.Logger { return zerolog.New(l) }

// lines returns the lines that contain all of the given texts.
func (l *testLog) lines(texts ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for line := range strings.Lines(l.text.String()) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue next
			}
		}
		found = append(found, strings.TrimSpace(line))
	}
	return found
}
