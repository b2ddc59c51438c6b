package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/cmd/internal/cli"
)

// tokenCmd is the command "token".
type tokenCmd struct {
	New tokenNewCmd `cmd:"" help:"Make a token, with which a client shows who it is."`
}

// tokenNewCmd is the command "token new".
type tokenNewCmd struct {
	Name    string   `arg:"" help:"The identity of the client, such as billing. It has no space, comma or #."`
	Group   []string `sep:"none" placeholder:"NAME" help:"A group of the identity. May be repeated."`
	Expires string   `placeholder:"TIME" help:"When the token expires: a time such as 2027-01-31T00:00:00Z, or after how long, such as 12h or 90d. Default: never."`
}

// Help returns the text that --help shows above the flags.
func (tokenNewCmd) Help() string {
	return `Makes a token of 256 random bits. No broker is needed.

The token is printed once, on stdout, and nowhere else. So it can go to a file, or to the program that keeps your
secrets, without being shown. Stderr often ends in a log, and gets only the line for the broker's file of tokens. The
line has the SHA-256 of the token, from which nobody can compute the token:

    $ (umask 077; brokerctl token new billing --group services --expires 90d >billing.token)
    billing sha256:9f86d081884c7d65... groups=services expires=2027-01-31T00:00:00Z

To append the line to the file at once:

    $ brokerctl token new billing >billing.token 2>>/etc/lockbroker/tokens

An identity may have several lines. So add the new token, give it to the client, and then remove the old line.`
}

// Run prints a token and its line.
func (c *tokenNewCmd) Run(app *kong.Kong) error {
	expires, err := parseExpiry(c.Expires, time.Now())
	if err != nil {
		return c.usage(fmt.Errorf("--expires: %w", err))
	}
	token, line, err := access.NewToken(c.Name, c.Group, expires)
	if err != nil {
		return c.usage(err)
	}
	// Without its token, the line is of no use.
	if _, err := fmt.Fprintln(app.Stdout, token); err != nil {
		return err
	}
	_, err = fmt.Fprintln(app.Stderr, line)
	return err
}

func (*tokenNewCmd) usage(err error) error {
	return &cli.Failure{Err: err, Hint: "see brokerctl token new --help", Code: cli.ExitUsage}
}

var errNoTime = errors.New("want a time such as 2027-01-31T00:00:00Z, or a duration such as 12h or 90d")

var days = regexp.MustCompile(`^([1-9][0-9]{0,4})d$`)

// parseExpiry returns when a token expires. The empty text means never, which is the zero time.
func parseExpiry(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	expires, err := time.Parse(time.RFC3339, text)
	if err != nil {
		var after time.Duration
		if found := days.FindStringSubmatch(text); found != nil {
			n, _ := strconv.Atoi(found[1]) // cannot fail: it has five digits at most
			after, err = time.Duration(n)*24*time.Hour, nil
		} else {
			after, err = time.ParseDuration(text)
		}
		expires = now.Add(after)
	}
	switch {
	case err != nil:
		return time.Time{}, errNoTime
	case !expires.After(now):
		return time.Time{}, errors.New("want a time in the future")
	}
	return expires, nil
}
