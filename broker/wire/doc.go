// Package wire is the protocol that the broker and its clients speak: the
// messages, their JSON encoding, and the codes of errors and closes. It is the
// only package that both sides share.
//
// PROTOCOL.md beside this file is the reference, written for people who write
// a client of their own. In Go, three names are enough to start with:
// [DecodeRequest] for what a client sends, [DecodeReply] for what the broker
// sends, and [Append] for both ways out.
//
// Decoding is strict. A frame is one JSON object in valid UTF-8, without
// duplicate names; names are case-sensitive; unknown members are ignored; null
// counts as absent; an integer is written as an integer. What is wrong is
// refused with a message that names the field, never repaired.
//
// Everything here is a value or a pure function and may be used concurrently.
package wire
