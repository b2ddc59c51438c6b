package continuity

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A brokerd is a broker that can be restarted. It keeps its address and its state directory.
type brokerd struct {
	t       *testing.T
	program string
	args    []string
	address string
	cmd     *exec.Cmd
	logged  *log
}

// A log collects what a process logs.
type log struct {
	mu    sync.Mutex
	lines []string
}

func (l *log) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// build builds brokerd.
func build(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "brokerd")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../../cmd/brokerd")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}

// startBrokerd starts a broker with a state directory, and returns when it listens.
func startBrokerd(t *testing.T, program string, more ...string) *brokerd {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &brokerd{t: t, program: program, address: free.Addr().String()}
	_ = free.Close()
	_, port, _ := net.SplitHostPort(b.address)
	b.args = append([]string{
		"--host", "127.0.0.1", "--port", port, "--state-dir", filepath.Join(t.TempDir(), "state"),
	}, more...)
	b.start()
	t.Cleanup(b.kill)
	return b
}

func (b *brokerd) url() string { return "ws://" + b.address }

// start starts the next run, and returns when it listens.
func (b *brokerd) start() {
	b.t.Helper()
	b.cmd = exec.Command(b.program, b.args...)
	b.logged = &log{}
	stderr, err := b.cmd.StderrPipe()
	if err == nil {
		err = b.cmd.Start()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	listening := make(chan bool, 1)
	logged := b.logged
	go func() {
		defer close(listening)
		for scan := bufio.NewScanner(stderr); scan.Scan(); {
			logged.add(scan.Text())
			var line struct{ Message string }
			if json.Unmarshal(scan.Bytes(), &line) == nil && line.Message == "listening" {
				listening <- true
			}
		}
	}()
	if !<-listening {
		b.t.Fatalf("brokerd did not listen:\n%s", logged.text())
	}
}

// restart stops the run as an operator does, and starts the next one.
func (b *brokerd) restart() {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Wait(); err != nil {
		b.t.Fatalf("brokerd stopped with %v:\n%s", err, b.logged.text())
	}
	b.start()
}

func (b *brokerd) kill() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

// lockName returns the name of a lock of one language.
func lockName(language string, n int) string { return fmt.Sprintf("%s/%d", language, n) }
