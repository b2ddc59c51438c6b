package wire

// Limits bound what a broker accepts. Its [Hello] announces them.
type Limits struct {
	// MessageBytes is the length of the longest frame that a client may send.
	MessageBytes int `json:"message_bytes"`
	// NameBytes is the length of the longest lock name, in bytes of UTF-8.
	NameBytes int `json:"name_bytes"`
	// AuthorBytes is the length of the longest author, and of the longest message of an
	// [Evict], in bytes of UTF-8.
	AuthorBytes int `json:"author_bytes"`
	// LocksPerRequest is the greatest number of locks of one request.
	LocksPerRequest int `json:"locks_per_request"`
	// Requests is the greatest number of requests of one session that wait or hold.
	Requests int `json:"requests"`
}

// DefaultLimits returns the default limits of a broker.
func DefaultLimits() Limits {
	return Limits{
		MessageBytes:    64 << 10,
		NameBytes:       512,
		AuthorBytes:     256,
		LocksPerRequest: 64,
		Requests:        100_000,
	}
}

// Bounds that are the same for every broker, because they are part of the protocol.
const (
	// MaxMillis is the longest duration: 365 days in milliseconds.
	MaxMillis int64 = 365 * 24 * 60 * 60 * 1000
	// MaxLimit is the greatest Limit of a [LockSpec].
	MaxLimit = 1_000_000
	// MaxPage is the greatest number of locks of an [InfoPage], and of clients of a [ClientsPage].
	// It is also the default.
	MaxPage = 1000
	// MaxQueue is the greatest number of holders, and of waiters, that an [InfoPage] lists for
	// each lock. DefaultQueue is the default.
	MaxQueue     = 10_000
	DefaultQueue = 100
	// MaxHoldersTold is the greatest number of Holders of an [Error].
	MaxHoldersTold = 8
	// MaxAheadTold is the greatest Ahead of an [Error]. It stands for this number or more.
	MaxAheadTold = 1000
	// ClientLabelBytes is the length of the longest client label, in bytes of UTF-8.
	ClientLabelBytes = 256
)

// Subprotocol names the protocol in the WebSocket handshake, and Version in the [Hello].
const (
	Subprotocol = "lockbroker.v1"
	Version     = 1
)
