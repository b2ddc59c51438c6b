package cli

import (
	"slices"

	"github.com/alecthomas/kong"
)

// Help is the command "help".
type Help struct {
	Command []string `arg:"" optional:"" complete:"command" help:"The command. Default: the program."`
}

// Help returns the text that --help shows above the flags.
func (Help) Help() string {
	return `Prints the help of the program or of a command, as --help does:

    $ PROGRAM help version`
}

// Run prints the help and ends the process.
func (h *Help) Run(app *kong.Kong) error {
	_, err := Parse(app, append(slices.Clone(h.Command), "--help"))
	return err
}

// printHelp prints the help of the selected command, or of the program. The help of the program shows the global
// flags, which kong knows only as flags of commands. The help of a command does not repeat --version.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	program := ctx.Model.Node
	if ctx.Selected() == nil {
		program.Flags = append(program.Flags, GlobalFlags(ctx.Model)...)
	}
	for _, flag := range program.Flags {
		if flag.Name == "version" && ctx.Selected() != nil {
			flag.Hidden = true
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

// flagHelp returns the help of a flag or an argument, with its default and its environment variables. Kong shows the
// default in place of a placeholder, so it does not show the default of a flag that has a placeholder.
func flagHelp(value *kong.Value) string {
	if flag := value.Flag; flag != nil && flag.HasDefault && flag.PlaceHolder != "" && flag.Default != "" {
		shown := *value
		shown.Help += " Default: " + flag.Default + "."
		value = &shown
	}
	return kong.DefaultHelpValueFormatter(value)
}
