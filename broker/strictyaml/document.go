package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxBytes is the length of the longest file.
const MaxBytes = 4 << 20

// A Position is a place in a file. Lines and columns count from 1.
type Position struct{ Line, Column int }

// Start is the beginning of a file.
var Start = Position{1, 1}

// At returns the position of a node.
func At(n *yaml.Node) Position { return Position{n.Line, n.Column} }

// Errorf returns an error that begins with the position.
func (p Position) Errorf(format string, args ...any) error {
	return fmt.Errorf("%d:%d: %w", p.Line, p.Column, fmt.Errorf(format, args...))
}

// Document returns the only document of a file, or nil if the file has nothing but comments.
func Document(text []byte) (*yaml.Node, error) {
	if len(text) > MaxBytes {
		return nil, Start.Errorf("want at most %d bytes", MaxBytes)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	first, second := &yaml.Node{}, &yaml.Node{}
	switch err := decoder.Decode(first); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, syntaxError(err)
	}
	switch err := decoder.Decode(second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, syntaxError(err)
	default:
		return nil, At(second).Errorf("want one document only")
	}
	if len(first.Content) != 1 {
		return nil, nil
	}
	return first.Content[0], nil
}

// anchorName matches the only text of a file that the YAML parser quotes.
var anchorName = regexp.MustCompile(`anchor '.*'`)

var yamlLine = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?`)

// syntaxError returns an error of the YAML parser with its line, if the parser tells it.
func syntaxError(err error) error {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	at := Start
	if found := yamlLine.FindStringSubmatch(text); found != nil {
		text = text[len(found[0]):]
		if line, err := strconv.Atoi(found[1]); err == nil {
			at.Line = line
		}
	}
	return at.Errorf("%s", anchorName.ReplaceAllString(text, "anchor"))
}
