package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// printSpans prints each span below its parent, in the order in which they began.
func printSpans(spans tracetest.SpanStubs) {
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var below func(parent trace.SpanID, indent string)
	below = func(parent trace.SpanID, indent string) {
		for _, span := range spans {
			if span.Parent.SpanID() != parent {
				continue
			}
			var line strings.Builder
			line.WriteString(indent + span.Name)
			for _, a := range span.Attributes {
				if a.Key == "lock.names" || a.Key == "lock.code" {
					line.WriteString(" " + a.Value.String())
				}
			}
			for _, event := range span.Events {
				line.WriteString(", " + event.Name)
			}
			fmt.Println(line.String())
			below(span.SpanContext.SpanID(), indent+"  ")
		}
	}
	fmt.Println("\nspans:")
	below(trace.SpanID{}, "  ")
}

// printMetrics prints each series. Of a histogram, it prints how many values there are.
func printMetrics(ctx context.Context, reader metric.Reader) error {
	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		return err
	}
	var lines []string
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, series := range seriesOf(m.Data) {
				lines = append(lines, m.Name+" "+series)
			}
		}
	}
	slices.Sort(lines)
	fmt.Printf("\nmetrics:\n  %s\n", strings.Join(lines, "\n  "))
	return nil
}

// seriesOf returns the labels and the value of each series of a metric.
func seriesOf(data metricdata.Aggregation) (series []string) {
	add := func(labels attribute.Set, value string) {
		series = append(series, "{"+labels.Encoded(attribute.DefaultEncoder())+"} "+value)
	}
	switch data := data.(type) {
	case metricdata.Histogram[float64]:
		for _, point := range data.DataPoints {
			add(point.Attributes, fmt.Sprint("count ", point.Count))
		}
	case metricdata.Sum[int64]:
		for _, point := range data.DataPoints {
			add(point.Attributes, fmt.Sprint(point.Value))
		}
	case metricdata.Gauge[int64]:
		for _, point := range data.DataPoints {
			add(point.Attributes, fmt.Sprint(point.Value))
		}
	}
	return series
}
