package main

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/lockbroker/lockbroker/wsclient"
)

// An observer makes a span of each request, and measures how long requests wait and hold. Copy it into your program.
type observer struct {
	tracer        trace.Tracer
	groups        []string // the groups that may become labels
	wait, hold    metric.Float64Histogram
	waiting, held metric.Int64UpDownCounter
}

// seconds are the bounds of the histograms. The defaults of OpenTelemetry are made for milliseconds.
var seconds = metric.WithExplicitBucketBoundaries(.001, .005, .025, .1, .5, 1, 5, 15, 60, 300, 1800)

// newObserver returns an observer. The groups are the first parts of lock names: of orders/42, the group is orders.
func newObserver(tracer trace.Tracer, meter metric.Meter, groups ...string) (*observer, error) {
	o := &observer{tracer: tracer, groups: groups}
	var err error
	histogram := func(name, description string) (h metric.Float64Histogram) {
		if err == nil {
			h, err = meter.Float64Histogram(name, metric.WithUnit("s"), seconds,
				metric.WithDescription(description))
		}
		return h
	}
	upDown := func(name, description string) (c metric.Int64UpDownCounter) {
		if err == nil {
			c, err = meter.Int64UpDownCounter(name, metric.WithUnit("{request}"),
				metric.WithDescription(description))
		}
		return c
	}
	o.wait = histogram("lock.wait.duration", "How long requests waited, by how they ended.")
	o.hold = histogram("lock.hold.duration", "How long requests held, by how they ended.")
	o.waiting = upDown("lock.requests.waiting", "How many requests wait now.")
	o.held = upDown("lock.requests.held", "How many requests hold now.")
	return o, err
}

// group returns the label of a request: the group of its first lock, or other. A lock name itself must not become a
// label, because each new label makes a new time series, which the program and the store keep for ever. So the groups
// are a list, and not what the names happen to begin with. A span is kept once, so it may have the name.
func (o *observer) group(r wsclient.RequestInfo) metric.MeasurementOption {
	first, _, _ := strings.Cut(r.Locks[0], "/")
	label := "other"
	for _, group := range o.groups {
		if first == group {
			label = group
		}
	}
	return metric.WithAttributeSet(attribute.NewSet(attribute.String("lock.group", label)))
}

// Requested starts a span. Work under the lock gets its context, so the spans of that work are its children.
func (o *observer) Requested(ctx context.Context, r wsclient.RequestInfo) context.Context {
	o.waiting.Add(ctx, 1, o.group(r))
	ctx, _ = o.tracer.Start(ctx, "lock", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.StringSlice("lock.names", r.Locks),
		attribute.String("lock.mode", r.Mode.String()),
		attribute.String("lock.author", r.Author),
	))
	return ctx
}

// Granted marks in the span when the wait was over.
func (o *observer) Granted(ctx context.Context, r wsclient.RequestInfo, waited time.Duration) {
	o.waiting.Add(ctx, -1, o.group(r))
	o.held.Add(ctx, 1, o.group(r))
	trace.SpanFromContext(ctx).AddEvent("granted", trace.WithAttributes(
		attribute.String("lock.request", r.ID.String()),
		attribute.Int64("lock.token", r.Token),
		attribute.Float64("lock.wait", waited.Seconds()),
	))
}

// Ended ends the span, and records how long the request has waited and held.
func (o *observer) Ended(ctx context.Context, r wsclient.RequestInfo, e wsclient.Ending) {
	if e.Granted {
		o.held.Add(ctx, -1, o.group(r))
	} else {
		o.waiting.Add(ctx, -1, o.group(r))
	}
	code := attribute.String("lock.code", e.Code)
	if !e.Nested { // the enclosing request counts this time
		o.wait.Record(ctx, e.Waited.Seconds(), o.group(r), metric.WithAttributes(code))
		if e.Granted {
			o.hold.Record(ctx, e.Held.Seconds(), o.group(r), metric.WithAttributes(code))
		}
	}
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(code)
	if e.Late >= time.Second { // the process was frozen, or had no processor
		span.SetAttributes(attribute.Float64("lock.stale", e.Late.Seconds()))
	}
	if e.Err != nil {
		span.SetStatus(codes.Error, e.Err.Error())
	}
	span.End()
}
