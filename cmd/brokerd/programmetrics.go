package main

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// reloadCounts count the reloads of a run.
type reloadCounts struct{ done, failed atomic.Int64 }

// A refuser counts the connections that it has refused.
type refuser interface{ Refused() int64 }

// refusedBy returns the metric of the connections that some listeners have refused.
func refusedBy(reason string, listeners []refuser) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name:        "brokerd_connections_refused_total",
		Help:        "Connections that were closed before the broker saw them, by reason.",
		ConstLabels: prometheus.Labels{"reason": reason},
	}, func() float64 {
		var sum int64
		for _, l := range listeners {
			sum += l.Refused()
		}
		return float64(sum)
	})
}

// newRegistry returns a registry for the metrics of the program, of the process and of the Go runtime. The
// broker shows them beside its own.
func newRegistry(lines *logQueue) *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		buildInfo(),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "brokerd_log_lines_dropped_total",
			Help: "Lines of the log that were dropped because the log was too slow or failed.",
		}, func() float64 { return float64(lines.dropped.Load()) }),
	)
	return registry
}

func buildInfo() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "brokerd_build_info",
		Help: "1; the labels say what runs.",
		ConstLabels: prometheus.Labels{
			"version": cli.BuildVersion(), "goversion": runtime.Version(),
		},
	}, func() float64 { return 1 })
}

// register adds the metrics of the reloads and of the listeners to a registry. Call it after guard.
func (r *reloader) register(registry *prometheus.Registry) {
	reloads := func(result string, count *atomic.Int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name:        "brokerd_reloads_total",
			Help:        "Reloads of files, on SIGHUP or because the files of TLS have changed, by result.",
			ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(count.Load()) })
	}
	registry.MustRegister(reloads("done", &r.reloads.done), reloads("failed", &r.reloads.failed))
	registry.MustRegister(refusedBy("no_descriptor", r.full), refusedBy("not_a_trusted_proxy", r.strange))
	if !r.flags.usesTLS() {
		return
	}
	registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "brokerd_certificate_expiry_timestamp_seconds",
		Help: "When the certificate of --tls-cert expires, in seconds since 1970.",
	}, func() float64 { return float64(r.server().Expires.UnixNano()) / float64(time.Second) }))
}
