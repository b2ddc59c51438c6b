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
	ID      string `arg:"" optional:"" complete:"request" help:"The id of the request, as in the listing."`
	Lock    string `placeholder:"NAME" complete:"held" help:"Evict all holders of this lock."`
	Message string `short:"m" placeholder:"TEXT" help:"The reason, which the client and the broker's log get."`
	Yes     bool   `short:"y" help:"Do not ask for confirmation."`
}

// Help returns the text that --help shows above the flags.
func (evictCmd) Help() string {
	return `Ends requests of other clients: a holder loses its locks, and a waiter stops waiting. The client is
told who evicted it, and why. The locks go to the next in the queue at once, even if the evicted program is
still using them.

    $ brokerctl evict k3v9x2mq--0 --message "stuck since noon"
    $ brokerctl evict --lock orders/42 --yes

An id may have the # of the listing, if it is quoted for the shell. On a terminal, evict lists the requests and asks for confirmation. Without a terminal, --yes is required.`
}

// Validate requires either an id or a lock.
func (c *evictCmd) Validate() error {
	c.ID = strings.TrimPrefix(c.ID, "#") // The listing shows ids with this prefix.
	switch {
	case c.ID == "" && c.Lock == "":
		return &cli.Failure{
			Err:  errors.New("want either the id of a request or --lock NAME"),
			Hint: "a shell reads an id that begins with # as a comment: write it without the #",
		}
	case c.ID != "" && c.Lock != "":
		return errors.New("want either the id of a request or --lock NAME, not both")
	case c.ID != "" && !wire.ParseID(c.ID).Valid():
		return &cli.Failure{
			Err:  fmt.Errorf("%q is not the id of a request, such as k3v9x2mq--0", c.ID),
			Hint: "to name a lock, use --lock " + cli.Quote(c.ID),
		}
	}
	return nil
}

// Run evicts requests.
func (c *evictCmd) Run(app *kong.Kong) error {
	ctx := context.Background()
	client, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	victims, err := c.victims(ctx, client)
	if err != nil {
		return brokerFailure(err)
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
		return &cli.Failure{Err: failed, Hint: "brokerctl info lists holders and waiters with their ids"}
	}
	return brokerFailure(failed)
}

// A victim is a request that will be evicted, and its description.
type victim struct {
	id    wsclient.ID
	words string
}

// String returns the description.
func (v victim) String() string { return v.words }

// victims returns the requests that the arguments name. It does not look up a request by id, because that would
// take a listing of all locks.
func (c *evictCmd) victims(ctx context.Context, client *wsclient.Client) ([]victim, error) {
	if c.ID != "" {
		return []victim{{wire.ParseID(c.ID), printable.Text(c.ID)}}, nil
	}
	var victims []victim
	options := &wsclient.InfoOptions{Match: glob.Escape(c.Lock), Queue: wire.MaxQueue}
	for lock, err := range client.Info(ctx, options) {
		if err != nil {
			return nil, err
		}
		for _, r := range lock.Holders {
			words := fmt.Sprintf("%s, which has held %s for %s",
				listing.Named(r), printable.Text(lock.Name), listing.Age(r.Duration()))
			victims = append(victims, victim{r.ID, words})
		}
	}
	if len(victims) == 0 {
		return nil, fmt.Errorf("nobody holds %s", printable.Text(c.Lock))
	}
	return victims, nil
}

// confirm asks for confirmation on the terminal.
func confirm(in *os.File, out io.Writer, victims []victim) error {
	if !term.IsTerminal(int(in.Fd())) {
		err := errors.New("evict needs a terminal to ask for confirmation")
		return &cli.Failure{Err: err, Hint: "use --yes without a terminal", Code: cli.ExitUsage}
	}
	for _, v := range victims {
		_, _ = fmt.Fprintln(out, v)
	}
	_, _ = fmt.Fprint(out, "evict? [y/N] ")
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && answer == "" {
		return errors.New("no answer")
	}
	if answer := strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("nothing was done")
	}
	return nil
}
