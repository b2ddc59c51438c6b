package deploy

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// A filesystem puts together the file system of the image as the Dockerfile says. The build stage is this machine: its
// commands run in the repository, with another folder for /out.
type filesystem struct {
	image string // the folder that becomes /
	out   string // the folder that is /out in the build stage
}

// makeFilesystem runs the build stage, and the COPY lines of the image.
func makeFilesystem(t *testing.T, i *image) *filesystem {
	t.Helper()
	f := &filesystem{image: t.TempDir(), out: t.TempDir()}
	if err := os.Chmod(f.image, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, stage := range i.stages {
		for _, command := range stage.Commands {
			switch c := command.(type) {
			case *instructions.RunCommand:
				f.run(t, strings.Join(c.CmdLine, " "))
			case *instructions.CopyCommand:
				if stage.BaseName == "scratch" {
					f.copy(t, c)
				}
			}
		}
	}
	return f
}

// run runs a command of the build stage.
func (f *filesystem) run(t *testing.T, command string) {
	t.Helper()
	command = strings.ReplaceAll(command, "/out", f.out)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", command)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH, "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
}

// copy copies files and folders, with their modes and new owners.
func (f *filesystem) copy(t *testing.T, c *instructions.CopyCommand) {
	t.Helper()
	for _, source := range c.SourcePaths {
		from := filepath.Join(root, source)
		if c.From == "build" {
			from = source
			if rest, isOut := strings.CutPrefix(source, "/out"); isOut {
				from = f.out + rest
			}
		}
		to := c.DestPath
		if strings.HasSuffix(to, "/") {
			to = path.Join(to, path.Base(source))
		}
		f.copyOne(t, from, filepath.Join(f.image, to), c.Chown)
	}
}

func (f *filesystem) copyOne(t *testing.T, from, to, owner string) {
	t.Helper()
	info, err := os.Stat(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil && info.IsDir() {
		err = copyFolder(from, to, info.Mode())
	} else if err == nil {
		err = copyFile(from, to, info.Mode())
	}
	if err == nil && owner != "" {
		user, group, _ := strings.Cut(owner, ":")
		uid, _ := strconv.Atoi(user)
		gid, _ := strconv.Atoi(group)
		err = os.Chown(to, uid, gid)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// copyFolder copies what is in a folder. The Dockerfile copies only an empty one.
func copyFolder(from, to string, mode fs.FileMode) error {
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		return err
	}
	return os.Chmod(to, mode.Perm())
}

func copyFile(from, to string, mode fs.FileMode) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		return err
	}
	return os.Chmod(to, mode.Perm())
}
