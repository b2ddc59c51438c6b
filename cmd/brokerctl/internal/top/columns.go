package top

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
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
		age = listing.Age(now.Sub(l.heldSince))
	}
	if l.waiting > 0 {
		waited = listing.Age(now.Sub(l.waitsSince))
	}
	return fmt.Sprintf(rowFormat, short(l.holding), age, short(l.waiting), waited, perSecond(l.rate))
}

// A holder is the first holder of a lock: its id, and its author or label.
type holder struct{ id, who string }

func holderOf(l *lock) (h holder) {
	if l.holding > 0 {
		h = holder{printable.Text(l.first.ID.String()), listing.Who(l.first)}
	}
	return h
}

func (h holder) String() string { return h.fit(math.MaxInt) }

// fit returns the holder in at most the given width. The id stays whole if there is room for it, because people copy
// it. The author or label is cut in the middle.
func (h holder) fit(width int) string {
	room := width - screen.Width(h.id) - 1
	if h.who == "" || room < 3 {
		return screen.Cut(h.id, width)
	}
	return strings.TrimLeft(h.id+" "+screen.CutMiddle(h.who, room), " ")
}

// names are the columns beside the numbers. They share the rest of the width. The name of a lock and the label of a
// client are cut in the middle, so that those with the same beginning can be told apart.
type names struct {
	lock, mode string
	holder     holder
	client     string
}

// wideFrom is the width from which there is room for the mode and the client.
const wideFrom = 110

// columns returns the columns in the given width.
func (n names) columns(width int) string {
	fit := func(text string, width int) string { return screen.Fit(screen.CutMiddle(text, width), width) + "  " }
	if width < wideFrom {
		left := nameWidth(width)
		return fit(n.lock, left) + n.holder.fit(width-left-2)
	}
	left := min(width*2/5, widestName)
	right := (width - left - modeWidth - 6) / 2
	return fit(n.lock, left) + fit(n.mode, modeWidth) + screen.Fit(n.holder.fit(right), right) + "  " +
		screen.CutMiddle(n.client, width-left-modeWidth-right-6)
}

// modeWidth is the width of the column with the mode and the limit of the first holder.
const modeWidth = 9

// namesOf returns the columns of a lock.
func namesOf(l *lock) names {
	n := names{lock: printable.Text(l.name), holder: holderOf(l)}
	if l.holding > 0 {
		n.mode, n.client = modeOf(l.first), printable.Text(l.first.Client)
	}
	return n
}

// modeOf returns the mode of a request, with its limit.
func modeOf(r wire.RequestInfo) string {
	if limit, ok := r.Limit.Get(); ok {
		return fmt.Sprintf("%s/%d", r.Mode, limit)
	}
	return r.Mode.String()
}

// nameWidth returns the width of the name column. Beyond widestName, the holder would be too far from the name.
func nameWidth(width int) int { return min(max(width/2-2, 0), widestName) }

const widestName = 72

// sumsOf formats the sums.
func sumsOf(s sums) string {
	return strings.Join([]string{
		"locks " + count(s.locks), "held " + count(s.held), "waiting " + count(s.waiting),
		"grants/s " + perSecond(s.rate),
	}, "  ")
}
