package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// count runs counter, and kills the owner while it counts.
func (c config) count(ctx context.Context, all brokers, folder string) error {
	owner, says, err := all.owner(ctx)
	if err != nil {
		return err
	}
	c.say("%s", says)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // kills counter if something goes wrong
	file := filepath.Join(folder, "number")
	counter := exec.CommandContext(ctx, filepath.Join(folder, "counter"), "--resume", "--broker="+all.urls(),
		"--processes="+strconv.Itoa(c.processes), "--times="+strconv.Itoa(c.times), "--file="+file)
	result := new(bytes.Buffer)
	counter.Stdout, counter.Stderr = result, os.Stderr
	if err := counter.Start(); err != nil {
		return err
	}
	c.say("%d processes each add 1 to a number, %d times", c.processes, c.times)
	ended := make(chan error, 1)
	go func() { ended <- counter.Wait() }()
	for n := range c.kills {
		number, err := reaches(ctx, file, (n+1)*c.processes*c.times/(c.kills+1), ended)
		if err != nil {
			return err
		}
		c.say("the number is %d: kill -9 of the owner, ws://%s", number, owner.address)
		killed := time.Now()
		owner.kill()
		last := owner
		if owner, says, err = all.owner(ctx); err != nil {
			return err
		}
		c.say("after %.1fs, %s", time.Since(killed).Seconds(), says)
		if err := last.start(); err != nil { // as a standby
			return err
		}
	}
	err = <-ended
	c.say("%s", bytes.TrimSpace(result.Bytes()))
	return err
}

// reaches waits until the number in the file is at least least.
func reaches(ctx context.Context, file string, least int, ended <-chan error) (int, error) {
	for {
		text, err := os.ReadFile(file)
		if err == nil && len(text) > 0 {
			number, err := strconv.Atoi(strings.TrimLeft(string(text), "0"))
			if err == nil && number >= least {
				return number, nil
			}
		}
		select {
		case err := <-ended:
			return 0, errors.Join(errors.New("counter has ended too soon: use more --times"), err)
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
