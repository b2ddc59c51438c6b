package locktable

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// The verbs of scripts. At moves the clock and ticks. Clock only moves the clock, so the next
// command is the first to see the new time.
const (
	verbOpen     = "open"
	verbDetach   = "detach"
	verbAttach   = "attach"
	verbAcquire  = "acquire"
	verbRelease  = "release"
	verbCancel   = "cancel"
	verbEvict    = "evict"
	verbForbid   = "forbid"
	verbDrop     = "drop"
	verbShut     = "shut"
	verbAllow    = "allow"
	verbAt       = "at"
	verbClock    = "clock"
	verbInfo     = "info"
	verbWhy      = "why"
	verbSession  = "session"
	verbDeadline = "deadline"
	verbHeld     = "held"
	verbSearch   = "search"
)

// A verb is how scripts write a command, and what the command does.
type verb struct {
	parse func(c *command, w *words) error            // reads what follows the verb; nil: nothing does
	write func(c command, b *strings.Builder)         // writes it
	do    func(d *driver, c command) outcome          // calls the machine
	lines func(c command, o outcome) (lines []string) // what a script shows beneath the events; or nil
}

var verbs = map[string]verb{
	verbOpen:     {parseOpen, writeOpen, (*driver).open, nil},
	verbDetach:   {parseDetach, writeDetach, (*driver).detach, nil},
	verbAttach:   {parseAttach, writeAttach, (*driver).attach, nil},
	verbAcquire:  {parseAcquireCommand, writeAcquire, (*driver).acquire, nil},
	verbRelease:  {parseID, writeID, (*driver).release, nil},
	verbCancel:   {parseID, writeID, (*driver).cancel, nil},
	verbEvict:    {parseEvict, writeEvict, (*driver).evict, linesOfEvict},
	verbForbid:   {parseForbid, writeForbid, (*driver).forbid, linesOfForbid},
	verbDrop:     {parseDrop, writeDrop, (*driver).drop, linesOfSlice},
	verbShut:     {parseShut, writeBudget, (*driver).shut, linesOfSlice},
	verbAllow:    {parseAllow, writeAllow, (*driver).allow, nil},
	verbAt:       {parseTime, writeTime, (*driver).at, nil},
	verbClock:    {parseTime, writeTime, (*driver).clock, nil},
	verbInfo:     {parseInfo, writeInfo, (*driver).info, linesOfInfo},
	verbWhy:      {parseWhy, writeWhy, (*driver).why, linesOfWhy},
	verbSession:  {parseSession, writeSession, (*driver).session, linesOfSession},
	verbDeadline: {nil, nil, (*driver).deadline, linesOfDeadline},
	verbHeld:     {nil, nil, (*driver).heldCount, linesOfHeld},
	verbSearch:   {nil, nil, (*driver).search, nil},
}

func parseOpen(c *command, w *words) error {
	c.session = w.next()
	if w.nextIs("identity") {
		c.by = w.next()
	}
	return nil
}

func writeOpen(c command, b *strings.Builder) {
	fmt.Fprintf(b, " %s", c.session)
	if c.by != "" {
		fmt.Fprintf(b, " identity %s", c.by)
	}
}

func (d *driver) open(c command) outcome {
	d.Open(c.session, wire.Peer{Client: "client of " + c.session, Identity: c.by})
	if c.by != "" {
		if d.identities == nil {
			d.identities = make(map[string]string)
		}
		d.identities[c.session] = c.by
	}
	d.CountIn(c.session, d.accountOf(c.session))
	return outcome{}
}

func parseDetach(c *command, w *words) error {
	c.session = w.next()
	return nil
}

func writeDetach(c command, b *strings.Builder) { fmt.Fprintf(b, " %s", c.session) }

func (d *driver) detach(c command) outcome {
	d.Detach(c.session)
	return outcome{}
}

func parseAttach(c *command, w *words) error {
	c.session, c.move = w.next(), w.nextIs("move")
	return nil
}

func writeAttach(c command, b *strings.Builder) {
	fmt.Fprintf(b, " %s", c.session)
	if c.move {
		b.WriteString(" move")
	}
}

