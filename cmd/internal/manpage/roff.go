package manpage

import (
	"fmt"
	"strings"
	"unicode"
)

// width is the approximate length of lines in the source.
const width = 78

// A roff is a document for man(7), in the subset that man-db, mandoc and groff read.
type roff struct {
	strings.Builder
	fresh bool // at the start of a section
}

// section starts a section.
func (r *roff) section(title string) {
	r.macro("SH", title)
	r.fresh = true
}

// gap separates paragraphs.
func (r *roff) gap() {
	if !r.fresh {
		r.macro("PP")
	}
	r.fresh = false
}

// macro writes a request with quoted arguments.
func (r *roff) macro(name string, args ...string) {
	r.WriteString("." + name)
	for _, arg := range args {
		r.WriteString(` "` + escape(arg) + `"`)
	}
	r.WriteByte('\n')
}

// text writes filled text. Each sentence starts a new line, as roff expects.
func (r *roff) text(s string) {
	r.fresh = false
	column := 0
	for word := range strings.FieldsSeq(s) {
		word = escape(word)
		switch {
		case column == 0:
			word = guard(word)
		case column+1+len(word) > width:
			r.WriteByte('\n')
			column, word = 0, guard(word)
		default:
			r.WriteByte(' ')
			column++
		}
		r.WriteString(word)
		column += len(word)
		if strings.ContainsAny(word[len(word)-1:], ".!?") && !strings.HasSuffix(word, "...") {
			r.WriteByte('\n')
			column = 0
		}
	}
	if column > 0 {
		r.WriteByte('\n')
	}
}

// paragraph writes a paragraph.
func (r *roff) paragraph(s string) {
	r.gap()
	r.text(s)
}

// preformatted writes indented lines as they are.
func (r *roff) preformatted(s string) {
	r.gap()
	r.WriteString(".RS 4\n.nf\n")
	for line := range strings.Lines(s) {
		r.WriteString(guard(escape(strings.TrimSuffix(line, "\n"))) + "\n")
	}
	r.WriteString(".fi\n.RE\n")
}

// item writes a term in bold, and its meaning below.
func (r *roff) item(term, meaning string) {
	r.macro("TP")
	r.macro("B", term)
	r.text(meaning)
}

// guard protects a line that begins with a dot from being a request.
func guard(line string) string {
	if strings.HasPrefix(line, ".") {
		return `\&` + line
	}
	return line
}

var escapes = map[rune]string{
	'\\': `\e`, '-': `\-`, '\'': `\(aq`, '"': `\(dq`, '`': `\(ga`, '^': `\(ha`, '~': `\(ti`,
}

// escape escapes text so that it looks the same and can be copied to a shell. By default, roff replaces quotes,
// dashes and accents with typographic ones. Escaping also keeps an apostrophe at the start of a line from beginning a
// request.
func escape(s string) string {
	var out strings.Builder
	for _, c := range s {
		switch e, ok := escapes[c]; {
		case ok:
			out.WriteString(e)
		case c > unicode.MaxASCII:
			_, _ = fmt.Fprintf(&out, `\[u%04X]`, c)
		default:
			out.WriteRune(c)
		}
	}
	return out.String()
}
