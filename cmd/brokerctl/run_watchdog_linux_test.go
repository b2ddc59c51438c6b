package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest/needs"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/child"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

var guards = flag.Int("guards", 3, "how many trials TestRunWithoutGuard makes of each kind; 100 take about six minutes")

const guardTimeout = 6 * time.Second

// crowd is a command that ignores TERM. It starts a child that ignores TERM too, a child that is stopped, and a
// daemon. It prints all process ids, the daemon's last.
const crowd = `trap "" TERM
sleep 600 & ignores=$!
sleep 600 & stopped=$!
kill -STOP $stopped
daemon=$(setsid sleep 600 > /dev/null 2>&1 & echo $!)
echo $$ $ignores $stopped $daemon
wait`

// TestRunWithoutGuard stops or kills only brokerctl, at random times. Each time, all processes of the command are
// dead when the next holder is granted the lock. There is one exception: without a cgroup, a daemon survives if
// brokerctl is killed.
func TestRunWithoutGuard(t *testing.T) {
	b, err := cmdtest.StartBroker(broker.Config{Timeout: guardTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	next, err := wsclient.Dial(t.Context(), b.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = next.Close() })
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
		for _, hasCgroup := range []bool{true, false} {
			trial := &guardTrial{broker: b.URL(), next: next, signal: signal, hasCgroup: hasCgroup}
			t.Run(fmt.Sprintf("%v, cgroup %t", signal, hasCgroup), func(t *testing.T) {
				trial.need(t)
				cmdtest.Trials(t, *guards, 10, func(n int) (margin time.Duration, err error) {
					for attempt := range 3 {
						margin, err = trial.run(t.Context(), fmt.Sprint(t.Name(), n, attempt))
						if !errors.Is(err, errEndedEarly) {
							break
						}
						t.Logf("once more: %v", err)
					}
					return margin, err
				})
			})
		}
	}
}

// A guardTrial holds what all trials share.
type guardTrial struct {
	broker    string // URL
	next      *wsclient.Client
	signal    syscall.Signal
	hasCgroup bool
}

// need skips the test if this machine lacks what it needs.
func (g *guardTrial) need(t *testing.T) {
	needs.Programs(t, "setsid", "sh", "sleep")
	if !g.hasCgroup {
		needs.Programs(t, "umount", "unshare")
		if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
			t.Skip("no right to hide the cgroups: ", err)
		}
		return
	}
	cgroup := child.NewCgroup()
	if cgroup == nil {
		t.Skip("no cgroup v2, or no right to make a cgroup")
	}
	cgroup.Remove()
}

// command returns the run, without cgroups if the trial must not have one.
func (g *guardTrial) command(ctx context.Context, name string) *exec.Cmd {
	args := []string{"brokerctl", "run", "--url", g.broker, "--grace", "1s", name, "--", "sh", "-c", crowd}
	if !g.hasCgroup {
		args = append(
			[]string{"unshare", "--mount", "sh", "-c", `umount -a -t cgroup2; exec "$@"`, "sh"},
			args...)
	}
	return exec.CommandContext(ctx, args[0], args[1:]...)
}