// attach attaches a session, and has all of its waiting requests looked at.
func (d *driver) attach(c command) outcome {
	if d.moved == nil {
		d.moved = make(map[string]bool)
	}
	d.moved[c.session] = d.moved[c.session] != c.move
	peer := wire.Peer{Client: "next client of " + c.session, Identity: d.identities[c.session]}
	d.Attach(c.session, peer, d.accountOf(c.session))
	var waiting []int64
	d.EachRequest(c.session, false, -1, whole, func(n int64) { waiting = append(waiting, n) })
	return outcome{Events: d.Recheck(d.now, c.session, waiting, nil)}
}

func (d *driver) acquire(c command) outcome {
	return outcome{Events: d.Acquire(d.now, c.acquire, nil)}
}

func parseID(c *command, w *words) error {
	c.id = wire.ParseID(w.next())
	return nil
}

func writeID(c command, b *strings.Builder) { fmt.Fprintf(b, " %s", c.id) }

func (d *driver) release(c command) outcome { return outcome{Events: d.Release(d.now, c.id, nil)} }
func (d *driver) cancel(c command) outcome  { return outcome{Events: d.Cancel(d.now, c.id, nil)} }

func parseEvict(c *command, w *words) error {
	c.id = wire.ParseID(w.next())
	if w.nextIs("by") {
		c.by = w.next()
	}
	if w.nextIs("message") {
		c.message = w.next()
	}
	return nil
}

func writeEvict(c command, b *strings.Builder) {
	writeID(c, b)
	if c.by != "" {
		fmt.Fprintf(b, " by %s", c.by)
	}
	if c.message != "" {
		fmt.Fprintf(b, " message %s", c.message)
	}
}

func (d *driver) evict(c command) (o outcome) {
	o.Events, o.Done = d.Evict(d.now, c.id, c.by, c.message, nil)
	return o
}

func linesOfEvict(_ command, o outcome) []string {
	if !o.Done {
		return []string{"unknown"}
	}
	return nil
}

// Forbid takes from a session the permission to wait for one lock. It may say how much to look at, and
// after which request.
func parseForbid(c *command, w *words) (err error) {
	c.session, c.name, c.after = w.next(), w.next(), -1
	if c.budget, err = w.budget(); err == nil && w.nextIs("after") {
		c.after, err = strconv.ParseInt(w.next(), 10, 64)
	}
	return err
}

func writeForbid(c command, b *strings.Builder) {
	fmt.Fprintf(b, " %s %s", c.session, c.name)
	writeBudget(c, b)
	if c.after >= 0 {
		fmt.Fprintf(b, " after %d", c.after)
	}
}

func (d *driver) forbid(c command) (o outcome) {
	may := func(lock string, _ wire.Mode, _ bool) (wire.Verb, bool) { return wire.MayAcquire, lock != c.name }
	o.Events, o.Next, o.Done = d.Forbid(d.now, c.session, c.after, c.budget, may, nil)
	return o
}

// linesOfForbid says where to continue.
func linesOfForbid(_ command, o outcome) []string {
	if !o.Done {
		return []string{fmt.Sprintf("not done, after %d", o.Next)}
	}
	return nil
}

func parseDrop(c *command, w *words) (err error) {
	c.session = w.next()
	if c.budget, err = w.budget(); err == nil && w.nextIs("keep") {
		c.keep, err = w.duration()
	}
	c.unkeep = w.nextIs("unkeep")
	return err
}

func writeDrop(c command, b *strings.Builder) {
	fmt.Fprintf(b, " %s", c.session)
	writeBudget(c, b)
	if c.keep > 0 {
		fmt.Fprintf(b, " keep %s", c.keep)
	}
	if c.unkeep {
		b.WriteString(" unkeep")
	}
}

func (d *driver) drop(c command) (o outcome) {
	if d.left == nil {
		d.left = make(map[string]bool)
	}
	if !d.left[c.session] {
		d.Leave(c.session, c.keep)
	}
	d.left[c.session] = true
	if c.unkeep {
		d.Unkeep(c.session)
	}
	o.Events, o.Done = d.Drop(d.now, c.session, c.budget, nil)
	return o
}

