package core

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// This file writes what a step has caused, as scripts show it.

func outputLines(o *Output) (lines []string) {
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, r := range o.Stop {
		add("stop %s: %s", r.Owner, endText(r.Cause()))
	}
	for _, r := range o.Wake {
		switch {
		case r.End() != nil:
			add("wake %s: %s", r.Owner, endText(r.End()))
		case r.IsHolding():
			add("wake %s: granted token %d", r.Owner, r.Token())
		default:
			add("wake %s: nothing", r.Owner)
		}
	}
	for _, m := range o.Send {
		switch m.Kind {
		case Acquire:
			add("send acquire %s %s", m.ID, acquireText(m.Acquire))
		case Release:
			add("send release %s%s", m.ID, map[bool]string{true: " quietly"}[m.Quiet])
		case Cancel:
			add("send cancel %s", m.ID)
		}
	}
	if len(o.Resume) > 0 {
		add("send %s", resumeText(merge(o.Resume)))
	}
	switch o.Answer.(type) {
	case *wire.Resumed:
		add("taken up")
	case *wire.NotResumed:
		add("not taken up")
	}
	if o.Disconnect.End != nil {
		then := map[Then]string{ByCaller: "", CloseNow: ", close", FallSilent: ", silent"}[o.Disconnect.Then]
		add("end of %s: %s%s", o.Disconnect.Owner, endText(o.Disconnect.End), then)
	}
	for _, owner := range o.Close {
		add("close %s", owner)
	}
	return lines
}

// merge puts the messages of a statement into one.
func merge(parts []*wire.Resume) *wire.Resume {
	all := *parts[0]
	all.Held, all.Waiting, all.More = nil, nil, false
	for _, m := range parts {
		all.Held = append(all.Held, m.Held...)
		all.Waiting = append(all.Waiting, m.Waiting...)
	}
	return &all
}

// resumeText shows a statement. A request is its number, then its token if it holds, and then its fields.
func resumeText(m *wire.Resume) string {
	var text strings.Builder
	fmt.Fprintf(&text, "resume %s of %s secret %s", m.ID, m.Session, m.Secret)
	if len(m.Tried) > 0 {
		text.WriteString(" tried " + strings.Join(m.Tried, ","))
	}
	for _, r := range m.Held {
		what := requestText(r.Locks, wire.Opt[int64]{}, r.HoldMS, r.Parent)
		fmt.Fprintf(&text, ", held %d token %d %s%s", r.N, r.Token, what, ageText(r.AgeMS))
	}
	for _, r := range m.Waiting {
		what := requestText(r.Locks, r.WaitMS, r.HoldMS, r.Parent)
		fmt.Fprintf(&text, ", waiting %d %s%s", r.N, what, ageText(r.AgeMS))
	}
	return text.String()
}

func ageText(ms int64) string {
	if ms == 0 {
		return ""
	}
	return fmt.Sprint(" age_ms ", ms)
}

func acquireText(m *wire.Acquire) string {
	text := requestText(m.Locks, m.WaitMS, m.HoldMS, m.Parent)
	if m.Steal {
		text += " steal"
	}
	return text
}

func requestText(locks []wire.LockSpec, wait, hold wire.Opt[int64], parent wire.ID) string {
	text := specsText(locks)
	if ms, ok := wait.Get(); ok {
		text += fmt.Sprint(" wait_ms ", ms)
	}
	if ms, ok := hold.Get(); ok {
		text += fmt.Sprint(" hold_ms ", ms)
	}
	if !parent.IsZero() {
		text += " parent " + parent.String()
	}
	return text
}

// lateText returns how late an end was noticed, or "".
func lateText(late time.Duration) string {
	if late == 0 {
		return ""
	}
	return " late " + late.String()
}

func endText(e *End) string {
	var text string
	switch e.How {
	case Released:
		text = "released"
	case Cancelled:
		text = "cancelled"
	case Refused:
		text = "refused " + string(e.Refusal.Code)
	case Invalid:
		text = "invalid"
	case TimedOut:
		text = "timed out"
	case Lost:
		text = strings.TrimSpace(fmt.Sprint("lost: ", e.Reason, " ", e.By, " ", e.Message)) + lateText(e.Late)
	case OuterLost:
		text = "outer lost"
	case Disconnected:
		text = "disconnected: " + string(e.Reason) + lateText(e.Late)
		if e.Unanswered {
			text = "disconnected: no answer"
		}
	case Closed:
		text = "closed"
	}
	if e.Because != nil && e.How != Lost && e.How != Closed {
		text += " (" + endText(e.Because) + ")"
	}
	return text
}
