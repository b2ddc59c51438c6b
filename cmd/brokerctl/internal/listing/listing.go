package listing

import (
	"fmt"

	"github.com/charmbracelet/x/ansi"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// A Format says how to write locks and requests in the listing, which programs parse. The zero Format is plain and
// short. Its form must not change.
type Format struct {
	Palette screen.Palette
	Wide    bool // all details of a request on its line, and limits that differ
}

// A Line is text without control sequences, and its style.
type Line struct {
	Text  string
	Style ansi.Style
}

// Lock formats a lock: its name, its holders, its waiters, and an empty line.
func (f Format) Lock(lock wire.LockInfo) []Line {
	lines := make([]Line, 0, 4+len(lock.Holders)+len(lock.Waiters))
	lines = append(lines, Line{printable.Text(lock.Name) + ":", f.Palette.Title})
	lines = f.appendRequests(lines, Line{"* ", nil}, lock.Holders, lock.Holding)
	lines = f.appendRequests(lines, Line{"  ", f.Palette.Notice}, lock.Waiters, lock.Waiting)
	if differ := Limits(lock); f.Wide && differ != "" {
		lines = append(lines, Line{"! " + differ, f.Palette.Alarm})
	}
	return append(lines, Line{})
}

// AppendLines appends lines as text.
func AppendLines(text []byte, lines []Line) []byte {
	for _, line := range lines {
		text = append(append(text, line.Style.Styled(line.Text)...), '\n')
	}
	return text
}

// appendRequests appends a line for each request, and a line with the number of requests that are not listed. Each
// line begins with mark.
func (f Format) appendRequests(lines []Line, mark Line, requests []wire.RequestInfo, all int) []Line {
	for _, r := range requests {
		line := Line{mark.Text + f.Request(r), mark.Style}
		if r.Gone {
			line.Style = f.Palette.Alarm
		}
		lines = append(lines, line)
	}
	if more := all - len(requests); more > 0 {
		lines = append(lines, Line{fmt.Sprintf("%s... and %d more", mark.Text, more), f.Palette.Dim})
	}
	return lines
}

// Request formats a request: its author and id, and how long it has held or waited.
func (f Format) Request(r wire.RequestInfo) string {
	if IsHidden(r) {
		return Named(r)
	}
	text := fmt.Appendf(AppendWho(nil, r), ", duration: %s", Clock(r.Duration()))
	if r.Gone {
		text = append(text, " (gone)"...)
	}
	if f.Wide {
		text = appendRest(text, r)
	}
	return string(text)
}

// AppendWho appends a request as "@author, #id".
func AppendWho(text []byte, r wire.RequestInfo) []byte {
	if r.Author != "" {
		text = fmt.Appendf(text, "@%s, ", printable.Text(r.Author))
	}
	return fmt.Appendf(text, "#%s", printable.Text(r.ID.String()))
}

// appendRest appends all other details of a request.
func appendRest(text []byte, r wire.RequestInfo) []byte {
	text = fmt.Appendf(text, ", %s", r.Mode)
	if limit, ok := r.Limit.Get(); ok {
		text = fmt.Appendf(text, " by %d", limit)
	}
	if r.Token != 0 {
		text = fmt.Appendf(text, ", token %d", r.Token)
	}
	for _, part := range []struct{ name, value string }{
		{"client", r.Client}, {"from", r.Remote}, {"identity", r.Identity},
	} {
		if part.value != "" {
			text = fmt.Appendf(text, ", %s %s", part.name, printable.Text(part.value))
		}
	}
	if !r.Parent.IsZero() {
		text = fmt.Appendf(text, ", inside #%s", printable.Text(r.Parent.String()))
	}
	if len(r.Locks) > 1 || r.Hidden {
		text = fmt.Appendf(text, ", of %s", LockNames(r))
	}
	return text
}
