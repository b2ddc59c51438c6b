package broker

import (
	"sync"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
	"github.com/lockbroker/lockbroker/broker/wire/jsonsize"
)

// A page is an InfoPage that the loop encodes while it goes through the locks. An InfoPage with all its
// locks would be a megabyte of garbage, and the collector needs time on the loop's processor.
type page struct {
	wire.InfoPage // makes a page a wire.Reply; its locks are only in the frame

	frame *[]byte // from frames
	size  int     // what jsonsize.Reply would return for the InfoPage
	err   error
}

// frames holds memory for the frames of pages. A [pageLimit] limits how many are in use.
var frames = sync.Pool{New: func() any { return new([]byte) }}

// newPage begins a page that has no locks yet, and whose end is not known.
func newPage(head wire.InfoPage) *page {
	p := &page{InfoPage: head, frame: frames.Get().(*[]byte)}
	p.size = jsonsize.Reply(&p.InfoPage)
	*p.frame, p.err = codec.BeginInfoPage((*p.frame)[:0], p.ID)
	return p
}

// add adds a lock.
func (p *page) add(lock *wire.LockInfo) {
	p.size += jsonsize.Lock(lock)
	frame := *p.frame
	if frame[len(frame)-1] == '}' {
		frame = append(frame, ',')
	}
	var err error
	if *p.frame, err = codec.AppendLock(frame, lock); err != nil {
		p.err = err
	}
}

// end ends the page. The listing continues with next, unless that is 0.
func (p *page) end(next int64, pause wire.Pause) {
	p.Next, p.NotGranting = next, pause
	*p.frame = codec.EndInfoPage(*p.frame, &p.InfoPage)
}

// recycle gives the memory of the frame back. p may no longer be used.
func (p *page) recycle() {
	frames.Put(p.frame)
	p.frame = nil
}

// replySize returns about how many bytes a reply takes.
func replySize(m wire.Reply) int {
	if p, is := m.(*page); is {
		return p.size
	}
	return jsonsize.Reply(m)
}
