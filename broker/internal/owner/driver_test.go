package owner

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A driver gives a machine the commands of a script. The machine is broker a. Commands that cause nothing print
// nothing.
type driver struct {
	t       *testing.T
	machine *Machine
	store   *memory
	now     Instant
	writing cluster.Write
	reading []cluster.Session // what a read of the sessions will return
	marks   map[string]Mark   // by the name that the script gives them
	last    string            // the last state that was printed
}

// newDriver makes a machine. config is the config line of a scenario, or "".
func newDriver(t *testing.T, config string) *driver {
	c := Config{
		Self:     cluster.Broker{ID: "a", Address: "ws://a"},
		Takeover: 5 * time.Second, Timeout: 15 * time.Second, TokenRange: 100,
	}
	words := strings.Fields(config)
	for i := 1; i+1 < len(words); i += 2 {
		n, _ := strconv.Atoi(words[i+1])
		d, _ := time.ParseDuration(words[i+1])
		switch words[i] {
		case "takeover":
			c.Takeover = d
		case "timeout":
			c.Timeout = d
		case "changes":
			c.MaxChanges = n
		default:
			t.Fatalf("no such setting: %s", words[i])
		}
	}
	d := &driver{t: t, machine: New(c), store: new(memory), marks: make(map[string]Mark)}
	d.last = d.state()
	return d
}

// step runs a line of a script, and returns what it has caused.
func (d *driver) step(line string) []string {
	words := strings.Fields(line)
	do := commands()[words[0]]
	if do == nil {
		d.t.Fatalf("no such command: %s", line)
	}
	lines := do(d, words[1:])
	d.machine.Tick(d.now)
	if state := d.state(); state != d.last {
		d.last = state
		lines = append(lines, state)
	}
	return lines
}

// commands returns what each command of a script does.
func commands() map[string]func(d *driver, words []string) []string {
	return map[string]func(d *driver, words []string) []string{
		"at":       (*driver).at,
		"wall":     (*driver).wall,
		"read":     (*driver).read,
		"sessions": (*driver).sessions,
		"other":    (*driver).other,
		"write":    (*driver).write,
		"applied":  (*driver).applied,
		"fails":    (*driver).fails,
		"open":     (*driver).open,
		"enter":    (*driver).enter,
		"revoke":   (*driver).revoke,
		"strike":   (*driver).strike,
		"reserve":  (*driver).reserve,
		"recorded": (*driver).recorded,
		"session":  (*driver).session,
		"found":    (*driver).found,
		"handover": (*driver).handOver,
		"snapshot": (*driver).snapshot,
		"stored":   (*driver).stored,
		"deadline": (*driver).deadline,
		"tokens":   (*driver).tokens,
	}
}

// state describes what the broker is and may do.
func (d *driver) state() string {
	m := d.machine
	role := [...]string{"standby", "taking", "loading", "owner"}[m.role]
	if m.Term() != 0 {
		role += fmt.Sprintf(" of term %d, grace until %v", m.Term(), m.GraceEnds())
	}
	if m.Accepted() != "" {
		role += ", snapshot"
	}
	if m.MayAnswer(d.now) {
		role += ": answers"
	}
	return role
}

var errUnknown = errors.New("no answer")

func (d *driver) duration(text string) time.Duration {
	value, err := time.ParseDuration(text)
	if err != nil {
		d.t.Fatal(err)
	}
	return value
}

func (d *driver) number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	return n
}
