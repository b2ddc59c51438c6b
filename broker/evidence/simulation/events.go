package simulation

import "time"

// An event is something that happens at one time of the world. Its meaning depends on its kind.
type event struct {
	at    time.Duration
	order int64 // events of the same time happen in the order in which they were planned
	kind  eventKind
	who   int32 // a client, or a connection
	what  int32 // a call, a fault, a session or a direction
	gen   int32 // the event is outdated if its subject has another generation by then
}

// An eventKind says what happens.
type eventKind uint8

const (
	evArrive     eventKind = iota // what: direction. The first message of a link arrives
	evDial                        // what: link number. A SYN arrives
	evTick                        // the timer of a client fires
	evCall                        // what: call. A program makes a call
	evSettle                      // what: call. A caller runs because its request was granted or has ended
	evGiveUp                      // what: call. The context of a waiting call ends
	evWrite                       // what: call. A holder writes to the resources
	evLeave                       // what: call. The function under a lock returns
	evWritten                     // what: write. A write arrives at a resource
	evFault                       // what: fault. A fault begins
	evHeal                        // what: fault. A fault ends
	evBroker                      // the timer of the broker's loop fires
	evLoop                        // a slow loop handles its next item
	evSilence                     // what: session. The reader's deadline passes
	evPulse                       // what: session. A WebSocket ping is due
	evStall                       // who: connection, what: direction. A write has perhaps stalled
	evHurry                       // what: session. The time for a closing handshake is over
	evDisk                        // a write to the state directory ends
	evServe                       // a broker that has just started begins to serve
	evDue                         // the broker must have done what was due
	evStateDir                    // what: operation. It ends
	evAtStore                     // what: call of the store. It arrives there
	evStored                      // what: call of the store. Its answer arrives at the broker
	evPatience                    // what: call of the store. The broker gives it up
	evMember                      // the part of a broker in its cluster has something to do
	evSnapshot                    // what: broker. The snapshot of the owner arrives at a standby
	evReceipt                     // the owner learns that a standby has the snapshot
	evSuccession                  // clients have waited for another owner for long enough
	evMove                        // what: stage. A time limit of a hand-over has passed
	evExcuse                      // who: client, what: call, gen: life. The excuse for an overlap must have ended
)

// A queue holds the events to come: a binary heap by time and order.
type queue struct {
	heap  []event
	order int64
}

func (q *queue) reset() { q.heap, q.order = q.heap[:0], 0 }

// add plans an event.
func (q *queue) add(e event) {
	q.order++
	e.order = q.order
	q.heap = append(q.heap, e)
	heap, i := q.heap, len(q.heap)-1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(&heap[parent]) {
			break
		}
		heap[i] = heap[parent]
		i = parent
	}
	heap[i] = e
}

// next removes and returns the first event.
func (q *queue) next() event {
	heap := q.heap
	first, last := heap[0], len(heap)-1
	e := heap[last]
	q.heap = heap[:last]
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && heap[child+1].before(&heap[child]) {
			child++
		}
		if !heap[child].before(&e) {
			break
		}
		heap[i] = heap[child]
		i = child
	}
	if last > 0 {
		heap[i] = e
	}
	return first
}

func (e *event) before(other *event) bool {
	return e.at < other.at || e.at == other.at && e.order < other.order
}
