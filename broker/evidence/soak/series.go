//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockbroker/lockbroker/broker/evidence/promise"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/record"
	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/trend"
	"github.com/lockbroker/lockbroker/wsclient"
)

// warmup is how many calms of each process do not count: memory is still being used for the first time.
const warmup = 8

// A measure is a value that is measured in each calm.
type measure struct {
	name string
	unit string
	// bound is how much the value may grow in an hour. Noise of the garbage collector and of the allocator makes a
	// process that leaks nothing seem to grow a little.
	bound float64
	// decides says that growth breaks the run.
	decides bool
	// perLife says that the value belongs to the broker process, so samples of two processes are not compared.
	perLife bool
	series  trend.Series
}

const (
	kilobytes = "KB"
	count     = ""
	micros    = "µs"
)

// newMeasures returns all measures, in the order of a report.
func newMeasures() []*measure {
	measures := []*measure{
		{name: "broker heap", unit: kilobytes, bound: 2048, decides: true, perLife: true},
		{name: "broker resident memory", unit: kilobytes, bound: 8192, decides: true, perLife: true},
		{name: "broker goroutines", unit: count, bound: 20, decides: true, perLife: true},
		{name: "broker descriptors", unit: count, bound: 10, decides: true, perLife: true},
		{name: "state directory", unit: kilobytes, bound: 16, decides: true},
		{name: "Go clients heap", unit: kilobytes, bound: 4096, decides: true},
		{name: "Go clients resident memory", unit: kilobytes, bound: 16384, decides: true},
		{name: "Go clients goroutines", unit: count, bound: 50, decides: true},
		{name: "Go clients descriptors", unit: count, bound: 20, decides: true},
		{name: "Node clients heap", unit: kilobytes, bound: 8192, decides: true},
		{name: "acquire and release p50", unit: micros, bound: 200},
		{name: "acquire and release p99", unit: micros, bound: 2000},
		{name: "acquire and release p99.9", unit: micros, bound: 10000},
		{name: "acquire and release max", unit: micros, bound: 50000},
	}
	for _, m := range measures {
		m.series.Warmup = warmup
	}
	return measures
}

// add adds a sample to a measure.
func (s *soak) add(name string, value float64) {
	for _, m := range s.measures {
		if m.name != name {
			continue
		}
		if life := s.broker.life(); m.perLife && life != s.life[name] {
			s.life[name] = life
			m.series.Begin()
		}
		m.series.Add(trend.Sample{At: time.Since(s.tally.begin).Hours(), Value: value})
		return
	}
	panic("soak: no measure " + name)
}

// measure measures the processes and the latency.
func (s *soak) measure(ctx context.Context) bool {
	var err error
	until(ctx, s.config.settleTime(), func() bool {
		err = s.measureLatency(ctx)
		return !errors.Is(err, wsclient.ErrLost) // on a busy machine the operator may lose its connection
	})
	if err != nil {
		s.tally.check(promise.Liveness, false, "while the latency was measured: %v", err)
		return false
	}
	for _, err := range []error{s.measureBroker(), s.measureGo(), s.measureNode()} {
		if err != nil {
			s.tally.surprise("cannot measure: " + err.Error())
			return false
		}
	}
	return true
}

func (s *soak) measureBroker() error {
	usage, err := s.broker.measure()
	if err != nil {
		return err
	}
	pid := s.broker.current().pid()
	resident, err := residentBytes(pid)
	if err != nil {
		return err
	}
	open, err := descriptors(pid)
	if err != nil {
		return err
	}
	state, err := folderBytes(s.broker.dir)
	if err != nil {
		return err
	}
	s.add("broker heap", float64(usage.Heap)/1024)
	s.add("broker resident memory", float64(resident)/1024)
	s.add("broker goroutines", float64(usage.Goroutines))
	s.add("broker descriptors", float64(open))
	s.add("state directory", float64(state)/1024)
	return nil
}

// measureGo measures the Go processes that live from the beginning to the end.
func (s *soak) measureGo() error {
	var heap, resident, goroutines, open int64
	for _, place := range s.places {
		if place.mortal || place.isNode {
			continue
		}
		usage, err := s.usageOf(place)
		if err != nil {
			return err
		}
		r, err := residentBytes(place.current().pid())
		if err != nil {
			return err
		}
		d, err := descriptors(place.current().pid())
		if err != nil {
			return err
		}
		heap += usage.Heap
		goroutines += int64(usage.Goroutines)
		resident += r
		open += d
	}
	s.add("Go clients heap", float64(heap)/1024)
	s.add("Go clients resident memory", float64(resident)/1024)
	s.add("Go clients goroutines", float64(goroutines))
	s.add("Go clients descriptors", float64(open))
	return nil
}

func (s *soak) measureNode() error {
	for _, place := range s.places {
		if !place.isNode {
			continue
		}
		usage, err := s.usageOf(place)
		if err != nil {
			return err
		}
		s.add("Node clients heap", float64(usage.Heap)/1024)
	}
	return nil
}

// usageOf returns what a client process uses.
func (s *soak) usageOf(place *clients) (*record.Usage, error) {
	line, err := place.ask(record.Memory, patience)
	if err == nil && line.Memory == nil {
		err = fmt.Errorf("%s: unexpected answer %+v", place.name, line)
	}
	return line.Memory, err
}

// measureLatency measures how long it takes to acquire and release a free lock, without a proxy.
func (s *soak) measureLatency(ctx context.Context) error {
	var took []float64
	for range s.config.Probes {
		begin := time.Now()
		lock, err := s.operator.Acquire(ctx, "probe", nil)
		if err == nil {
			err = lock.Release()
		}
		if err != nil {
			return err
		}
		took = append(took, float64(time.Since(begin).Microseconds()))
	}
	if len(took) == 0 {
		return nil
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[int(share*float64(len(took)-1))] }
	s.add("acquire and release p50", at(0.5))
	s.add("acquire and release p99", at(0.99))
	s.add("acquire and release p99.9", at(0.999))
	s.add("acquire and release max", at(1))
	return nil
}
