package core

import (
	"cmp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// A driver gives a machine the commands of a script.
type driver struct {
	t        *testing.T
	observer *observer
	machine  *Machine
	commands map[string]func(d *driver, first string, rest []string) []string
	now      time.Duration
	shares   map[string]*locktable.Account // by name
	wanted   *Reservation                  // the reservation under way

	resumptions map[string]*Resumption // under way, by the session of their connection
	err         error                  // the first violation of an invariant
}

// newDriver makes a machine. config is the config line of a scenario, or "".
func newDriver(t *testing.T, config string) *driver {
	c := Config{
		Timeout: 15 * time.Second, Drain: 10 * time.Second, MaxRequests: 1000, TokenRange: 100,
		Table: locktable.Config{MaxRequests: 1000},
	}
	begin := Beginning{First: 1}
	words := strings.Fields(config)
	for i := 1; i+1 < len(words); i += 2 {
		n, _ := strconv.Atoi(words[i+1])
		d, _ := time.ParseDuration(words[i+1])
		switch words[i] {
		case "timeout":
			c.Timeout = d
		case "drain":
			c.Drain = d
		case "requests":
			c.MaxRequests = n
		case "range":
			c.TokenRange = int64(n)
		case "grace":
			begin.Grace = d
		case "first":
			begin.First = int64(n)
		default:
			t.Fatalf("no such setting: %s", words[i])
		}
	}
	o := newObserver(c, begin)
	return &driver{
		t: t, observer: o, machine: o.machine, commands: commands(),
		shares: make(map[string]*locktable.Account), resumptions: make(map[string]*Resumption),
	}
}

// step runs a line of a script, and returns what it has caused.
func (d *driver) step(line string) []string {
	words := strings.Fields(line)
	first, rest := "", words[1:]
	if len(rest) > 0 {
		first, rest = rest[0], rest[1:]
	}
	if do := d.commands[words[0]]; do != nil {
		return do(d, first, rest)
	}
	d.t.Fatalf("no such command: %s", line)
	return nil
}

// commands returns what each command of a script does. first is its first argument, or "".
func commands() map[string]func(d *driver, first string, rest []string) []string {
	return map[string]func(d *driver, first string, rest []string) []string{
		"at":       (*driver).at,
		"open":     (*driver).open,
		"quota":    (*driver).quota,
		"acquire":  (*driver).acquire,
		"release":  (*driver).release,
		"cancel":   (*driver).cancel,
		"evict":    (*driver).evict,
		"end":      (*driver).end,
		"gone":     (*driver).gone,
		"drop":     (*driver).drop,
		"reserve":  (*driver).reserve,
		"stored":   (*driver).stored,
		"failed":   (*driver).failed,
		"allow":    (*driver).allow,
		"drain":    (*driver).drain,
		"shut":     (*driver).shut,
		"status":   (*driver).status,
		"stop":     (*driver).stop,
		"deadline": (*driver).deadline,

		"last":     (*driver).last,
		"detach":   (*driver).detach,
		"absences": (*driver).absences,
		"state":    (*driver).state,
		"more":     (*driver).more,
		"check":    (*driver).check,
		"settle":   (*driver).settle,
		"attach":   (*driver).attach,
		"recheck":  (*driver).recheck,
		"giveup":   (*driver).giveUp,
	}
}

// tell returns a line for each event: whose session is told what.
func (d *driver) tell(events []locktable.Event) (lines []string) {
	d.note(d.observer.see(events, d.now))
	for i := range events {
		e := &events[i]
		reply := ReplyTo(e)
		if reply == nil {
			lines = append(lines, e.Kind.String()+" "+e.ID.String())
			continue
		}
		frame, err := codec.Append(nil, reply)
		if err != nil {
			d.t.Fatal(err)
		}
		lines = append(lines, e.ID.Session+" <- "+string(frame))
	}
	return lines
}

// note notes the first violation of an invariant.
func (d *driver) note(err error) { d.err = cmp.Or(d.err, err) }

func (d *driver) duration(text string) time.Duration {
	value, err := time.ParseDuration(text)
	if err != nil {
		d.t.Fatal(err)
	}
	return value
}

// id parses the id of a request.
func (d *driver) id(text string) wire.ID {
	id := wire.ParseID(text)
	if !id.Valid() {
		d.t.Fatalf("no id: %q", text)
	}
	return id
}
