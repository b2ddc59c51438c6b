package js_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// A movingBroker is a broker with a state directory, at an address that stays the same from one run to the next. A
// request to /move stops its run, and starts the next one.
type movingBroker struct {
	config broker.Config

	mu   sync.Mutex
	run  *broker.Broker // nil between two runs
	stop func() error   // stops run, and returns the error of its end
}

// startMovingBroker returns the URL of such a broker.
func startMovingBroker(t *testing.T) string {
	t.Helper()
	m := &movingBroker{config: broker.Config{
		StateDir: filepath.Join(t.TempDir(), "state"), Timeout: time.Minute, Heartbeat: 5 * time.Second,
	}}
	if err := m.start(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(m)
	t.Cleanup(func() {
		if err := m.end(); err != nil {
			t.Error(err)
		}
		server.Close()
	})
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// ServeHTTP implements http.Handler.
func (m *movingBroker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/move" {
		if err := m.move(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
		return
	}
	m.mu.Lock()
	run := m.run
	m.mu.Unlock()
	if run == nil {
		http.Error(w, "no run", http.StatusServiceUnavailable)
		return
	}
	run.Handler().ServeHTTP(w, r)
}

func (m *movingBroker) move() error {
	if err := m.end(); err != nil {
		return err
	}
	return m.start()
}

// end ends the run. It returns the same error each time until the next run starts.
func (m *movingBroker) end() error {
	m.mu.Lock()
	stop := m.stop
	m.run = nil
	m.mu.Unlock()
	return stop()
}

func (m *movingBroker) start() error {
	run, err := broker.New(m.config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run.Run(ctx) }()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.run, m.stop = run, sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	return nil
}
