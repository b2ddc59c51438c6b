//go:build unix

package examples

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// TestCounter proves that locks exclude. 8 processes that add 500 times each lose nothing under the
// lock. Without the lock they lose something, so the first result is not due to chance.
func TestCounter(t *testing.T) {
	program := build(t, "./counter")
	url := startBroker(t)
	count := func(args ...string) (expected, actual, lost int64) {
		args = append(args, "--processes=8", "--times=500", "--broker="+url, "--file="+t.TempDir()+"/number")
		text := output(t, program, args...)
		const format = "expected %d, actual %d, lost %d; locks lost: 0\n"
		_, err := fmt.Sscanf(text, format, &expected, &actual, &lost)
		if err != nil {
			t.Fatalf("counter says %q: %v", text, err)
		}
		return expected, actual, lost
	}

	if expected, actual, lost := count(); expected != 4000 || actual != 4000 || lost != 0 {
		t.Errorf("with the lock: expected %d, actual %d, lost %d", expected, actual, lost)
	}

	const attempts = 5
	for i := range attempts {
		expected, actual, lost := count("--no-lock")
		if lost > 0 && actual < expected {
			t.Logf("without the lock: %d of %d, after %d attempts that lost nothing", actual, expected, i)
			return
		}
	}
	t.Errorf("without the lock nothing was lost, %d times in a row", attempts)
}

// TestCounterAlone checks that the program starts its own broker if no URL is given.
func TestCounterAlone(t *testing.T) {
	got := output(t, build(t, "./counter"), "--processes=2", "--times=10")
	if want := "expected 20, actual 20, lost 0; locks lost: 0\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestShared(t *testing.T) {
	program := build(t, "./shared")
	url := startBroker(t)
	output(t, program, "--broker="+url, "--for=50ms")

	cmd := exec.CommandContext(testContext(t), program, "--broker="+url)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, url, longAndShort)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v, want exit code 0", err)
	}
	until(t, url, func(locks map[string]wire.LockInfo) bool { return len(locks) == 0 })
}

// longAndShort reports whether examples/shared is in the state that it reaches again and again: the long job holds
// test-lock-1, the short job waits for it, and test-lock-2 is held.
func longAndShort(locks map[string]wire.LockInfo) bool {
	one, two := locks["test-lock-1"], locks["test-lock-2"]
	return len(one.Holders) == 1 && one.Holders[0].Author == "create_user" &&
		len(one.Waiters) == 1 && one.Waiters[0].Author == "update_something" &&
		len(two.Holders) == 1
}

func TestMetadata(t *testing.T) {
	got := output(t, build(t, "./metadata"), "--broker="+startBroker(t))
	want := `alice, outer: has account
alice, inner: has ledger too
alice, innermost: has account still
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestFencedTable freezes a clerk between its check of the lock and its write. Without the token it overwrites the
// sale of another clerk. With the token the database refuses the write, and the clerk sells again.
func TestFencedTable(t *testing.T) {
	program := build(t, "./fencedtable")
	file := "--file=" + t.TempDir() + "/apples.db"
	want := `ann has the lock, reads 10 apples, sells 1
(ann is frozen)
bob has the lock, reads 10 apples, sells 4
bob writes 6
(ann wakes up)
ann writes 9: refused by the database: sqlite3: constraint failed: stale fencing token
ann has the lock, reads 6 apples, sells 1
ann writes 5
right: 5 apples are left
`
	if got := output(t, program, file); got != want {
		t.Errorf("with the token:\n%s\nwant:\n%s", got, want)
	}
	got := output(t, program, "--no-token", file)
	want = "(ann wakes up)\nann writes 9\nwrong: 9 apples are left, and should be 5\n"
	if !strings.HasSuffix(got, want) {
		t.Errorf("without the token:\n%s\nwant at the end:\n%s", got, want)
	}
}

// TestFencedEndpoint checks the same for a document that is served over HTTP.
func TestFencedEndpoint(t *testing.T) {
	program := build(t, "./fencedendpoint")
	for arg, want := range map[string]string{
		"--no-token=false": "bob writes\n" +
			"ann writes: refused: stale fencing token: somebody has written with a greater one\n" +
			"right: the document says \"Bob was here\"\n",
		"--no-token": "bob writes\nann writes\nwrong: the document says \"Ann was here\"\n",
	} {
		if got := output(t, program, arg); !strings.HasSuffix(got, want) {
			t.Errorf("%s:\n%s\nwant at the end:\n%s", arg, got, want)
		}
	}
}

// TestNoBroker runs the examples that need a broker without one: they must say so and fail.
func TestNoBroker(t *testing.T) {
	for _, example := range []string{"./shared", "./metadata"} {
		command := exec.CommandContext(testContext(t), build(t, example), "--broker=ws://127.0.0.1:1")
		out, err := command.CombinedOutput()
		if err == nil || len(out) == 0 {
			t.Errorf("%s without a broker: %v, %q", example, err, out)
		}
	}
}
