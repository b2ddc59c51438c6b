package policyfile

import (
	"fmt"
	"io"
	"os"

	"github.com/lockbroker/lockbroker/broker/access"
	"github.com/lockbroker/lockbroker/broker/strictyaml"
)

// Read reads a policy from a file of at most 4 MiB.
func Read(name string) (*access.Policy, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, strictyaml.MaxBytes+1))
	if err != nil {
		return nil, err
	}
	return Parse(name, text)
}

// Parse reads a policy from the text of a file. The errors begin with name.
func Parse(name string, text []byte) (*access.Policy, error) {
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

func parse(text []byte) (*ruleList, error) {
	node, err := strictyaml.Document(text)
	switch {
	case err != nil:
		return nil, err
	case node == nil:
		return nil, strictyaml.Start.Errorf("the file is empty: want rules:")
	}
	return parseDocument(node)
}
