package locktable

import (
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// String writes the command as parseCommand reads it. So a program that a test has made up can
// be kept as a script.
func (c command) String() string {
	var b strings.Builder
	b.WriteString(c.verb)
	if write := verbs[c.verb].write; write != nil {
		write(c, &b)
	}
	return b.String()
}

func writeBudget(c command, b *strings.Builder) {
	if c.budget != whole {
		fmt.Fprintf(b, " budget %d", c.budget)
	}
}

func writeAcquire(c command, b *strings.Builder) {
	a := c.acquire
	fmt.Fprintf(b, " %s", a.ID)
	for _, spec := range a.Locks {
		fmt.Fprintf(b, " %s", spec.Name)
		if spec.Mode == wire.Shared {
			b.WriteString(":shared")
		}
		if limit, ok := spec.Limit.Get(); ok {
			fmt.Fprintf(b, "/%d", limit)
		}
	}
	if a.Wait != Forever {
		fmt.Fprintf(b, " wait %s", a.Wait)
	}
	if a.Hold > 0 {
		fmt.Fprintf(b, " hold %s", a.Hold)
	}
	if a.Author != "" {
		fmt.Fprintf(b, " author %s", a.Author)
	}
	if !a.Parent.IsZero() {
		fmt.Fprintf(b, " parent %s", a.Parent)
	}
	if a.Steal {
		b.WriteString(" steal")
	}
	if a.By != "" {
		fmt.Fprintf(b, " by %s", a.By)
	}
	if a.MaxWaiting > 0 {
		fmt.Fprintf(b, " waiting %d", a.MaxWaiting)
	}
}

func writeInfo(c command, b *strings.Builder) {
	q := c.query
	if q.Empty {
		b.WriteString(" empty")
	}
	if q.Match != "" {
		fmt.Fprintf(b, " match %s", q.Match)
	}
	fmt.Fprintf(b, " max %d after %d queue %d", q.Max, q.After, q.Queue)
	if q.Seq != 0 {
		fmt.Fprintf(b, " seq %d", q.Seq)
	}
	if after, given := q.HoldersAfter.Get(); given {
		fmt.Fprintf(b, " holders after %d", after)
	}
	if after, given := q.WaitersAfter.Get(); given {
		fmt.Fprintf(b, " waiters after %d", after)
	}
}

// lines returns what a script shows beneath the command.
func (o outcome) lines(c command) (lines []string) {
	for _, e := range o.Events {
		lines = append(lines, eventLine(e))
	}
	if more := verbs[c.verb].lines; more != nil {
		lines = append(lines, more(c, o)...)
	}
	return lines
}

// stepLines returns a line for each step: who waits, for what, and because of which request.
func stepLines(steps []wire.Step) []string {
	var lines []string
	for _, s := range steps {
		how := "held by"
		if s.Blocker.Token == 0 {
			how = "behind"
		}
		var line strings.Builder
		fmt.Fprintf(&line, "%s waits for %s, %s %s", s.Request.ID, s.Lock, how, s.Blocker.ID)
		for _, other := range s.Others {
			line.WriteString(" and " + other.ID.String())
		}
		if s.Holding > 0 {
			fmt.Fprintf(&line, " of %d", s.Holding)
		}
		lines = append(lines, line.String())
	}
	return lines
}

func eventLine(e Event) string {
	line := e.Kind.String() + " " + e.ID.String()
	if e.Kind == Granted {
		line += fmt.Sprintf(" token %d", e.Token)
	}
	if e.Code != "" {
		line += " " + string(e.Code)
	}
	if e.Lost != "" {
		line += " " + string(e.Lost)
	}
	if e.By != "" {
		line += " by " + e.By
	}
	if e.Message != "" {
		line += ": " + e.Message
	}
	if len(e.Cycle) > 0 {
		line += " (" + strings.Join(stepLines(e.Cycle), "; ") + ")"
	}
	if e.Obstacle == nil {
		return line
	}
	held := make([]string, len(e.Obstacle.Holders))
	for i, h := range e.Obstacle.Holders {
		held[i] = fmt.Sprintf("%s for %s", h.ID, h.Duration())
	}
	if len(held) == 0 {
		held = []string{"nobody"}
	}
	return fmt.Sprintf("%s (held by %s; %d ahead)", line, strings.Join(held, ", "), e.Obstacle.Ahead)
}

func linesOfInfo(_ command, o outcome) (lines []string) {
	page := o.Page
	for _, l := range page.Locks {
		lines = append(lines, lockLine(l))
	}
	if len(lines) == 0 {
		lines = []string{"nothing"}
	}
	if page.Next != 0 {
		lines = append(lines, fmt.Sprintf("next %d", page.Next))
	}
	return lines
}

// lockLine returns a line of the form "name #seq: holders | waiters".
func lockLine(l wire.LockInfo) string {
	line := fmt.Sprintf("%s #%d: ", l.Name, l.Seq)
	if l.Holding == 0 && l.Waiting == 0 {
		return line + "free"
	}
	line += requestsText(l.Holders, l.Holding)
	if l.Waiting > 0 {
		line += " | " + requestsText(l.Waiters, l.Waiting)
	}
	if after, given := l.HoldersNext.Get(); given {
		line += fmt.Sprintf("; holders after %d", after)
	}
	if after, given := l.WaitersNext.Get(); given {
		line += fmt.Sprintf("; waiters after %d", after)
	}
	return line
}

func requestsText(infos []wire.RequestInfo, all int) string {
	if all == 0 {
		return "nobody"
	}
	var texts []string
	for _, info := range infos {
		texts = append(texts, requestText(info))
	}
	if more := all - len(infos); more > 0 {
		texts = append(texts, fmt.Sprintf("... and %d more", more))
	}
	return strings.Join(texts, ", ")
}

func requestText(r wire.RequestInfo) string {
	text := r.ID.String() + " " + r.Mode.String()
	if limit, ok := r.Limit.Get(); ok {
		text += fmt.Sprintf("/%d", limit)
	}
	if r.Token != 0 {
		text += fmt.Sprintf(" token %d", r.Token)
	}
	text += fmt.Sprintf(" for %s", r.Duration())
	if len(r.Locks) > 1 {
		text += " of " + strings.Join(r.Locks, "+")
	}
	if r.Author != "" {
		text += " author " + r.Author
	}
	if !r.Parent.IsZero() {
		text += " parent " + r.Parent.String()
	}
	if r.Gone {
		text += " gone"
	}
	return text
}
