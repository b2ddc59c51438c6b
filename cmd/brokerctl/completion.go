package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/alecthomas/kong"

	"github.com/lockbroker/lockbroker/cmd/brokerctl/internal/complete"
)

// completionCmd is the command "completion".
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help is shown below the flags.
func (completionCmd) Help() string {
	return `Prints what turns completion on in a shell. To try it, in fish:

    $ brokerctl completion fish | source

For good, in ~/.bashrc:

    eval "$(brokerctl completion bash)"

in ~/.zshrc:

    eval "$(brokerctl completion zsh)"

or in ~/.config/fish/config.fish:

    brokerctl completion fish | source

Then the Tab key completes commands, flags, the names of locks and the ids of requests; for these it asks the broker that the line names, or the environment, for 300 ms at most, or for as long as BROKERCTL_SUGGEST_WAIT says, such as 1s. Of very many it offers 1000. Names that cannot be printed are not offered.

    $ brokerctl lock ord<Tab>
    $ brokerctl lock orders/42`
}

// Run prints it.
func (c *completionCmd) Run(app *kong.Kong) error {
	script, err := complete.Script(c.Shell, app.Model.Name)
	if err == nil {
		_, err = fmt.Fprint(app.Stdout, script)
	}
	return err
}

// suggestCmd is the command "suggest", which that calls at each Tab. It fails
// without a word: there is nobody to read it.
type suggestCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish"`
	Words []string `arg:"" optional:""`

	// Wait is for slow networks, and for tests on busy machines.
	Wait time.Duration `env:"BROKERCTL_SUGGEST_WAIT" help:"How long the broker may take."`
}

// Help is shown below the flags.
func (suggestCmd) Help() string {
	return `What the shell calls when the Tab key is pressed; see brokerctl completion.

    $ brokerctl suggest zsh -- info ord
    orders/42`
}

// Run prints what the last word could be.
func (c *suggestCmd) Run(app *kong.Kong) error {
	// The words are traced through a grammar of their own: this one has this
	// command in it.
	completer := &complete.Completer{App: newApp(), Sources: sources(cmp.Or(max(c.Wait, 0), suggestWait)), Runner: "run"}
	write := complete.ForZsh
	switch c.Shell {
	case "bash":
		write = complete.ForBash
	case "fish":
		write = complete.ForFish
	}
	return write(context.Background(), app.Stdout, completer, c.Words)
}
