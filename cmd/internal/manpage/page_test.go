package manpage

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// odd is a command with text that roff could misread.
type odd struct {
	Level int `short:"l" default:"3" env:"ODD_LEVEL" help:"How odd, 0% to 100%."`
	Run   struct {
		Quote  string   `placeholder:"'X'" help:"A \\backslash."`
		Secret bool     `hidden:"" help:"Not to be seen."`
		What   []string `arg:"" help:".dots and 'quotes'."`
	} `cmd:"" help:"Run it."`
	Hide struct{} `cmd:"" hidden:"" help:"Not to be seen."`
}

const oddDescription = `Do what is odd.

A paragraph. It has two sentences, and [brackets] that are long enough to go over the end of a line, which is at 78, and
'quoted' words.

    .not a request
    'nor this ~ "` + "`" + `^\
    100%d

Exit codes:

    0  odd`

const oddPage = `.TH "ODD" "1" "" "lockbroker" ""
.SH "NAME"
odd \- do what is odd
.SH "SYNOPSIS"
.nf
\fBodd\fR run <what> ... [flags]
.fi
.SH "DESCRIPTION"
A paragraph.
It has two sentences, and [brackets] that are long enough to go over the end
of a line, which is at 78, and \(aqquoted\(aq words.
.PP
.RS 4
.nf
\&.not a request
\(aqnor this \(ti \(dq\(ga\(ha\e
100%d
.fi
.RE
.SH "OPTIONS"
.TP
.B "\-h, \-\-help"
Show context\-sensitive help.
.TP
.B "\-l, \-\-level=3"
How odd, 0% to 100% ($ODD_LEVEL).
.SH "COMMANDS"
.SS "run <what> ... [flags]"
Run it.
.TP
.B "<what> ..."
\&.dots and \(aqquotes\(aq.
.TP
.B "\-\-quote=\(aqX\(aq"
A \ebackslash.
.SH "ENVIRONMENT"
.TP
.B "ODD_LEVEL"
Value of \-\-level if the flag is not given.
.SH "EXIT STATUS"
.RS 4
.nf
0  odd
.fi
.RE
.SH "SEE ALSO"
even(1)
`

// TestWrite checks that no help text is read as a roff request or changed, and that hidden commands and flags
// are left out.
func TestWrite(t *testing.T) {
	app, err := kong.New(&odd{}, kong.Name("odd"), kong.Description(oddDescription))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := Write(&got, app.Model, kong.DefaultHelpValueFormatter, "even(1)"); err != nil {
		t.Fatal(err)
	}
	if got.String() != oddPage {
		t.Errorf("got:\n%s", got.String())
	}
}

// TestEscapeUnicode checks that characters beyond ASCII are named, for a roff that reads bytes as Latin-1.
func TestEscapeUnicode(t *testing.T) {
	if got, want := escape("52µs 大"), `52\[u00B5]s \[u5927]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
