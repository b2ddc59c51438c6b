package manpage

import (
	"go/doc/comment"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"
)

// exitCodes is the paragraph of a description that introduces the exit codes.
const exitCodes = "Exit codes:"

// Write writes the page for section 1 of the manual, with references to other pages, such as brokerd(1). FlagHelp
// returns the text of a flag. The
// first paragraph of the description says what the program is. The text after the paragraph "Exit codes:"
// becomes a section of its own.
func Write(out io.Writer, app *kong.Application, flagHelp kong.HelpValueFormatter, also ...string) error {
	p := &page{app: app, flagHelp: flagHelp}
	p.macro("TH", strings.ToUpper(app.Name), "1", "", "lockbroker", "")
	description := blocks(app.Help)
	status := slices.IndexFunc(description, isExitCodes)
	if status < 0 {
		status = len(description)
	}
	p.head(description[:status])
	p.options()
	p.commands()
	p.environment()
	if status < len(description) {
		p.section("EXIT STATUS")
		p.blocks(description[status+1:])
	}
	if len(also) > 0 {
		p.section("SEE ALSO")
		p.text(strings.Join(also, ", "))
	}
	_, err := io.WriteString(out, p.String())
	return err
}

// A page is a manual page under construction.
type page struct {
	roff
	app      *kong.Application
	flagHelp kong.HelpValueFormatter
}

// head writes the sections NAME, SYNOPSIS and DESCRIPTION.
func (p *page) head(description []comment.Block) {
	p.section("NAME")
	if len(description) > 0 {
		p.WriteString(escape(p.app.Name) + ` \- ` + escape(label(description[0])) + "\n")
		description = description[1:]
	}
	p.section("SYNOPSIS")
	p.WriteString(".nf\n")
	for _, command := range p.app.Leaves(true) {
		p.WriteString(`\fB` + escape(p.app.Name) + `\fR ` + escape(command.Summary()) + "\n")
	}
	p.WriteString(".fi\n")
	p.section("DESCRIPTION")
	p.blocks(description)
}

// options writes the flags that several commands share.
func (p *page) options() {
	p.section("OPTIONS")
	seen := make(map[string]bool)
	for _, command := range p.app.Leaves(true) {
		for _, flag := range flagsOf(command) {
			if key := flag.String(); p.common(flag) && !seen[key] {
				seen[key] = true
				p.flag(flag)
			}
		}
	}
}

// common reports whether a flag belongs to the program or to several commands.
func (p *page) common(flag *kong.Flag) bool {
	if slices.Contains(p.app.Flags, flag) {
		return true
	}
	have := 0
	for _, command := range p.app.Leaves(true) {
		if slices.ContainsFunc(command.Flags, func(f *kong.Flag) bool {
			return !f.Hidden && f.String() == flag.String() && f.Help == flag.Help
		}) {
			have++
		}
	}
	return have > 1
}

// commands writes a subsection for each command.
func (p *page) commands() {
	p.section("COMMANDS")
	for _, command := range p.app.Leaves(true) {
		p.macro("SS", command.Summary())
		p.text(command.Help)
		p.blocks(blocks(command.Detail))
		for _, arg := range command.Positional {
			p.item(arg.Summary(), arg.Help)
		}
		var others []string
		for _, flag := range command.Flags {
			switch {
			case flag.Hidden:
			case p.common(flag):
				others = append(others, "--"+flag.Name)
			default:
				p.flag(flag)
			}
		}
		if len(others) > 0 {
			p.paragraph("Also " + strings.Join(others, ", ") + ": see OPTIONS.")
		}
	}
}

// environment writes the environment variables of the flags.
func (p *page) environment() {
	seen := make(map[string]bool)
	for _, command := range p.app.Leaves(true) {
		for _, flag := range flagsOf(command) {
			for _, name := range flag.Tag.Envs {
				if len(seen) == 0 {
					p.section("ENVIRONMENT")
				}
				if !seen[name] {
					seen[name] = true
					p.item(name, "Value of --"+flag.Name+" if the flag is not given.")
				}
			}
		}
	}
}

func (p *page) flag(flag *kong.Flag) {
	p.item(flag.String(), p.flagHelp(flag.Value))
}

func (p *page) blocks(bs []comment.Block) {
	for _, b := range bs {
		switch b := b.(type) {
		case *comment.Code:
			p.preformatted(b.Text)
		default:
			p.paragraph(words(b))
		}
	}
}

// flagsOf returns the flags of a command and its parents.
func flagsOf(command *kong.Node) []*kong.Flag { return slices.Concat(command.AllFlags(true)...) }

// blocks parses a help text, which kong treats as a Go doc comment.
func blocks(help string) []comment.Block {
	var parser comment.Parser
	return parser.Parse(help).Content
}

// words returns the text of a block that is not code, without links: text in brackets, such as [flags], stays
// as it is.
func words(b comment.Block) string {
	return string((&comment.Printer{TextWidth: -1}).Text(&comment.Doc{Content: []comment.Block{b}}))
}

func isExitCodes(b comment.Block) bool { return strings.TrimSpace(words(b)) == exitCodes }

// label formats a paragraph as the text after the name in the section NAME.
func label(b comment.Block) string {
	text := strings.TrimSuffix(strings.TrimSpace(words(b)), ".")
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToLower(first)) + text[size:]
}
