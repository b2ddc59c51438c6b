package top

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
)

// A Printout says what [Batch] prints.
type Printout struct {
	Frames int // number of frames; 0: until ctx ends
	Rows   int // the maximum number of locks per frame; 0: all
}

// Batch prints a frame after each reading of all locks, with an empty line between frames. It returns the first error
// of out, or of a source that has ended or lost its connection, because a script must notice that.
func Batch(ctx context.Context, source Source, options Options, p Printout, out io.Writer) error {
	events, stop := scan(ctx, source, options)
	defer stop()
	b := batch{table: newTable(), options: options, rows: p.Rows, out: bufio.NewWriter(out)}
	for frames := 0; p.Frames == 0 || frames < p.Frames; {
		select {
		case event := <-events:
			printed, err := b.handle(event, frames > 0)
			if err != nil {
				return err
			}
			if printed {
				frames++
			}
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// A batch is the state of [Batch].
type batch struct {
	table   *table
	lines   lines
	options Options
	rows    int
	out     *bufio.Writer
}

// handle handles an event of the scanner. After a sweep it prints a frame.
func (b *batch) handle(event any, apart bool) (printed bool, err error) {
	switch event := event.(type) {
	case page:
		b.table.read(event)
		return false, nil
	case swept:
		if event.err != nil {
			return false, event.err
		}
		b.table.end(event)
		b.lines.list(b.table, selection{empty: b.options.Empty, order: b.options.order()})
		if apart {
			_ = b.out.WriteByte('\n')
		}
		b.print(event.at)
		return true, b.out.Flush()
	case ended:
		return false, event.err
	}
	return false, fmt.Errorf("top: unknown event %T", event)
}

// print prints a frame. The later Flush returns its errors.
func (b *batch) print(now time.Time) {
	_, _ = fmt.Fprintf(b.out, "%s  %s  %s\n", now.Format(time.RFC3339), b.options.Broker, sumsOf(b.lines.sums))
	locks := b.lines.locks
	if b.rows > 0 && len(locks) > b.rows {
		locks = locks[:b.rows]
	}
	numbers, name := headsOf(order{key: noKey})
	width := screen.Width(name)
	for _, l := range locks {
		width = max(width, min(screen.Width(printable.Text(l.name)), widestName))
	}
	_, _ = fmt.Fprintf(b.out, "%s%s  HOLDER\n", numbers, screen.Fit(name, width))
	for _, l := range locks {
		b.printRow(numbersOf(l, now), printable.Text(l.name), holderOf(l).String(), width)
	}
	if more := len(b.lines.locks) - len(locks); more > 0 {
		_, _ = fmt.Fprintf(b.out, "... and %d more\n", more)
	}
}

func (b *batch) printRow(numbers, name, holder string, width int) {
	_, _ = b.out.WriteString(numbers)
	if holder == "" {
		_, _ = b.out.WriteString(name + "\n")
		return
	}
	if screen.Width(name) < width {
		name = screen.Fit(name, width)
	}
	_, _ = b.out.WriteString(name + "  " + holder + "\n")
}
