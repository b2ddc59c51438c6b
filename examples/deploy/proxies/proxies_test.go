//go:build linux

package proxies

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
	"github.com/lockbroker/lockbroker/wsclient/js/jstest"
)

// All clients use the broker through each proxy, and the broker knows their addresses.
func TestClients(t *testing.T) {
	for name, r := range recipes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := r.start(t, "")
			s.useAll("443", clientAddress)
			s.paths()
			if r.streams {
				s.useAll("8443", clientAddress+":")
			}
		})
	}
}

// useAll uses the broker with each client. remote is how the address of the Go client begins.
func (r *run) useAll(port, remote string) {
	r.t.Helper()
	client := r.dial(port)
	lock := acquire(testContext(r.t), r.t, client, "go")
	listed := output(r.t, r.brokerctl(port, "clients", "--json"))
	for line := range strings.Lines(listed) {
		isGo := strings.Contains(line, `"client":"go"`)
		if isGo && !strings.Contains(line, `"remote":"`+remote) {
			r.t.Errorf("port %s: brokerctl clients shows %s, want %s", port, line, remote)
		}
	}
	if !strings.Contains(listed, `"client":"go"`) {
		r.t.Errorf("port %s: brokerctl clients shows %s", port, listed)
	}
	if err := lock.Release(); err != nil {
		r.t.Error(err)
	}
	if err := client.Close(); err != nil {
		r.t.Error(err)
	}
	if got := output(r.t, r.brokerctl(port, "run", "shell", "--", "echo", "held")); got != "held\n" {
		r.t.Errorf("brokerctl run printed %q", got)
	}
	node := jstest.Node(r.t, "../../node/deploy.mjs", r.url(port), "shop")
	node.Env = append(node.Env, "NODE_EXTRA_CA_CERTS="+r.path("locks.crt"))
	if got := output(r.t, node); got != "shop: build\nshop: copy\nshop: switch over\n" {
		r.t.Errorf("deploy.mjs printed %q", got)
	}
}

// paths checks what the proxy passes besides the WebSocket.
func (r *run) paths() {
	r.t.Helper()
	for path, want := range map[string]string{
		"/locks/readyz": "ok\n", "/locks/livez": "ok\n", "/locks/client.js": "/*!\n * The JavaScript client",
		"/locks/": "<!doctype html>", "/locks/dashboard/main.js": "import ", "/locks/history": `{"run":`,
	} {
		if status, body := r.get(path); status != http.StatusOK || !strings.HasPrefix(body, want) {
			r.t.Errorf("%s: %d %.100q", path, status, body)
		}
	}
	if status, to := r.redirect("/locks"); status/100 != 3 || to != "/locks/" {
		r.t.Errorf("/locks: %d, to %q, want the dashboard", status, to)
	}
	// The proxy is on the broker's machine, its clients are not.
	if status, body := r.get("/locks/metrics"); status != http.StatusForbidden {
		r.t.Errorf("/locks/metrics: %d %.100q", status, body)
	}
	for _, path := range []string{"/ws", "/livez", "/", "/locksmith/ws"} {
		if status, body := r.get(path); strings.Contains(body, "WebSocket") || body == "ok\n" {
			r.t.Errorf("%s: %d %.100q: this path is not below /locks/", path, status, body)
		}
	}
}

// A proxy reads its configuration again. Either the connection survives, or the client knows at once that it has lost
// its lock, and the next holder gets the lock when the session timeout has passed.
func TestReload(t *testing.T) {
	for name, r := range recipes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := "--timeout=15s"
			if !r.keeps {
				timeout = "--timeout=5s"
			}
			s := r.start(t, "", timeout)
			ctx := testContext(t)
			holder, waiter := s.dial("443"), s.dial("443")
			session := holder.Session()
			lock := acquire(ctx, t, holder, "held")
			waited := make(chan error, 1)
			go func() {
				_, err := waiter.Acquire(ctx, "held", nil)
				waited <- err
			}()
			untilWaiting(t, holder, "held")
			s.change()
			s.untilReloaded()
			if r.keeps {
				s.checkKept(holder, session, lock)
			} else {
				s.checkLost(lock)
			}
			err := <-waited
			if err != nil && losesBytes.MatchString(err.Error()) {
				_, err = s.dial("443").Acquire(ctx, "held", nil)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// untilWaiting waits until somebody waits for the lock.
func untilWaiting(t *testing.T, client *wsclient.Client, name string) {
	t.Helper()
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	for view, err := range client.Watch(ctx, name) {
		if err != nil {
			t.Fatal(err)
		}
		for _, lock := range view.Locks() {
			if lock.Waiting > 0 {
				return
			}
		}
	}
}

// untilReloaded waits until the proxy answers with its new configuration.
func (r *run) untilReloaded() {
	r.t.Helper()
	ticks := time.NewTicker(10 * time.Millisecond)
	defer ticks.Stop()
	for ctx := testContext(r.t); ; {
		if status, _ := r.get("/reloaded"); status == http.StatusNoContent {
			return
		}
		select {
		case <-ticks.C:
		case <-ctx.Done():
			r.t.Fatal("the proxy has not read its new configuration")
		}
	}
}

// checkKept checks that the connection is the same as before, and releases the lock.
func (r *run) checkKept(client *wsclient.Client, session string, lock *wsclient.Lock) {
	r.t.Helper()
	if _, err := client.Ping(testContext(r.t)); err != nil || client.Session() != session || !lock.Valid() {
		r.t.Errorf("after the reload: session %s, was %s; valid: %t; %v",
			client.Session(), session, lock.Valid(), err)
	}
	if err := lock.Release(); err != nil {
		r.t.Error(err)
	}
}

// checkLost checks that the client notices the loss.
func (r *run) checkLost(lock *wsclient.Lock) {
	r.t.Helper()
	<-lock.Context().Done()
	lost := new(wsclient.LostError)
	if !errors.As(context.Cause(lock.Context()), &lost) || lost.Reason != wsclient.LostConnection {
		r.t.Errorf("lost: %v", context.Cause(lock.Context()))
	}
}

// Heartbeats keep a lock for longer than the idle timeout of the proxy. If they are slower than that, the proxy cuts
// the connection, and the lock is lost: so the check can fail.
func TestIdleTimeout(t *testing.T) {
	const idle, lost = "2s", 76
	for name, r := range recipes {
		if !r.idles {
			continue
		}
		for heartbeat, code := range map[string]int{"300ms": 0, "7s": lost} {
			t.Run(name+"/"+heartbeat, func(t *testing.T) {
				t.Parallel()
				s := r.start(t, idle, "--timeout=15s", "--heartbeat="+heartbeat)
				var both sync.WaitGroup
				both.Go(func() { s.hold("443", code) })
				both.Go(func() { s.hold("8443", code) })
				both.Wait()
			})
		}
	}
}

// hold holds a lock for 5 s, and checks the exit code.
func (r *run) hold(port string, code int) {
	hold := r.brokerctl(port, "hold", "--wait", "1m", "--for", "5s", "idle/"+port)
	out, err := hold.CombinedOutput()
	got := 0
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		r.t.Error(err)
	}
	if got != code {
		r.t.Errorf("port %s: brokerctl hold exited with %d, want %d:\n%s", port, got, code, out)
	}
}
