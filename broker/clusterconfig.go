package broker

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/cluster"
)

// A Cluster makes a broker one of several that share a [cluster.Store]. One of them is the owner and serves clients.
// The others are on standby, and take over when the owner ends. See CONTINUITY.md.
type Cluster struct {
	// Store keeps the record. All brokers of the cluster use the same one, and no other program writes to it.
	Store cluster.Store
	// Address is the URL at which clients and the other brokers reach this broker, such as ws://10.0.0.7:27002.
	Address string
	// Takeover is how long a standby sees no sign of life of the owner before it takes over. It must be the same
	// for all brokers. Default: 5 s, which suits etcd.
	Takeover time.Duration
	// Transport is how a standby reaches the owner. nil: http.DefaultTransport.
	Transport http.RoundTripper
	// Refuse makes a standby refuse clients with 503, and name the owner. By default it passes their connections
	// on to the owner.
	Refuse bool
}

// isNotForURL reports whether a URL never contains r.
func isNotForURL(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '\\' }

// defaultTakeover is the default of Takeover.
const defaultTakeover = 5 * time.Second

// withDefaults fills in the defaults of c, and checks it.
func (c *Cluster) withDefaults(stateDir string) (*Cluster, error) {
	if c == nil {
		return nil, nil //nolint:nilnil // no cluster
	}
	filled := *c
	if filled.Takeover == 0 {
		filled.Takeover = defaultTakeover
	}
	address, err := url.Parse(filled.Address)
	switch {
	case stateDir != "":
		return nil, errors.New("broker: Cluster and StateDir exclude each other")
	case filled.Store == nil:
		return nil, errors.New("broker: Cluster.Store: missing")
	case err != nil || address.Host == "" || address.Scheme != "ws" && address.Scheme != "wss",
		strings.ContainsFunc(filled.Address, isNotForURL):
		return nil, errors.New("broker: Cluster.Address: want a URL such as ws://10.0.0.7:27002")
	case filled.Takeover < 100*time.Millisecond:
		return nil, errors.New("broker: Cluster.Takeover: want at least 100ms")
	}
	return &filled, nil
}
