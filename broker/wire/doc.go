// Package wire is the vocabulary of the protocol that the broker and its clients speak:
// the messages, their ids, the codes of errors and closes, and the limits. Both
// sides share it and the packages below it, and nothing else.
//
// PROTOCOL.md beside this file is the reference for people who write their own client. In Go, start
// with [Request] and [Reply], which are the two sets of messages, and with [Check], which reports
// what a broker would refuse. Package codec turns messages into frames and frames into messages.
//
// Everything in this package is a value or a pure function, and may be used concurrently.
package wire
