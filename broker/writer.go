package broker

import (
	"errors"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// stayAfter is how many parcels a writer sends between two pings before it stays and waits for
// more. A writer that has only said hello does not stay.
const stayAfter = 4

// A writer sends to one client what is in its outbox. The outbox starts run when there is something
// to send. Only the goroutine of run touches its fields.
type writer struct {
	*connection
	frame []byte // reused
	sent  int    // parcels since the last ping
	flood floodLimiter
}

// run sends until the session ends, or has little to say: a connection at rest needs no writer. If
// the client takes no more, it closes the connection, which ends the reader.
func (w *writer) run() {
	var p parcel
	for {
		<-w.out.wake
		p = w.out.take(p)
		err := w.send(&p)
		if err != nil {
			w.giveUp(err)
		}
		if err != nil || p.end != nil {
			close(w.written)
			return
		}
		w.sent++
		if p.ping {
			w.pulse.Reset(w.config.Heartbeat)
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

// send sends a parcel in as few writes as possible.
func (w *writer) send(p *parcel) error {
	w.net.Gather()
	err := w.writeFrames(p)
	err = errors.Join(err, w.net.Flush())
	w.out.noteSent()
	return err
}

// writeFrames writes the frames of a parcel. They are gathered.
func (w *writer) writeFrames(p *parcel) error {
	if p.ping {
		if err := w.writeControl(websocket.PingMessage, nil); err != nil {
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
		// It no longer matters whether the frame arrives.
		_ = w.writeControl(websocket.CloseMessage, websocket.FormatCloseMessage(p.end.code, p.end.reason))
		w.net.Hurry() // the reader hears the client's answer soon, or not at all
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
		if frame, err = codec.Append(frame[:0], m); err != nil {
			return err
		}
		if err = w.ws.WriteMessage(websocket.TextMessage, frame); err != nil {
			return err
		}
		if cap(frame) > keepBuffer {
			frame = nil
		}
		switch m.(type) {
		case *wire.InfoPage, *wire.Chain:
			w.loop.sendPageSent()
		}
		codec.Recycle(m)
		w.flood.countFrame()
	}
	w.frame = frame
	return nil
}

// giveUp ends a connection on which nothing can be sent. The reader notices.
func (w *writer) giveUp(err error) {
	w.out.finish(ending{reason: "the client takes no more: " + err.Error()})
	_ = w.net.Close()
}
