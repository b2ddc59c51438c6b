package clients

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

// Request formats a request of a client whose name is known: a mark if it holds, its id, for how long it has held or
// waited, its mode, its author and its locks. If the line is longer than width, the names of the locks are cut in the
// middle. A width of 0 means no limit.
func Request(r wsclient.RequestInfo, lasted time.Duration, width int) string {
	if listing.IsHidden(r) {
		return screen.Cut("  "+listing.Named(r), cmp.Or(width, math.MaxInt))
	}
	mark := " "
	if r.Token != 0 {
		mark = "*"
	}
	mode := r.Mode.String()
	if limit, ok := r.Limit.Get(); ok {
		mode += fmt.Sprintf("/%d", limit)
	}
	head := fmt.Sprintf("%s %-12s  %6s  %-9s  ", mark, printable.Text(r.ID.String()), listing.Age(lasted), mode)
	locks, author := listing.LockNames(r), ""
	if r.Author != "" {
		author = "  @" + printable.Text(r.Author)
	}
	if width == 0 {
		return head + locks + author
	}
	room := max(width-screen.Width(head), 0)
	author = screen.Cut(author, room/2)
	return screen.Cut(head+screen.CutMiddle(locks, room-screen.Width(author))+author, width)
}
