package wire

import "hash/maphash"

// A RequestDecoder decodes what one client sends, as [DecodeRequest] does, and
// faster where frames are as clients write them: it allocates nothing for an
// acquire, a release or a cancel whose names it has met before, if these messages
// come back to [Recycle].
//
// It is for one goroutine.
type RequestDecoder struct {
	session string
	limits  Limits
	texts   texts
}

// NewRequestDecoder returns one for the requests of that session.
func NewRequestDecoder(session string, limits Limits) *RequestDecoder {
	return &RequestDecoder{session: session, limits: limits}
}

// Decode decodes a frame, which may be used again at once.
func (d *RequestDecoder) Decode(frame []byte) (Request, error) {
	if m := d.plain(frame); m != nil {
		return m, nil
	}
	return DecodeRequest(frame, d.limits)
}

// plain decodes a plain frame that is right, or returns nil.
func (d *RequestDecoder) plain(frame []byte) Request {
	s := scanner{rest: frame}
	s.must(`{"type":"`)
	switch {
	case s.has(`acquire","id":"`):
		return d.acquire(s)
	case s.has(`release","id":"`):
		if id := s.id(d.session); s.ends(id) {
			m := releases.Get().(*Release)
			m.ID = id
			return m
		}
	case s.has(`cancel","id":"`):
		if id := s.id(d.session); s.ends(id) {
			return &Cancel{ID: id}
		}
	}
	return nil
}

// ends reports whether a frame ends behind an id, which must not be empty.
func (s *scanner) ends(id ID) bool {
	s.must("}")
	return s.isDone() && !id.IsZero()
}

func (d *RequestDecoder) acquire(s scanner) Request {
	m := acquires.Get().(*Acquire)
	m.ID = s.id(d.session)
	s.must(`,"locks":[`)
	for more := true; more && !s.failed && len(m.Locks) <= d.limits.LocksPerRequest; more = s.has(",") {
		m.Locks = append(m.Locks, d.spec(&s))
	}
	s.must("]")
	if s.has(`,"author":"`) {
		m.Author = d.texts.string(s.text())
	}
	if s.has(`,"wait_ms":`) {
		m.WaitMS = Some(s.integer())
	}
	if s.has(`,"hold_ms":`) {
		m.HoldMS = Some(s.integer())
	}
	if s.has(`,"parent":"`) {
		m.Parent = s.id(d.session)
	}
	m.Steal = s.has(`,"steal":true`)
	if s.must("}"); s.isDone() && !m.ID.IsZero() && m.check(d.limits) == nil {
		return m
	}
	Recycle(m)
	return nil
}

func (d *RequestDecoder) spec(s *scanner) (spec LockSpec) {
	s.must(`{"name":"`)
	spec.Name = d.texts.string(s.text())
	if s.has(`,"mode":"shared"`) {
		spec.Mode = Shared
	}
	if s.has(`,"limit":`) {
		spec.Limit = Some(nearest(s.integer()))
	}
	s.must("}")
	return spec
}

// A ReplyDecoder decodes what a broker sends, as [DecodeReply] does, and faster where
// frames are as brokers write them: it allocates nothing for granted, released,
// cancelled and pong. These are valid only until the next call.
//
// It is for one goroutine.
type ReplyDecoder struct {
	// Session is whose ids are expected.
	Session string

	granted   Granted
	released  Released
	cancelled Cancelled
	pong      Pong
}

// Decode decodes a frame, which may be used again at once.
func (d *ReplyDecoder) Decode(frame []byte) (Reply, error) {
	if m := d.plain(frame); m != nil {
		return m, nil
	}
	return DecodeReply(frame)
}

// plain decodes a plain frame that is right, or returns nil.
func (d *ReplyDecoder) plain(frame []byte) Reply {
	var m Reply
	s := scanner{rest: frame}
	s.must(`{"type":"`)
	switch {
	case s.has(`granted","id":"`):
		d.granted.ID = s.id(d.Session)
		s.must(`,"token":`)
		d.granted.Token = s.integer()
		m = &d.granted
	case s.has(`released","id":"`):
		d.released.ID = s.id(d.Session)
		m = &d.released
	case s.has(`cancelled","id":"`):
		d.cancelled.ID = s.id(d.Session)
		m = &d.cancelled
	case s.has(`pong","id":"`):
		d.pong.ID = s.id(d.Session)
		m = &d.pong
	default:
		return nil
	}
	if s.must("}"); s.isDone() && m.checkReply() == nil {
		return m
	}
	return nil
}

// A connection remembers up to mostTexts texts, and begins with place for fewTexts.
const (
	fewTexts  = 16
	mostTexts = 256
)

// texts are strings that were needed before. Each has one place, for which others
// compete, so there are never many, whatever a client sends.
type texts struct {
	places []string // their number is a power of 2; nil before the first
	seed   maphash.Seed
}

// string is string(text), and allocates only if it has not met text lately.
func (t *texts) string(text []byte) string {
	if t.places == nil {
		t.places, t.seed = make([]string, fewTexts), maphash.MakeSeed()
	}
	hash := maphash.Bytes(t.seed, text)
	place := &t.places[hash%uint64(len(t.places))]
	if *place == string(text) {
		return *place
	}
	if *place != "" && len(t.places) < mostTexts {
		t.places = make([]string, 2*len(t.places)) // those that are still needed come again
		place = &t.places[hash%uint64(len(t.places))]
	}
	*place = string(text)
	return *place
}
