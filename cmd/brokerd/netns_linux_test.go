package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var netnsTrials = flag.Int("netns", 0, "how many trials TestCutNamespaces makes, as root; 1000 take two minutes")

// The settings of the brokers in TestCutNamespaces. A client treats its locks as lost after 5.3 s, and the broker
// grants them after 8 s. A kernel that retransmits up to four times reports the error before both.
const (
	netnsTimeout   = 8 * time.Second
	netnsHeartbeat = time.Second
	netnsLanes     = 100 // parallel trials, each from its own address
	netnsRetries   = 15  // one broker for each value of tcp_retries2 from 1 to this
)

// TestCutNamespaces cuts the network of holders as TestCutNetwork does, but outside the processes, between their
// kernels. A router drops packets, with or without an ICMP message, and the broker's kernel gives up after 1 to 15
// retransmissions. No lock is granted before its holder has stopped. The flag -netns sets the number of trials; by
// default there are none.
func TestCutNamespaces(t *testing.T) {
	if *netnsTrials == 0 {
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can make network namespaces")
	}
	n := layNetwork(t)
	next := make([]*wsclient.Client, netnsRetries)
	for i := range next {
		next[i] = n.client(t.Context(), t, i, n.address(netnsLanes))
	}
	var busy [netnsLanes]sync.Mutex
	cmdtest.Trials(t, *netnsTrials, netnsLanes, func(trial int) (time.Duration, error) {
		lane, retries := trial%netnsLanes, trial*7%netnsRetries
		busy[lane].Lock()
		defer busy[lane].Unlock()
		return n.cutOnce(t.Context(), next[retries], retries, lane, trial)
	})
	t.Logf("the brokers ended %d sessions because of a kernel error, and %d because of the session timeout",
		n.byKernel.Load(), n.silent.Load())
}

// A network has a namespace for clients, one for each broker, and one for the router between them.
type network struct {
	prefix   string
	ports    []string // by broker
	byKernel atomic.Int32
	silent   atomic.Int32
}

func (n *network) clients() string { return n.prefix + "c" }
func (n *network) router() string  { return n.prefix + "r" }

// broker returns the namespace of a broker.
func (n *network) broker(i int) string { return fmt.Sprintf("%sb%d", n.prefix, i) }

// address returns the address of the client in a lane.
func (n *network) address(lane int) string { return fmt.Sprintf("10.77.1.%d", lane+1) }

func layNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{prefix: fmt.Sprintf("lb%d", os.Getpid())}
	spaces := []string{n.clients(), n.router()}
	for i := range netnsRetries {
		spaces = append(spaces, n.broker(i))
	}
	for _, space := range spaces {
		if err := ip("netns", "add", space); err != nil {
			t.Skipf("no network namespaces: %v", err)
		}
		t.Cleanup(func() { _ = ip("netns", "del", space) })
		must(t, ip("-n", space, "link", "set", "lo", "up"))
	}
	n.lay(t, n.clients(), "10.77.0.1/16", "10.77.0.2/16")
	for lane := range netnsLanes + 1 {
		must(t, ip("-n", n.clients(), "address", "add", n.address(lane)+"/16", "dev", "eth0"))
	}
	for i := range netnsRetries {
		n.lay(t, n.broker(i), fmt.Sprintf("10.78.%d.1/24", i), fmt.Sprintf("10.78.%d.2/24", i))
		must(t, sysctl(n.broker(i), fmt.Sprintf("net.ipv4.tcp_retries2=%d", i+1)))
	}
	must(t, sysctl(n.router(), "net.ipv4.ip_forward=1"))
	must(t, sysctl(n.router(), "net.ipv4.icmp_ratelimit=0"))
	for i := range netnsRetries {
		n.serve(t, i)
	}
	return n
}

// lay connects a namespace to the router.
func (n *network) lay(t *testing.T, space, near, far string) {
	t.Helper()
	router, _, _ := strings.Cut(near, "/")
	must(t, ip("-n", n.router(), "link", "add", space, "type", "veth", "peer", "name", "eth0", "netns", space))
	must(t, ip("-n", n.router(), "address", "add", near, "dev", space))
	must(t, ip("-n", n.router(), "link", "set", space, "up"))
	must(t, ip("-n", space, "address", "add", far, "dev", "eth0"))
	must(t, ip("-n", space, "link", "set", "eth0", "up"))
	must(t, ip("-n", space, "route", "add", "default", "via", router))
}

