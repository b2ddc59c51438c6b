//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ncruces/go-sqlite3"

	"github.com/lockbroker/lockbroker/wsclient"
)

// work sells as one clerk. If its write comes too late, it sells again from the beginning.
func (c config) work(ctx context.Context) error {
	stock, err := openTable(c.file)
	if err != nil {
		return err
	}
	defer stock.db.Close() //nolint:errcheck // every write was checked
	client, err := wsclient.Dial(ctx, c.broker, &wsclient.Options{Author: c.clerk})
	if err != nil {
		return err
	}
	defer client.Close()
	for {
		var late bool
		err := client.WithLock(ctx, "stock/apples", nil, func(ctx context.Context) (err error) {
			late, err = c.sell(ctx, stock)
			return err
		})
		if !late && (err == nil || errors.Is(err, wsclient.ErrLost)) {
			return nil
		}
		if !late {
			return err
		}
		c.hangs = false
	}
}

// sell sells under the lock. It reports whether its write came too late.
func (c config) sell(ctx context.Context, stock table) (late bool, err error) {
	lock, _ := wsclient.LockFrom(ctx)
	apples, err := stock.read(ctx)
	if err != nil {
		return false, err
	}
	fmt.Printf("%s has the lock, reads %d apples, sells %d\n", c.clerk, apples, c.sells)
	if c.hangs && lock.Valid() {
		// The clerk has just checked that it still holds the lock. It is frozen here, before its write.
		fmt.Println("hangs")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return false, err
		}
	}
	// A write that the network has already taken cannot be stopped. So this one ignores the end of ctx.
	err = stock.write(context.WithoutCancel(ctx), apples-c.sells, lock.Token())
	if errors.Is(err, sqlite3.CONSTRAINT) {
		fmt.Printf("%s writes %d: refused by the database: %v\n", c.clerk, apples-c.sells, err)
		return true, nil
	}
	if err == nil {
		fmt.Printf("%s writes %d\n", c.clerk, apples-c.sells)
	}
	return false, err
}
