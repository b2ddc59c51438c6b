package listing

import (
	"cmp"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
)

// Named returns a request for people as "author (id)". Without an author it has the label of the client instead, and
// without a label only the id. The id has no #, because # begins a comment in a shell. Explain of package wsclient
// names requests in the same way.
func Named(r wire.RequestInfo) string {
	if IsHidden(r) {
		return "a hidden request"
	}
	id := printable.Text(r.ID.String())
	if name := Who(r); name != "" {
		return name + " (" + id + ")"
	}
	return id
}

// Who returns the author of a request, or the label of its client if it has no author. It returns "" if it has
// neither.
func Who(r wire.RequestInfo) string {
	name := cmp.Or(r.Author, r.Client)
	if name == "" {
		return ""
	}
	return printable.Text(name)
}

// IsHidden reports whether this client may list none of the locks of a request, and so knows nothing about it.
func IsHidden(r wire.RequestInfo) bool { return r.Hidden && r.ID.IsZero() }

// LockNames returns the names of the locks of a request, for people, with a word for those that are hidden.
func LockNames(r wire.RequestInfo) string {
	names := make([]string, len(r.Locks))
	for i, name := range r.Locks {
		names[i] = printable.Text(name)
	}
	if r.Hidden {
		names = append(names, "hidden locks")
	}
	return strings.Join(names, " + ")
}
