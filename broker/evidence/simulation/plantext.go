package simulation

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// faultNames has the name of each kind of fault in the text of a plan.
var faultNames = [faultKinds]string{
	Freeze: "freeze", Suspend: "suspend", Kill: "kill", Vanish: "vanish", SetWall: "set-wall",
	LateTimers: "late-timers", SlowReader: "slow-reader", CutUp: "cut-up", CutDown: "cut-down", CutBoth: "cut",
	Lag: "lag", LagDown: "lag-down", ResetClient: "reset-client", ResetBroker: "reset-broker",
	CloseBroker: "close-broker", ResetBoth: "reset-both",
	FailBroker: "fail-broker", FailClient: "fail-client", CloseClient: "close-client",
	DrainClient: "drain-client", EvictHolder: "evict-holder", EvictWaiter: "evict-waiter",
	DrainBroker: "drain-broker", KillBroker: "kill-broker", VanishBroker: "vanish-broker",
	FreezeBroker: "freeze-broker", SlowLoop: "slow-loop", DiskFails: "disk-fails", DiskSlow: "disk-slow",
	RestoreSeen: "restore-seen", RestoreUnseen: "restore-unseen", SetBrokerWall: "set-broker-wall",
	SuspendBroker: "suspend-broker", PauseBroker: "pause-broker", CutStore: "cut-store", StoreDown: "store-down",
	CutBroker: "cut-broker",
}

// String returns the name of the kind in the text of a plan.
func (k FaultKind) String() string { return faultNames[k] }

// A field is one setting of a line: a word, and what it points to. The kind of pointer says how its text is read.
type field struct {
	word  string
	value any
}

func (p *Plan) fields() []field {
	return []field{
		{"seed", &p.Seed},
		{"timeout", &p.Timeout}, {"next-timeout", &p.NextTimeout}, {"heartbeat", &p.Heartbeat},
		{"drain", &p.Drain}, {"delay", &p.Delay},
		{"quiet", &p.Quiet}, {"tokens", &p.Tokens}, {"window", &p.Window}, {"slice", &p.Slice},
		{"rate", &p.Rate}, {"lock-delay", &p.LockDelay}, {"state-dir", &p.StateDir},
		{"lasting", &p.Lasting},
		{"brokers", &p.Brokers}, {"takeover", &p.Takeover}, {"rate-2", &p.Rate2}, {"rate-3", &p.Rate3},
		{"store-errors", &p.StoreErrors},
	}
}

func (c *Client) fields() []field {
	return []field{
		{"client", &c.Number}, {"rate", &c.Rate}, {"stop-time", &c.StopTime}, {"react", &c.React},
		{"asleep", &c.Asleep}, {"resume", &c.Resume}, {"old", &c.Old},
	}
}

func (c *Call) fields() []field {
	return []field{
		{"call", &c.Number}, {"client", &c.Client}, {"at", &c.At}, {"in", &c.In}, {"under", &c.Under},
		{"locks", &c.Locks}, {"wait", &c.Wait}, {"hold", &c.Hold}, {"min-hold", &c.MinHold},
		{"give-up", &c.GiveUp}, {"work", &c.Work}, {"try", &c.Try}, {"steal", &c.Steal},
		{"async", &c.Async},
	}
}

func (f *Fault) fields() []field {
	return []field{
		{"fault", &f.Kind}, {"client", &f.Client}, {"broker", &f.Broker}, {"lock", &f.Lock},
		{"at", &f.At}, {"for", &f.For}, {"by", &f.By},
	}
}

// String returns the text of a plan: one line for the broker, and one for each client, call and fault.
func (p *Plan) String() string {
	var text strings.Builder
	text.WriteString("broker")
	writeFields(&text, p.fields())
	for i := range p.Clients {
		writeFields(&text, p.Clients[i].fields())
	}
	for i := range p.Calls {
		writeFields(&text, p.Calls[i].fields())
	}
	for i := range p.Faults {
		writeFields(&text, p.Faults[i].fields())
	}
	return strings.ReplaceAll(strings.TrimSpace(text.String()), "\n ", "\n") + "\n"
}

