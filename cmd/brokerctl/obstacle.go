package main

import (
	"fmt"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
)

// describeObstacle describes a lock for one of its waiters. Ahead is the number of waiters in front of that one.
func describeObstacle(lock wire.LockInfo, ahead int) string {
	text := printable.Text(lock.Name)
	switch {
	case ahead >= reportQueue:
		text += fmt.Sprintf(", %d or more ahead", ahead)
	case ahead > 0:
		text += fmt.Sprintf(", %d ahead", ahead)
	}
	if len(lock.Holders) > 0 {
		first := lock.Holders[0]
		text += fmt.Sprintf(", held by %s for %s", shortName(first), listing.Age(first.Duration()))
		if more := lock.Holding - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		if hasAncestor(lock.Holders) {
			text += ", a run that started this process and may be waiting for it"
		}
	}
	return text
}

// describeHolder returns the name of a lock, and who holds it.
func describeHolder(lock wire.LockInfo) string {
	text := printable.Text(lock.Name)
	if len(lock.Holders) == 0 {
		return text
	}
	first := lock.Holders[0]
	text += ", held by "
	if first.Author != "" {
		text += "@" + printable.Text(first.Author) + ", "
	}
	text += "#" + printable.Text(first.ID.String())
	if first.Client != "" {
		text += " (" + printable.Text(first.Client) + ")"
	}
	if more := lock.Holding - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// shortName returns the author of a request, or its client label, or its id: the first of these that is set.
func shortName(r wire.RequestInfo) string {
	switch {
	case r.Author != "":
		return "@" + printable.Text(r.Author)
	case r.Client != "":
		return printable.Text(r.Client)
	}
	return "#" + printable.Text(r.ID.String())
}
