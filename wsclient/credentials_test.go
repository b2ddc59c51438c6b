package wsclient_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// numbered is an Options.Token that returns token-1, token-2 and so on.
func numbered() func(context.Context) (string, error) {
	n := 0
	return func(context.Context) (string, error) {
		n++
		return fmt.Sprintf("token-%d", n), nil
	}
}

// The client asks for a token for each connection. When the broker closes the connection because of the credential, the
// locks are lost, and the client connects again with a new token.
func TestTokenForEachConnection(t *testing.T) {
	for code, why := range map[int]string{
		4401: "the credential has expired", 4403: "the credential has been revoked",
	} {
		t.Run(why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(t)
				c := g.dial(wsclient.Options{Token: numbered()})
				held := acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
				g.closeWith(code)
				<-held.Context().Done()
				lost := new(wsclient.LostError)
				err := context.Cause(held.Context())
				if !errors.As(err, &lost) || !strings.Contains(err.Error(), why) {
					t.Errorf("the holder gets %v", err)
				}
				pass(time.Second)
				_ = acquire(t.Context(), t, c, "a", wsclient.AcquireOptions{})
				want := []string{"Bearer token-1", "Bearer token-2"}
				if got := g.authorizations(); !slices.Equal(got, want) {
					t.Errorf("the broker gets %q, want %q", got, want)
				}
				_ = c.Close()
			})
		})
	}
}

// HeaderFunc is asked for each connection, too. Token adds the Authorization field.
func TestHeaderFunc(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		n := 0
		shared := http.Header{}
		c := g.dial(wsclient.Options{Token: numbered(), HeaderFunc: func(context.Context) (http.Header, error) {
			n++
			shared.Set("X-Team", fmt.Sprint(n))
			return shared, nil
		}})
		g.closeWith(1012)
		pass(time.Second)
		_ = c.Close()
		for i, h := range g.headers() {
			want := fmt.Sprint(i + 1)
			if h.Get("X-Team") != want || h.Get("Authorization") != "Bearer token-"+want {
				t.Errorf("connection %d: %v", i+1, h)
			}
		}
		if len(g.headers()) != 2 || shared.Get("Authorization") != "" {
			t.Errorf("%d connections; the program's header has become %v", len(g.headers()), shared)
		}
	})
}

// Options that contradict one another are refused. So is a header with a second credential, when there is one.
func TestTwoCredentials(t *testing.T) {
	authorization := http.Header{"authorization": {"Basic secret"}}
	headerFunc := func(context.Context) (http.Header, error) { return authorization, nil }
	for name, o := range map[string]wsclient.Options{
		"Token and Header":      {Token: numbered(), Header: authorization},
		"Header and HeaderFunc": {Header: http.Header{}, HeaderFunc: headerFunc},
	} {
		o.NetDial = refuseToConnect
		_, err := wsclient.Dial(t.Context(), "ws://h", &o)
		if !errors.Is(err, wsclient.ErrBadRequest) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want ErrBadRequest", name, err)
		}
	}
	o := wsclient.Options{Token: numbered(), HeaderFunc: headerFunc, NetDial: refuseToConnect}
	_, err := wsclient.Dial(t.Context(), "ws://h", &o)
	if err == nil || !strings.Contains(err.Error(), "either Token or an Authorization field") {
		t.Errorf("Token and HeaderFunc: %v", err)
	}
}

// A token that cannot be sent, or that the function cannot get, fails the attempt. The error does not show the token.
func TestNoToken(t *testing.T) {
	cause := errors.New("the vault is sealed")
	tokens := map[string]func(context.Context) (string, error){
		"vault":        func(context.Context) (string, error) { return "", cause },
		"empty":        func(context.Context) (string, error) { return "", nil },
		"allowed":      func(context.Context) (string, error) { return "marked secret", nil },
		"line break":   func(context.Context) (string, error) { return "marked\r\nX: y", nil },
		"at most":      func(context.Context) (string, error) { return strings.Repeat("marked", 5000), nil },
		"gave up":      func(ctx context.Context) (string, error) { <-ctx.Done(); return "marked", ctx.Err() },
		"no longer ok": func(context.Context) (string, error) { return "", errors.New("no longer ok") },
	}
	for want, token := range tokens {
		t.Run(want, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("gave up"))
				defer cancel()
				o := wsclient.Options{Token: token, NetDial: refuseToConnect}
				_, err := wsclient.Dial(ctx, "ws://h", &o)
				if !errors.Is(err, wsclient.ErrConnection) || !strings.Contains(err.Error(), want) ||
					strings.Contains(err.Error(), "marked") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// A failing Token is tried again as a failing network is.
func TestTokenIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t)
		failures := 3
		token := func(context.Context) (string, error) {
			if failures--; failures >= 0 {
				return "", errors.New("the vault is sealed")
			}
			return "token", nil
		}
		c := g.dial(wsclient.Options{Token: token, WaitForBroker: true})
		_ = c.Close()
		if len(g.headers()) != 1 || failures >= 0 {
			t.Errorf("%d connections, %d failures left", len(g.headers()), failures)
		}
	})
}

// Without Token, 401 is final. With it, the client makes one more attempt with a new token, because the first may have
// expired on its way. A connection in between begins the count again.
func TestUnauthorized(t *testing.T) {
	tests := []struct {
		name     string
		statuses []int // 0: accepted
		hasToken bool
		attempts int
		ok       bool
	}{
		{"without Token", []int{401, 0}, false, 1, false},
		{"with Token", []int{401, 0}, true, 2, true},
		{"two in a row", []int{401, 401, 0}, true, 2, false},
		{"two with something else in between", []int{401, 503, 401, 0}, true, 3, false},
		{"403 is final", []int{403, 0}, true, 1, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(t)
				o := wsclient.Options{WaitForBroker: true, NetDial: g.stage.dial}
				if test.hasToken {
					o.Token = numbered()
				}
				g.statuses = test.statuses
				c, err := wsclient.Dial(t.Context(), "ws://h", &o)
				if (err == nil) != test.ok || len(g.headers()) != test.attempts {
					t.Errorf("Dial: %v after %d attempts", err, len(g.headers()))
				}
				if err != nil {
					return
				}
				g.statuses = test.statuses
				g.closeWith(1012)
				pass(time.Second)
				if c.Err() != nil || len(g.headers()) != 2*test.attempts {
					t.Errorf("later: %v after %d attempts", c.Err(), len(g.headers()))
				}
				_ = c.Close()
			})
		})
	}
}

// No error shows a token that the other side repeats.
func TestTokenIsNotRepeated(t *testing.T) {
	long := strings.Repeat("marked-secret", 100) // The client reads 1 KiB of an answer.
	for name, answer := range map[string]string{
		"a page":        "HTTP/1.1 401 Unauthorized\r\n\r\nno such token: marked-secret\n",
		"no HTTP":       "500 marked-secret is wrong\r\n",
		"a whole field": "HTTP/1.1 400 Bad Request\r\n\r\nBearer marked-secret\n",
		"a cut answer":  "HTTP/1.1 400 Bad Request\r\n\r\nno: " + long + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := wsclient.Dial(t.Context(), "ws://h", &wsclient.Options{
					NetDial: answerWith(answer),
					Token: func(context.Context) (string, error) {
						if name == "a cut answer" {
							return long, nil
						}
						return "marked-secret", nil
					},
				})
				text := fmt.Sprint(err)
				if strings.Contains(text, "marked") || !strings.Contains(text, "...") {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}
