package broker

import (
	"github.com/lockbroker/lockbroker/broker/internal/fair"
)

// A session is what the loop knows of one client: only the loop may touch these fields. The reader
// and the writer are types of their own, and have no way to them. What all three share is the
// connection.
type session struct {
	*connection

	share   *share
	flows   [lanes]fair.Flow[*session]
	todo    todoList // what the client has sent, in order
	watches *watches // nil before the first

	listing    *listing // the page that is under way, or nil
	paging     bool     // a page is under way, or on its way to the client
	awaitsPage bool     // too many pages are on their way to others

	// What its next item may have to wait for, beside a page.
	waits     bool // for its turn, in the lane of that item
	auditing  bool // the log must first say what the session has done to others
	searching bool // a search for a deadlock is under way for it
	stealing  bool // a steal of it is under way

	closing bool // its reader has ended
	ended   bool // the loop has handled its end
}
