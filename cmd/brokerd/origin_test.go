//go:build unix

package main

import (
	"errors"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
)

// TestAllowOrigin checks that pages of the allowed origins may connect. Other pages are refused, and the log
// says so.
func TestAllowOrigin(t *testing.T) {
	ctx := testContext(t)
	d := startDaemon(t, "--allow-origin=https://app.example", "--allow-origin=http://localhost:*")
	for origin, want := range map[string]int{
		"https://app.example":   http.StatusSwitchingProtocols,
		"http://localhost:8080": http.StatusSwitchingProtocols,
		"https://evil.test":     http.StatusForbidden,
	} {
		conn, response, err := websocket.DefaultDialer.DialContext(ctx, d.url+"/ws",
			http.Header{"Origin": {origin}})
		if err != nil && !errors.Is(err, websocket.ErrBadHandshake) {
			t.Fatal(err)
		}
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", origin, response.Status, want)
		}
		_ = response.Body.Close()
		if conn != nil {
			_ = conn.Close()
		}
	}
	if line := d.until(t, "--allow-origin"); line.Level != "warn" {
		t.Errorf("the log says %+v, want a warning", line)
	}
}
