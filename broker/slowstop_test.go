package broker_test

import (
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker"
)

// If the end of a run cannot be recorded in time, a client that is kept is not told that its session has ended: it is
// on record, so it can hold on. Another client is told.
func TestSlowStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &badDisk{at: "sync", how: func() error { pass(20 * time.Second); return nil }}
		dir := t.TempDir()
		b, err := broker.New(broker.Config{StateDir: filepath.Join(dir, "unused"), Drain: broker.None})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.RigDisk(disk, filepath.Join(dir, "state"), reservedAhead); err != nil {
			t.Fatal(err)
		}
		r := newRig(stopsSlowly{t}, b)
		kept, moved := r.connectLasting("a", "kept"), r.connectLasting("b", "moved")
		kept.acquireOwn()
		moved.acquireOwn()
		disk.broken.Store(true)
		r.server.Stop()
		if <-kept.ended; errors.As(kept.err, new(*websocket.CloseError)) &&
			!websocket.IsCloseError(kept.err, websocket.CloseAbnormalClosure) {
			t.Errorf("the client that is kept was told %v", kept.err)
		}
		kept.expect()
		moved.expect()
		moved.expectClose(1012, "the broker stops")
	})
}
