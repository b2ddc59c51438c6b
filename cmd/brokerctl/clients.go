package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/clients"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/screen"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// clientsCmd is the command "clients".
type clientsCmd struct {
	target
	colorFlag
	Pattern string        `arg:"" optional:"" complete:"label" help:"List only clients whose labels match this glob: * does not cross a slash, ** does. Quote it for the shell."`
	From    string        `placeholder:"ADDRESS" help:"List only clients that connected from this IP address, or from this network, such as 10.1.0.0/16."`
	Holding bool          `help:"List only clients that hold a lock."`
	Waiting bool          `help:"List only clients with a request that waits."`
	Session string        `placeholder:"ID" complete:"session" help:"List only the client of this session, and its requests. The id of a request stands for its session."`
	Sort    clients.Order `default:"age" placeholder:"ORDER" help:"Order: age (connected for longest first; the default), label, holding, waiting, unsent or silent (most first)."`
	JSON    bool          `name:"json" help:"Print one JSON object per client and line, as in the protocol."`
}

// Help returns the text that --help shows above the flags.
func (clientsCmd) Help() string {
	return `Lists the clients that are connected to the broker, this one included:

    $ brokerctl clients 'billing@*' --holding
    SESSION      AGE  HOLDS  WAITS  UNSENT  SILENT  CLIENT             ADDRESS
    k3v9x2mq   2h05m      3      1      0B    1.2s  billing@host7:812  10.1.4.7:51234

    $ brokerctl clients --from 10.1.0.0/16 --sort unsent

SESSION begins the ids of the client's requests. AGE is how long the client has been connected. HOLDS is how many locks
it holds, and WAITS how many of its requests wait. UNSENT is how much the broker could not send to it yet: a client that
is slow to read falls behind. SILENT is how long ago the broker heard it last. A client that runs is heard once per
heartbeat, every 5s by default. CLIENT is the label of the client, after its identity if it has one. On a terminal, text
that does not fit is cut in the middle.

With --session, a line for each request follows: * if it holds, its id, for how long it has held or waited, its mode and
its locks. At most 1000 requests are listed. A client that has disconnected is not listed, even while its locks are not
granted to others yet: brokerctl info shows these as (gone).`
}

// Validate refuses filters that every broker refuses.
func (c *clientsCmd) Validate() error {
	limits := wire.DefaultLimits()
	limits.NameBytes = math.MaxInt
	if c.Pattern != "" {
		if err := wire.Check(&wire.Clients{Client: wire.Some(c.Pattern)}, limits); err != nil {
			return fmt.Errorf("pattern %q: %w", c.Pattern, err)
		}
	}
	if _, ok := wire.Network(c.From); c.From != "" && !ok {
		return errors.New("--from: want an IP address, or a network such as 192.0.2.0/24")
	}
	return nil
}

// session returns the session that --session names.
func (c *clientsCmd) session() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(c.Session, "#"), "--")
	return name
}

// Run prints the list. After an error it prints the clients that it has read, and the exit code says that the list is
// incomplete.
func (c *clientsCmd) Run(app *kong.Kong) error {
	ctx := context.Background() // A signal ends the command at once.
	client, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	options := &wsclient.ClientsOptions{
		Label: c.Pattern, Remote: c.From, Holding: c.Holding, Waiting: c.Waiting, Session: c.session(),
	}
	if options.Session != "" {
		options.Requests = wire.MaxPage
	}
	all, failed := c.Sort.Read(client.Clients(ctx, options))
	if err := c.print(app.Stdout, all); err != nil {
		return err
	}
	if failed == nil && len(all) == 0 && options.Session != "" {
		failed = &cli.Failure{
			Err:  fmt.Errorf("no such client: %s", printable.Text(c.Session)),
			Hint: "brokerctl clients lists the clients that are connected",
		}
	}
	return clientsFailure(failed)
}

func (c *clientsCmd) print(to io.Writer, all []wsclient.ClientInfo) error {
	out := bufio.NewWriter(to)
	if c.JSON {
		for i := range all {
			object, err := json.Marshal(all[i])
			if err != nil {
				return err
			}
			_, _ = out.Write(append(object, '\n')) // Flush returns the error.
		}
		return out.Flush()
	}
	for _, line := range (clients.Table{Palette: c.palette(to), Width: screen.WidthOf(to, 0)}).Lines(all) {
		_, _ = out.WriteString(line.Style.Styled(line.Text) + "\n")
	}
	return out.Flush()
}

// clientsFailure adds the exit code and a hint to an error of the list.
func clientsFailure(err error) error {
	refusal := new(wsclient.Error)
	switch {
	case errors.Is(err, wsclient.ErrConnection):
		return &cli.Failure{Err: err, Hint: "the list is incomplete; try again", Code: cli.ExitUnavailable}
	case errors.As(err, &refusal) && refusal.Code == wire.BadRequest:
		return &cli.Failure{Err: err, Hint: "brokerctl info and brokerctl top show who holds and who waits"}
	}
	return brokerFailure(err)
}
