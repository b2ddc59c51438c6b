package load

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A stage is a broker in a bubble, whose time is virtual. A lock that is held for 10ms is held for exactly that long,
// and everything else takes no time. So the exact number of grants is known in advance.
type stage struct {
	*testing.T
	broker *brokertest.Server
	link   *brokertest.Link

	mu      sync.Mutex
	clients []*wsclient.Client // used by the plan
}

func onStage(t *testing.T, f func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		defer b.Stop()
		f(t, &stage{T: t, broker: b, link: b.NewLink()})
	})
}

func (s *stage) dial(ctx context.Context) (*wsclient.Client, error) {
	c, err := wsclient.Dial(ctx, s.broker.URL(), &wsclient.Options{NetDial: s.link.Dial, NoReconnect: true})
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.clients = append(s.clients, c)
	}
	return c, err
}

// measured runs a plan that must succeed.
func (s *stage) measured(plan Plan) *Report {
	s.Helper()
	if err := plan.Validate(); err != nil {
		s.Fatal(err)
	}
	report, err := Run(s.Context(), plan, s.dial, nil)
	if err != nil {
		s.Fatal(err)
	}
	return report
}

// after calls a function after the time d, while a plan is carried out.
func (s *stage) after(d time.Duration, f func()) { time.AfterFunc(d, f) }

// other returns a client that inspects the broker.
func (s *stage) other() *wsclient.Client {
	c, err := wsclient.Dial(context.Background(), s.broker.URL(), &wsclient.Options{NetDial: s.broker.Dial})
	if err != nil {
		s.Fatal(err)
	}
	return c
}

// expectIdle asserts that no request holds or waits. It first waits a little, because the end of a session takes
// effect in steps.
func (s *stage) expectIdle() {
	s.Helper()
	time.Sleep(ms) //nolint:forbidigo // virtual time
	c := s.other()
	defer c.Close()
	for lock, err := range c.Info(s.Context(), nil) {
		s.Errorf("left on the broker: %+v, %v", lock, err)
	}
}

// expectOver asserts that nothing is left on either side.
func (s *stage) expectOver() {
	s.Helper()
	s.expectIdle()
	for _, c := range s.clients {
		if !errors.Is(c.Err(), wsclient.ErrClosed) {
			s.Errorf("a client is left, or has ended by itself: %v", c.Err())
		}
	}
}

const ms = time.Millisecond

// warmup ends between two grants of a lock that is held for 10ms.
const warmup = time.Second + 5*ms

// contended returns a plan of four goroutines that hold one lock for 10ms each. The first grant is at 0s. The
// measured time starts and ends while the lock is held.
func contended() Plan {
	return Plan{
		Connections: 2, Goroutines: 4, Names: 1, Prefix: "load/",
		Hold: 10 * ms, Warmup: warmup, Duration: time.Second,
	}
}
