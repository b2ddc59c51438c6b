package chromium_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A memoryStore is a cluster.Store for one broker.
type memoryStore struct {
	mu       sync.Mutex
	head     cluster.Head
	sessions map[string]cluster.Session
}

func (s *memoryStore) Head(context.Context) (cluster.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head, nil
}

func (s *memoryStore) Sessions(context.Context) ([]cluster.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.sessions)), nil
}

func (s *memoryStore) Write(_ context.Context, w cluster.Write) (cluster.Head, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.head.Revision != w.Guard {
		return s.head, nil
	}
	s.head.Beat = w.Beat
	s.head.Revision.Beat++
	if w.Owner != nil {
		s.head.Owner = *w.Owner
		s.head.Revision.Owner++
	}
	for _, session := range w.Put {
		s.sessions[session.ID] = session
	}
	for _, id := range w.Delete {
		delete(s.sessions, id)
	}
	return s.head, nil
}

// If the broker is one of several, the header names the owner and its term.
func TestOwner(t *testing.T) {
	ctx := testContext(t)
	p := openPage(ctx, t, serve(t, broker.Config{}), "")
	p.live()
	p.until("tools.text('#broker') === location.host")
	s := serve(t, broker.Config{Cluster: &broker.Cluster{
		Store:   &memoryStore{sessions: make(map[string]cluster.Session)},
		Address: "ws://10.0.0.8:27002",
	}})
	if err := s.broker.Ping(ctx); err != nil { // it answers when it is the owner
		t.Fatal(err)
	}
	p = openPage(ctx, t, s, "")
	p.live()
	p.reads("#broker", ", owner ws://10.0.0.8:27002 (term 1)")
}
