package bench

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A bound is what a figure must not fall below, or exceed.
type bound struct {
	value   float64
	ceiling bool
}

func atLeast(value float64) *bound { return &bound{value: value} }
func atMost(value float64) *bound  { return &bound{value: value, ceiling: true} }

func (b *bound) String() string {
	switch {
	case b == nil:
		return "-"
	case b.ceiling:
		return fmt.Sprintf("<= %.4g", b.value)
	}
	return fmt.Sprintf(">= %.4g", b.value)
}

// verdict says whether the figure is as it should be.
func (b *bound) verdict(figure float64) string {
	switch {
	case b == nil:
		return ""
	case b.ceiling && figure > b.value, !b.ceiling && figure < b.value:
		return "missed"
	}
	return "met"
}

// tables are what is printed at the end.
type tables struct {
	mu                    sync.Mutex
	rates, figures, tails []string
}

// printed has what the benchmarks of this process have measured.
var printed tables

// tablesFor are those that are printed, if tb is a benchmark: what a test that tries the workloads
// has measured means nothing.
func tablesFor(tb testing.TB) *tables {
	if _, is := tb.(*testing.B); is {
		return &printed
	}
	return new(tables)
}

// rate notes what a workload has come to beside an echo.
func (t *tables) rate(workload, unit string, s, echo sample, ratio float64, b *bound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rates = append(t.rates, fmt.Sprintf("%s\t%.0f %s\t%s\t%s\t%.0f\t%s\t%.3f\t%s\t%s",
		workload, s.rate, unit, micros(s.p50), micros(s.p99), echo.rate, micros(echo.p50), ratio, b, b.verdict(ratio)))
}

// figure notes any other figure.
func (t *tables) figure(workload, unit string, value float64, b *bound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.figures = append(t.figures, fmt.Sprintf("%s\t%s\t%.4g\t%s\t%s", workload, unit, value, b, b.verdict(value)))
}

// tail notes how long another client has waited while something went on.
func (t *tables) tail(workload string, took *hdrhistogram.Histogram, b *bound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	row := fmt.Sprintf("%s\t%d", workload, took.TotalCount())
	for _, q := range []float64{50, 99, 99.9, 100} {
		row += "\t" + micros(time.Duration(took.ValueAtQuantile(q)))
	}
	row += fmt.Sprintf("\t%s\t%s", b, b.verdict(float64(took.ValueAtQuantile(99.9))/1e3))
	t.tails = append(t.tails, row)
}

func micros(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/1e3) }

// print prints the tables that have rows.
func (t *tables) print(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rates)+len(t.figures)+len(t.tails) == 0 {
		return
	}
	how, _ := pinning()
	_, _ = fmt.Fprintf(w, "\n%s; medians of %d rounds of %v; times in µs\n", how, *rounds, *turnTime)
	printTable(w, "workload\trate/s\tp50\tp99\techo/s\techo p50\tx/echo\tfloor\t", t.rates)
	printTable(w, "workload\tfigure\tvalue\tbound\t", t.figures)
	printTable(w, "acquire of another client\tsamples\tp50\tp99\tp99.9\tmax\tp99.9 bound\t", t.tails)
}

func printTable(w io.Writer, head string, rows []string) {
	if len(rows) == 0 {
		return
	}
	columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(columns, "\n%s\n", head)
	for _, row := range rows {
		_, _ = fmt.Fprintln(columns, row)
	}
	_ = columns.Flush()
}

// reportRate notes, and reports for the benchmark, what the samples have shown.
func reportRate(tb testing.TB, unit string, samples, echo []sample, b *bound) {
	tb.Helper()
	s, e, x := summary(samples), summary(echo), ratio(samples, echo)
	if s.rate == 0 || e.rate == 0 {
		tb.Errorf("nothing was done: %+v beside %+v", s, e)
	}
	tablesFor(tb).rate(workload(tb), unit, s, e, x, b)
	report(tb, s.rate, unit+"/s")
	report(tb, float64(s.p50)/1e3, "p50-µs")
	report(tb, float64(s.p99)/1e3, "p99-µs")
	report(tb, e.rate, "echo/s")
	report(tb, x, "x/echo")
	report(tb, 0, "ns/op") // that of all rounds together means nothing
}

// reportFigure does the same for one other figure.
func reportFigure(tb testing.TB, unit string, value float64, b *bound) {
	tb.Helper()
	if value <= 0 {
		tb.Errorf("%s is %v", unit, value)
	}
	tablesFor(tb).figure(workload(tb), unit, value, b)
	report(tb, value, unit)
}

// reportTail does so for the latency of another client.
func reportTail(tb testing.TB, took *hdrhistogram.Histogram, b *bound) {
	tb.Helper()
	if took.TotalCount() == 0 {
		tb.Error("nothing was measured")
	}
	tablesFor(tb).tail(workload(tb), took, b)
	for unit, q := range map[string]float64{"p50-µs": 50, "p99-µs": 99, "p99.9-µs": 99.9, "max-µs": 100} {
		report(tb, float64(took.ValueAtQuantile(q))/1e3, unit)
	}
	report(tb, float64(took.TotalCount()), "samples")
	report(tb, 0, "ns/op")
}

// report is for the benchmark; a test that tries the workloads has no use for it.
func report(tb testing.TB, value float64, unit string) {
	if b, is := tb.(*testing.B); is {
		b.ReportMetric(value, unit)
	}
}
