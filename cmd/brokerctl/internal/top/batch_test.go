package top

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/broker"
	"github.com/lockbroker/lockbroker/broker/brokertest"
	"github.com/lockbroker/lockbroker/wsclient"
)

// A reader calls a function for each frame.
type reader func(frame string) error

func (r reader) Write(frame []byte) (int, error) { return len(frame), r(string(frame)) }

// TestBatch checks that each sweep prints a frame, without the locks that are gone.
func TestBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{IdleNames: -1})
		client := dial(t, b, wsclient.Options{})
		short := acquire(t, client, "ann", "short")
		acquire(t, client, "bob", "long")
		options := Options{Interval: 2 * time.Second, Sort: ByName}
		var frames []string
		begun := time.Now()
		err := Batch(t.Context(), client, options, Printout{Frames: 3}, reader(func(frame string) error {
			frames = append(frames, frame)
			return short.Release()
		}))
		if err != nil || len(frames) != 3 || time.Since(begun) != 4*time.Second {
			t.Fatalf("%v, %d frames in %v", err, len(frames), time.Since(begun))
		}
		if !strings.Contains(frames[0], "short") || strings.Contains(frames[1]+frames[2], "short") ||
			!strings.Contains(frames[2], "long") {
			t.Errorf("%q", frames)
		}
		if strings.HasPrefix(frames[0], "\n") || !strings.HasPrefix(frames[1], "\n") ||
			strings.Contains(frames[1][1:], "\n\n") {
			t.Errorf("an empty line is between two frames: %q", frames)
		}
	})
}

// TestBatchEnds checks that Batch ends with its context, and when a write fails.
func TestBatchEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := brokertest.Start(t, broker.Config{})
		client := dial(t, b, wsclient.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		options := Options{Interval: 2 * time.Second}
		err := Batch(ctx, client, options, Printout{}, reader(func(string) error { cancel(); return nil }))
		if err != nil {
			t.Error(err)
		}
		broken := errors.New("broken pipe")
		err = Batch(t.Context(), client, options, Printout{}, reader(func(string) error { return broken }))
		if !errors.Is(err, broken) {
			t.Error(err)
		}
	})
}
