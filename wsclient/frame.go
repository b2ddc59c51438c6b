package wsclient

import (
	"encoding/binary"
	"math/rand/v2"
)

// The client writes its own frames, because the library makes one system call for each frame. The library reads, and
// writes only the close frame.

// finalFragment and masked are bits in the first two bytes of a frame. They say that the frame is whole, and that it
// comes from a client.
const (
	finalFragment = 0x80
	masked        = 0x80
)

// shortHeader is the length of the header of a frame of up to 125 bytes.
const shortHeader = 2 + 4

// openFrame appends space for a header. The caller then appends the payload.
func openFrame(dst []byte) []byte { return append(dst, make([]byte, shortHeader)...) }

// sealFrame completes the frame that openFrame has begun at start.
func sealFrame(dst []byte, start int, opcode byte) []byte {
	var header [14]byte
	header[0] = finalFragment | opcode
	wide := 0 // bytes of the length that do not fit into the short header
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
	// The random key prevents attacks on proxies with payloads that an attacker
	// has chosen (RFC 6455, 10.3). It comes from ChaCha8, which the system seeds.
	key := rand.Uint32() //nolint:gosec // see above
	binary.LittleEndian.PutUint32(header[2+wide:], key)
	copy(dst[start:], header[:shortHeader+wide])
	mask(dst[start+shortHeader+wide:], key)
	return dst
}

// mask masks payload with the key, as in RFC 6455, 5.3.
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
