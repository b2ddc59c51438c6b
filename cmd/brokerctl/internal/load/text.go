package load

import (
	"fmt"
	"strconv"
	"time"
)

// AppendText appends the report as text.
func (r *Report) AppendText(text []byte) []byte {
	text = fmt.Appendf(text, "%s; measured for %s\n", r.Plan, r.measured())
	if r.Grants == 0 {
		return fmt.Appendf(text, "no lock was granted; %d waiting at the end\n", r.Waiting)
	}
	text = fmt.Appendf(text, "%-16s %d, %.0f a second\n", "grants", r.Grants, r.PerSecond())
	text = fmt.Appendf(text, "%-16s %8s %8s %8s %8s %8s\n", "latency", "p50", "p90", "p99", "p99.9", "max")
	text = r.Acquire.appendText(text, "  acquire")
	text = r.Pair.appendText(text, "  with release")
	text = fmt.Appendf(text, "%-16s fewest %d, most %d, ratio %.3f\n", "by goroutine", r.Fewest, r.Most,
		r.Fairness())
	if r.Waiting > 0 {
		text = fmt.Appendf(text, "%-16s %d, longest %s\n", "waiting at end", r.Waiting, brief(r.LongestWait))
	}
	return text
}

// String returns a description on one line.
func (p Plan) String() string {
	text := fmt.Sprintf("%s on %s, %s, %s", count(p.Goroutines, "goroutine"),
		count(p.Connections, "connection"), count(p.Names, "name"), p.mode())
	if p.Limit > 0 {
		text += fmt.Sprintf(" by at most %d", p.Limit)
	}
	if p.Hold > 0 {
		text += fmt.Sprintf(", held for %v", p.Hold)
	}
	return text
}

func (p Plan) mode() string {
	if p.isShared() {
		return "shared"
	}
	return "exclusive"
}

func (r *Report) measured() string {
	text := brief(significant(r.Measured))
	switch r.Ending {
	case EndedEarly:
		text += fmt.Sprintf(" of %v, until a signal", r.Plan.Duration)
	case EndedByFailure:
		text += fmt.Sprintf(" of %v, until a failure", r.Plan.Duration)
	}
	return text
}

func (l Latency) appendText(text []byte, what string) []byte {
	if l.Count == 0 {
		return text
	}
	return fmt.Appendf(text, "%-16s %8s %8s %8s %8s %8s\n", what,
		brief(l.P50), brief(l.P90), brief(l.P99), brief(l.P999), brief(l.Max))
}

// brief formats a time with three significant digits, so that the times of a column can be compared at a glance. The
// method String of time.Duration would print 1.041ms above 41.3µs.
func brief(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return threeDigits(float64(d)/1e3) + "µs"
	case d < time.Second:
		return threeDigits(float64(d)/1e6) + "ms"
	case d < 1000*time.Second:
		return threeDigits(d.Seconds()) + "s"
	}
	return d.Round(time.Second).String()
}

func threeDigits(f float64) string {
	switch {
	case f < 10:
		return strconv.FormatFloat(f, 'f', 2, 64)
	case f < 100:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 0, 64)
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
