//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"
)

// markdown returns the report for people.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Soak\n\n**%s**\n\n", r.verdict())
	if r.Interrupted {
		b.WriteString("The run was interrupted.\n\n")
	}
	c := r.Config
	fmt.Fprintf(&b, "Began %s, took %v. %s.\n\n", r.Began.UTC().Format(time.RFC3339), r.Took.Round(time.Second),
		r.Machine)
	fmt.Fprintf(&b,
		"    go run ./broker/evidence/soak -for %v -clients %d -per-process %d -node %d -hostile %d -names %d "+
			"-seed %d -session-timeout %v -drain %v -storm %v -gust %v -think %v -probes %d\n\n",
		c.Duration, c.Clients, c.PerProcess, c.Node, c.Hostile, c.Names, c.Seed, c.Timeout, c.Drain, c.Storm,
		c.Gust, c.Think, c.Probes)
	fmt.Fprintf(&b,
		"%d storms and calms, %d broker processes. The broker or the soak got no processor for "+
			"longer than a quarter of a lease %d times.\n\n", r.Cycles, r.Lives, r.Pauses)
	fmt.Fprintf(&b,
		"The client processes in Go were frozen, or got no processor, for %v of %v (%.1f %%), which a wait "+
			"that a client measures (P10) may take longer. What the broker says about waits needs no "+
			"such excuse.\n\n",
		r.Stalled.Round(time.Second), r.Ran.Round(time.Second), 100*r.stalledShare())
	r.writePromises(&b)
	r.writeMeasures(&b)
	writeCounts(&b, "Faults", "fault", r.Faults)
	writeCounts(&b, "Losses", "reason", r.Losses)
	writeCounts(&b, "Operations", "operation and result", r.Operations)
	return b.String()
}

func (r *report) writePromises(b *strings.Builder) {
	b.WriteString("## Promises\n\n| promise | checks | broken |\n| --- | ---: | ---: |\n")
	for _, p := range r.Promises {
		fmt.Fprintf(b, "| %s | %d | %d |\n", p.Name, p.Checks, p.Broken.Count)
	}
	b.WriteString("\n")
	for _, p := range r.Promises {
		writeDetails(b, p.Name, p.Broken)
	}
	writeDetails(b, "Unexpected errors", r.Unexpected)
}

func writeDetails(b *strings.Builder, title string, what broken) {
	if what.Count == 0 {
		return
	}
	fmt.Fprintf(b, "### %s: %d\n\n", title, what.Count)
	for _, detail := range what.Details {
		fmt.Fprintf(b, "- %s\n", strings.ReplaceAll(detail, "\n", " "))
	}
	if more := what.Count - int64(len(what.Details)); more > 0 {
		fmt.Fprintf(b, "- and %d more\n", more)
	}
	b.WriteString("\n")
}

const trendsBegin = `## Trends

Measured in each calm. p is Mann-Kendall's, one-sided. The slope is Theil-Sen's, with its 95 % confidence interval. A
value rises if p < 0.001 and the slope exceeds the bound.

| value | samples | median | p | slope an hour | interval | bound | verdict |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |
`

func (r *report) writeMeasures(b *strings.Builder) {
	b.WriteString(trendsBegin)
	for _, m := range r.Measures {
		t := m.Trend
		if t.TooShort {
			fmt.Fprintf(b, "| %s | %d | | | | | | too few samples |\n", m.Name, t.Samples)
			continue
		}
		verdict := "flat"
		switch {
		case t.Rises && m.Decides:
			verdict = "RISES"
		case t.Rises:
			verdict = "rises (decides nothing)"
		}
		fmt.Fprintf(b, "| %s | %d | %.0f %s | %.3f | %+.1f | %+.1f to %+.1f | %.0f | %s |\n", m.Name, t.Samples,
			t.Median,
			m.Unit, t.P, t.Slope, t.Low, t.High, t.Bound, verdict)
	}
	b.WriteString("\n")
}

func writeCounts(b *strings.Builder, title, what string, counts map[string]int64) {
	fmt.Fprintf(b, "## %s\n\n| %s | times |\n| --- | ---: |\n", title, what)
	for _, key := range sorted(counts) {
		fmt.Fprintf(b, "| %s | %d |\n", key, counts[key])
	}
	b.WriteString("\n")
}
