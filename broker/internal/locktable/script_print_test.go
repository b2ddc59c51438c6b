package locktable

import (
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// String writes the command as parseCommand reads it, so that a program that a
// test made up can be kept as a script.
func (c command) String() string {
	var b strings.Builder
	b.WriteString(c.verb)
	switch c.verb {
	case verbOpen:
		fmt.Fprintf(&b, " %s", c.session)
		if c.by != "" {
			fmt.Fprintf(&b, " identity %s", c.by)
		}
	case verbDrop:
		fmt.Fprintf(&b, " %s", c.session)
		writeBudget(&b, c.budget)
		if c.keep > 0 {
			fmt.Fprintf(&b, " keep %s", c.keep)
		}
		if c.unkeep {
			b.WriteString(" unkeep")
		}
	case verbShut:
		writeBudget(&b, c.budget)
	case verbEvict:
		fmt.Fprintf(&b, " %s", c.id)
		if c.by != "" {
			fmt.Fprintf(&b, " by %s", c.by)
		}
		if c.message != "" {
			fmt.Fprintf(&b, " message %s", c.message)
		}
	case verbAllow:
		fmt.Fprintf(&b, " %d", c.ceiling)
	case verbWhy:
		if c.name != "" {
			fmt.Fprintf(&b, " lock %s", c.name)
		} else {
			fmt.Fprintf(&b, " %s", c.id)
		}
	case verbAcquire:
		writeAcquire(&b, c.acquire)
	case verbRelease, verbCancel:
		fmt.Fprintf(&b, " %s", c.id)
	case verbAt, verbClock:
		fmt.Fprintf(&b, " %s", c.time)
	case verbInfo:
		writeQuery(&b, c.query)
	}
	return b.String()
}

func writeBudget(b *strings.Builder, budget int) {
	if budget != whole {
		fmt.Fprintf(b, " budget %d", budget)
	}
}

func writeAcquire(b *strings.Builder, a Acquire) {
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
}

func writeQuery(b *strings.Builder, q Query) {
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

// lines are what a script shows beneath the command.
func (o outcome) lines(c command) []string {
	var lines []string
	for _, e := range o.Events {
		lines = append(lines, eventLine(e))
	}
	switch {
	case o.Page != nil:
		lines = append(lines, pageLines(*o.Page)...)
	case c.verb == verbDeadline && o.Due == nil:
		lines = append(lines, "none")
	case c.verb == verbDeadline:
		lines = append(lines, "at "+o.Due.String())
	case c.verb == verbHeld:
		lines = append(lines, fmt.Sprint(o.Held))
	case c.verb == verbEvict && !o.Done, c.verb == verbWhy && c.name == "" && !o.Done:
		lines = append(lines, "unknown")
	case c.verb == verbWhy && len(o.Chain) == 0:
		lines = append(lines, "nobody")
	case c.verb == verbWhy:
		lines = append(lines, stepLines(o.Chain)...)
	case c.verb != verbDrop && c.verb != verbShut:
	case c.budget == whole && !o.Done:
		lines = append(lines, "not done, with no end of budget")
	case c.budget != whole && o.Done:
		lines = append(lines, "done")
	case c.budget != whole:
		lines = append(lines, "not done")
	}
	return lines
}

// stepLines write who waits for whom.
func stepLines(steps []wire.Step) []string {
	var lines []string
	for _, s := range steps {
		how := "held by"
		if s.Blocker.Token == 0 {
			how = "behind"
		}
		lines = append(lines, fmt.Sprintf("%s waits for %s, %s %s", s.Request.ID, s.Lock, how, s.Blocker.ID))
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

func pageLines(page Page) []string {
	var lines []string
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

// lockLine writes name #seq: holders | waiters.
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
