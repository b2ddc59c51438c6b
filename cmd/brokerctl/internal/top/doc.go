// Package top is the view of a broker that is always up to date: a line for each
// lock, with who holds it, who waits, for how long, and how often it is granted.
// [Run] shows it on a terminal, [Batch] prints it; both take [Options] and a
// [Source], which a client of the broker is.
//
// # How it looks at very many locks
//
// A scanner asks for the listing in small pages, round and round, and pauses
// between them, so that neither side is ever busy with it for long. The broker
// sends one holder and one waiter of each lock, never whole queues. A table keeps
// one small line for each lock, and is right as of the last page that held the
// lock: the listing is consistent within a page, not across them. Only of the one
// lock that is looked at closely more is asked for, and at most 100 of each kind.
//
// Free locks are asked for as well, although they are shown only if one wants to
// see them: how often a lock was granted is known only from two readings of it,
// and the busiest locks are free every now and then.
//
// # Who owns what
//
// The scanner runs in a goroutine of its own, and sends what it reads. Who
// receives it, the model of the terminal or the loop of the batch, owns the table.
// Neither reads a clock: every time comes with a message.
package top
