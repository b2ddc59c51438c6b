package bench

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// A bound is a floor, or a ceiling, for a figure. A nil bound is none.
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

// verdict says whether the figure is within the bound.
func (b *bound) verdict(figure float64) string {
	switch {
	case b == nil:
		return ""
	case b.ceiling && figure > b.value, !b.ceiling && figure < b.value:
		return "missed"
	}
	return "met"
}

// tables collects the rows that are printed at the end.
type tables struct {
	mu                                    sync.Mutex
	rates, figures, models, tails, floods []string
}

// printed has the results of all benchmarks of this process.
var printed tables

// tablesFor returns the printed tables for a benchmark. Results of a test mean nothing and are not printed.
func tablesFor(tb testing.TB) *tables {
	if _, is := tb.(*testing.B); is {
		return &printed
	}
	return new(tables)
}

// rate adds a workload and its echo.
func (t *tables) rate(workload, unit string, s, echo sample, ratio float64, b *bound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rates = append(t.rates, fmt.Sprintf("%s\t%.0f %s\t%s\t%s\t%.0f\t%s\t%.3f\t%s\t%s",
		workload, s.rate, unit, micros(s.p50), micros(s.p99),
		echo.rate, micros(echo.p50), ratio, b, b.verdict(ratio)))
}

// figure adds any other figure.
func (t *tables) figure(workload, unit string, value float64, b *bound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.figures = append(t.figures, fmt.Sprintf("%s\t%s\t%.4g\t%s\t%s", workload, unit, value, b, b.verdict(value)))
}

// modelled has the numbers of processors for which the table of the model has a column.
var modelled = []int{1, 2, 4, 8, 16}

// model adds what brokers with more processors could do.
func (t *tables) model(workload string, c pairCost) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var row strings.Builder
	_, _ = fmt.Fprintf(&row, "%s\t%s\t%s", workload, micros(c.loop), micros(c.total))
	for _, n := range modelled {
		_, _ = fmt.Fprintf(&row, "\t%.0f", c.rate(n))
	}
	_, _ = fmt.Fprintf(&row, "\t%d", c.saturation())
	t.models = append(t.models, row.String())
}

// tail adds the latency of another client while the broker was busy.
func (t *tables) tail(workload string, took *hdrhistogram.Histogram, b *bound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tails = append(t.tails, fmt.Sprintf("%s\t%s\t%s\t%s", workload, quantiles(took), b,
		b.verdict(float64(took.ValueAtQuantile(99.9))/1e3)))
}

// flood adds the latency of another client while strangers made so many handshakes a second.
func (t *tables) flood(workload string, took *hdrhistogram.Histogram, rate float64, b *bound) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.floods = append(t.floods, fmt.Sprintf("%s\t%.0f\t%s\t%s\t%s", workload, rate, quantiles(took), b,
		b.verdict(float64(took.ValueAtQuantile(99))/1e3)))
}

// quantiles returns the columns samples, p50, p99, p99.9 and max.
func quantiles(took *hdrhistogram.Histogram) string {
	var columns strings.Builder
	fmt.Fprint(&columns, took.TotalCount())
	for _, q := range []float64{50, 99, 99.9, 100} {
		fmt.Fprintf(&columns, "\t%s", micros(time.Duration(took.ValueAtQuantile(q))))
	}
	return columns.String()
}

func micros(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d)/1e3) }

// print prints the tables that have rows.
func (t *tables) print(w io.Writer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rates)+len(t.figures)+len(t.models)+len(t.tails)+len(t.floods) == 0 {
		return
	}
	how, _ := pinning()
	_, _ = fmt.Fprintf(w, "\n%s; medians of %d rounds of %v; times in µs\n", how, *rounds, *turnTime)
	if testing.Short() {
		_, _ = fmt.Fprintln(w, "short form: these figures mean nothing")
	}
	printTable(w, "workload\trate/s\tp50\tp99\techo/s\techo p50\tx/echo\tfloor\t", t.rates)
	printTable(w, "workload\tfigure\tvalue\tbound\t", t.figures)
	printTable(w, "model\tloop\tbroker\tpairs/s on 1\t2\t4\t8\t16\tsaturated by", t.models)
	printTable(w, "acquire of another client\tsamples\tp50\tp99\tp99.9\tmax\tp99.9 bound\t", t.tails)
	printTable(w, "acquire of another client\thandshakes/s\tsamples\tp50\tp99\tp99.9\tmax\tp99 bound\t", t.floods)
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

// reportRate adds the medians of the samples to the tables and to the results of the benchmark.
func reportRate(tb testing.TB, unit string, samples, echo []sample, b *bound) {
	tb.Helper()
	s, e, x := summary(samples), summary(echo), ratio(samples, echo)
	if s.rate == 0 || e.rate == 0 {
		tb.Errorf("nothing happened: %+v beside %+v", s, e)
	}
	tablesFor(tb).rate(workload(tb), unit, s, e, x, b)
	report(tb, s.rate, unit+"/s")
	report(tb, float64(s.p50)/1e3, "p50-µs")
	report(tb, float64(s.p99)/1e3, "p99-µs")
	report(tb, e.rate, "echo/s")
	report(tb, x, "x/echo")
	report(tb, 0, "ns/op") // the time of all rounds together means nothing
}

// reportFigure adds any other figure.
func reportFigure(tb testing.TB, unit string, value float64, b *bound) {
	tb.Helper()
	if value <= 0 {
		tb.Errorf("%s is %v", unit, value)
	}
	tablesFor(tb).figure(workload(tb), unit, value, b)
	report(tb, value, unit)
}

// reportTail adds the latency of another client.
func reportTail(tb testing.TB, took *hdrhistogram.Histogram, b *bound) {
	tb.Helper()
	tablesFor(tb).tail(workload(tb), took, b)
	reportQuantiles(tb, took)
}

// reportFlood adds the latency of another client during a flood, and how many handshakes a second that had.
func reportFlood(tb testing.TB, took *hdrhistogram.Histogram, rate float64, b *bound) {
	tb.Helper()
	tablesFor(tb).flood(workload(tb), took, rate, b)
	report(tb, rate, "handshakes/s")
	reportQuantiles(tb, took)
}

func reportQuantiles(tb testing.TB, took *hdrhistogram.Histogram) {
	tb.Helper()
	if took.TotalCount() == 0 {
		tb.Error("nothing was measured")
	}
	for unit, q := range map[string]float64{"p50-µs": 50, "p99-µs": 99, "p99.9-µs": 99.9, "max-µs": 100} {
		report(tb, float64(took.ValueAtQuantile(q))/1e3, unit)
	}
	report(tb, float64(took.TotalCount()), "samples")
	report(tb, 0, "ns/op")
}

// report adds a result to a benchmark. It does nothing in a test.
func report(tb testing.TB, value float64, unit string) {
	if b, is := tb.(*testing.B); is {
		b.ReportMetric(value, unit)
	}
}

// reportCost adds the processor time of a server for an operation, if the system says it.
func reportCost(tb testing.TB, unit string, samples []sample) {
	tb.Helper()
	if cost := summary(samples).cost; cost > 0 {
		reportFigure(tb, unit, float64(cost.Nanoseconds())/1e3, nil)
	}
}
