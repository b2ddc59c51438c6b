package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/examples/internal/embedded"
)

// parent starts the processes, waits for them, and compares the number with the expected one.
func (c config) parent(ctx context.Context) error {
	if c.broker == "" {
		url, stop, err := embedded.Start(broker.Config{})
		if err != nil {
			return err
		}
		defer stop()
		c.broker = url
	}
	file, err := os.OpenFile(c.file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(c.file) //nolint:errcheck // a leftover does no harm
	defer file.Close()      //nolint:errcheck // every write was checked
	if err := writeNumber(file, 0); err != nil {
		return err
	}

	losses, err := c.runProcesses(ctx)
	if err != nil {
		return err
	}

	actual, err := readNumber(file)
	if err != nil {
		return err
	}
	expected := int64(c.processes) * int64(c.times)
	fmt.Printf("expected %d, actual %d, lost %d; locks lost: %d\n", expected, actual, expected-actual, losses)
	if actual != expected && !c.noLock {
		return errors.New("additions were lost despite the lock")
	}
	return nil
}

// runProcesses returns how many locks the processes have lost, all together.
func (c config) runProcesses(ctx context.Context) (losses int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // kills the others if one cannot be started
	var processes []*process
	for range c.processes {
		p, err := c.start(ctx)
		if err != nil {
			return 0, err
		}
		processes = append(processes, p)
	}
	for _, p := range processes {
		if _, err := p.out.ReadString('\n'); err != nil {
			return 0, fmt.Errorf("wait until all are ready: %w", err)
		}
	}
	for _, p := range processes {
		if _, err := io.WriteString(p.in, "go\n"); err != nil {
			return 0, err
		}
	}
	for _, p := range processes {
		var lost int
		_, scanned := fmt.Fscanln(p.out, &lost)
		if failed := p.cmd.Wait(); failed != nil {
			scanned = failed
		}
		losses, err = losses+lost, errors.Join(err, scanned)
	}
	return losses, err
}

// A process runs this program as a worker.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func (c config) start(ctx context.Context) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "--worker", "--broker="+c.broker, "--file="+c.file,
		"--times="+strconv.Itoa(c.times), "--no-lock="+strconv.FormatBool(c.noLock),
		"--resume="+strconv.FormatBool(c.resume))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &process{cmd, in, bufio.NewReader(out)}, cmd.Start()
}
