//go:build unix

package main

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/dashboard"
)

// The log says where the dashboard is, and a browser finds it there, with all of its files.
func TestDashboard(t *testing.T) {
	for _, args := range [][]string{nil, {"--base-path=/locks"}} {
		d := startDaemon(t, args...)
		page := d.lines[0].Dashboard
		status, body := getFrom(t, http.DefaultClient, page)
		if status != http.StatusOK || !strings.Contains(body, "<!doctype html>") {
			t.Errorf("%s: %d %.100q", page, status, body)
		}
		for _, name := range append(partsOfPage(t), "history") {
			if status, body := getFrom(t, http.DefaultClient, page+name); status != http.StatusOK {
				t.Errorf("%s%s: %d %.100q", page, name, status, body)
			}
		}
	}
}

// partsOfPage returns what a browser loads for the page, relative to it.
func partsOfPage(t *testing.T) []string {
	t.Helper()
	entries, err := fs.ReadDir(dashboard.Files(), ".")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"inspector.js"}
	for _, entry := range entries {
		if entry.Name() != "index.html" {
			names = append(names, "dashboard/"+entry.Name())
		}
	}
	return names
}

// The flag, the variable and the key turn the dashboard off.
func TestNoDashboard(t *testing.T) {
	config := filepath.Join(t.TempDir(), "brokerd.yaml")
	if err := os.WriteFile(config, []byte("no-dashboard: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(args ...string) {
		t.Helper()
		d := startDaemon(t, args...)
		if page := d.lines[0].Dashboard; page != "" {
			t.Errorf("%q: the log says that the dashboard is at %s", args, page)
		}
		at := "http" + strings.TrimPrefix(d.url, "ws")
		for path, want := range map[string]int{
			"/": 404, "/dashboard/main.js": 404, "/history": 404, "/client.js": 200,
		} {
			if status, body := getFrom(t, http.DefaultClient, at+path); status != want {
				t.Errorf("%q: %s: %d %.100q, want %d", args, path, status, body, want)
			}
		}
	}
	check("--no-dashboard")
	check("--config=" + config)
	t.Setenv("BROKERD_NO_DASHBOARD", "true")
	check()
}

// The page and the client together are small, as a browser loads them.
func TestWeightOfTheDashboard(t *testing.T) {
	b, err := broker.New(new(flags).config(zerolog.Nop()))
	if err != nil {
		t.Fatal(err)
	}
	total, names := 0, append(partsOfPage(t), "")
	for _, name := range names {
		request := httptest.NewRequest(http.MethodGet, "http://localhost/"+name, http.NoBody)
		request.Header.Set("Accept-Encoding", "gzip")
		response := httptest.NewRecorder()
		b.Handler().ServeHTTP(response, request)
		if response.Code != http.StatusOK {
			t.Errorf("/%s: %d", name, response.Code)
		}
		total += response.Body.Len()
	}
	const most = 60_000
	if total > most {
		t.Errorf("%d files with %d bytes, want at most %d", len(names), total, most)
	}
	t.Logf("%d files with %d bytes", len(names), total)
}