// serve starts a broker.
func (n *network) serve(t *testing.T, i int) {
	t.Helper()
	d := &daemon{}
	d.process, d.log = start(t, (*exec.Cmd).StderrPipe, "ip", "netns", "exec", n.broker(i), "brokerd",
		"--drain=0s", "--port=0", "--host", fmt.Sprintf("10.78.%d.2", i), "--timeout", netnsTimeout.String(),
		"--heartbeat", netnsHeartbeat.String())
	_, port, err := net.SplitHostPort(d.until(t, "listening").Address)
	must(t, err)
	n.ports = append(n.ports, port)
	go func() {
		for d.log.Scan() {
			switch line := d.log.Text(); {
			case strings.Contains(line, `"reason":"silent"`):
				n.silent.Add(1)
			case strings.Contains(line, "timed out"),
				strings.Contains(line, "no route"),
				strings.Contains(line, "unreachable"),
				strings.Contains(line, "permission denied"):
				n.byKernel.Add(1)
			}
		}
	}()
}

// client connects from the given address and closes the client after the test.
func (n *network) client(ctx context.Context, t *testing.T, broker int, from string) *wsclient.Client {
	t.Helper()
	c, err := n.dial(ctx, broker, from)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// dial connects from the given address.
func (n *network) dial(ctx context.Context, broker int, from string) (*wsclient.Client, error) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return wsclient.Dial(ctx, fmt.Sprintf("ws://10.78.%d.2:%s", broker, n.ports[broker]), &wsclient.Options{
		NoReconnect: true,
		NetDial: func(ctx context.Context, network, address string) (net.Conn, error) {
			return inNamespace(n.clients(),
				func() (net.Conn, error) { return dialer.DialContext(ctx, network, address) })
		},
	})
}

// cutOnce cuts the network of a holder. It returns the time from the loss of the lock to the next grant.
func (n *network) cutOnce(ctx context.Context, next *wsclient.Client, broker, lane, trial int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*netnsTimeout)
	defer cancel()
	client, err := n.dial(ctx, broker, n.address(lane))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	name := fmt.Sprint("trial ", trial)
	held, err := client.Acquire(ctx, name, nil)
	if err != nil {
		return 0, err
	}
	stopped := make(chan time.Time, 1)
	context.AfterFunc(held.Context(), func() { stopped <- time.Now() })
	granted := make(chan error, 1)
	var at time.Time
	go func() {
		lock, err := next.Acquire(ctx, name, nil)
		at = time.Now()
		if err == nil && held.Valid() {
			err = errors.New("there are two holders")
		}
		granted <- err
		if lock != nil {
			_ = lock.Release()
		}
	}()
	pause(ctx, rand.N(2*netnsHeartbeat)) // a random time
	how := []string{"blackhole", "unreachable", "prohibit"}[trial/netnsLanes%3]
	if err := n.block("add", how, lane); err != nil {
		return 0, err
	}
	defer func() { _ = n.block("del", how, lane) }()
	if err := <-granted; err != nil {
		return 0, fmt.Errorf("%s, tcp_retries2 %d: %w", how, broker+1, err)
	}
	return at.Sub(<-stopped), nil
}

// block adds or deletes the rules by which the router drops the packets of a lane.
func (n *network) block(verb, how string, lane int) error {
	for i, side := range []string{"from", "to"} {
		place := fmt.Sprint(100 + 2*lane + i)
		err := ip("-n", n.router(), "rule", verb, "preference", place, side, n.address(lane), "type", how)
		if err != nil {
			return err
		}
	}
	return nil
}

// inNamespace calls dial on a thread in a network namespace. The connection stays there.
func inNamespace(space string, dial func() (net.Conn, error)) (conn net.Conn, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked, so that the thread ends with this goroutine
		var file *os.File
		if file, err = os.Open("/var/run/netns/" + space); err != nil {
			return
		}
		defer func() { _ = file.Close() }()
		if err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err == nil {
			conn, err = dial()
		}
	}()
	<-done
	return conn, err
}

func ip(args ...string) error { return command("ip", args...) }

func sysctl(space, setting string) error {
	return command("ip", "netns", "exec", space, "sysctl", "-qw", setting)
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
