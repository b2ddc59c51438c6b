package broker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"slices"

	"github.com/gorilla/websocket"

	"github.com/lockbroker/lockbroker/broker/internal/transport"
	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/codec"
)

// maxMalformed is how many malformed frames a client may send in a row.
const maxMalformed = 100

// A reader reads the frames of one client. It decodes them, checks their ids, answers pings, and
// sends everything else to the loop. Only its own goroutine touches its fields.
type reader struct {
	*connection
	decoder *codec.RequestDecoder
	ids     ids
	flood   floodLimiter
	memory  bufferCount // of its buffers
	large   bool        // it reads, or has read, a large frame that counts in largeFrames
	deaf    bool        // no more frames can be read
}

// logOpened logs the new session. It is called before run, on a goroutine that ends soon: writing a
// log line needs a deep stack, and the stack of run should stay small.
func (r *reader) logOpened() {
	r.logs.opened.write("session opened", r.attrs()...)
}

// run reads until the connection ends, tells the loop, and then closes the connection properly.
// over ends when the broker has stopped.
func (r *reader) run(over context.Context) {
	r.ws.SetPingHandler(r.out.putWebSocketPong)
	r.ws.SetCloseHandler(r.answerClose)
	r.startPulse()
	defer r.pulse.Stop()

	end := brokerStopped
	if r.loop.sendOpened() {
		r.authority.enter(r.connection)
		end = r.read()
	}
	if !r.loop.sendEnded(&end) {
		r.out.finish(end)
	}
	r.awaitEnd(over, end)
	_ = r.net.Close()
	reason := r.out.finish(end).reason
	r.logs.ended.write("session ended", append(appendIdentity(
		[]slog.Attr{slog.String("session", r.sessionName())}, r.peer.Identity), textAttr("reason", reason))...)
}

// read handles every frame until the connection ends, and returns how it must end.
func (r *reader) read() ending {
	malformed := 0
	var frame []byte
	defer r.flood.giveSlot()
	defer r.endLarge()
	for {
		if cap(frame) > keepBuffer {
			frame = nil
		}
		r.countBuffers(frame)
		r.endLarge()
		var kind int
		var err error
		if kind, frame, err = r.readFrame(frame[:0]); err != nil && !errors.Is(err, errNoMemory) {
			return r.endingOf(err)
		}
		if kind == websocket.BinaryMessage {
			return ending{code: wire.CloseBinary, reason: "binary frame"}
		}
		wellFormed, end := true, (*ending)(nil)
		if err != nil {
			end = r.refuseLarge(frame)
		} else {
			wellFormed, end = r.handle(frame)
		}
		if end != nil {
			return *end
		}
		malformed++
		if wellFormed {
			malformed = 0
		}
		if malformed > maxMalformed {
			return ending{code: wire.ClosePolicy, reason: "malformed frames"}
		}
		if r.flood.countFrame() {
			r.net.ResumeReading()
		}
		if !r.net.HasReadAhead() {
			runtime.Gosched() // the loop should go before the next read, which mostly finds nothing
		}
	}
}

// errTooLong is the error for a frame of more than message_bytes. The library's own limit is not
// used: once it is exceeded, the library reads nothing more, and would miss the client's answer to
// the close frame.
var errTooLong = errors.New("frame too long")

// errNoMemory is the error for a large frame for which there is no memory. It was read to its end, but
// only its beginning was kept.
var errNoMemory = errors.New("no memory for the frame")

// countBuffers counts the memory of what the reader keeps.
func (r *reader) countBuffers(frame []byte) {
	r.memory.set(int64(cap(frame) + r.decoder.Bytes()))
}

// readFrame appends the next frame to buffer, which must be empty.
func (r *reader) readFrame(buffer []byte) (kind int, frame []byte, err error) {
	kind, reader, err := r.ws.NextReader()
	if err != nil {
		return 0, nil, err
	}
	skipped, skips := 0, false
	for err == nil {
		if r.net.MessagesOnly() {
			r.net.SignOfLife()
		}
		var n int
		if len(buffer) >= keepBuffer && !skips {
			skips = !r.beginLarge()
		}
		if skips { // the last bytes are read over
			n, err = reader.Read(buffer[keepBuffer-transport.FrameBuffer : keepBuffer])
			skipped += n
		} else {
			buffer = slices.Grow(buffer, transport.FrameBuffer/2)
			n, err = reader.Read(buffer[len(buffer):cap(buffer)])
			buffer = buffer[:len(buffer)+n]
			if cap(buffer) > keepBuffer {
				r.countBuffers(buffer)
			}
		}
		if len(buffer)+skipped > r.config.Limits.MessageBytes {
			return 0, nil, errTooLong
		}
	}
	switch {
	case !errors.Is(err, io.EOF):
		return kind, buffer, err
	case skips:
		return kind, buffer[:keepBuffer-transport.FrameBuffer], errNoMemory
	}
	return kind, buffer, nil
}

