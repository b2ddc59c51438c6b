package etcdtest

import (
	"bufio"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/faultproxy"
)

// A brokerd is a broker of the cluster, in its own process. When it ends, it is started again, as a service manager
// would. Clients reach it through a proxy, and it reaches etcd through others. The other brokers reach it directly.
type brokerd struct {
	t     *testing.T
	args  []string
	url   string
	front *faultproxy.Proxy
	store []*faultproxy.Proxy // one for each member of etcd
	runs  atomic.Int64        // how often it was started

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
		b := &brokerd{t: t, url: "ws://" + address.Host, front: startFaultProxy(t, address.Host)}
		var store []string
		for _, endpoint := range endpoints {
			p := startFaultProxy(t, strings.TrimPrefix(endpoint, "http://"))
			b.store = append(b.store, p)
			store = append(store, "http://"+p.Addr())
		}
		b.args = append([]string{
			program, "--port", address.Port(), "--advertise", b.url, "--etcd", strings.Join(store, ","),
		}, more...)
		b.running.Go(b.run)
		t.Cleanup(b.end)
		all = append(all, b)
	}
	return all
}

func startFaultProxy(t *testing.T, target string) *faultproxy.Proxy {
	t.Helper()
	p, err := faultproxy.Listen(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
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
		b.runs.Add(1)
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

// answers reports whether the broker answers 200 to a request.
func (b *brokerd) answers(path string) bool {
	ask := http.Client{Timeout: time.Second} // it may be frozen
	response, err := ask.Get("http" + strings.TrimPrefix(b.url, "ws") + path)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// cutFromEtcd holds up everything between the broker and etcd. It arrives later.
func (b *brokerd) cutFromEtcd() {
	for _, p := range b.store {
		p.Set(faultproxy.Both, faultproxy.Faults{Hold: true})
	}
}

// cutFromClients holds up everything between the broker and its clients, except those that come by other brokers.
func (b *brokerd) cutFromClients() { b.front.Set(faultproxy.Both, faultproxy.Faults{Hold: true}) }

func (b *brokerd) heal() {
	b.front.Heal()
	for _, p := range b.store {
		p.Heal()
	}
}
