package complete

import (
	"context"
	"embed"
	"fmt"
	"io"
	"strings"
)

//go:embed scripts
var scripts embed.FS

// Script returns the script that a shell (bash, zsh or fish) evaluates at its start. The script runs the
// program with the arguments "suggest SHELL --", followed by the last argument of [ForBash], [ForZsh] or
// [ForFish].
func Script(shell, program string) (string, error) {
	text, err := scripts.ReadFile("scripts/" + shell)
	return strings.ReplaceAll(string(text), "PROGRAM", program), err
}

// ForBash writes suggestions for a command line, which is one argument, exactly as the user typed it. It writes one
// suggestion per line: the rest of the word, quoted for the command line. It does not write the whole word, because
// bash splits words at more characters, such as the colon, and only bash knows where.
func ForBash(ctx context.Context, out io.Writer, c *Completer, line []string) error {
	before, current, next := split(strings.Join(line, " "))
	if len(before) == 0 || next == foreign {
		return nil
	}
	for _, s := range c.Suggest(ctx, before[1:], current) {
		if rest, ok := quote(s.Value[len(current):], next); ok {
			if _, err := fmt.Fprintln(out, rest); err != nil {
				return err
			}
		}
	}
	return nil
}

// ForZsh writes suggestions for the last word, one per line, each followed by a tab and its description. Zsh
// has unquoted the words, and quotes the suggestions itself.
func ForZsh(ctx context.Context, out io.Writer, c *Completer, words []string) error {
	if len(words) == 0 {
		return nil
	}
	last := len(words) - 1
	for _, s := range c.Suggest(ctx, words[:last], words[last]) {
		if _, err := fmt.Fprintf(out, "%s\t%s\n", s.Value, s.About); err != nil {
			return err
		}
	}
	return nil
}

// ForFish is like [ForZsh], but the last word is as typed: fish does not unquote it.
func ForFish(ctx context.Context, out io.Writer, c *Completer, words []string) error {
	if len(words) == 0 {
		return nil
	}
	last := len(words) - 1
	_, current, next := split(words[last])
	if next == foreign {
		return nil
	}
	return ForZsh(ctx, out, c, append(words[:last:last], current))
}
