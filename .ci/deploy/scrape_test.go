package deploy

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// A sample is one line of /metrics, without its value.
type sample struct {
	name   string
	labels map[string]string
}

// scrape runs a brokerd with TLS and returns its metrics, before anything has happened.
func scrape(t *testing.T) []sample {
	t.Helper()
	folder := t.TempDir()
	for name, text := range certificate(t) {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(folder, "brokerd")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/brokerd")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	broker := exec.CommandContext(t.Context(), program, "--port=0", "--admin-listen=127.0.0.1:0",
		"--tls-cert="+filepath.Join(folder, "tls.crt"), "--tls-key="+filepath.Join(folder, "tls.key"))
	stderr, err := broker.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	text := get(t, "http://"+adminAddress(t, log)+"/metrics")
	_ = broker.Process.Signal(syscall.SIGTERM)
	for log.Scan() { // until the broker has ended
	}
	if err := broker.Wait(); err != nil {
		t.Errorf("the broker exits with %v, want 0", err)
	}
	return parseSamples(text)
}

// adminAddress reads the log until the broker listens on its admin address, and returns that.
func adminAddress(t *testing.T, log *bufio.Scanner) string {
	t.Helper()
	var all strings.Builder
	for log.Scan() {
		fmt.Fprintln(&all, log.Text())
		var line struct {
			Message, Address string
			Admin            bool
		}
		if err := json.Unmarshal(log.Bytes(), &line); err == nil && line.Admin && line.Message == "listening" {
			return line.Address
		}
	}
	t.Fatalf("the broker has no admin address:\n%s", &all)
	return ""
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, response.Status, err)
	}
	return string(text)
}

// parseSamples parses the text of /metrics.
func parseSamples(text string) (samples []sample) {
	line := regexp.MustCompile(`(?m)^(\w+)(?:\{(.*)\})? \S+$`)
	pair := regexp.MustCompile(`(\w+)="([^"]*)"`)
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		s := sample{name: m[1], labels: make(map[string]string)}
		for _, label := range pair.FindAllStringSubmatch(m[2], -1) {
			s.labels[label[1]] = label[2]
		}
		samples = append(samples, s)
	}
	return samples
}
