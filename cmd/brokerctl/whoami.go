package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/go-json-experiment/json"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/printable"
	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/listing"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
	"github.com/lockbroker/lockbroker/wsclient"
)

// whoamiCmd is the command "whoami".
type whoamiCmd struct {
	target
	JSON bool `name:"json" help:"Print one JSON object, as in the protocol."`
}

// Help returns the text that --help shows above the flags.
func (whoamiCmd) Help() string {
	return `Shows who you are to the broker, and what you may do there:

    $ brokerctl whoami --token-file token.txt
    identity: ci
    groups: builders
    expires in: 59m
    may acquire, list: build/**, deploy/*
    may steal: build/**

The globs after the verbs say on which locks: * does not cross a slash, ** does. A broker that asks for no credentials
permits everything to everybody.`
}

// Run prints the answer of the broker.
func (c *whoamiCmd) Run(app *kong.Kong) error {
	ctx := context.Background() // A signal ends the command at once.
	client, err := c.inspect(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	principal, err := client.WhoAmI(ctx)
	if err != nil {
		return whoamiFailure(err)
	}
	if c.JSON {
		return printPrincipalJSON(app.Stdout, principal)
	}
	return printPrincipal(app.Stdout, principal)
}

func printPrincipal(to io.Writer, p *wsclient.Principal) error {
	out := bufio.NewWriter(to)
	if p.Identity == "" {
		_, _ = fmt.Fprintln(out, "the broker asks for no credentials") // Flush returns the error.
	} else {
		_, _ = fmt.Fprintf(out, "identity: %s\n", printable.Text(p.Identity))
	}
	if len(p.Groups) > 0 {
		_, _ = fmt.Fprintf(out, "groups: %s\n", printableList(p.Groups))
	}
	if p.Expiring {
		_, _ = fmt.Fprintf(out, "expires in: %s\n", listing.Age(p.Expires))
	}
	for _, permission := range p.Permissions {
		verbs := make([]string, len(permission.Allow))
		for i, verb := range permission.Allow {
			verbs[i] = string(verb)
		}
		_, _ = fmt.Fprintf(out, "may %s", printableList(verbs))
		if len(permission.Locks) > 0 {
			_, _ = fmt.Fprintf(out, ": %s", printableList(permission.Locks))
		}
		_, _ = fmt.Fprintln(out)
	}
	switch {
	case p.More:
		_, _ = fmt.Fprintln(out, "and more")
	case len(p.Permissions) == 0:
		_, _ = fmt.Fprintln(out, "may do nothing")
	}
	return out.Flush()
}

// printableList joins texts of the broker.
func printableList(texts []string) string {
	shown := make([]string, len(texts))
	for i, text := range texts {
		shown[i] = printable.Text(text)
	}
	return strings.Join(shown, ", ")
}

func printPrincipalJSON(to io.Writer, p *wsclient.Principal) error {
	answer := struct {
		Identity    string            `json:"identity,omitzero"`
		Groups      []string          `json:"groups,omitzero"`
		ExpiresMS   wire.Opt[int64]   `json:"expires_ms,omitzero"`
		Permissions []wire.Permission `json:"permissions"`
		More        bool              `json:"more,omitzero"`
	}{Identity: p.Identity, Groups: p.Groups, Permissions: p.Permissions, More: p.More}
	if p.Expiring {
		answer.ExpiresMS = wire.Some(p.Expires.Milliseconds())
	}
	text, err := json.Marshal(answer)
	if err == nil {
		_, err = to.Write(append(text, '\n'))
	}
	return err
}

// whoamiFailure adds a hint to the refusal of an older broker.
func whoamiFailure(err error) error {
	refusal := new(wsclient.Error)
	if errors.As(err, &refusal) && refusal.Code == wire.BadRequest {
		return &cli.Failure{Err: err, Hint: "such a broker permits everything to everybody"}
	}
	return brokerFailure(err)
}
