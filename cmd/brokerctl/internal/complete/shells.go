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

// Script returns what a shell, bash, zsh or fish, is to evaluate at its start. It
// is written for a program that calls [ForBash], [ForZsh] or [ForFish] when it is
// run with the arguments "suggest SHELL --" and those of the function.
func Script(shell, program string) (string, error) {
	text, err := scripts.ReadFile("scripts/" + shell)
	return strings.ReplaceAll(string(text), "PROGRAM", program), err
}

// ForBash writes suggestions for the line as it is typed, its one argument: what
// is to be typed yet, quoted as the line wants it, one a line. The rest of a word
// and not the word, because bash cuts words at characters of its own, such as the
// colon, and only bash knows where it has.
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

// ForZsh writes suggestions for the last of the words, as zsh has unquoted them:
// each with what it is about, behind a tab, one a line. zsh quotes by itself.
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

// ForFish is ForZsh but for the last word, which fish tells as it is typed.
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
