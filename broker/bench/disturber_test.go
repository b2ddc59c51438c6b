package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A disturber is a process that disturbs the broker when it is told to. It shares the processor of the load. It has
// the lowest priority, so that the other client need not wait for it: the latency is about the broker.
type disturber struct{ *process }

const disturberPrefix = "disturb "

func isDisturber(role string) bool { return strings.HasPrefix(role, disturberPrefix) }

// disturbing starts a disturber, and returns what it does as a disturbance.
func disturbing(tb testing.TB, broker *process, name string, s scale) disturbance {
	tb.Helper()
	role := fmt.Sprint(disturberPrefix, name, " ", broker.address, " ", s.crowd, " ", s.waiters, " ", *turnTime)
	d := disturber{startRole(tb, role, startBesideLoad)}
	return disturbance{prepare: d.told("prepare"), run: d.told("run"), after: d.told("after")}
}

// told returns a function that tells the process to do one part of the disturbance, and waits until that is done.
func (d disturber) told(part string) func() error {
	return func() error {
		if _, err := fmt.Fprintln(d.stdin, part); err != nil {
			return err
		}
		if answer := d.readLine(); answer != "done" {
			return errors.New(answer)
		}
		return nil
	}
}

// serveDisturber disturbs the broker as often as stdin says, and answers "done" or an error.
func serveDisturber(role string) error {
	fields := strings.Fields(role)
	var s scale
	s.crowd, _ = strconv.Atoi(fields[3])
	s.waiters, _ = strconv.Atoi(fields[4])
	*turnTime, _ = time.ParseDuration(fields[5])
	n := slices.IndexFunc(tailCases, func(c tailCase) bool { return c.name == fields[1] })
	if n < 0 {
		return errors.New("no such disturbance: " + fields[1])
	}
	d, err := tailCases[n].disturbance(fields[2], s)
	if err = errors.Join(err, givePrecedence()); err != nil {
		return err
	}
	fmt.Println("ready")
	parts := map[string]func() error{"prepare": d.prepare, "run": d.run, "after": d.after}
	told := bufio.NewScanner(os.Stdin)
	for told.Scan() {
		answer := "done"
		if part := parts[told.Text()]; part != nil {
			if err := part(); err != nil {
				answer = strings.ReplaceAll(err.Error(), "\n", "; ")
			}
		}
		fmt.Println(answer)
	}
	return told.Err()
}

// newRawFor opens a session and keeps it alive until the process ends.
func newRawFor(address string) (*raw, error) {
	r, err := dialRaw(address, 64<<10)
	if err != nil {
		return nil, err
	}
	keepAlive(context.Background(), r)
	return r, nil
}
