package wire

// Limits are what the broker accepts; its hello announces them.
type Limits struct {
	// MessageBytes is the size of the greatest frame that a client may send.
	MessageBytes int `json:"message_bytes"`
	// NameBytes is the length of the longest lock name, in bytes of UTF-8.
	NameBytes int `json:"name_bytes"`
	// AuthorBytes is the length of the longest author, in bytes of UTF-8. It
	// holds for the message of an evict as well.
	AuthorBytes int `json:"author_bytes"`
	// LocksPerRequest is how many locks one request may name.
	LocksPerRequest int `json:"locks_per_request"`
	// Requests is how many requests of one session may wait or hold at once.
	Requests int `json:"requests"`
}

// DefaultLimits returns the limits of a broker that was not told otherwise.
func DefaultLimits() Limits {
	return Limits{
		MessageBytes:    64 << 10,
		NameBytes:       512,
		AuthorBytes:     256,
		LocksPerRequest: 64,
		Requests:        100_000,
	}
}

// Bounds that are part of the protocol, the same for every broker.
const (
	// MaxMillis is the longest duration: 365 days in milliseconds.
	MaxMillis int64 = 365 * 24 * 60 * 60 * 1000
	// MaxLimit is the greatest limit of a shared request.
	MaxLimit = 1_000_000
	// MaxPage is how many locks an info reply holds at most, and by default.
	MaxPage = 1000
	// MaxQueue is the greatest number of holders, and of waiters, that an info
	// reply lists for each lock; DefaultQueue where the client does not say.
	MaxQueue     = 10_000
	DefaultQueue = 100
	// MaxHoldersTold is how many holders a timeout or an unavailable names.
	MaxHoldersTold = 8
	// MaxAheadTold is the greatest ahead of a timeout or an unavailable; it
	// stands for itself and everything above.
	MaxAheadTold = 1000
	// ClientLabelBytes is the length of the longest client label.
	ClientLabelBytes = 256
)

// Subprotocol is the name of this protocol in the WebSocket handshake, and
// Version its number in the hello.
const (
	Subprotocol = "lockbroker.v1"
	Version     = 1
)
