package broker_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
)

// askHistory requests the history of a handler from this machine.
func askHistory(h http.Handler, token string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/history", http.NoBody)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response := httptest.NewRecorder()
	h.ServeHTTP(response, request)
	return response
}

// Before Run and after it, the answer says so, and does not take long.
func TestHistoryWithoutALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Dashboard: aPage})
		if err != nil {
			t.Fatal(err)
		}
		expect := func(want string, most time.Duration) {
			t.Helper()
			start := time.Now()
			got := askHistory(b.Handler(), "")
			if took := time.Since(start); got.Code != 503 || !strings.Contains(got.Body.String(), want) ||
				took != most {
				t.Errorf("%d %q after %v, want 503 %q after %v", got.Code, got.Body, took, want, most)
			}
		}
		expect("the event loop has not answered within 1s", time.Second)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if err := b.Run(ctx); err != nil {
			t.Fatal(err)
		}
		expect("the broker has stopped", 0)
	})
}

// While 16 requests wait for the loop, others are refused at once.
func TestHistoryRequestsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := broker.New(broker.Config{Dashboard: aPage}) // Run is not called
		if err != nil {
			t.Fatal(err)
		}
		h := b.Handler()
		for range 3 {
			var waiting sync.WaitGroup
			for range 16 {
				waiting.Go(func() {
					got := askHistory(h, "").Body.String()
					if !strings.Contains(got, "has not answered") {
						t.Errorf("%q, want it to wait for the loop", got)
					}
				})
			}
			synctest.Wait()
			start := time.Now()
			for range 100 {
				got := askHistory(h, "")
				if !strings.Contains(got.Body.String(), "too many requests") || got.Code != 503 {
					t.Fatalf("%d %q", got.Code, got.Body)
				}
			}
			if took := time.Since(start); took != 0 {
				t.Errorf("the refusals took %v", took)
			}
			waiting.Wait()
		}
	})
}

// Permissions count from the moment when they change, also for those who have read the history before.
func TestHistoryWhenPermissionsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, log := newKeys(t, "ann", "bob"), &testLog{}
		config := broker.Config{
			Dashboard: aPage, Logger: log.logger(), Access: k.control(t, "ann bob", "ann|**|list"),
		}
		serve(t, config, func(r *rig) {
			h := r.broker.Handler()
			expect := func(identity string, status int, points bool) {
				t.Helper()
				got := askHistory(h, k.tokens[identity])
				shows := strings.Contains(got.Body.String(), `"points":`)
				if got.Code != status || shows != points {
					t.Errorf("%s: %d %q, want %d, points: %v",
						identity, got.Code, got.Body, status, points)
				}
			}
			expect("ann", 200, true)
			expect("bob", 200, false)
			r.broker.SetAccess(k.control(t, "ann bob", "ann|a|list", "bob|b|metrics"))
			expect("ann", 200, false)
			expect("bob", 200, true)
			r.broker.SetAccess(k.control(t, "bob", "bob|**|list"))
			expect("ann", 401, false)
			expect("bob", 200, true)
			r.broker.SetAccess(nil)
			expect("", 200, true)
		})
		if lines := log.lines("refused a request for the history: not authenticated"); len(lines) != 1 {
			t.Errorf("the log says %q, want a line for the request that was refused", lines)
		}
	})
}
