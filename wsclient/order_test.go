package wsclient

import (
	"context"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
)

// If the call of Acquire finds that a hold is over, a cancel goes out before the acquire. A ping that is reserved
// between them must have an id that is less than the one of the acquire: the broker wants ids to rise.
func TestIDsRiseBehindACancel(t *testing.T) {
	held := fixture(t, time.Second)
	c := held.client
	c.mu.Lock()
	for c.conn.out == nil || c.conn.out.begun != spareEvery-1 {
		c.conn.send(&wire.Ping{ID: c.core.OpenID()})
	}
	c.clock.pass(time.Second)
	c.mu.Unlock()

	l := &Lock{client: c, base: context.Background()}
	l.request = core.Request{Owner: l, Wait: time.Minute}
	l.request.What.Locks = []wire.LockSpec{{Name: "b"}}
	if _, err := l.submit(); err != nil {
		t.Fatal(err)
	}
	out := c.conn.out
	if len(out.spares) == 0 {
		t.Fatal("no ping is reserved behind the cancel")
	}
	reserved := out.spares[len(out.spares)-1]
	behind := openFrames(t, out.frames[reserved.at:])
	if len(behind) != 1 || idOf(t, behind[0]) <= reserved.id {
		t.Errorf("behind the reserved id %d: %q", reserved.id, behind)
	}
}
