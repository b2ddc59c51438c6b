package child

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// children returns the children of this process, including zombies.
func children() (count int) {
	for _, p := range processes() {
		if p.parent == os.Getpid() {
			count++
		}
	}
	return count
}

// leaving is a script that leaves 60 orphans, inside and outside its group. It exits with 7 after it has read a
// line from the fifo.
const leaving = `
i=0; while [ $i -lt 30 ]; do i=$((i+1)); (: & setsid true & exit 0); done
exec 3<> "$1"; read x <&3; exit 7`

// The status of orphans is collected while the leader is alive, and the status of the leader is not lost.
func TestOrphansAreBuried(t *testing.T) {
	for range 5 {
		c, fifo := start(t, leaving)
		file := open(t, fifo)
		awaitBurial(t)
		if _, err := file.WriteString("go\n"); err != nil {
			t.Fatal(err)
		}
		await(t, c.Gone())
		if status := c.Status(); status.ExitStatus() != 7 {
			t.Errorf("%v", status)
		}
	}
}

// A group in which only zombies are left is gone, even if a daemon outside the group never collects their status.
func TestZombieDoesNotKeepTheGroup(t *testing.T) {
	c, fifo := start(t, `(: & exec setsid sh -c 'read x < "$0"' "$1") & exit 3`)
	daemon := open(t, fifo)
	defer func() { _ = daemon.Close() }()
	await(t, c.Ended())
	if err := syscall.Kill(-c.Group(), 0); err != nil {
		t.Fatalf("there is no zombie in the group: %v", err)
	}
	await(t, c.Gone())
	if status := c.Status(); status.ExitStatus() != 3 {
		t.Errorf("%v", status)
	}
	if _, err := daemon.WriteString("x"); err != nil {
		t.Errorf("the daemon has ended: %v", err)
	}
}

// awaitBurial waits until the leader is the only child of this process.
func awaitBurial(t *testing.T) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for t.Context().Err() == nil {
			if children() == 1 {
				return
			}
		}
	}()
	await(t, done)
}

// The status of the sibling is not lost, even if it ends while it is being started, among many orphans.
func TestSiblingKeepsItsStatus(t *testing.T) {
	sibling := new(Sibling)
	fifo := t.TempDir() + "/fifo"
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	script := `(while :; do (: &); done) & read x < "$1"; kill $!; wait; exit 5`
	args := []string{"sh", "-c", script, "sh", fifo}
	c, err := Start(Spec{Path: "/bin/sh", Args: args, Env: os.Environ(), Sibling: sibling})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Signal(syscall.SIGKILL)
		await(t, c.Gone())
	})
	for range 100 {
		command := exec.Command("/bin/sh", "-c", "exit 3")
		err := sibling.Start(func() (int, error) {
			if err := command.Start(); err != nil {
				return 0, err
			}
			return command.Process.Pid, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(); command.ProcessState.ExitCode() != 3 {
			t.Fatalf("%v", err)
		}
	}
	if err := os.WriteFile(fifo, []byte("go\n"), 0); err != nil {
		t.Fatal(err)
	}
	await(t, c.Gone())
	if status := c.Status(); status.ExitStatus() != 5 {
		t.Errorf("%v", status)
	}
}

// endedChild reads the process id from the right place in siginfo_t.
func TestEndedChild(t *testing.T) {
	command := exec.Command("/bin/sh", "-c", "echo $$")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 32)
	n, err := out.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan int)
	go func() {
		for {
			if pid := endedChild(); pid != 0 {
				done <- pid
				return
			}
		}
	}()
	if got := fmt.Sprint(await(t, done)); got != strings.TrimSpace(string(text[:n])) {
		t.Errorf("got %s, want %s", got, text[:n])
	}
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}
