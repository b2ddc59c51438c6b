package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// evictCmd is the command "evict".
type evictCmd struct {
	target
	ID      string `arg:"" optional:"" complete:"request" help:"The request to end, by its id as in the listing."`
	Lock    string `placeholder:"NAME" complete:"held" help:"End all who hold this lock, in place of one request."`
	Message string `short:"m" placeholder:"TEXT" help:"Why, for whom it concerns to read, and for the log of the broker."`
	Yes     bool   `short:"y" help:"Do not ask."`
}

// Help is shown below the flags.
func (evictCmd) Help() string {
	return `A holder loses its locks, and one that waits waits no more; both are told by whom, and why. The locks go to the next in line at once, whatever the victim still does.

    $ brokerctl evict k3v9x2mq--0 --message "stuck since noon"
    $ brokerctl evict --lock orders/42 --yes

On a terminal it shows whom it is about and asks; elsewhere --yes is needed.`
}

// Validate refuses what says nothing, or two things.
func (c *evictCmd) Validate() error {
	c.ID = strings.TrimPrefix(c.ID, "#") // as the listing has it
	switch {
	case (c.ID == "") == (c.Lock == ""):
		return errors.New("want either the id of a request or --lock NAME")
	case c.ID != "" && !wire.ParseID(c.ID).Valid():
		return &cli.Failure{
			Err:  fmt.Errorf("%q is not the id of a request, such as k3v9x2mq--0", c.ID),
			Hint: "to name a lock say --lock",
		}
	}
	return nil
}

// Run ends requests.
func (c *evictCmd) Run(app *kong.Kong) error {
	ctx := context.Background()
	client, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	victims, err := c.victims(ctx, client)
	if err != nil {
		return lostBroker(err)
	}
	if !c.Yes {
		if err := confirm(os.Stdin, app.Stderr, victims); err != nil {
			return err
		}
	}
	var failed error
	for _, v := range victims {
		err := client.Evict(ctx, v.id, c.Message)
		if err == nil {
			_, err = fmt.Fprintln(app.Stdout, "evicted", v)
		}
		failed = errors.Join(failed, err)
	}
	if c.ID != "" && errors.Is(failed, wsclient.ErrNotFound) {
		return &cli.Failure{Err: failed, Hint: "brokerctl info lists who holds and who waits, with their ids"}
	}
	return lostBroker(failed)
}

// A victim is somebody to be evicted, in words.
type victim struct {
	id    wsclient.ID
	words string
}

// String is for people.
func (v victim) String() string { return v.words }

// victims are those who are meant. A request that is named need not be found: to
// look at all locks for it would be too much.
func (c *evictCmd) victims(ctx context.Context, client *wsclient.Client) ([]victim, error) {
	if c.ID != "" {
		return []victim{{wire.ParseID(c.ID), printable.Text(c.ID)}}, nil
	}
	var victims []victim
	for lock, err := range client.Info(ctx, &wsclient.InfoOptions{Match: glob.Escape(c.Lock), Queue: wire.MaxQueue}) {
		if err != nil {
			return nil, err
		}
		for _, r := range lock.Holders {
			victims = append(victims, victim{r.ID, listing.Form{}.Request(r)})
		}
	}
	if len(victims) == 0 {
		return nil, fmt.Errorf("nobody holds %s", printable.Text(c.Lock))
	}
	return victims, nil
}

// confirm asks on the terminal.
func confirm(in *os.File, out io.Writer, victims []victim) error {
	if !term.IsTerminal(int(in.Fd())) {
		return &cli.Failure{Err: errors.New("evict asks on a terminal"), Hint: "say --yes where there is none", Code: cli.ExitUsage}
	}
	for _, v := range victims {
		_, _ = fmt.Fprintln(out, v)
	}
	_, _ = fmt.Fprint(out, "evict? [y/N] ")
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && answer == "" {
		return errors.New("nobody has answered")
	}
	if answer := strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}