// run makes one trial. It returns the time from the end of the last process to the next grant. The test may see both
// events late.
func (g *guardTrial) run(test context.Context, name string) (margin time.Duration, err error) {
	ctx, cancel := context.WithTimeout(test, 20*guardTimeout)
	defer cancel()
	command, said := g.command(ctx, name), &bytes.Buffer{}
	command.Stderr = said
	out, err := command.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := command.Start(); err != nil {
		return 0, err
	}
	defer func() { _, _ = command.Process.Kill(), command.Wait() }()
	all, err := watchCrowd(out)
	defer all.kill()
	if err != nil {
		if _ = command.Wait(); tooBusy(command, said.String()) {
			return g.run(test, name)
		}
		return 0, fmt.Errorf("%w: %s", err, said)
	}
	if !g.hasCgroup && g.signal == syscall.SIGKILL {
		all.must--
	}
	gone := make(chan time.Time, 1)
	go func() { gone <- all.wait(ctx) }()
	wait(ctx, rand.N(2*guardTimeout)) // a random time
	if alive := all.alive(); len(alive) < all.must {
		state := processes(append(all.pids, command.Process.Pid))
		_ = command.Process.Kill() // Otherwise the remaining processes would keep its stderr open.
		all.kill()
		if _ = command.Wait(); tooBusy(command, said.String()) {
			return g.run(test, name)
		}
		return 0, fmt.Errorf("%w: of %v only %v are alive: %s\n%s", errEndedEarly, all.pids, alive, said, state)
	}
	if err := command.Process.Signal(g.signal); err != nil {
		return 0, err
	}
	lock, err := g.next.Acquire(ctx, name, nil)
	if err != nil {
		return 0, err
	}
	at, alive := time.Now(), all.alive()
	if len(alive) > 0 {
		state := processes(alive)
		return 0, fmt.Errorf("at the next grant, these were alive for another %v: %v\n%s",
			(<-gone).Sub(at), alive, state)
	}
	_ = lock.Release()
	if g.signal == syscall.SIGSTOP {
		_ = command.Process.Signal(syscall.SIGCONT)
		if _ = command.Wait(); command.ProcessState.ExitCode() != exitLost {
			return 0, fmt.Errorf("it ended with %v: %s", command.ProcessState, said)
		}
	}
	return max(at.Sub(<-gone), 1), nil
}

// errEndedEarly says that a process of the crowd had ended before brokerctl was stopped or killed. Then the
// trial does not count.
var errEndedEarly = errors.New("a process ended while brokerctl ran")

// processes returns the output of ps for the processes.
func processes(pids []int) string {
	var all []string
	for _, pid := range pids {
		all = append(all, strconv.Itoa(pid))
	}
	out, _ := exec.Command("ps", "-o", "pid,ppid,pgid,sid,stat,wchan:20,etime,args", "-p", strings.Join(all, ",")).
		CombinedOutput()
	return string(out)
}

// A crowdWatch holds a pidfd for each process, because a process id may be reused.
type crowdWatch struct {
	pids []int
	fds  []int32
	must int // how many of them must end

	killed sync.Once
}

// watchCrowd reads the process ids.
func watchCrowd(out io.Reader) (*crowdWatch, error) {
	line, err := bufio.NewReader(out).ReadString('\n')
	w := &crowdWatch{}
	for field := range strings.FieldsSeq(line) {
		pid, _ := strconv.Atoi(field)
		fd, openErr := unix.PidfdOpen(pid, 0)
		err = errors.Join(err, openErr)
		w.pids, w.fds, w.must = append(w.pids, pid), append(w.fds, int32(fd)), w.must+1
	}
	return w, err
}

// alive returns the processes that have not ended.
func (w *crowdWatch) alive() (pids []int) {
	for i, fd := range w.fds[:w.must] {
		if n, _ := unix.Poll([]unix.PollFd{{Fd: fd, Events: unix.POLLIN}}, 0); n == 0 {
			pids = append(pids, w.pids[i])
		}
	}
	return pids
}

// wait waits until all have ended, and returns the time.
func (w *crowdWatch) wait(ctx context.Context) time.Time {
	for _, fd := range w.fds[:w.must] {
		for n := 0; ctx.Err() == nil && n <= 0; {
			n, _ = unix.Poll([]unix.PollFd{{Fd: fd, Events: unix.POLLIN}}, 100)
		}
	}
	return time.Now()
}

// kill kills the remaining processes, once.
func (w *crowdWatch) kill() {
	w.killed.Do(func() {
		for _, fd := range w.fds {
			_ = unix.PidfdSendSignal(int(fd), unix.SIGKILL, nil, 0)
			_ = unix.Close(int(fd))
		}
	})
}
