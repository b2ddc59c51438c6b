package metrics

import (
	"github.com/lockbroker/lockbroker/broker/internal/locktable"
	"github.com/lockbroker/lockbroker/broker/wire"
)

// A Client is a kind of client, as far as the broker can tell from its upgrade request.
type Client uint8

// The kinds of clients.
const (
	Other      Client = iota // none of the others
	Go                       // the Go client
	Brokerctl                // brokerctl, which uses the Go client
	Browser                  // a page: its request has an Origin
	JavaScript               // elsewhere: only its messages are signs of life, as with the JavaScript client
	clients
)

var clientNames = [clients]string{"other", "go", "brokerctl", "browser", "javascript"}

// An End says why a session has ended.
type End uint8

// The ends of sessions.
const (
	Failed         End = iota // none of the others: for example, the network has failed
	Goodbye                   // the client has given up everything
	ClosedByClient            // the client has sent another close frame
	Answer                    // the broker has closed the session, and the client has answered
	FIN                       // the client, its kernel or a proxy has closed the connection
	RST                       // it has reset the connection
	Silent                    // nothing came for the session timeout
	Slow                      // the client read too slowly
	Credential                // its credential has expired or is no longer accepted
	Protocol                  // the client broke the protocol
	ends
)

var endNames = [ends]string{
	"failed", "goodbye", "closed", "answer", "fin", "rst", "silent", "slow", "credential", "protocol",
}

// A way is how a request has ended.
type way uint8

const (
	released way = iota
	cancelled
	timedOut
	expired
	evicted
	stolen
	sessionEnded
	forbidden
	shuttingDown
	ways
)

var wayNames = [ways]string{
	"released", "cancelled", "timeout", "expired", "evicted", "stolen",
	"session_ended", "forbidden", "shutting_down",
}

// wayOf returns how an event ends a request, or false if it does not end one.
func wayOf(e *locktable.Event) (way, bool) {
	switch e.Kind {
	case locktable.Released:
		return released, true
	case locktable.Cancelled:
		return cancelled, true
	case locktable.TimedOut:
		return timedOut, true
	case locktable.Evicted:
		return evicted, true
	case locktable.Gone:
		return sessionEnded, true
	case locktable.Forbidden:
		return forbidden, true
	case locktable.ShutDown:
		return shuttingDown, true
	case locktable.Lost:
		return wayOfLoss(e.Lost), true
	}
	return 0, false
}

func wayOfLoss(reason wire.LostReason) way {
	switch reason {
	case wire.LostExpired:
		return expired
	case wire.LostStolen:
		return stolen
	}
	return evicted
}

// The states of a request, as labels.
const (
	waiting = iota
	holding
	states
)

var stateNames = [states]string{"waiting", "holding"}

func stateOf(held bool) int {
	if held {
		return holding
	}
	return waiting
}

// Starting is the reason for which nothing is granted before the loop serves.
const Starting = "starting"

// Standby is the reason on a broker that is not the owner of its cluster.
const Standby = "standby"

// pauses are all such reasons.
var pauses = []string{
	Starting, Standby, string(wire.PauseGrace), string(wire.PauseDraining), string(wire.PauseNoTokens),
}

// canEnd reports whether a request in that state can end in that way.
func canEnd(how way, state int) bool {
	switch how {
	case released, expired, stolen:
		return state == holding
	case timedOut, forbidden, shuttingDown:
		return state == waiting
	}
	return true
}

// codes are the codes of errors.
var codes = func() (all []wire.Code) {
	for _, info := range wire.ErrorCodes() {
		all = append(all, info.Code)
	}
	return all
}()
