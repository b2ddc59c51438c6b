//go:build unix

package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// With a base path, clients find the broker below it. The paths of the admin listener stay as they are.
func TestBasePath(t *testing.T) {
	d := startDaemon(t, "--base-path=/a/locks", "--admin-listen=127.0.0.1:0")
	main := strings.TrimPrefix(d.url, "ws://")
	admin := d.until(t, "listening").Address
	client, err := wsclient.Dial(t.Context(), "http://"+main+"/a/locks/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	_, err = wsclient.Dial(t.Context(), d.url, nil)
	if err == nil || !strings.Contains(err.Error(), "this lock broker serves only what is below /a/locks/") {
		t.Errorf("without the base path: %v", err)
	}
	for url, want := range map[string]int{
		main + "/a/locks/livez": 200, main + "/a/locks/readyz": 200, main + "/a/locks/metrics": 200,
		main + "/livez": 404, main + "/metrics": 404, main + "/": 404,
		admin + "/livez": 200, admin + "/readyz": 200, admin + "/metrics": 200, admin + "/a/locks/livez": 404,
	} {
		if status, body := getFrom(t, http.DefaultClient, "http://"+url); status != want {
			t.Errorf("%s: %d %.100q, want %d", url, status, body, want)
		}
	}
}