// handle decodes a frame, and either answers it or sends it to the loop. It reports whether the
// frame is well-formed JSON. end is nil unless the connection must end.
func (r *reader) handle(frame []byte) (wellFormed bool, end *ending) {
	r.followSession()
	request, err := r.decoder.Decode(frame)
	if err != nil {
		answer, wellFormed := answerTo(err)
		r.logRefused(answer)
		return wellFormed, r.afterSending(r.loop.sendReply(answer))
	}
	if refusal := r.ids.admit(r.decoder.Session(), request); refusal != nil {
		if isAudited(request) {
			r.flood.giveSlot() // the log may block
			r.audit(request, verdict{code: refusal.Code})
		}
		r.logRefused(refusal)
		return true, r.afterSending(r.loop.sendReply(refusal))
	}
	switch m := request.(type) {
	case *wire.Ping:
		return true, r.answerPing(m)
	case *wire.Auth:
		return true, r.renew(m)
	}
	return true, r.afterSending(r.submit(request))
}

// followSession notes that the connection goes on with another session. The client learns that from a reply, so it is
// known before the client's next message is read.
func (r *reader) followSession() {
	if r.lasting == nil {
		return
	}
	if s := r.lasting.resumed.Load(); s != nil && s.name != r.decoder.Session() {
		r.ids.last = s.last
		r.decoder.SetSession(s.name)
		r.lasting.proven.Store(true)
	}
}

// submit judges a message, and sends it to the loop or refuses it.
func (r *reader) submit(m wire.Request) (sent bool) {
	if r.rights.Load() == nil { // everything is permitted
		return r.loop.sendRequest(m)
	}
	refusal, lacks, sent := r.judge(m)
	if refusal != nil {
		if isAudited(m) {
			r.flood.giveSlot() // the log may block
			r.audit(m, verdict{code: refusal.Code, lacks: lacks})
		}
		r.auditForbidden(m, refusal, lacks, nil)
		r.logRefused(refusal)
	}
	return sent
}

// judge sends a message that the rights of the session allow to the loop. For any other message it
// sends the refusal.
func (r *reader) judge(m wire.Request) (refusal *wire.Error, lacks wire.Verb, sent bool) {
	r.judging.Lock()
	defer r.judging.Unlock()
	if now := r.rights.Load(); now != nil {
		if refusal, lacks = now.judge(m); refusal != nil {
			return refusal, lacks, r.loop.sendReply(refusal)
		}
	}
	return nil, "", r.loop.sendRequest(m)
}

// logRefused logs that a message of the client is refused before the loop sees it.
func (r *reader) logRefused(answer *wire.Error) {
	line, ok := r.logs.message.admit()
	if !ok {
		return
	}
	r.flood.giveSlot() // the log may block
	line.write("refused a message of a client",
		r.attrs(slog.String("code", string(answer.Code)), textAttr("why", answer.Message))...)
}

// answerTo returns the answer to a frame that could not be decoded because of err, and whether the
// frame is well-formed JSON.
func answerTo(err error) (answer *wire.Error, wellFormed bool) {
	var syntax *codec.SyntaxError
	if errors.As(err, &syntax) {
		return &wire.Error{Code: wire.BadRequest, Message: syntax.Reason}, false
	}
	errors.As(err, &answer) // there is no other kind of error
	return answer, true
}

// answerPing answers a ping at once. A pong means that the broker has heard the client, not that it
// has handled what the client sent earlier.
func (r *reader) answerPing(ping *wire.Ping) *ending {
	if !r.out.putPong(ping.ID, &r.grants) {
		due := r.out.unsent()
		r.out.cut(slowConsumer)
		r.counters.slow.Add(1)
		if line, ok := r.logs.slow.admit(); ok {
			r.flood.giveSlot() // the log may block
			r.logSlow(line, "bytes due to one client", due)
		}
		return &slowConsumer
	}
	if r.out.total.isOver() {
		r.loop.wakeLoop()
	}
	return nil
}

// afterSending waits if the backlog is too long after an item was sent. It returns an ending if the
// item was not sent, because the loop has ended. Then it first waits until the loop has ended the session: what the
// client is told depends on whether the session goes on with the next run.
func (r *reader) afterSending(sent bool) *ending {
	if !sent {
		r.flood.giveSlot()
		<-r.written
		return &brokerStopped
	}
	if r.backlog.isFull() {
		r.awaitLoop()
	}
	return nil
}

// awaitLoop waits until the loop has caught up with the session's items. Then it rests, as the loop
// does, so that other readers can run.
func (r *reader) awaitLoop() {
	r.flood.giveSlot()
	if !r.backlog.await(r.written) {
		return // the session has ended
	}
	r.breather.breathe()
	r.flood.takeSlot()
	r.net.ResumeReading()
}
