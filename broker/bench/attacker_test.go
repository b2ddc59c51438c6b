package bench

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// An attacker is an attack that runs, in a process of its own.
type attacker struct {
	address     string
	connections int
	crowd       int // length of the queues
	queue       *raw
	actions     atomic.Int64
	strangers   atomic.Uint64 // connections of strangers so far
}

const attackPrefix = "attack "

func isAttack(role string) bool { return strings.HasPrefix(role, attackPrefix) }

// attackRole returns the role of a process that attacks the broker at address.
func attackRole(name, address string, connections, crowd int) string {
	return fmt.Sprint(attackPrefix, name, " ", address, " ", connections, " ", crowd)
}

// serveAttack attacks until stdin ends. It prints a line when the attack begins, and the number of actions at the end.
func serveAttack(role string) error {
	fields := strings.Fields(role)
	a := &attacker{address: fields[2]}
	a.connections, _ = strconv.Atoi(fields[3])
	a.crowd, _ = strconv.Atoi(fields[4])
	for _, kind := range slices.Concat(attacks, floods) {
		if kind.name != fields[1] {
			continue
		}
		if kind.prepare != nil {
			if err := kind.prepare(a); err != nil {
				return fmt.Errorf("attack %s: %w", kind.name, err)
			}
		}
		for n := range a.connections {
			go a.repeat(kind, n)
		}
		fmt.Println("attacking")
		_, _ = io.Copy(io.Discard, os.Stdin)
		fmt.Println(a.actions.Load())
		return nil
	}
	return fmt.Errorf("no such attack: %s", fields[1])
}

// repeat attacks with connection n. If the broker closes it, repeat connects again after a pause.
// Without the pause it would only keep its own process busy.
func (a *attacker) repeat(kind attack, n int) {
	for {
		if err := kind.each(a, n); err != nil {
			time.Sleep(10 * time.Millisecond) //nolint:forbidigo // nothing tells when to connect again
		}
	}
}

// dial opens a session.
func (a *attacker) dial() (*raw, error) { return dialRaw(a.address, 4<<10) }

// discard reads until the connection ends.
func (a *attacker) discard(r *raw) { _, _ = io.Copy(io.Discard, r.in) }

// roundTrip sends the message that was put on r and waits for one answer.
func (a *attacker) roundTrip(r *raw) error {
	if err := r.flush(); err != nil {
		return err
	}
	_, err := r.read()
	a.actions.Add(1)
	return err
}
