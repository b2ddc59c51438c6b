package load

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A fake grants every request, with any tokens.
type fake struct {
	tokens atomic.Int64
	step   int64
	takes  time.Duration
	lost   error // the error of every release
}

func (f *fake) acquire(ctx context.Context, _ string) (held, error) {
	time.Sleep(f.takes) //nolint:forbidigo // virtual time
	return fakeLock{ctx, f.tokens.Add(f.step), f.lost}, nil
}

type fakeLock struct {
	ctx   context.Context
	token int64
	err   error
}

func (l fakeLock) Context() context.Context { return l.ctx }
func (l fakeLock) Token() int64             { return l.token }
func (l fakeLock) Release() error           { return l.err }

func runFake(t *testing.T, f *fake, plan Plan) (r *Report, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r, err = newRun(plan, []locker{f}).do(t.Context(), nil)
	})
	return r, err
}

// A lock with too many holders is a violation.
func TestGrantsTwice(t *testing.T) {
	limited := Plan{Goroutines: 4, Names: 1, Limit: 3, Hold: 10 * ms, Duration: time.Second}
	for _, plan := range []Plan{contended(), limited} {
		plan.Warmup = 0
		_, err := runFake(t, &fake{step: 1}, plan)
		var v *violation
		if !errors.As(err, &v) || !strings.Contains(err.Error(), "holders at once, ") {
			t.Errorf("%v: got %v, want a violation", plan, err)
		}
	}
}

// A lock with as many holders as allowed is not a violation.
func TestGrantsAsAllowed(t *testing.T) {
	for _, plan := range []Plan{
		{Goroutines: 4, Names: 1, Shared: true, Hold: 10 * ms, Duration: time.Second},
		{Goroutines: 4, Names: 1, Limit: 4, Hold: 10 * ms, Duration: time.Second},
		{Goroutines: 1, Names: 1, Hold: 10 * ms, Duration: time.Second},
	} {
		if r, err := runFake(t, &fake{step: 1}, plan); err != nil || r.Grants != int64(plan.Goroutines)*100 {
			t.Errorf("%v: got %+v, %v", plan, r, err)
		}
	}
}

// Tokens that do not rise are a violation, whichever worker sees them.
func TestTokensDoNotRise(t *testing.T) {
	for _, plan := range []Plan{
		{Goroutines: 1, Names: 1, Hold: 10 * ms, Duration: time.Second},
		{Goroutines: 4, Names: 1, Shared: true, Hold: 10 * ms, Duration: time.Second},
	} {
		for _, step := range []int64{0, -1} {
			f := &fake{step: step}
			f.tokens.Store(1000)
			_, err := runFake(t, f, plan)
			var v *violation
			if !errors.As(err, &v) || !strings.Contains(err.Error(), "was granted with token ") {
				t.Errorf("%v, step %d: got %v, want a violation", plan, step, err)
			}
		}
	}
}

// Holders that share a lock may see their tokens in any order. A token counts only against those that were
// known when the lock was requested.
func TestTokensCross(t *testing.T) {
	g := grantCheck{name: "a", allowed: 2}
	before := g.newest.Load()
	for _, token := range []int64{7, 6} {
		if err := g.granted(token, before); err != nil {
			t.Error(err)
		}
		g.releasing()
	}
	if got := g.newest.Load(); got != 7 {
		t.Errorf("the newest is %d, want 7", got)
	}
	if err := g.granted(7, g.newest.Load()); err == nil {
		t.Error("7 was granted after 7")
	}
}

// The token of an exclusive lock must be greater than all earlier tokens, even those granted after this request was
// sent, because all earlier holders have released.
func TestTokensOfExclusive(t *testing.T) {
	g := grantCheck{name: "a", allowed: 1}
	if err := g.granted(7, 0); err != nil {
		t.Error(err)
	}
	g.releasing()
	if err := g.granted(6, 0); err == nil {
		t.Error("6 was granted after 7")
	}
}

// The tokens of one caller rise across all locks, because it requests each lock after it was granted the previous
// one.
func TestTokensOfCaller(t *testing.T) {
	plan := goodPlan()
	plan.Names = 2
	r := newRun(plan, []locker{&fake{}})
	for i, want := range []bool{true, false} {
		err := r.workers[0].hold(t.Context(), &r.checks[i], fakeLock{t.Context(), 7, nil}, 0)
		if (err == nil) != want {
			t.Errorf("%s with token 7: %v", r.checks[i].name, err)
		}
	}
}

// A lost lock explains an apparent violation.
func TestLostExplains(t *testing.T) {
	lost := &wsclient.LostError{Reason: wsclient.LostEvicted}
	plan := contended()
	plan.Warmup = 0
	if _, err := runFake(t, &fake{step: 1, lost: lost}, plan); !errors.Is(err, wsclient.ErrLost) {
		t.Errorf("got %v, want ErrLost", err)
	}
	r := newRun(plan, []locker{&fake{}})
	r.fail(violated("a has 2 holders"))
	r.fail(lost)
	if err := r.failure(); !errors.Is(err, wsclient.ErrLost) {
		t.Errorf("told by another goroutine: got %v, want ErrLost", err)
	}
}
