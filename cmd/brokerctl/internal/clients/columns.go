package clients

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/wsclient"
)

// NumbersWidth is the width of Heads and Numbers.
const NumbersWidth = 8 + 2 + 6 + 1 + 6 + 1 + 6 + 1 + 7 + 1 + 7 + 2

const numbersFormat = "%-8s  %6s %6s %6s %7s %7s  "

// Heads returns the heads of the session and of the columns with numbers. The arrow marks the column of the order, if
// it is one of them.
func Heads(o Order, arrow string) string {
	mark := func(text string, order Order) string {
		if o == order {
			return text + arrow
		}
		return text
	}
	return fmt.Sprintf(numbersFormat, "SESSION", mark("AGE", ByAge), mark("HOLDS", ByHolding),
		mark("WAITS", ByWaiting), mark("UNSENT", ByUnsent), mark("SILENT", BySilent))
}

// Numbers returns the session of a client, for how long it has been connected, how many locks it holds, how many of
// its requests wait, how many bytes the broker could not send to it yet, and for how long it had been silent when it
// was listed. Ago is how long ago that was.
func Numbers(c *wsclient.ClientInfo, ago time.Duration) string {
	connected, silent := time.Duration(c.ConnectedMS)*time.Millisecond, time.Duration(c.SilentMS)*time.Millisecond
	return fmt.Sprintf(numbersFormat, printable.Text(c.Session), listing.Age(connected+ago), number(c.Holding),
		number(c.Waiting), Bytes(c.UnsentBytes), listing.Age(silent))
}

// Who returns the identity and the label of a client, or "-" if it has neither.
func Who(c *wsclient.ClientInfo) string {
	var parts []string
	for _, text := range []string{c.Identity, c.Client} {
		if text != "" {
			parts = append(parts, printable.Text(text))
		}
	}
	if len(parts) == 0 {
		return "-"
	}
	return strings.Join(parts, " ")
}

// Address returns the address of a client, or "-" if it is unknown.
func Address(c *wsclient.ClientInfo) string {
	if c.Remote == "" {
		return "-"
	}
	return printable.Text(c.Remote)
}

// Names returns the columns of the label and the address, which share width. Text that is too long is cut in the
// middle.
func Names(who, address string, width int) string {
	right := min(widestAddress, max(width-2, 0)/2)
	left := min(max(width-2-right, 0), widestWho)
	return screen.Fit(screen.CutMiddle(who, left), left) + "  " + screen.CutMiddle(address, right)
}

// widestWho is the width beyond which the address would be too far from the label.
const widestWho = 72

// widestAddress is the width of an IPv4 address with its port. Longer addresses are cut.
const widestAddress = 21

// number formats a number in at most 6 characters, up to 100 million.
func number(n int) string {
	if n < 1_000_000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%dk", n/1000)
}

// Bytes formats a number of bytes in at most 6 characters.
func Bytes(n int64) string {
	const kib = 1 << 10
	switch {
	case n < 1000:
		return fmt.Sprintf("%dB", n)
	case n < 1000*kib:
		return fmt.Sprintf("%.1fK", float64(n)/kib)
	case n < 1000*kib*kib:
		return fmt.Sprintf("%.1fM", float64(n)/(kib*kib))
	}
	return fmt.Sprintf("%.1fG", float64(n)/(kib*kib*kib))
}
