package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// floorScraped is how much of its rate the broker keeps while its metrics are scraped every second.
const floorScraped = 0.97

const scrapeEvery = time.Second

func BenchmarkScraped(b *testing.B) {
	b.Run("1-caller", func(b *testing.B) { scraped(b, 1, 1) })
	b.Run("64-callers", func(b *testing.B) { scraped(b, 1, 64) })
	b.Run("100-connections", func(b *testing.B) { scraped(b, 100, 100) })
}

// scraped measures callers on some connections with and without scrapes, in turns, on the same broker.
func scraped(tb testing.TB, connections, callers int) {
	server := startServer(tb, roleBroker)
	plain := ownLocks("without scrapes", dialBroker(tb, server, connections), callers, nil)
	with := ownLocks("with scrapes", dialBroker(tb, server, connections), callers, nil)
	s := &scraper{url: "http://" + server.address + "/metrics"}
	with.workers[0].begin, with.workers[0].finish = s.begin, s.finish
	samples := measure(tb, plain, with)
	reportFigure(tb, "x/without-scrapes", ratio(samples[1], samples[0]), atLeast(floorScraped))
}

// A scraper scrapes the metrics of a broker, as Prometheus does: at the beginning of a turn, and every second.
type scraper struct {
	url     string
	end     context.CancelFunc
	running sync.WaitGroup
	err     error
}

func (s *scraper) begin() error {
	ctx, cancel := context.WithCancel(context.Background())
	s.end, s.err = cancel, s.scrape()
	s.running.Go(func() {
		ticker := time.NewTicker(scrapeEvery)
		defer ticker.Stop()
		for s.err == nil {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				s.err = s.scrape()
			}
		}
	})
	return nil
}

// finish ends the scrapes of a turn, and returns what was wrong with them.
func (s *scraper) finish() error {
	s.end()
	s.running.Wait()
	return s.err
}

func (s *scraper) scrape() error {
	response, err := http.Get(s.url) //nolint:noctx // the server ends with the benchmark
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && !bytes.Contains(body, []byte("\nlockbroker_loop_responding 1\n")) {
		err = fmt.Errorf("%s: %s, %.200q", s.url, response.Status, body)
	}
	return err
}
