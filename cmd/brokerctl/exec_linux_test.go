package main

import (
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A signal that arrives before the command replaces brokerctl is not lost. The kernel delivers a signal that a thread
// sends to itself before the call returns.
func TestSignalBeforeExec(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for n := range 200 {
		signals := notifyForwarded()
		if err := unix.Tgkill(unix.Getpid(), unix.Gettid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if s := stopNotify(signals); s != syscall.SIGTERM {
			t.Fatalf("signal %d was lost: got %v", n, s)
		}
	}
}
