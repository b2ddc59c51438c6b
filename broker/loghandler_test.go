package broker_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
)

// A recordingHandler keeps the records of the level and above. It counts the calls of Enabled.
type recordingHandler struct {
	level slog.Level

	mu      sync.Mutex
	asked   int
	records []slog.Record
}

// Enabled implements slog.Handler.
func (h *recordingHandler) Enabled(_ context.Context, level slog.Level) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked++
	return level >= h.level
}

// Handle implements slog.Handler.
func (h *recordingHandler) Handle(_ context.Context, r slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(h.records, r)
	return nil
}

// WithAttrs and WithGroup implement slog.Handler. The broker does not call them.
func (h *recordingHandler) WithAttrs([]slog.Attr) slog.Handler { panic("WithAttrs") }
func (h *recordingHandler) WithGroup(string) slog.Handler      { panic("WithGroup") }

// attrs returns the attributes of the first record with a message that contains text.
func (h *recordingHandler) attrs(text string) (level slog.Level, attrs map[string]slog.Value) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.records {
		if strings.Contains(r.Message, text) {
			attrs = make(map[string]slog.Value)
			r.Attrs(func(a slog.Attr) bool {
				attrs[a.Key] = a.Value
				return true
			})
			return r.Level, attrs
		}
	}
	return 0, nil
}

// story makes a client hold a lock for 2 s and end without releasing it. Then it makes another one
// evict nothing.
func story(r *rig) {
	a, b := r.holder(), r.connect("b")
	pass(2 * time.Second)
	b.send(`{"type":"evict","id":"bbbbbbbb--0","request":"aaaaaaaa--9"}`)
	leave(a, b)
	pass(time.Second)
}

// A slog handler gets typed attributes, the time, and the levels of slog.
func TestLogHandler(t *testing.T) {
	h := &recordingHandler{level: slog.LevelDebug}
	inBubble(t, broker.Config{LogHandler: h}, story)
	level, attrs := h.attrs("request gone")
	held := attrs["held"]
	if level != slog.LevelDebug || held.Kind() != slog.KindDuration || held.Duration() != 2*time.Second {
		t.Errorf("request gone: level %v, held %v", level, held)
	}
	if token := attrs["token"]; token.Kind() != slog.KindInt64 || token.Int64() != 1 {
		t.Errorf("token: %v", token)
	}
	level, attrs = h.attrs("session ended while it held locks")
	if locks, ok := attrs["locks"].Any().([]string); level != slog.LevelInfo || !ok || len(locks) != 1 {
		t.Errorf("session ended: level %v, locks %v", level, attrs["locks"])
	}
	if level, attrs = h.attrs("evict refused"); level != slog.LevelWarn || !attrs["audit"].Bool() {
		t.Errorf("evict: level %v, %v", level, attrs)
	}
	for _, r := range h.records {
		if r.Time.IsZero() {
			t.Errorf("%s has no time", r.Message)
		}
	}
}

// A slog handler gets only the levels that it enables. Logger and LogHandler each get their own
// level.
func TestLogHandlerLevels(t *testing.T) {
	h, log := &recordingHandler{level: slog.LevelWarn}, new(testLog)
	inBubble(t, broker.Config{LogHandler: h, Logger: log.logger().Level(zerolog.DebugLevel)}, story)
	for _, r := range h.records {
		if r.Level < slog.LevelWarn {
			t.Errorf("%v %s was handled", r.Level, r.Message)
		}
	}
	if len(h.records) == 0 || len(log.lines("request granted")) == 0 {
		t.Error("lines are missing")
	}
	if log.lines("evict refused", `"time"`) != nil {
		t.Error("the logger decides whether its lines have a time")
	}
}

// A stuckHandler blocks at lines that contain text, until it is freed.
type stuckHandler struct {
	recordingHandler
	text  string
	freed chan struct{}
}

// Handle implements slog.Handler.
func (h *stuckHandler) Handle(_ context.Context, r slog.Record) error {
	if strings.Contains(r.Message, h.text) {
		<-h.freed
	}
	return nil
}

// While a handler blocks at a line about a lost lock or a limit, the loop goes on: others get their locks.
func TestLogHandlerThatBlocks(t *testing.T) {
	for _, text := range []string{"session ended while it held locks", "a limit of the broker"} {
		h := &stuckHandler{text: text}
		h.level = slog.LevelInfo
		config := broker.Config{LogHandler: h, MaxWatches: 1}
		inBubble(t, config, func(r *rig) {
			h.freed = make(chan struct{})
			a, b := r.holder(), r.connect("b")
			b.send(`{"type":"acquire","id":"bbbbbbbb--0","locks":[{"name":"orders/42"}]}`)
			for n := range 3 {
				a.send(`{"type":"watch","id":"aaaaaaaa--%d"}`, n+1)
			}
			pass(time.Second)
			a.vanish()
			pass(time.Second)
			if got := strings.Join(b.take(), ""); !strings.Contains(got, `"granted"`) {
				t.Errorf("%s: the other client got %s", text, got)
			}
			close(h.freed)
			b.close()
		})
	}
}
