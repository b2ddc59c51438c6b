//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lockbroker/lockbroker/wsclient"
)

// TestLogReaderEnds checks that the broker survives the end of the process that reads its log, whether or not its
// parent ignores SIGPIPE.
func TestLogReaderEnds(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{
		"default": `exec brokerd --drain=0s --port=0`,
		"ignored": `trap '' PIPE; exec brokerd --drain=0s --port=0`,
	} {
		t.Run(name, func(t *testing.T) {
			ctx := testContext(t)
			d := &daemon{}
			var reader io.Closer
			d.process, d.log = start(t, func(cmd *exec.Cmd) (io.ReadCloser, error) {
				out, err := cmd.StderrPipe()
				reader = out
				return out, err
			}, "sh", "-c", script)
			d.url = "ws://" + d.until(t, "listening").Address
			if err := reader.Close(); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				visit(ctx, t, d.url)
			}
			d.signal(t, syscall.SIGTERM)
			if err := d.wait(); err != nil {
				t.Errorf("brokerd ended with %v, want exit code 0", err)
			}
		})
	}
}

// TestLogReaderReturns checks that lines without a reader are counted, and that the next reader is told.
func TestLogReaderReturns(t *testing.T) {
	ctx := testContext(t)
	path := filepath.Join(t.TempDir(), "log")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	reader := open(t, path, os.O_RDONLY|syscall.O_NONBLOCK) // Without O_NONBLOCK, it would wait for a writer.
	writer := open(t, path, os.O_WRONLY)
	d := &daemon{}
	d.process, _ = start(t, func(cmd *exec.Cmd) (io.ReadCloser, error) {
		cmd.Stderr = writer
		return reader, nil
	}, "brokerd", "--drain=0s", "--port=0")
	_ = writer.Close()
	d.log = bufio.NewScanner(reader)
	d.url = "ws://" + d.until(t, "listening").Address

	// The lines of one visit may all be written while there is a reader, so try again.
	for ctx.Err() == nil {
		_ = reader.Close()
		visit(ctx, t, d.url)
		reader = open(t, path, os.O_RDONLY|syscall.O_NONBLOCK)
		d.log = bufio.NewScanner(reader)
		visit(ctx, t, d.url)
		for d.log.Scan() && !strings.Contains(d.log.Text(), `"session ended"`) {
			var line struct {
				Message, Error string
				Lines          int
			}
			if err := json.Unmarshal(d.log.Bytes(), &line); err != nil {
				t.Fatalf("log line %q: %v", d.log.Text(), err)
			}
			if strings.Contains(line.Message, "dropped") {
				if line.Lines < 1 || !strings.Contains(line.Error, "broken pipe") {
					t.Errorf("got %+v, want a number of lines, and broken pipe", line)
				}
				_ = reader.Close()
				return
			}
		}
	}
	t.Error("the log never says that lines were dropped")
}

func open(t *testing.T, path string, flag int) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, flag, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

// visit opens and ends a session, which logs two lines.
func visit(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	client, err := wsclient.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Ping(ctx); err != nil {
		t.Error(err)
	}
	_ = client.Close()
}
