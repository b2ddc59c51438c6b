//go:build linux

package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/lockbroker/lockbroker/broker/evidence/soak/internal/load"
	"github.com/lockbroker/lockbroker/wsclient/js"
)

//go:embed node/worker.mjs
var nodeWorker []byte

// A nodeProgram is the client process in Node.
type nodeProgram struct {
	node  string   // the path of Node
	flags []string // of Node
	dir   string   // with the files
}

// newNodeProgram writes the JavaScript client and the worker to a folder.
func newNodeProgram(dir string) (*nodeProgram, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%w: install Node 20 or later, or use -node 0", err)
	}
	p := &nodeProgram{node: path, dir: dir, flags: []string{"--no-warnings", "--expose-gc"}}
	version, err := exec.Command(path, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("node --version: %w", err)
	}
	var major int
	if _, err := fmt.Sscanf(string(version), "v%d.", &major); err != nil || major < 20 {
		return nil, fmt.Errorf("node is %s: want 20 or later, or use -node 0",
			strings.TrimSpace(string(version)))
	}
	if major < 22 {
		p.flags = append(p.flags, "--experimental-websocket")
	}
	return p, p.writeFiles()
}

func (p *nodeProgram) writeFiles() error {
	if err := os.CopyFS(p.dir, js.Files()); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	// Without it, Node would read the files as CommonJS.
	kind := []byte(`{"type":"module"}`)
	return errors.Join(
		os.WriteFile(filepath.Join(p.dir, "package.json"), kind, 0o600),
		os.WriteFile(filepath.Join(p.dir, "worker.mjs"), nodeWorker, 0o600),
	)
}

// command returns a command that runs the worker.
func (p *nodeProgram) command(config load.Config) (*exec.Cmd, error) {
	text, err := json.Marshal(struct {
		load.Config
		Client string `json:"client"`
	}{config, filepath.Join(p.dir, "client.js")})
	if err != nil {
		return nil, err
	}
	args := append(append([]string(nil), p.flags...), filepath.Join(p.dir, "worker.mjs"), string(text))
	return exec.Command(p.node, args...), nil
}
