package broker

import (
	"errors"
	"fmt"
	"os"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// stayAfter is how many parcels a writer must send between two pings before it keeps running to
// wait for more. A writer that has only sent the hello ends.
const stayAfter = 4

// A writer sends what is in one client's outbox. The outbox starts run when there is something to
// send. Only the goroutine of run touches the writer's fields.
type writer struct {
	*connection
	frame []byte // reused
	sent  int    // how many parcels since the last ping
	flood floodLimiter
}

// run sends until the session ends or there is little to send: an idle connection needs no writer.
// If a write fails, run closes the connection, which ends the reader.
func (w *writer) run() {
	var p parcel
	for {
		<-w.out.wake
		p = w.out.take(p)
		var err error
		if w.mayAnswer() {
			err = w.send(&p)
		} else {
			err = ErrNotOwner
		}
		if err != nil {
			w.giveUp(err)
		}
		if err != nil || p.end != nil {
			w.out.drop()
			close(w.written)
			return
		}
		w.sent++
		if p.ping {
			w.pulse.Reset(w.heartbeat())
			w.sent = 0
		}
		if w.sent < stayAfter {
			w.frame = nil
			if w.out.retireWriter() {
				return
			}
		}
	}
}

// mayAnswer waits until the broker may answer, if it is one of several. It reads the clocks after the parcel was
// taken: so everything that the parcel answers was sent before. It returns false if another broker has taken over.
func (w *writer) mayAnswer() bool {
	return w.member == nil || w.member.awaitAnswer(w.over.Done())
}

// send sends a parcel in as few writes as possible.
func (w *writer) send(p *parcel) error {
	w.net.Gather()
	err := w.writeFrames(p)
	err = errors.Join(err, w.net.Flush())
	w.out.noteSent()
	return err
}

// pingFrame returns a ping without a payload. Every idle connection gets one per heartbeat. The library would
// allocate 400 bytes for each, and a timer. The writer may write beside the library, because nobody else writes
// frames at the same time.
func pingFrame() []byte { return []byte{0x80 | websocket.PingMessage, 0} }

// writeFrames writes the frames of a parcel, which the transport gathers.
func (w *writer) writeFrames(p *parcel) error {
	if p.ping {
		if _, err := w.net.Write(pingFrame()); err != nil {
			return err
		}
	}
	if p.pong != nil {
		if err := w.writeControl(websocket.PongMessage, []byte(*p.pong)); err != nil {
			return err
		}
	}
	if err := w.writeReplies(p.replies); err != nil {
		return err
	}
	if p.end != nil && p.end.code != 0 {
		w.closeCode.Store(int32(p.end.code)) // before the client can answer
		// The session ends whether or not this frame arrives.
		_ = w.writeControl(websocket.CloseMessage, websocket.FormatCloseMessage(p.end.code, p.end.reason))
		w.net.Hurry() // the reader must not wait long for the client's answer
	}
	return nil
}

func (w *writer) writeReplies(replies []wire.Reply) error {
	frame := w.frame
	defer w.flood.giveSlot()
	for _, m := range replies {
		if lagged, is := m.(*wire.Lagged); is {
			w.out.resume(lagged.ID)
		}
		var err error
		if p, is := m.(*page); is {
			err = w.writePage(p)
		} else if frame, err = codec.Append(frame[:0], m); err == nil {
			err = w.ws.WriteMessage(websocket.TextMessage, frame)
		}
		if err != nil {
			return err
		}
		if cap(frame) > keepBuffer {
			frame = nil
		}
		switch m.(type) {
		case *page, *wire.Chain, *wire.ClientsPage:
			w.loop.sendPageSent()
		}
		codec.Recycle(m)
		w.flood.countFrame()
	}
	w.frame = frame
	return nil
}

// writePage writes a page of the listing, which is encoded already.
func (w *writer) writePage(p *page) error {
	if p.err != nil {
		return p.err
	}
	defer p.recycle()
	return w.ws.WriteMessage(websocket.TextMessage, *p.frame)
}

// giveUp closes a connection on which a write has failed. The reader notices.
func (w *writer) giveUp(err error) {
	due := w.out.unsent()
	w.out.finish(ending{reason: "write failed: " + err.Error()})
	_ = w.net.Close()
	if !errors.Is(err, os.ErrDeadlineExceeded) || w.net.MustEnd() {
		return // it was not the client that took too long
	}
	if line, ok := w.logs.slow.admit(); ok {
		w.logSlow(line, fmt.Sprintf("%v without progress of a write", transport.WriteStall), due)
	}
}
