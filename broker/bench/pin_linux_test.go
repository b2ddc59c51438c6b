package bench

import (
	"errors"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// allowed are the processors that this process had at the beginning.
var allowed = func() (set unix.CPUSet) {
	_ = unix.SchedGetaffinity(0, &set) // else there are none, and nothing is pinned
	return set
}()

// pinning says who has which processor, and whether anybody has one of his own.
func pinning() (how string, pinned bool) {
	switch {
	case !*wantPinned:
		return "not pinned, as was asked for", false
	case allowed.Count() < 2:
		return "not pinned: there is one processor", false
	}
	load, server := processors()
	return "load on processor " + strconv.Itoa(load) + ", servers on " + strconv.Itoa(server), true
}

// processors are the first that is allowed, and the last.
func processors() (load, server int) {
	load = -1
	for cpu := range len(allowed) * strconv.IntSize {
		if !allowed.IsSet(cpu) {
			continue
		}
		if load < 0 {
			load = cpu
		}
		server = cpu
	}
	return load, server
}

func only(cpu int) *unix.CPUSet {
	var set unix.CPUSet
	set.Set(cpu)
	return &set
}

// startPinned calls start, which starts a server, on a thread that has only the server's
// processor: a process has those of the thread that makes it.
func startPinned(start func() error) (err error) {
	if _, pinned := pinning(); !pinned {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	_, server := processors()
	if err := unix.SchedSetaffinity(0, only(server)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unix.SchedSetaffinity(0, &before)) }()
	return start()
}

// pinLoad leaves this process the load's processor, and so many threads that may run Go at a time, until
// unpin is called.
func pinLoad(threads int) (unpin func() error, err error) {
	if _, pinned := pinning(); !pinned {
		return func() error { return nil }, nil
	}
	load, _ := processors()
	if err := moveThreads(only(load)); err != nil {
		return nil, errors.Join(err, moveThreads(&allowed))
	}
	procs := runtime.GOMAXPROCS(threads)
	return func() error {
		runtime.GOMAXPROCS(procs)
		return moveThreads(&allowed)
	}, nil
}

// moveThreads moves all threads of this process, also those that others, which were
// not moved yet, make meanwhile: it looks again until it finds none that is new.
func moveThreads(to *unix.CPUSet) error {
	moved := make(map[int]bool)
	for {
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		more := false
		for _, entry := range entries {
			thread, err := strconv.Atoi(entry.Name())
			if err != nil || moved[thread] {
				continue
			}
			if err := unix.SchedSetaffinity(thread, to); err != nil && !errors.Is(err, unix.ESRCH) {
				return err // ESRCH: it has ended
			}
			moved[thread], more = true, true
		}
		if !more {
			return nil
		}
	}
}
