package owner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// at TIME sets both clocks forward to that time on the monotonic clock.
func (d *driver) at(words []string) []string {
	passed := d.duration(words[0]) - d.now.Mono
	d.now.Mono += passed
	d.now.Wall += passed
	return nil
}

// wall DURATION sets the wall clock forward, or back.
func (d *driver) wall(words []string) []string {
	d.now.Wall += d.duration(words[0])
	return nil
}

// read [fails]
func (d *driver) read(words []string) []string {
	if !d.machine.WantsHead(d.now) {
		return []string{"not now"}
	}
	if len(words) > 0 {
		d.machine.HeadRead(d.now, cluster.Head{}, errUnknown)
		return nil
	}
	d.machine.HeadRead(d.now, d.store.head, nil)
	return nil
}

// sessions [fails|begins|ends]: without a word, the read begins and ends.
func (d *driver) sessions(words []string) []string {
	if len(words) > 0 && words[0] == "ends" {
		d.machine.SessionsRead(d.now, d.reading, nil)
		return nil
	}
	if !d.machine.WantsSessions(d.now) {
		return []string{"not now"}
	}
	d.reading = slices.Clone(d.store.sessions)
	switch {
	case len(words) == 0:
		d.machine.SessionsRead(d.now, d.reading, nil)
	case words[0] == "fails":
		d.machine.SessionsRead(d.now, nil, errUnknown)
	}
	return nil
}

// other NAME [grace D] [tokens N] [timeout D] [snapshot ID] [with SESSION,...] has another broker write the record.
func (d *driver) other(words []string) []string {
	owner := cluster.Owner{
		Broker: cluster.Broker{ID: words[0], Address: "ws://" + words[0]},
		Term:   d.store.head.Owner.Term + 1, Tokens: d.store.head.Owner.Tokens,
	}
	if words[0] == "nobody" {
		owner.Broker = cluster.Broker{}
	}
	w := cluster.Write{Guard: d.store.head.Revision, Beat: fmt.Sprint(words[0], "/", d.store.revision)}
	for i := 1; i+1 < len(words); i += 2 {
		switch value := words[i+1]; words[i] {
		case "grace":
			owner.Grace = d.duration(value)
		case "tokens":
			owner.Tokens = d.number(value)
		case "snapshot":
			owner.Snapshot = value
		case "with":
			for id := range strings.SplitSeq(value, ",") {
				w.Put = append(w.Put, cluster.Session{ID: id})
			}
		default:
			d.t.Fatalf("no such word: %s", words[i])
		}
	}
	w.Owner = &owner
	d.store.write(w)
	return nil
}

// write begins an attempt at a write.
func (d *driver) write([]string) []string {
	w, wants := d.machine.WantsWrite(d.now)
	if !wants {
		return []string{"not now"}
	}
	d.writing = w
	lines := []string{fmt.Sprintf("beat %s after %v", w.Beat, w.Guard)}
	if o := w.Owner; o != nil {
		lines = append(lines, describeOwner(*o))
	}
	for _, s := range w.Put {
		lines = append(lines, describeSession("put", s))
	}
	for _, id := range w.Delete {
		lines = append(lines, "delete "+id)
	}
	return lines
}

func describeOwner(o cluster.Owner) string {
	text := fmt.Sprintf("owner %q, term %d, tokens %d, grace %v", o.ID, o.Term, o.Tokens, o.Grace)
	if o.Snapshot != "" {
		text += ", snapshot " + o.Snapshot
	}
	return text
}

func describeSession(verb string, s cluster.Session) string {
	text := verb + " " + s.ID
	if len(s.Revoked) > 0 {
		text += fmt.Sprint(" revoked ", s.Revoked)
	}
	return text
}

// applied passes the write to the store, and the answer to the machine.
func (d *driver) applied([]string) []string {
	if !d.machine.chain.trying {
		return []string{"no write"}
	}
	d.machine.Wrote(d.now, d.store.write(d.writing), nil)
	return nil
}

// fails HOW ends the attempt with an error: "lost" says nothing about it, "answer" has the store apply the write, and
// "certainly" says that it was not applied.
func (d *driver) fails(words []string) []string {
	if !d.machine.chain.trying {
		return []string{"no write"}
	}
	err := errUnknown
	switch words[0] {
	case "answer":
		d.store.write(d.writing)
	case "certainly":
		err = fmt.Errorf("test: %w", cluster.ErrNotApplied)
	}
	d.machine.Wrote(d.now, cluster.Head{}, err)
	return nil
}

// open MARK
func (d *driver) open(words []string) []string {
	d.marks[words[0]] = d.machine.Opened()
	return nil
}

// enter SESSION [TOKEN...]: the mark has the name of the session.
func (d *driver) enter(words []string) []string {
	s := cluster.Session{ID: words[0]}
	for _, token := range words[1:] {
		s.Revoked = append(s.Revoked, d.number(token))
	}
	d.marks[words[0]] = d.machine.Enter(s)
	return nil
}

// revoke SESSION TOKEN
func (d *driver) revoke(words []string) []string {
	d.marks[words[0]] = d.machine.Revoke(words[0], d.number(words[1]))
	return nil
}

func (d *driver) strike(words []string) []string {
	d.marks[words[0]] = d.machine.Strike(words[0])
	return nil
}

// reserve LIMIT
func (d *driver) reserve(words []string) []string {
	d.marks["tokens"] = d.machine.Reserve(d.number(words[0]))
	return nil
}

// recorded MARK...
func (d *driver) recorded(words []string) (lines []string) {
	for _, name := range words {
		mark, known := d.marks[name]
		if !known {
			d.t.Fatalf("no such mark: %s", name)
		}
		lines = append(lines, fmt.Sprintf("%s: %v", name, d.machine.Recorded(mark)))
	}
	return lines
}

func (d *driver) session(words []string) []string {
	s, known := d.machine.Session(words[0])
	if !known {
		return []string{"not on record"}
	}
	return []string{describeSession("on record:", s)}
}

// found takes the sessions that were on record at the takeover.
func (d *driver) found([]string) (lines []string) {
	for _, s := range d.machine.TakeSessions() {
		lines = append(lines, describeSession("found:", s))
	}
	return lines
}

// handover NAME [SNAPSHOT]
func (d *driver) handOver(words []string) []string {
	to, snapshot := cluster.Broker{ID: words[0], Address: "ws://" + words[0]}, ""
	if words[0] == "nobody" {
		to = cluster.Broker{}
	}
	if len(words) > 1 {
		snapshot = words[1]
	}
	d.machine.HandOver(to, snapshot)
	return nil
}

func (d *driver) snapshot(words []string) []string {
	d.machine.SnapshotReceived(d.now, words[0])
	return nil
}

// stored prints the record.
func (d *driver) stored([]string) []string {
	lines := []string{describeOwner(d.store.head.Owner)}
	for _, s := range d.store.sessions {
		lines = append(lines, describeSession("session", s))
	}
	return lines
}

func (d *driver) tokens([]string) []string {
	first, limit := d.machine.Tokens()
	return []string{fmt.Sprintf("from %d, below %d", first, limit)}
}

func (d *driver) deadline([]string) []string {
	switch due, some := d.machine.Deadline(d.now); {
	case !some:
		return []string{"none"}
	case due <= d.now.Mono:
		return []string{"now"}
	default:
		return []string{due.Round(time.Millisecond).String()}
	}
}
