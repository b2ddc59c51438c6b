package wsclient

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// Whatever happens at the broker while the pages are requested, and whatever is dropped on the way, each view that is
// shown is right: it shows the broker's locks as they were when the broker made the last frame that the view maker
// has read.
func TestViewMakerIsNeverWrong(t *testing.T) {
	shown := map[string]int{}
	for seed := range uint64(500) {
		r := newRun(seed)
		for range 300 {
			if err := r.step(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		for !r.quiet() {
			if err := r.goOn(); err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
		}
		if !r.maker.whole {
			t.Fatalf("seed %d: no frame is on its way, and there is no view", seed)
		}
		if err := r.broker.truth().compare(r.maker.view); err != nil {
			t.Fatalf("seed %d: in the end: %v", seed, err)
		}
		for what, n := range r.shown {
			shown[what] += n
		}
	}
	t.Logf("views shown: %v", shown)
	for _, what := range []string{"whole after a change", "whole after a page", "cut"} {
		if shown[what] < 1000 {
			t.Errorf("%s: %d times; it was not tested", what, shown[what])
		}
	}
}

// A run is a view maker, a model of a broker, and what is on its way between them.
type run struct {
	broker *model
	maker  viewMaker
	frames []modelFrame
	asked  bool // a page was requested; after and id are those of the latest request
	after  int64
	id     wire.ID
	shown  map[string]int
}

// A modelFrame is what the broker has said, and the state of its locks then.
type modelFrame struct {
	reply wire.Reply
	truth truth
}

func newRun(seed uint64) *run {
	r := &run{shown: map[string]int{}}
	r.broker = &model{Rand: rand.New(rand.NewPCG(seed, 0)), locks: map[string]*modelLock{},
		tell: func(wire.Reply) {}}
	for n := range 1 + r.broker.IntN(12) {
		r.broker.names = append(r.broker.names, fmt.Sprintf("lock %d", n))
	}
	for range r.broker.IntN(200) { // before the watch begins
		r.broker.step()
	}
	r.broker.tell = r.say
	r.say(&wire.Watching{})
	return r
}

func (r *run) say(reply wire.Reply) {
	r.frames = append(r.frames, modelFrame{reply, r.broker.truth()})
}

// step does one thing at random: something happens at the broker, the view maker goes on, or frames are dropped.
func (r *run) step() error {
	switch n := r.broker.IntN(100); {
	case n < 40:
		r.broker.step()
	case n == 99 && len(r.frames) > 0:
		r.frames = nil
		r.say(&wire.Lagged{})
	default:
		return r.goOn()
	}
	return nil
}

func (r *run) quiet() bool { return !r.asked && len(r.frames) == 0 }

// goOn answers the request for a page, or gives the view maker the next frame.
func (r *run) goOn() error {
	if r.asked && (len(r.frames) == 0 || r.broker.IntN(4) == 0) {
		r.asked = false
		r.say(r.broker.page(r.id, r.after))
		return nil
	}
	if len(r.frames) == 0 {
		return nil
	}
	frame := r.frames[0]
	r.frames = r.frames[1:]
	page, isPage := frame.reply.(*wire.InfoPage)
	if isPage && page.ID != r.id {
		return nil // the watch does the same
	}
	if after, wantsPage := r.maker.receive(frame.reply, time.Now()); wantsPage {
		r.asked, r.after = true, after
		r.id.N++
	}
	if !r.maker.whole {
		return nil
	}
	return r.look(frame, isPage)
}

func (r *run) look(frame modelFrame, isPage bool) error {
	v := r.maker.view
	if isPage {
		r.shown["whole after a page"]++
	} else {
		r.shown["whole after a change"]++
	}
	for _, l := range v.Locks() {
		if isCut(l) {
			r.shown["cut"]++
		}
	}
	if isPage != (v.Change == nil) {
		return fmt.Errorf("after %s: change is %v", codec.Kind(frame.reply), v.Change)
	}
	if err := frame.truth.compare(v); err != nil {
		return fmt.Errorf("after %s: %w", codec.Kind(frame.reply), err)
	}
	return nil
}
