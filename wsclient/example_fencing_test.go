package wsclient_test

import (
	"context"
	"fmt"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A document refuses a write whose token is less than one that it has seen. A database does the same with a column:
//
//	UPDATE documents SET text = $1, token = $2 WHERE id = 42 AND token <= $2
type document struct {
	text  string
	token int64
}

func (d *document) write(token int64, text string) error {
	if token < d.token {
		return fmt.Errorf("%q refused: a later holder has written", text)
	}
	d.text, d.token = text, token
	return nil
}

// No lock can stop a process that freezes while it holds the lock, wakes up later, and writes. Only the document can
// refuse that write, because the next holder has written with a greater token.
func ExampleLock_Token() {
	broker := startBroker()
	defer broker.Close()
	ctx := context.Background()
	slow, next := broker.Dial(), broker.Dial()
	var d document

	stale, err := slow.Acquire(ctx, "documents/42", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// In real life the slow program hangs until the broker grants the lock to the next one, by default after
	// 15 seconds. To save time, the next one steals the lock here.
	lock, err := next.Acquire(ctx, "documents/42", &wsclient.AcquireOptions{Steal: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.write(lock.Token(), "from the holder"))
	fmt.Println(d.write(stale.Token(), "from the stale holder"))
	fmt.Println(d.text)
	// Output:
	// <nil>
	// "from the stale holder" refused: a later holder has written
	// from the holder
}
