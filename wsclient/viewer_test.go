package wsclient_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockbroker/lockbroker/wsclient"
)

// A viewer consumes a watch. It shows one view after another to the test, and waits until the test has looked at it.
type viewer struct {
	t     *testing.T
	shown chan string
	ended chan error // what ended it, or nil, when it has ended
	stop  context.CancelCauseFunc
}

func watch(t *testing.T, c *wsclient.Client, pattern string) *viewer {
	ctx, cancel := context.WithCancelCause(t.Context())
	v := &viewer{t: t, shown: make(chan string), ended: make(chan error, 1), stop: cancel}
	go func() {
		var failed error
		defer func() { v.ended <- failed }()
		for view, err := range c.Watch(ctx, pattern) {
			if err != nil {
				failed = err
				continue // this is the last view
			}
			select {
			case v.shown <- describeView(view):
			case <-ctx.Done():
			}
		}
	}()
	return v
}

// describeView returns what has happened, and all locks.
func describeView(view *wsclient.View) string {
	text := "(listed)"
	if c := view.Change; c != nil {
		text = string(c.Event) + " " + c.Lock
	}
	return text + "\n" + wsclient.Sketch(view.Locks())
}

// expect asserts that this view is shown next.
func (v *viewer) expect(want string) {
	v.t.Helper()
	synctest.Wait()
	select {
	case got := <-v.shown:
		if got != want {
			v.t.Fatalf("the view is\n%s\nwant\n%s", got, want)
		}
	case err := <-v.ended:
		v.t.Fatalf("the watch has ended: %v", err)
	default:
		v.t.Fatalf("no view is shown, want\n%s", want)
	}
}

// expectNothing asserts that there is no view to show yet.
func (v *viewer) expectNothing() {
	v.t.Helper()
	synctest.Wait()
	select {
	case got := <-v.shown:
		v.t.Fatalf("too early: the view is\n%s", got)
	default:
	}
}

// stageClient returns a client, and the broker's side of its connection, which says what the test says.
func stageClient(t *testing.T) *actor {
	t.Helper()
	a := newStage(t).enter()
	t.Cleanup(a.close)
	a.say(hello(15 * time.Second))
	if err := <-a.dialed; err != nil {
		t.Fatal(err)
	}
	return a
}
