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

// Help returns the text that --help shows above the flags.
func (completionCmd) Help() string {
	return `Prints a script that turns on completion in a shell. To try it in fish:

    $ brokerctl completion fish | source

To keep it, add this to ~/.bashrc:

    eval "$(brokerctl completion bash)"

to ~/.zshrc:

    eval "$(brokerctl completion zsh)"

or to ~/.config/fish/config.fish:

    brokerctl completion fish | source

Then the Tab key completes commands, flags, lock names and request ids. Names and ids come from the broker that the
command line or the environment names. Completion waits for it at most 300ms, or as long as BROKERCTL_SUGGEST_WAIT
says, for example 1s. It offers at most 1000 names, and only printable ones.

    $ brokerctl lock ord<Tab>
    $ brokerctl lock orders/42`
}

// Run prints the script.
func (c *completionCmd) Run(app *kong.Kong) error {
	script, err := complete.Script(c.Shell, app.Model.Name)
	if err == nil {
		_, err = fmt.Fprint(app.Stdout, script)
	}
	return err
}

// suggestCmd is the hidden command "suggest". The completion scripts call it at each Tab. It prints no errors,
// because they would disturb the command line.
type suggestCmd struct {
	Shell string   `arg:"" enum:"bash,zsh,fish"`
	Words []string `arg:"" optional:""`

	// Wait can be raised for slow networks, and for tests on busy machines.
	Wait time.Duration `env:"BROKERCTL_SUGGEST_WAIT" help:"How long to wait for the broker."`
}

// Help returns the text that --help shows above the flags.
func (suggestCmd) Help() string {
	return `The shell calls this command at each Tab; see brokerctl completion.

    $ brokerctl suggest zsh -- info ord
    orders/42`
}

// Run prints suggestions for the last word.
func (c *suggestCmd) Run(app *kong.Kong) error {
	// The completer traces the words through a new grammar, because tracing changes the structs.
	completer := &complete.Completer{
		App:     newApp(),
		Sources: sources(cmp.Or(max(c.Wait, 0), suggestWait)),
		Runner:  "run",
	}
	write := complete.ForZsh
	switch c.Shell {
	case "bash":
		write = complete.ForBash
	case "fish":
		write = complete.ForFish
	}
	return write(context.Background(), app.Stdout, completer, c.Words)
}
