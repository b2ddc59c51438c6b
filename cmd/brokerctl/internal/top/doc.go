// Package top is a live view of a broker: a line for each lock, with its holder, the number of waiters, how long they
// have held and waited, and how often the lock is granted. A key shows a line for each client instead. [Run] shows
// the view on a terminal, and [Batch] prints it. Both take [Options] and a [Source], such as a client of the broker.
//
// # How it reads very many locks
//
// A scanner reads the listing again and again, in small pages. It pauses between pages, so that neither side is ever
// busy for long. The broker sends one holder and one waiter of each lock, never whole queues. A table keeps a small
// entry for each lock. An entry is as old as the last page with its lock: the listing is consistent within a page,
// but not across pages. The view reads more only for the lock in the pane: at most 100 holders and 100 waiters.
//
// The scanner also reads free locks, which are hidden by default. The rate of grants needs two readings of a
// lock, and the busiest locks are free now and then.
//
// # How it reads clients
//
// While the view shows clients, the model reads all of them once per interval, page by page, with the same pauses. For
// the client in the pane it reads at most 100 requests.
//
// # Who owns what
//
// The scanner has its own goroutine and sends what it reads. The receiver, which is the model of the terminal
// or the loop of the batch, owns the table. Neither reads a clock: each message carries its time.
package top
