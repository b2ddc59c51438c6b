package deploy

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// root is the root of the repository.
const root = "../.."

const dockerfile = root + "/examples/deploy/docker/Dockerfile"

// An image is what the Dockerfile says about the image. Its last stage is the image.
type image struct {
	stages      []instructions.Stage
	environment []string
	user        string
	volumes     []string
	ports       []string
	signal      string
	entrypoint  []string
	healthcheck []string
}

// parseImage parses the Dockerfile. A warning of BuildKit's linter fails the test.
func parseImage(t *testing.T) *image {
	t.Helper()
	parsed, err := parser.Parse(bytes.NewReader(read(t, dockerfile)))
	if err != nil {
		t.Fatal(err)
	}
	lint := linter.New(&linter.Config{Warn: func(rule, description, _, message string, at []parser.Range) {
		t.Errorf("%s:%v: %s: %s: %s", dockerfile, at, rule, description, message)
	}})
	stages, _, err := instructions.Parse(parsed.AST, lint)
	if err != nil {
		t.Fatal(err)
	}
	i := &image{stages: stages}
	for _, command := range stages[len(stages)-1].Commands {
		i.add(command)
	}
	return i
}

func (i *image) add(command instructions.Command) {
	switch c := command.(type) {
	case *instructions.EnvCommand:
		for _, pair := range c.Env {
			i.environment = append(i.environment, pair.Key+"="+pair.Value)
		}
	case *instructions.UserCommand:
		i.user = c.User
	case *instructions.VolumeCommand:
		i.volumes = append(i.volumes, c.Volumes...)
	case *instructions.ExposeCommand:
		i.ports = append(i.ports, c.Ports...)
	case *instructions.StopSignalCommand:
		i.signal = c.Signal
	case *instructions.EntrypointCommand:
		if !c.PrependShell {
			i.entrypoint = c.CmdLine
		}
	case *instructions.HealthCheckCommand:
		if command, isList := cutFirst(c.Health.Test, "CMD"); isList {
			i.healthcheck = command
		}
	}
}

// cutFirst removes the first word of a list, if it is word.
func cutFirst(list []string, word string) ([]string, bool) {
	if len(list) == 0 || list[0] != word {
		return nil, false
	}
	return list[1:], true
}

// The image has nothing but what it needs: no base, no shell, no root.
func TestImage(t *testing.T) {
	i := parseImage(t)
	last := i.stages[len(i.stages)-1]
	if last.BaseName != "scratch" {
		t.Errorf("the image is based on %s, want scratch", last.BaseName)
	}
	if i.user != "65532:65532" {
		t.Errorf("the user is %q, want 65532:65532", i.user)
	}
	if !slices.Equal(i.volumes, []string{"/var/lib/brokerd"}) || !slices.Equal(i.ports, []string{"27002"}) {
		t.Errorf("volumes %q, ports %q", i.volumes, i.ports)
	}
	if i.signal != "SIGTERM" || !slices.Equal(i.entrypoint, []string{"brokerd"}) {
		t.Errorf("signal %q, entrypoint %q, want SIGTERM and brokerd without a shell", i.signal, i.entrypoint)
	}
	if len(i.healthcheck) == 0 || i.healthcheck[0] != "brokerctl" {
		t.Errorf("the health check is %q, want brokerctl without a shell", i.healthcheck)
	}
	for _, command := range last.Commands {
		if run, isRun := command.(*instructions.RunCommand); isRun {
			t.Errorf("the image has no program that could run %q", run.CmdLine)
		}
	}
}

// Each base has an exact version. That of Go is the toolchain of go.mod.
func TestBasesArePinned(t *testing.T) {
	toolchain := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindSubmatch(read(t, root+"/go.mod"))
	if toolchain == nil {
		t.Fatal("go.mod names no toolchain")
	}
	var bases []string
	for _, stage := range parseImage(t).stages {
		bases = append(bases, stage.BaseName)
	}
	if want := []string{"golang:" + string(toolchain[1]) + "-trixie", "scratch"}; !slices.Equal(bases, want) {
		t.Errorf("the bases are %q, want %q", bases, want)
	}
}

// The build leaves out only what Git ignores, because the programs say whether the tree was modified.
func TestDockerignoreIsIgnoredByGit(t *testing.T) {
	ignored := strings.Fields(string(read(t, root+"/.gitignore")))
	for line := range strings.Lines(string(read(t, dockerfile+".dockerignore"))) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !slices.Contains(ignored, "/"+line+"/") {
			t.Errorf("%s is not in .gitignore", line)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
