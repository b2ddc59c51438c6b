package simclient

import (
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/wsclient/internal/core"
	"github.com/lockbroker/lockbroker/wsclient/internal/retry"
)

// carryOut moves what the core says into the output of the step.
func (c *Client) carryOut(at Instant) {
	out := c.core.Output()
	for _, stopped := range out.Stop {
		if r := stopped.Owner.(*record); r.hasLocks {
			c.out.Stopped = append(c.out.Stopped, r.number)
		}
	}
	for _, woken := range out.Wake {
		c.out.Woken = append(c.out.Woken, woken.Owner.(*record).number)
		c.noteAsync(woken)
	}
	for i := range out.Send {
		c.send(message(&out.Send[i]))
	}
	for _, m := range out.Resume {
		c.send(m)
	}
	c.noteAnswer(out.Answer)
	for _, silent := range out.Close {
		c.out.act(silent.(Link), Close)
	}
	ended, changed := out.Disconnect, out.Changed
	out.Reset()
	if ended.End != nil {
		c.finish(&ended, at)
	}
	if changed && c.core.IsDrained() && !c.Closed() {
		c.close(at)
	}
}

// noteAnswer notes what has become of a session that had survived its connection.
func (c *Client) noteAnswer(answer wire.Reply) {
	switch answer.(type) {
	case *wire.Resumed:
		c.out.Session = TakenUp
	case *wire.NotResumed:
		c.out.Session = NotTakenUp
	}
}

// noteAsync notes whether r has ended now, and its caller went on when it released r.
func (c *Client) noteAsync(r *core.Request) {
	end, number := r.End(), r.Owner.(*record).number
	switch {
	case !r.Async || end == nil || r.Cause().How != core.Released:
	case end.How == core.Released:
		c.out.Confirmed = append(c.out.Confirmed, number)
	default:
		c.out.LateLost = append(c.out.LateLost, number)
	}
}

// message returns a copy of m that its receiver may keep.
func message(m *core.Message) wire.Request {
	switch m.Kind {
	case core.Release:
		return &wire.Release{ID: m.ID, Quiet: m.Quiet}
	case core.Cancel:
		return &wire.Cancel{ID: m.ID}
	}
	acquire := *m.Acquire
	return &acquire
}

// finish ends the connection, and decides what follows.
func (c *Client) finish(ended *core.Disconnect, at Instant) {
	link := max(c.link, c.resumes.link) // one of them is 0
	c.link, c.resumes = 0, countdown{}
	switch {
	case ended.End.How == Closed:
		c.out.act(link, Goodbye)
		c.leaving = countdown{link, at.Mono + closeWait}
		return
	case ended.Then == core.FallSilent:
		c.out.act(link, FallSilent)
	case ended.Then == core.ByCaller && c.code != 0:
		c.out.act(link, AnswerClose)
	default:
		c.out.act(link, Close)
	}
	isFinal := ended.Then == core.ByCaller && retry.IsFinalClose(c.code)
	lasted := at.Mono - c.made.Mono
	if ended.End.Moved {
		lasted = retry.Settled
	}
	c.retry(at, lasted, isFinal || c.config.NoReconnect && !c.core.CanResume())
}

// close ends the client for good.
func (c *Client) close(at Instant) {
	if c.dialing.link != 0 {
		c.out.act(c.dialing.link, Close)
	}
	c.dialing, c.redials = countdown{}, false
	c.core.Close(at)
	c.carryOut(at)
}
