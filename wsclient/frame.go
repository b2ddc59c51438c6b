package wsclient

import (
	"encoding/binary"
	"math/rand/v2"
)

// The frames of the client are written here, and not by the library, which makes one
// system call of each. The library reads, and writes only the close frame.

// finalFragment and masked are bits of a frame's first two bytes: it is whole, and
// from a client.
const (
	finalFragment = 0x80
	masked        = 0x80
)

// shortHeader is the length of the header of a frame of up to 125 bytes.
const shortHeader = 2 + 4

// openFrame leaves room for a header; what is appended next is the payload.
func openFrame(dst []byte) []byte { return append(dst, make([]byte, shortHeader)...) }

// sealFrame makes a frame of what openFrame has begun at start.
func sealFrame(dst []byte, start int, opcode byte) []byte {
	var header [14]byte
	header[0] = finalFragment | opcode
	wide := 0 // bytes of the length that the short header has no room for
	switch n := len(dst) - start - shortHeader; {
	case n <= 125:
		header[1] = masked | byte(n)
	case n <= 0xffff:
		header[1], wide = masked|126, 2
		binary.BigEndian.PutUint16(header[2:], uint16(n))
	default:
		header[1], wide = masked|127, 8
		binary.BigEndian.PutUint64(header[2:], uint64(n))
	}
	if wide > 0 {
		dst = append(dst, header[:wide]...)
		copy(dst[start+shortHeader+wide:], dst[start+shortHeader:])
	}
	// The key is there to keep proxies from being fooled by payloads that somebody
	// else has chosen. It comes from ChaCha8, seeded by the system.
	key := rand.Uint32() //nolint:gosec // see above
	binary.LittleEndian.PutUint32(header[2+wide:], key)
	copy(dst[start:], header[:shortHeader+wide])
	mask(dst[start+shortHeader+wide:], key)
	return dst
}

// mask combines payload with the key, again and again.
func mask(payload []byte, key uint32) {
	twice := uint64(key)<<32 | uint64(key)
	for len(payload) >= 8 {
		binary.LittleEndian.PutUint64(payload, binary.LittleEndian.Uint64(payload)^twice)
		payload = payload[8:]
	}
	for i := range payload {
		payload[i] ^= byte(twice >> (8 * i))
	}
}
