package clients

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/lockbroker/lockbroker/wsclient"
)

// An Order is a sort order of clients.
type Order string

// The orders.
const (
	ByAge     Order = "age"     // connected for longest first, as the broker lists them
	ByLabel   Order = "label"   // by bytes
	ByHolding Order = "holding" // most locks first
	ByWaiting Order = "waiting" // most requests that wait first
	ByUnsent  Order = "unsent"  // most bytes first
	BySilent  Order = "silent"  // silent for longest first
)

// Orders returns all orders.
func Orders() []Order { return []Order{ByAge, ByLabel, ByHolding, ByWaiting, ByUnsent, BySilent} }

// UnmarshalText parses the value of a flag.
func (o *Order) UnmarshalText(text []byte) error {
	if order := Order(text); slices.Contains(Orders(), order) {
		*o = order
		return nil
	}
	return fmt.Errorf("want %s, %s, %s, %s, %s or %s", ByAge, ByLabel, ByHolding, ByWaiting, ByUnsent, BySilent)
}

// Compare compares two clients. It returns 0 if they are equal in this order.
func (o Order) Compare(a, b *wsclient.ClientInfo) int {
	switch o {
	case ByLabel:
		return strings.Compare(a.Client, b.Client)
	case ByHolding:
		return cmp.Compare(b.Holding, a.Holding)
	case ByWaiting:
		return cmp.Compare(b.Waiting, a.Waiting)
	case ByUnsent:
		return cmp.Compare(b.UnsentBytes, a.UnsentBytes)
	case BySilent:
		return cmp.Compare(b.SilentMS, a.SilentMS)
	}
	return cmp.Compare(b.ConnectedMS, a.ConnectedMS)
}

// Read reads a listing and returns its clients in this order. The sort is stable. After an error, Read returns the
// clients before it, too.
func (o Order) Read(listing iter.Seq2[wsclient.ClientInfo, error]) ([]wsclient.ClientInfo, error) {
	var all []wsclient.ClientInfo
	var failed error
	for client, err := range listing {
		if err != nil {
			failed = err
			break
		}
		all = append(all, client)
	}
	if o != ByAge {
		slices.SortStableFunc(all, func(a, b wsclient.ClientInfo) int { return o.Compare(&a, &b) })
	}
	return all, failed
}
