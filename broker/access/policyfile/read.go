package policyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lockbroker/lockbroker/broker/access"
)

// maxBytes is the length of the longest file.
const maxBytes = 4 << 20

// Read reads a policy from a file of at most 4 MiB.
func Read(name string) (*access.Policy, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, err
	}
	return Parse(name, text)
}

// Parse reads a policy from the text of a file. The errors begin with name.
func Parse(name string, text []byte) (*access.Policy, error) {
	if len(text) > maxBytes {
		return nil, fmt.Errorf("%s: want at most %d bytes", name, maxBytes)
	}
	list, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, err)
	}
	policy, err := access.NewPolicy(list.rules)
	if err != nil {
		return nil, fmt.Errorf("%s:%w", name, list.locate(err))
	}
	return policy, nil
}

// A position is a place in the file. Lines and columns count from 1.
type position struct{ line, column int }

func positionOf(n *yaml.Node) position { return position{n.Line, n.Column} }

// errorf returns an error that begins with the position.
func (p position) errorf(format string, args ...any) error {
	return fmt.Errorf("%d:%d: %w", p.line, p.column, fmt.Errorf(format, args...))
}

// parse reads the only document of a file.
func parse(text []byte) (*ruleList, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	first, second := &yaml.Node{}, &yaml.Node{}
	switch err := decoder.Decode(first); {
	case errors.Is(err, io.EOF):
		return nil, position{1, 1}.errorf("the file is empty: want rules:")
	case err != nil:
		return nil, syntaxError(err)
	}
	switch err := decoder.Decode(second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, syntaxError(err)
	default:
		return nil, positionOf(second).errorf("want one document only")
	}
	if len(first.Content) != 1 {
		return nil, position{1, 1}.errorf("the file is empty: want rules:")
	}
	return parseDocument(first.Content[0])
}

// anchorName matches the only text of a file that the YAML parser quotes.
var anchorName = regexp.MustCompile(`anchor '.*'`)

var yamlLine = regexp.MustCompile(`^yaml: (?:line ([0-9]+): )?`)

// syntaxError returns an error of the YAML parser with its line, if the parser tells it. It never tells a column.
func syntaxError(err error) error {
	text := strings.ReplaceAll(err.Error(), "\n", " ")
	at := position{1, 1}
	if found := yamlLine.FindStringSubmatch(text); found != nil {
		text = text[len(found[0]):]
		if line, err := strconv.Atoi(found[1]); err == nil {
			at.line = line
		}
	}
	return at.errorf("%s", anchorName.ReplaceAllString(text, "anchor"))
}
