package wsclient

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Explain puts a chain of [Client.Why] into words, for people, in one line:
//
//	create_user (k3v9x2mq--4) waits for b, held by report (abcd1234--1),
//	which waits for a, held by cleanup (abcd1234--0)
//
// If the blocker is an earlier waiter, the text says "behind" and not "held by". If a lock has several
// holders, the blocker comes first. The text says "a hidden request" and "a hidden lock" for what this client
// may not list. Text that is not printable is quoted. For an empty chain, Explain returns "".
func Explain(chain []Step) string { return explain(chain, false) }

// explain is Explain. With circle, the first request of the chain is the last blocker, or was made inside it. If one
// client has made both with one author, explain repeats only the author. If the authors or the clients differ, it
// says that the first request was made inside the blocker.
func explain(steps []Step, circle bool) string {
	var text strings.Builder
	for i, step := range steps {
		if i == 0 {
			text.WriteString(named(step.Request))
		} else {
			text.WriteString(onward(steps[i-1], step.Request))
		}
		text.WriteString(" waits for " + namedLock(step.Lock) + ", " + blockedHow(step.Blocker) + " ")
		closes := circle && i == len(steps)-1
		if closes && sameAuthor(steps[0].Request, step.Blocker) {
			text.WriteString(printable.Text(step.Blocker.Author))
			continue
		}
		text.WriteString(named(step.Blocker) + others(step))
		if closes && !alike(steps[0].Request, step.Blocker) {
			text.WriteString(", inside which " + named(steps[0].Request) + " was made")
		}
	}
	return text.String()
}

// namedLock returns the name of the lock of a step, which is "" if the lock is hidden.
func namedLock(name string) string {
	if name == "" {
		return "a hidden lock"
	}
	return printable.Text(name)
}

// blockedHow returns the words before the name of a blocker. Of a hidden one it is not known whether it holds.
func blockedHow(r RequestInfo) string {
	switch {
	case isHidden(r):
		return "blocked by"
	case r.Token == 0: // only holders have one
		return "behind"
	}
	return "held by"
}

const hiddenRequest = "a hidden request"

// isHidden reports whether the client may list none of the locks of a request, and so knows nothing about it.
func isHidden(r RequestInfo) bool { return r.Hidden && r.ID.IsZero() }

// others returns the other holders of the lock of a step, to follow its blocker.
func others(step Step) string {
	var text strings.Builder
	more := max(step.Holding-1-len(step.Others), 0)
	for i, other := range step.Others {
		if more == 0 && i == len(step.Others)-1 {
			text.WriteString(" and " + named(other))
		} else {
			text.WriteString(", " + named(other))
		}
	}
	if more > 0 {
		fmt.Fprintf(&text, " and %d more", more)
	}
	return text.String()
}

// onward leads from the blocker of a step to the request that waits next: the blocker itself, or a waiter inside it.
// It does not distinguish the two if one client has made both with the same author. If one of them is hidden, it is not
// known whether they are the same.
func onward(from Step, waiter RequestInfo) string {
	several := len(from.Others) > 0 || from.Holding > 1
	if isHidden(from.Blocker) || isHidden(waiter) {
		return "; " + named(waiter)
	}
	switch same := alike(from.Blocker, waiter); {
	case several && same:
		return "; " + named(waiter)
	case several:
		return "; " + named(waiter) + ", inside " + named(from.Blocker) + ","
	case same:
		return ", which"
	}
	return ", inside which " + named(waiter)
}

func alike(a, b RequestInfo) bool { return a.Author == b.Author && a.ID.Session == b.ID.Session }

func sameAuthor(a, b RequestInfo) bool {
	return a.Author != "" && alike(a, b)
}

// named returns a request in the form "author (id)". Without an author it has the label of the client instead, and
// without a label only the id. The id has no #, because # begins a comment in a shell.
func named(r RequestInfo) string {
	if isHidden(r) {
		return hiddenRequest
	}
	id := printable.Text(r.ID.String())
	name := cmp.Or(r.Author, r.Client)
	if name == "" {
		return id
	}
	return printable.Text(name) + " (" + id + ")"
}

// describe returns a request in the form "@author (#id, client) for 3s".
func describe(r RequestInfo) string {
	if isHidden(r) {
		return hiddenRequest
	}
	who := "#" + printable.Text(r.ID.String())
	if r.Client != "" {
		who += ", " + printable.Text(r.Client)
	}
	if r.Author != "" {
		who = "@" + printable.Text(r.Author) + " (" + who + ")"
	}
	return fmt.Sprintf("%s for %v", who, r.Duration())
}

// heldBy returns who holds a lock, for an error of a client with that session.
func heldBy(holders []RequestInfo, session string) string {
	var all []string
	for _, h := range holders {
		if h.ID.Session == session && !isHidden(h) {
			h.Client = "" // the label of this client
			all = append(all, "this client: "+describe(h))
		} else {
			all = append(all, describe(h))
		}
	}
	return "held by " + strings.Join(all, ", ")
}

// blame returns who did something, and why, if that is known.
func blame(by, message string) string {
	var text string
	if by != "" {
		text = " by " + printable.Text(by)
	}
	if message != "" {
		text += ": " + printable.Text(message)
	}
	return text
}
