package broker

import (
	"time"

	"github.com/lockbroker/lockbroker/broker/internal/fair"
	"github.com/lockbroker/lockbroker/broker/internal/owner"
)

// A session is what the loop knows about one client. Only the loop may touch these fields: the
// reader and the writer are separate types that cannot reach them. All three share the connection.
type session struct {
	*connection

	number   int64         // its place in the order of opening
	openedAt time.Duration // in the loop's time

	rights *rights // what the client may do, and may be told; nil: everything
	sweep  *sweep  // its waiting requests that it may no longer make are being ended; or nil

	share   *share
	flows   [lanes]fair.Flow[*session]
	todo    todoList // what the client has sent and the loop has not handled, in order
	watches *watches // nil until the first watch

	mark       owner.Mark // must be on record before anything is granted; 0 unless the broker is one of several
	listing    *listing   // the unfinished page, or nil
	paging     bool       // a page is unfinished, or on its way to the client
	awaitsPage bool       // it waits because too many pages are on their way

	// What else its next item may have to wait for.
	waits     bool // it waits for its turn, in the lane of that item
	auditing  bool // it waits until the log has recorded what it did to others
	searching bool // a search for a deadlock is running for it
	stealing  bool // its steal is not complete
	evicts    bool // one of its evicts is not answered yet

	closing bool // its reader has ended
	ended   bool // the loop has handled its end
	// parked says that it is in loop.unrecorded.
	parked bool
	// replaced says that it goes on with another connection: another session has its name.
	replaced bool
	// unjudged is how many of the next items were judged under rights that the session no longer has.
	unjudged int32
}
