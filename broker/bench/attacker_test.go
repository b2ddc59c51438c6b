package bench

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A siege is an attack under way, in a process of its own.
type siege struct {
	address     string
	connections int
	crowd       int // how long the queues are
	queue       *raw
	actions     atomic.Int64
}

const attackPrefix = "attack "

func isAttack(role string) bool { return strings.HasPrefix(role, attackPrefix) }

// attackRole is the role of a process that attacks.
func attackRole(name, address string, connections, crowd int) string {
	return fmt.Sprint(attackPrefix, name, " ", address, " ", connections, " ", crowd)
}

// serveAttack attacks until stdin ends. It says when everything is prepared, and at the end how much it has done.
func serveAttack(role string) error {
	fields := strings.Fields(role)
	a := &siege{address: fields[2]}
	a.connections, _ = strconv.Atoi(fields[3])
	a.crowd, _ = strconv.Atoi(fields[4])
	for _, kind := range attacks {
		if kind.name != fields[1] {
			continue
		}
		if kind.prepare != nil {
			if err := kind.prepare(a); err != nil {
				return fmt.Errorf("attack %s: %w", kind.name, err)
			}
		}
		for n := range a.connections {
			go func() {
				for {
					if err := kind.each(a, n); err != nil { // cut off, which is its good right: once more
						time.Sleep(10 * time.Millisecond) //nolint:forbidigo // a client that connects again at once attacks itself
					}
				}
			}()
		}
		fmt.Println("attacking")
		_, _ = io.Copy(io.Discard, os.Stdin)
		fmt.Println(a.actions.Load())
		return nil
	}
	return fmt.Errorf("no such attack: %s", fields[1])
}

// dial opens a session that counts what it does.
func (a *siege) dial() (*raw, error) { return dialRaw(a.address, 4<<10) }

// discard reads and throws away everything, until the connection ends.
func (a *siege) discard(r *raw) { _, _ = io.Copy(io.Discard, r.in) }

// ask sends a message and waits for one answer.
func (a *siege) ask(r *raw, format string, args ...any) error {
	r.put(format, args...)
	if err := r.flush(); err != nil {
		return err
	}
	_, err := r.read()
	a.actions.Add(1)
	return err
}
