package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A credential that expires is renewed when two thirds of the time that is left have passed. A credential that does not
// expire ends that.
func TestRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		g.expires = 60_000
		left := []string{`,"expires_ms":30000`, ""}
		g.onAuth = func(string) string {
			reply := `{"type":"authenticated"` + left[0] + `}`
			left = left[1:]
			return reply
		}
		trace, text := traceText()
		c := g.dial(wsclient.Options{Token: numbered(), Trace: trace})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(time.Hour)
		g.expect(renewal{40 * time.Second, "token-2"}, renewal{60 * time.Second, "token-3"})
		if !held.Valid() || strings.Contains(text.String(), "renew") {
			t.Errorf("the lock is held: %t; reports:\n%s", held.Valid(), text)
		}
		_ = c.Close()
	})
}

// If little is left of a credential, it is renewed at once. If it is still little after that, the client does not ask
// again and again.
func TestRenewalAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		g.expires = 4_999
		g.onAuth = func(string) string { return `{"type":"authenticated","expires_ms":600}` }
		c := g.dial(wsclient.Options{Token: numbered()})
		pass(2500 * time.Millisecond)
		g.expect(renewal{0, "token-2"}, renewal{time.Second, "token-3"}, renewal{2 * time.Second, "token-4"})
		_ = c.Close()
	})
}

// A renewal that fails or is refused does not end the connection. It is reported, and tried again: after a tenth of the
// time that is left of the old credential, and at last every few seconds.
func TestRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		g.expires = 90_000
		g.onAuth = func(token string) string {
			if token == "token-2" {
				return `{"type":"error","code":"forbidden","message":"the token is not valid"}`
			}
			return `{"type":"authenticated"}`
		}
		next, calls := numbered(), new(atomic.Int32)
		token := func(ctx context.Context) (string, error) {
			if calls.Add(1) == 3 {
				return "", errors.New("the vault is sealed")
			}
			return next(ctx)
		}
		var reports []string
		trace := &wsclient.Trace{RenewalFailed: func(err error, next time.Duration) {
			reports = append(reports, fmt.Sprintf("%v: %v, %v", time.Since(g.begin), err, next))
			if calls.Load() == 2 && !errors.Is(err, wsclient.ErrForbidden) {
				t.Errorf("got %v, want ErrForbidden", err)
			}
		}}
		c := g.dial(wsclient.Options{Token: token, Trace: trace})
		held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(5 * time.Minute)
		g.expect(renewal{60 * time.Second, "token-2"}, renewal{65700 * time.Millisecond, "token-3"})
		want := "1m0s: renew the credential: forbidden: the token is not valid, 3s\n" +
			"1m3s: renew the credential: no token: the vault is sealed, 2.7s"
		if got := strings.Join(reports, "\n"); got != want || !held.Valid() {
			t.Errorf("the lock is held: %t; reported:\n%s\nwant\n%s", held.Valid(), got, want)
		}
		_ = c.Close()
	})
}

// A Token that blocks holds up neither locks nor Close, if it observes its ctx. It gets 10 s.
func TestRenewalBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		g.expires = 60_000
		isFirst := true
		token := func(ctx context.Context) (string, error) {
			if isFirst {
				isFirst = false
				return "token", nil
			}
			<-ctx.Done()
			return "", ctx.Err()
		}
		var reported time.Duration
		trace := &wsclient.Trace{RenewalFailed: func(error, time.Duration) {
			if reported == 0 {
				reported = time.Since(g.begin)
			}
		}}
		c := g.dial(wsclient.Options{Token: token, Trace: trace})
		pass(45 * time.Second)
		_ = acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
		pass(8 * time.Second)
		if reported != 50*time.Second {
			t.Errorf("reported after %v, want 50s", reported)
		}
		start := time.Now()
		_ = c.Close()
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("Close took %v", took)
		}
	})
}

// expect asserts that these renewals have come.
func (g *gate) expect(want ...renewal) {
	g.t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if got := fmt.Sprint(g.renewals); got != fmt.Sprint(want) {
		g.t.Errorf("renewals: %s, want %v", got, want)
	}
}
