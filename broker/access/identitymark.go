package access

import (
	"errors"
	"strings"

	"github.com/lockbroker/lockbroker/broker/wire"
	"github.com/lockbroker/lockbroker/broker/wire/glob"
)

// identityMark in a glob over lock names stands for the name of the identity.
const identityMark = "{identity}"

// A markedGlob is a glob over lock names, cut at each identityMark. It always has at least one part.
type markedGlob []string

// cutMarks cuts a glob at each identityMark. Inside a character class, the characters of a name would
// have another meaning, so a mark there is an error.
func cutMarks(text string) (markedGlob, error) {
	var parts markedGlob
	inClass, from := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], identityMark):
			if inClass {
				return nil, errors.New(identityMark + " cannot stand between [ and ]")
			}
			parts = append(parts, text[from:i])
			from = i + len(identityMark)
			i = from - 1
		case inClass:
			inClass = text[i] != ']'
		case text[i] == '[':
			inClass = true
		}
	}
	return append(parts, text[from:]), nil
}

// hasMark reports whether the glob depends on the identity.
func (g markedGlob) hasMark() bool { return len(g) > 1 }

// of returns the glob for an identity. All characters of the name stand for themselves, whatever they
// mean in a glob.
func (g markedGlob) of(identity string) string {
	// A comma is an ordinary character, except between braces.
	return strings.Join(g, strings.ReplaceAll(glob.Escape(identity), ",", `\,`))
}

// longest returns the glob for an identity whose name is as long as a name may be.
func (g markedGlob) longest() string { return g.of(strings.Repeat("x", wire.MaxIdentityBytes)) }
