package wsclient

import "time"

// A lease is how long the broker is known not to have given this session up.
//
// The broker ends a session that it has not heard from for its timeout. When an
// answer arrives to something that was sent at t, the broker has heard from us
// at t or later, so it will not end the session before t + timeout. The client
// gives up at two thirds of that, so that clocks that run at different rates,
// and holders that need a moment to stop, are on the safe side.
//
// It is a value without a clock: the caller passes the times.
type lease struct {
	timeout time.Duration
	heard   time.Time // when the latest message was sent that has been answered
}

// answered notes that a message sent at that time was answered.
func (l *lease) answered(sent time.Time) {
	if sent.After(l.heard) {
		l.heard = sent
	}
}

// ends is when every lock must count as lost.
func (l *lease) ends() time.Time { return l.heard.Add(l.timeout * 2 / 3) }
