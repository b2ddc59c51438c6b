package top

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// The numbers come first, in columns of fixed width, so that they stay aligned however long the names are.
const (
	rowFormat    = "%5s %6s %5s %7s %9s  "
	numbersWidth = 5 + 1 + 6 + 1 + 5 + 1 + 7 + 1 + 9 + 2
)

// heads are the column heads, except for the holder column.
var heads = []struct {
	key  Key
	text string
}{
	{ByHolders, "HOLD"}, {ByAge, "AGE"}, {ByWaiters, "WAIT"}, {ByWait, "WAITED"}, {ByGrants, "GRANTS/S"},
	{ByName, "LOCK"},
}

// headsOf returns the heads of the number columns and of the name. An arrow marks the sort column.
func headsOf(o order) (numbers, name string) {
	var texts []any
	for _, h := range heads {
		text := h.text
		switch {
		case h.key != o.key:
		case o.descending():
			text += "↓"
		default:
			text += "↑"
		}
		texts = append(texts, text)
	}
	last := len(texts) - 1
	return fmt.Sprintf(rowFormat, texts[:last]...), texts[last].(string)
}

// numbersOf returns the number columns of a lock. A lock with a rate changes hands, so the first holder may have
// released it since the reading. So its times do not grow after the reading.
func numbersOf(l *lock, now time.Time) string {
	if l.rate > 0 {
		now = l.at
	}
	age, waited := "-", "-"
	if l.holding > 0 {
		age = span(now.Sub(l.heldSince))
	}
	if l.waiting > 0 {
		waited = span(now.Sub(l.waitsSince))
	}
	return fmt.Sprintf(rowFormat, short(l.holding), age, short(l.waiting), waited, perSecond(l.rate))
}

// holderOf returns the first holder and the number of the others.
func holderOf(l *lock) string {
	if l.holding == 0 {
		return ""
	}
	text := string(listing.AppendWho(nil, wire.RequestInfo{ID: l.holder, Author: l.author}))
	if l.holding > 1 {
		text += fmt.Sprintf(" and %d more", l.holding-1)
	}
	return text
}

// namesOf returns the columns of the name and the holder, which share width.
func namesOf(name, holder string, width int) string {
	left := nameWidth(width)
	return screen.Fit(name, left) + "  " + screen.Fit(holder, width-left-2)
}

// nameWidth returns the width of the name column. Beyond widestName, the holder would be too far from the name.
func nameWidth(width int) int { return min(max(width*11/20-2, 0), widestName) }

const widestName = 72

// sumsOf formats the sums.
func sumsOf(s sums) string {
	return strings.Join([]string{
		"locks " + count(s.locks), "held " + count(s.held), "waiting " + count(s.waiting),
		"grants/s " + perSecond(s.rate),
	}, "  ")
}
