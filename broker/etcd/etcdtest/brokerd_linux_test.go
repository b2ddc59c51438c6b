package etcdtest

import (
	"bufio"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// A brokerd is a broker of the cluster, in its own process. When it ends because another one has taken over, it is
// started again, as a service manager would.
type brokerd struct {
	t    *testing.T
	args []string
	url  string

	mu      sync.Mutex
	cmd     *exec.Cmd
	over    bool
	running sync.WaitGroup
	log     []string
}

// startBrokerds starts a cluster of brokers. It ends with the test.
func startBrokerds(t *testing.T, count int, endpoints []string, more ...string) (all []*brokerd) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "brokerd")
	build := exec.Command("go", "build", "-o", program, "./cmd/brokerd")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	for range count {
		address := freeURL(t)
		b := &brokerd{t: t, url: "ws://" + address.Host}
		b.args = append([]string{
			program, "--port", address.Port(), "--advertise", b.url, "--etcd", strings.Join(endpoints, ","),
		}, more...)
		b.running.Go(b.run)
		t.Cleanup(b.end)
		all = append(all, b)
	}
	return all
}

// run starts the process again and again, until end is called.
func (b *brokerd) run() {
	for {
		b.mu.Lock()
		if b.over {
			b.mu.Unlock()
			return
		}
		cmd := exec.Command(b.args[0], b.args[1:]...)
		stderr, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		b.cmd = cmd
		b.mu.Unlock()
		if err != nil {
			b.t.Errorf("start: %v", err)
			return
		}
		for scan := bufio.NewScanner(stderr); scan.Scan(); {
			b.mu.Lock()
			b.log = append(b.log, scan.Text())
			b.mu.Unlock()
		}
		_ = cmd.Wait()
	}
}

func (b *brokerd) end() {
	b.mu.Lock()
	b.over = true
	cmd := b.cmd
	b.mu.Unlock()
	if cmd != nil {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = cmd.Process.Kill()
	}
	b.running.Wait()
}

func (b *brokerd) signal(s syscall.Signal) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.cmd.Process.Signal(s)
}

func (b *brokerd) logged() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.log, "\n")
}

// isOwner reports whether the broker says that it is the owner.
func (b *brokerd) isOwner() bool {
	response, err := http.Get(fmt.Sprintf("http%s/leader", strings.TrimPrefix(b.url, "ws")))
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
