//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/internal/cmdtest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// holder is the command "holder URL NAME". It acquires the lock, prints the token, and runs until its input ends. For
// each line of input it prints whether the lock is valid. If the lock is lost, it prints the reason.
func holder() {
	if err := hold(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "holder:", err)
		os.Exit(1)
	}
}

func hold(url, name string) error {
	client, err := wsclient.Dial(context.Background(), url, nil)
	if err != nil {
		return err
	}
	defer client.Close()
	lock, err := client.Acquire(context.Background(), name, nil)
	if err != nil {
		return err
	}
	fmt.Println("holding", lock.Token())
	context.AfterFunc(lock.Context(), func() { fmt.Println(context.Cause(lock.Context())) })
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println("valid:", lock.Valid())
	}
	return nil
}

// A holding is a holder process.
type holding struct {
	*process
	token int64
	line  func() string // returns the next line of output, or ""
}

func startHolder(t *testing.T, url, name string) *holding {
	t.Helper()
	p, out := start(t, (*exec.Cmd).StdoutPipe, "holder", url, name)
	h := &holding{process: p, line: func() string { out.Scan(); return out.Text() }}
	if line := h.line(); !scan(line, "holding %d", &h.token) {
		t.Fatalf("the holder prints %q, want that it holds the lock", line)
	}
	return h
}

func scan(text, format string, values ...any) bool {
	n, err := fmt.Sscanf(text, format, values...)
	return err == nil && n == len(values)
}

// A grant is the outcome of a waiting request.
type grant struct {
	lock *wsclient.Lock
	err  error
}

// startWaiter starts a request and waits until it is in the queue.
func startWaiter(t *testing.T, url, name string) <-chan grant {
	t.Helper()
	ctx := testContext(t)
	client, err := wsclient.Dial(ctx, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	grants := make(chan grant, 1)
	go func() {
		lock, err := client.Acquire(ctx, name, nil)
		grants <- grant{lock, err}
	}()
	queued := func(l wire.LockInfo) bool { return l.Waiting == 1 }
	if err := cmdtest.WaitForLock(ctx, client, name, queued); err != nil {
		t.Fatal(err)
	}
	return grants
}