func parseShut(c *command, w *words) (err error) {
	c.budget, err = w.budget()
	return err
}

func (d *driver) shut(c command) (o outcome) {
	o.Events, o.Done = d.Shut(d.now, c.budget, nil)
	return o
}

// linesOfSlice says whether a drop or a shut is done.
func linesOfSlice(c command, o outcome) []string {
	switch {
	case c.budget == whole && !o.Done:
		return []string{"not done, with no end of budget"}
	case c.budget != whole && o.Done:
		return []string{"done"}
	case c.budget != whole:
		return []string{"not done"}
	}
	return nil
}

func parseAllow(c *command, w *words) (err error) {
	c.ceiling, err = strconv.ParseInt(w.next(), 10, 64)
	return err
}

func writeAllow(c command, b *strings.Builder) { fmt.Fprintf(b, " %d", c.ceiling) }

func (d *driver) allow(c command) outcome { return outcome{Events: d.Allow(d.now, c.ceiling, nil)} }

func parseTime(c *command, w *words) (err error) {
	c.time, err = w.duration()
	return err
}

func writeTime(c command, b *strings.Builder) { fmt.Fprintf(b, " %s", c.time) }

func (d *driver) at(c command) outcome {
	d.now = c.time
	return outcome{Events: d.Tick(d.now, nil)}
}

func (d *driver) clock(c command) outcome {
	d.now = c.time
	return outcome{}
}

func (d *driver) info(c command) outcome {
	page, events := d.Page(d.now, c.query, nil)
	return outcome{Events: events, Page: &page}
}

func parseWhy(c *command, w *words) error {
	if !w.nextIs("lock") {
		return parseID(c, w)
	}
	c.name = w.next()
	return nil
}

func writeWhy(c command, b *strings.Builder) {
	if c.name != "" {
		fmt.Fprintf(b, " lock %s", c.name)
	} else {
		writeID(c, b)
	}
}

func (d *driver) why(c command) (o outcome) {
	if c.name != "" {
		o.Chain, o.Events = d.WhyLock(d.now, c.name, nil)
	} else {
		o.Chain, o.Done, o.Events = d.Why(d.now, c.id, nil)
	}
	return o
}

func linesOfWhy(c command, o outcome) []string {
	switch {
	case c.name == "" && !o.Done:
		return []string{"unknown"}
	case len(o.Chain) == 0:
		return []string{"nobody"}
	}
	return stepLines(o.Chain)
}

func parseSession(c *command, w *words) (err error) {
	c.session = w.next()
	if c.most = wire.MaxPage; w.nextIs("most") {
		c.most, err = w.int()
	}
	return err
}

func writeSession(c command, b *strings.Builder) { fmt.Fprintf(b, " %s most %d", c.session, c.most) }

func (d *driver) session(c command) (o outcome) {
	o.Requests, o.Events = d.RequestsOf(d.now, c.session, c.most, nil)
	o.Usage = d.Usage(c.session)
	return o
}

func linesOfSession(_ command, o outcome) []string {
	lines := []string{fmt.Sprintf("holding %d waiting %d", o.Usage.Holding, o.Usage.Waiting)}
	for _, r := range o.Requests {
		lines = append(lines, requestText(r))
	}
	return lines
}

func (d *driver) deadline(command) (o outcome) {
	if due, ok := d.Deadline(); ok {
		o.Due = &due
	}
	return o
}

func linesOfDeadline(_ command, o outcome) []string {
	if o.Due == nil {
		return []string{"none"}
	}
	return []string{"at " + o.Due.String()}
}

func (d *driver) heldCount(command) outcome { return outcome{Held: d.Held()} }

func linesOfHeld(_ command, o outcome) []string { return []string{fmt.Sprint(o.Held)} }

func (d *driver) search(command) outcome { return outcome{Events: d.Search(d.now, nil)} }
