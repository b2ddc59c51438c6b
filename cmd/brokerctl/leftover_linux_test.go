package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// killLeftovers kills the processes of a script that are still running, and returns their command lines. It finds them
// by the variable WORK, which is in the environment of all of them and has another value in each script. It looks again
// until it finds none, because a process can start another just before it is killed.
func killLeftovers(work string) (killed []string) {
	for {
		more := killOnce(work)
		if len(more) == 0 {
			return killed
		}
		killed = append(killed, more...)
	}
}

func killOnce(work string) (killed []string) {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range environments {
		environment, err := os.ReadFile(path)
		if err != nil || !slices.Contains(strings.Split(string(environment), "\x00"), "WORK="+work) {
			continue // It has ended, or belongs to another user or script.
		}
		process := filepath.Dir(path)
		pid, err := strconv.Atoi(filepath.Base(process))
		if err != nil || pid == os.Getpid() {
			continue
		}
		args, _ := os.ReadFile(filepath.Join(process, "cmdline"))
		if len(args) == 0 {
			continue // It has ended, and nothing has collected its exit status yet.
		}
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			line := strings.ReplaceAll(string(args), "\x00", " ")
			killed = append(killed, strings.TrimRight(line, " "))
		}
	}
	return killed
}
