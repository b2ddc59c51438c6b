//go:build unix

package watchdog

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
)

func TestMain(m *testing.M) {
	cmdtest.Main(m, map[string]func(){
		"watchdog": func() {
			if err := Run(nil); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		},
		"failing": func() { os.Exit(1) },
	})
}

// late is longer than any test.
const late = time.Hour

// A command is a process group that reads from a pipe until it is killed.
type command struct {
	*os.Process
	ended chan *os.ProcessState
}

func startCommand(t *testing.T, script string) *command {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	said, saying, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	c := &command{ended: make(chan *os.ProcessState, 1)}
	c.Process, err = os.StartProcess("/bin/sh", []string{"sh", "-c", script + "; echo ready; read x"},
		&os.ProcAttr{Files: []*os.File{in, saying, nil}, Sys: &syscall.SysProcAttr{Setpgid: true}})
	_, _ = in.Close(), saying.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	go func() {
		state, _ := c.Wait()
		c.ended <- state
	}()
	t.Cleanup(func() { _, _, _ = c.Kill(), out.Close(), said.Close() })
	return c
}

func (c *command) endsWith(t *testing.T, signal syscall.Signal) {
	t.Helper()
	state := await(t, c.ended)
	if status := state.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != signal {
		t.Errorf("ended with %v, want %v", state, signal)
	}
}

func (c *command) instruction(term, kill time.Duration) Instruction {
	i := Instruction{Guard: os.Getpid(), Group: c.Pid, Contained: true, Kill: Now() + kill}
	if term != 0 {
		i.Term = Now() + term
	}
	return i
}

// await waits for an event. If it never comes, go test ends the test and prints where it waits.
func await[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	return <-c
}

func startWatchdog(t *testing.T, connection syscall.Conn, first Instruction) *Watchdog {
	t.Helper()
	w, err := Start([]string{"watchdog"}, connection, first)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.process.Kill(); await(t, w.Ended()); _ = w.link.Close() })
	return w
}

// A watchdog that hears nothing sends TERM, and later KILL if the command lives. It tells the guard first.
func TestTermThenKill(t *testing.T) {
	docile, stubborn := startCommand(t, "true"), startCommand(t, `trap "" TERM`)
	w := startWatchdog(t, nil, docile.instruction(1, late))
	docile.endsWith(t, syscall.SIGTERM)
	await(t, w.Acted())
	if !w.Stop() {
		t.Error("the watchdog has not acted")
	}
	w = startWatchdog(t, nil, stubborn.instruction(1, 100*time.Millisecond))
	stubborn.endsWith(t, syscall.SIGKILL)
	await(t, w.Acted())
}

// A command that is stopped, as by Ctrl-Z, does not continue: KILL ends it.
func TestStoppedDoesNotGoOn(t *testing.T) {
	c := startCommand(t, "true")
	_ = syscall.Kill(-c.Pid, syscall.SIGSTOP)
	startWatchdog(t, nil, c.instruction(1, 100*time.Millisecond))
	c.endsWith(t, syscall.SIGKILL)
}

// When the guard ends, the command is killed at once. Stop does not kill it.
func TestGuardEnds(t *testing.T) {
	c := startCommand(t, `trap "" TERM`)
	w := startWatchdog(t, nil, c.instruction(late, late))
	if w.Stop() {
		t.Error("the watchdog has acted")
	}
	w = startWatchdog(t, nil, c.instruction(late, late))
	_ = w.link.Close()
	c.endsWith(t, syscall.SIGKILL)
	await(t, w.Ended())
}

// An instruction replaces the previous one.
func TestLatestInstructionCounts(t *testing.T) {
	c := startCommand(t, "true")
	w := startWatchdog(t, nil, c.instruction(late, late))
	w.Send(c.instruction(0, 0))
	c.endsWith(t, syscall.SIGKILL)
}

// A watchdog that was stopped itself reads all instructions before it acts. It waits for the rest of an
// incomplete one.
func TestReadsBeforeItActs(t *testing.T) {
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	latest := Instruction{Guard: 1, Group: 2, Kill: never}
	said := latest.append(Instruction{}.append(nil))
	w := &watch{link: int(theirs.Fd())}
	for _, part := range [][]byte{said[:instructionSize+7], said[instructionSize+7:]} {
		if _, err := ours.Write(part); err != nil {
			t.Fatal(err)
		}
		if event, err := w.wait(); event != received || err != nil {
			t.Errorf("got %v, %v", event, err)
		}
	}
	if w.instruction != latest {
		t.Errorf("got %+v", w.instruction)
	}
}

// Signals for the guard's process group or from its terminal do not reach the watchdog.
func TestSessionOfItsOwn(t *testing.T) {
	w := startWatchdog(t, nil, Instruction{Kill: never})
	if session, err := unix.Getsid(w.PID()); session != w.PID() || err != nil {
		t.Errorf("got %d, %v; want %d", session, err, w.PID())
	}
}

// A guard that continues too late cannot postpone the end.
func TestTooLate(t *testing.T) {
	c := startCommand(t, `trap "" TERM`)
	w := startWatchdog(t, nil, c.instruction(1, 200*time.Millisecond))
	await(t, w.Acted())
	w.Send(c.instruction(late, late))
	c.endsWith(t, syscall.SIGKILL)
}

// A watchdog that was killed has not failed. One that ended by itself has.
func TestEnded(t *testing.T) {
	c := startCommand(t, "true")
	w := startWatchdog(t, nil, c.instruction(late, late))
	_ = w.process.Kill()
	if await(t, w.Ended()); w.HasFailed() {
		t.Error("the watchdog was killed, but counts as failed")
	}
	w, err := Start([]string{"failing"}, nil, Instruction{})
	if err != nil {
		t.Fatal(err)
	}
	if await(t, w.Ended()); !w.HasFailed() {
		t.Error("the watchdog failed, but HasFailed is false")
	}
	_ = w.link.Close()
}

// The peer of the guard's connection sees its end only after the watchdog has ended.
func TestConnectionStaysOpen(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = peer.Close() }()
	c := startCommand(t, "true")
	w := startWatchdog(t, conn.(syscall.Conn), c.instruction(late, late))
	_ = conn.Close()
	// On the loopback interface, the peer sees a close as soon as Close returns.
	_ = peer.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	_ = peer.SetReadDeadline(time.Time{})
	_ = w.link.Close()
	if _, err := peer.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	c.endsWith(t, syscall.SIGKILL)
}

func TestInstruction(t *testing.T) {
	for _, o := range []Instruction{finished, {Guard: 1, Group: 2, Contained: true, Term: 3, Kill: never}} {
		if b := o.append(nil); len(b) != instructionSize || decodeInstruction(b) != o {
			t.Errorf("%+v became %+v in %d bytes", o, decodeInstruction(b), len(b))
		}
	}
}
