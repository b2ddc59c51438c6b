//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/examples/internal/embedded"
)

const (
	stocked  = 10
	annSells = 1
	bobSells = 4
)

// tell lets Ann and Bob sell, and compares the number of apples with the expected one.
func (c config) tell(ctx context.Context) error {
	var stop func()
	var err error
	// With a short session timeout Bob does not wait for long.
	c.broker, stop, err = embedded.Start(broker.Config{Timeout: 2 * time.Second, Heartbeat: 500 * time.Millisecond})
	if err != nil {
		return err
	}
	defer stop()
	stock, err := openTable(c.file)
	if err != nil {
		return err
	}
	defer os.Remove(c.file) //nolint:errcheck // a leftover does no harm
	defer stock.db.Close()  //nolint:errcheck // every write was checked
	if err := stock.create(ctx, stocked, !c.noToken); err != nil {
		return err
	}
	if err := c.freezeAnn(ctx); err != nil {
		return err
	}

	left, err := stock.read(ctx)
	if err != nil {
		return err
	}
	if want := stocked - annSells - bobSells; left != want {
		fmt.Printf("wrong: %d apples are left, and should be %d\n", left, want)
		return nil
	}
	fmt.Printf("right: %d apples are left\n", left)
	return nil
}

// freezeAnn freezes Ann before she writes, lets Bob finish his work, and then lets Ann continue.
func (c config) freezeAnn(ctx context.Context) error {
	ann, err := c.start(ctx, "ann", annSells, true)
	if err != nil {
		return err
	}
	if err := ann.until("hangs"); err != nil {
		return err
	}
	if err := ann.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	fmt.Println("(ann is frozen)")
	bob, err := c.start(ctx, "bob", bobSells, false)
	if err != nil {
		return err
	}
	if err := bob.end(); err != nil {
		return err
	}
	fmt.Println("(ann wakes up)")
	if err := ann.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	if _, err := io.WriteString(ann.in, "go on\n"); err != nil {
		return err
	}
	return ann.end()
}

// A clerk is a process that sells.
type clerk struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Scanner
}

// start starts a clerk. It is killed when ctx ends.
func (c config) start(ctx context.Context, name string, sells int, hangs bool) (*clerk, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, "--clerk="+name, "--sells="+strconv.Itoa(sells),
		"--hangs="+strconv.FormatBool(hangs), "--broker="+c.broker, "--file="+c.file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &clerk{cmd: cmd, in: in, out: bufio.NewScanner(out)}, cmd.Start()
}

// until prints the lines of the clerk up to the line last, which it does not print.
func (k *clerk) until(last string) error {
	for k.out.Scan() {
		if k.out.Text() == last {
			return nil
		}
		fmt.Println(k.out.Text())
	}
	return fmt.Errorf("the clerk ended before it said %q", last)
}

// end prints the remaining lines of the clerk and waits for its end.
func (k *clerk) end() error {
	for k.out.Scan() {
		fmt.Println(k.out.Text())
	}
	return k.cmd.Wait()
}
