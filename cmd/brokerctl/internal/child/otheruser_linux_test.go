package child

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
)

// parentVariable makes TestEndOfOtherUsersProcess end the tree of this process id.
const parentVariable = "TEST_TREE_PARENT"

// End does not wait for a process that it may not signal. The test runs itself again as another user.
func TestEndOfOtherUsersProcess(t *testing.T) {
	if parent, err := strconv.Atoi(os.Getenv(parentVariable)); err == nil {
		Tree{Parent: parent, Sibling: os.Getpid()}.End()
		return
	}
	if os.Getuid() != 0 {
		t.Skip("only root can run a process as another user")
	}
	daemon := exec.Command("/bin/sh", "-c", "read x")
	input, err := daemon.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	again := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), parentVariable+"="+strconv.Itoa(os.Getpid()))
	again.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	again.Dir = "/"
	done := make(chan error, 1)
	go func() {
		out, err := again.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		done <- err
	}()
	if err := await(t, done); err != nil {
		t.Error(err)
	}
	if _, err := input.Write([]byte("x\n")); err != nil {
		t.Errorf("the daemon has ended: %v", err)
	}
	_ = daemon.Wait()
}
