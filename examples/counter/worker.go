package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/lockbroker/lockbroker/wsclient"
)

// work is the main function of a worker.
func (c config) work(ctx context.Context) error {
	client, err := wsclient.Dial(ctx, c.broker, &wsclient.Options{Resume: c.resume})
	if err != nil {
		return err
	}
	defer client.Close()
	file, err := os.OpenFile(c.file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // every write was checked

	// All workers start together: each prints "ready" and waits for "go" from the parent.
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return fmt.Errorf("wait for the start: %w", err)
	}

	add := func(ctx context.Context) error {
		number, err := readNumber(file)
		if err != nil {
			return err
		}
		if err := think(ctx, client); err != nil {
			return err
		}
		return writeNumber(file, number+1)
	}
	losses := 0
	for added := 0; added < c.times; {
		once := func(ctx context.Context) error {
			err := add(ctx)
			if err == nil {
				added++
			}
			return err
		}
		if c.noLock {
			err = once(ctx)
		} else {
			err = client.WithLock(ctx, "counter", nil, once)
		}
		switch {
		case errors.Is(err, wsclient.ErrLost):
			losses++ // and again, if it has not written the number
		case err != nil:
			return err
		}
	}
	fmt.Println(losses)
	return nil
}

// think stands for the work that a real program does between reading and writing. It sends a query, here to the
// broker, and waits for the answer. Meanwhile the other processes run. If the connection breaks, it asks again. If the
// lock is lost, ctx ends.
func think(ctx context.Context, client *wsclient.Client) error {
	for {
		err := ask(ctx, client)
		if !errors.Is(err, wsclient.ErrConnection) || ctx.Err() != nil {
			return err
		}
	}
}

func ask(ctx context.Context, client *wsclient.Client) error {
	for _, err := range client.Info(ctx, nil) {
		if err != nil {
			return err
		}
	}
	return nil
}
