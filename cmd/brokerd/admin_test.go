//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

// getFrom returns the status and the body of an answer.
func getFrom(t *testing.T, client *http.Client, url string, header ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	request.Host = request.Header.Get("Host")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// awaitReady waits until the broker serves: the log says that it listens a little earlier.
func awaitReady(t *testing.T, url string) {
	t.Helper()
	late := time.After(time.Minute)
	for {
		status, body := getFrom(t, http.DefaultClient, url+"/readyz")
		if status == http.StatusOK {
			return
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-late:
			t.Fatalf("/readyz: %d, %s", status, body)
		}
	}
}

// The admin listener serves the metrics, the health checks and the profiles, and nothing else.
func TestAdminListener(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, "--admin-listen", "127.0.0.1:0")
	url := "http://" + d.until(t, "listening").Address
	awaitReady(t, url)
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/metrics":                       {200, "\nlockbroker_grants_total 0\n"},
		"/livez":                         {200, "ok"},
		"/readyz":                        {200, "ok"},
		"/debug/pprof/":                  {200, "goroutine"},
		"/debug/pprof/goroutine?debug=1": {200, "(*loop).run"},
		"/debug/pprof/heap?debug=1":      {200, "heap profile"},
		"/ws":                            {404, ""},
		"/client.js":                     {404, ""},
	} {
		status, body := getFrom(t, http.DefaultClient, url+path)
		if status != want.status || !strings.Contains(body, want.text) {
			t.Errorf("%s: %d, %.200q", path, status, body)
		}
	}
	for header, value := range map[string]string{
		"Host": "evil.example", "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site",
	} {
		if status, _ := getFrom(t, http.DefaultClient, url+"/metrics", header, value); status != 403 {
			t.Errorf("%s: %s: %d, want 403", header, value, status)
		}
	}
}

// All metrics of brokerd follow the conventions of Prometheus, and those of the program move.
func TestProgramMetrics(t *testing.T) {
	t.Parallel()
	pairs := newPairFolder(t, newTestAuthority(t))
	d := startDaemon(t, append(pairs.flags(), "--admin-listen", "127.0.0.1:0", "--metrics-lock", "*")...)
	url := "http://" + d.until(t, "listening").Address + "/metrics"
	_, text := getFrom(t, http.DefaultClient, url)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for _, part := range []string{
		"\ngo_goroutines ", "\nprocess_open_fds ", "\nbrokerd_build_info{",
		"\nbrokerd_log_lines_dropped_total 0\n",
		"\nbrokerd_reloads_total{result=\"done\"} 0\n", "\nbrokerd_reloads_total{result=\"failed\"} 0\n",
		"\nbrokerd_certificate_expiry_timestamp_seconds ",
	} {
		if !strings.Contains(text, part) {
			t.Errorf("there is no %q", part)
		}
	}
	page, err := os.ReadFile("../../broker/METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`(?m)^(brokerd|lockbroker)_\w+`).FindAllString(text, -1) {
		name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("METRICS.md does not have %s", name)
		}
	}
	d.signal(t, syscall.SIGHUP)
	d.until(t, "reloaded")
	_, text = getFrom(t, http.DefaultClient, url)
	if !strings.Contains(text, "\nbrokerd_reloads_total{result=\"done\"} 1\n") {
		t.Error("the reload is not counted")
	}
}

// A Unix socket can be an admin listener, too. Then the broker's own address does not show the metrics to proxies.
func TestAdminSocket(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "admin.sock")
	d := startDaemon(t, "--admin-listen", "unix:"+path)
	d.until(t, "listening")
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	}}
	status, body := getFrom(t, client, "http://localhost/metrics")
	if status != 200 || !strings.Contains(body, "lockbroker_") {
		t.Errorf("%d %.100q", status, body)
	}
	main := strings.Replace(d.url, "ws://", "http://", 1) + "/metrics"
	if status, _ := getFrom(t, http.DefaultClient, main); status != 200 {
		t.Errorf("on the broker's own address: %d", status)
	}
	if status, _ := getFrom(t, http.DefaultClient, main, "X-Forwarded-For", "192.0.2.1"); status != 403 {
		t.Errorf("through a proxy: %d, want 403", status)
	}
}

// Lines that were dropped are counted, even after the log has said how many they were.
func TestDroppedLinesAreCounted(t *testing.T) {
	q := newLogQueue(io.Discard, amount{1, 1}, func(amount, error) []byte { return nil })
	for range 3 {
		_, _ = fmt.Fprintln(q, "too long")
	}
	q.flush()
	if got := q.dropped.Load(); got != 3 {
		t.Errorf("%d, want 3", got)
	}
}
