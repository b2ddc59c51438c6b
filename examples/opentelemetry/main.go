// Command opentelemetry shows requests as spans and metrics of OpenTelemetry.
//
//	go run ./examples/opentelemetry
//
// It runs its own broker, and prints the spans and the metrics itself, instead of sending them to a collector. A real
// program makes its tracer and its meter with exporters, and takes observer.go and connection.go from here.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/examples/internal/embedded"
	"github.com/lockbroker/lockbroker/wsclient"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "opentelemetry:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	spans := tracetest.NewInMemoryExporter()
	traces := trace.NewTracerProvider(trace.WithSyncer(spans))
	reader := metric.NewManualReader()
	metrics := metric.NewMeterProvider(metric.WithReader(reader))
	tracer, meter := traces.Tracer("orders"), metrics.Meter("orders")

	observe, err := newObserver(tracer, meter, "orders", "invoices")
	if err != nil {
		return err
	}
	connections, err := connections(meter)
	if err != nil {
		return err
	}
	url, stop, err := embedded.Start(broker.Config{})
	if err != nil {
		return err
	}
	defer stop()
	client, err := wsclient.Dial(ctx, url, &wsclient.Options{Author: "shop", Observe: observe, Trace: connections})
	if err != nil {
		return err
	}
	defer client.Close()

	// The span of the work is a child of the span of the lock, and that is a child of the span of the order.
	ctx, order := tracer.Start(ctx, "ship an order")
	err = client.WithLock(ctx, "orders/42", nil, func(ctx context.Context) error {
		_, work := tracer.Start(ctx, "print the label")
		defer work.End()
		// Another part of the program wants the same order, and gives up. It is not inside the lock.
		other := &wsclient.AcquireOptions{Author: "refund", Wait: 50 * time.Millisecond}
		_, refused := client.Acquire(wsclient.Detach(ctx), "orders/42", other)
		fmt.Println("refund:", refused != nil)
		return client.WithLock(ctx, "stamps", nil, func(context.Context) error { return nil })
	})
	order.End()
	if err != nil {
		return err
	}
	_ = client.Close() // returns when the observer has heard of the end of each request
	printSpans(spans.GetSpans())
	return printMetrics(ctx, reader)
}
