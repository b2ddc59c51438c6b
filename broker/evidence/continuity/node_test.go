package continuity

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"testing"
)

// A nodeCrowd is a crowd of clients in JavaScript: crowd.mjs.
type nodeCrowd struct {
	t       *testing.T
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	reports *bufio.Scanner
	holders int
	waiters int
}

// A report is a line of crowd.mjs.
type report struct {
	Ready       bool
	Lock, Place int
	Token       int64
	Lost        string
	Failed      string
}

func newNodeCrowd(t *testing.T, b *brokerd, holders, waiters int) *nodeCrowd {
	t.Helper()
	c := &nodeCrowd{t: t, holders: holders, waiters: waiters}
	c.cmd = exec.CommandContext(t.Context(), "node", "--experimental-websocket", "--no-warnings", "crowd.mjs",
		b.url(), strconv.Itoa(holders), strconv.Itoa(waiters), "0")
	var errs io.Reader
	stdout, err := c.cmd.StdoutPipe()
	if err == nil {
		errs, err = c.cmd.StderrPipe()
	}
	if err == nil {
		c.stdin, err = c.cmd.StdinPipe()
	}
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for scan := bufio.NewScanner(errs); scan.Scan(); {
			t.Log("node: ", scan.Text())
		}
	}()
	c.reports = bufio.NewScanner(stdout)
	if r := c.next(); !r.Ready {
		t.Fatalf("node: %+v, want ready", r)
	}
	return c
}

// next returns the next report.
func (c *nodeCrowd) next() (r report) {
	c.t.Helper()
	if !c.reports.Scan() {
		c.t.Fatalf("node has ended: %v", c.reports.Err())
	}
	if err := json.Unmarshal(c.reports.Bytes(), &r); err != nil {
		c.t.Fatalf("node: %q: %v", c.reports.Bytes(), err)
	}
	return r
}

func (c *nodeCrowd) finish() {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, "finish\n"); err != nil {
		c.t.Fatal(err)
	}
	next, last := make([]int, c.holders), make([]int64, c.holders)
	for n := range next {
		next[n] = -1 // the holder
	}
	for range c.holders + c.waiters {
		r := c.next()
		switch {
		case r.Lost != "" || r.Failed != "":
			c.t.Fatalf("node: %+v", r)
		case r.Place != next[r.Lock]:
			c.t.Errorf("node lock %d: waiter %d was granted, want %d", r.Lock, r.Place, next[r.Lock])
		case r.Token <= last[r.Lock]:
			c.t.Errorf("node lock %d: token %d after %d", r.Lock, r.Token, last[r.Lock])
		}
		next[r.Lock]++
		last[r.Lock] = r.Token
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("node: %v", err)
	}
}