// writeFields writes the fields that are not zero, and ends the line.
func writeFields(text *strings.Builder, fields []field) {
	for _, f := range fields {
		value := ""
		switch v := f.value.(type) {
		case *int:
			value = nonZero(int64(*v))
		case *int64:
			value = nonZero(*v)
		case *uint64:
			value = strconv.FormatUint(*v, 10)
		case *time.Duration:
			if *v != 0 {
				value = v.String()
			}
		case *bool:
			if *v {
				text.WriteString(" " + f.word)
			}
		case *string:
			value = *v
		case *FaultKind:
			value = v.String()
		case *[]wire.LockSpec:
			value = lockText(*v)
		}
		if value != "" {
			text.WriteString(" " + f.word + " " + value)
		}
	}
	text.WriteString("\n")
}

func nonZero(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// lockText returns locks as text: "a" is exclusive, "b:s" shared, and "c:3" shared by at most three.
func lockText(locks []wire.LockSpec) string {
	var texts []string
	for _, l := range locks {
		text := l.Name
		if limit, given := l.Limit.Get(); given {
			text += ":" + strconv.Itoa(limit)
		} else if l.Mode == wire.Shared {
			text += ":s"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, ",")
}

// ParsePlan reads the text of a plan. Lines that begin with # are comments.
func ParsePlan(text string) (*Plan, error) {
	p := &Plan{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		if err := p.parseLine(words); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, lines.Err()
}

func (p *Plan) parseLine(words []string) error {
	switch words[0] {
	case "broker":
		return parseFields(words[1:], p.fields())
	case "client":
		p.Clients = append(p.Clients, Client{})
		return parseFields(words, p.Clients[len(p.Clients)-1].fields())
	case "call":
		p.Calls = append(p.Calls, Call{})
		return parseFields(words, p.Calls[len(p.Calls)-1].fields())
	case "fault":
		p.Faults = append(p.Faults, Fault{})
		return parseFields(words, p.Faults[len(p.Faults)-1].fields())
	}
	return fmt.Errorf("%q begins no line of a plan", words[0])
}

// parseFields reads words into fields.
func parseFields(words []string, fields []field) error {
	for len(words) > 0 {
		f := find(fields, words[0])
		if f == nil {
			return fmt.Errorf("unknown word %q", words[0])
		}
		if flag, is := f.value.(*bool); is {
			*flag, words = true, words[1:]
			continue
		}
		if len(words) == 1 {
			return fmt.Errorf("%s: a value is missing", f.word)
		}
		if err := f.parse(words[1]); err != nil {
			return fmt.Errorf("%s: %w", f.word, err)
		}
		words = words[2:]
	}
	return nil
}

func find(fields []field, word string) *field {
	for i := range fields {
		if fields[i].word == word {
			return &fields[i]
		}
	}
	return nil
}

func (f *field) parse(text string) (err error) {
	switch v := f.value.(type) {
	case *int:
		*v, err = strconv.Atoi(text)
	case *int64:
		*v, err = strconv.ParseInt(text, 10, 64)
	case *uint64:
		*v, err = strconv.ParseUint(text, 10, 64)
	case *time.Duration:
		*v, err = time.ParseDuration(text)
	case *string:
		*v = text
	case *FaultKind:
		*v, err = parseKind(text)
	case *[]wire.LockSpec:
		*v, err = parseLocks(text)
	}
	return err
}

func parseKind(text string) (FaultKind, error) {
	for kind, name := range faultNames {
		if name == text && name != "" {
			return FaultKind(kind), nil
		}
	}
	return 0, fmt.Errorf("unknown kind of fault %q", text)
}

func parseLocks(text string) ([]wire.LockSpec, error) {
	var locks []wire.LockSpec
	for part := range strings.SplitSeq(text, ",") {
		name, mode, shared := strings.Cut(part, ":")
		lock := wire.LockSpec{Name: name}
		if shared {
			lock.Mode = wire.Shared
			if mode != "s" {
				limit, err := strconv.Atoi(mode)
				if err != nil {
					return nil, err
				}
				lock.Limit = wire.Some(limit)
			}
		}
		locks = append(locks, lock)
	}
	return locks, nil
}
