// Package codec turns the messages of package wire into frames, and frames into messages.
//
// [Append] encodes both requests and replies. [DecodeRequest] decodes what a client sends, and
// [DecodeReply] what a broker sends. A broker reads with a [RequestDecoder] for each connection,
// and a client with a [ReplyDecoder]: they are faster and allocate less.
//
// Decoding is strict. A frame is one JSON object in valid UTF-8, without duplicate names. Names
// are case-sensitive, unknown members are ignored, null counts as absent, and an integer is
// written as an integer. A frame that is wrong is refused with an error that names the field.
// It is never repaired.
//
// All functions may be called concurrently. A decoder is for one goroutine at a time.
package codec
