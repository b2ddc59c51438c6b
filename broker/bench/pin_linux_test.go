package bench

import (
	"errors"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// allowed is the set of processors that this process had at its start.
var allowed = func() (set unix.CPUSet) {
	_ = unix.SchedGetaffinity(0, &set) // after an error the set is empty, and nothing is pinned
	return set
}()

// pinning describes which side has which processor, and reports whether the sides are pinned.
func pinning() (how string, pinned bool) {
	switch {
	case !*wantPinned:
		return "not pinned, because of -pinned=false", false
	case allowed.Count() < 2:
		return "not pinned: there is one processor", false
	}
	load, server := processors()
	return "load on processor " + strconv.Itoa(load) + ", servers on " + strconv.Itoa(server), true
}

// processors returns the first allowed processor and the last.
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

// startPinned calls start, which starts a server, so that it may only use the server's processor.
func startPinned(start func() error) (err error) {
	_, server := processors()
	return startOn(server, start)
}

// startApart calls start, which starts a server, so that it may use all processors but the load's. If only one would be
// left, it may use all.
func startApart(start func() error) (err error) {
	if processorsApart() < 2 {
		return startOnAny(&allowed, start)
	}
	apart := allowed
	load, _ := processors()
	apart.Clear(load)
	return startOnAny(&apart, start)
}

// processorsApart returns how many processors the load leaves to others.
func processorsApart() int {
	if _, pinned := pinning(); !pinned {
		return 0
	}
	return allowed.Count() - 1
}

// startBesideLoad calls start, which starts a process, so that it may only use the load's processor.
func startBesideLoad(start func() error) (err error) {
	load, _ := processors()
	return startOn(load, start)
}

// startOn calls start on a thread that may only use one processor: a process inherits the processors of the thread
// that creates it.
func startOn(cpu int, start func() error) (err error) { return startOnAny(only(cpu), start) }

// startOnAny is startOn for a set of processors.
func startOnAny(cpus *unix.CPUSet, start func() error) (err error) {
	if _, pinned := pinning(); !pinned {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, cpus); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unix.SchedSetaffinity(0, &before)) }()
	return start()
}

// pinLoad restricts this process to the load's processor, and limits how many threads run Go at a
// time, until unpin is called.
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

// moveThreads moves all threads of this process.
func moveThreads(to *unix.CPUSet) error {
	return eachThread(func(thread int) error { return unix.SchedSetaffinity(thread, to) })
}

// givePrecedence makes this process run only when no other one wants its processor, as far as the system can.
func givePrecedence() error {
	const lowest = 19
	return eachThread(func(thread int) error { return unix.Setpriority(unix.PRIO_PROCESS, thread, lowest) })
}

// eachThread calls change for all threads of this process. A thread that has not been changed yet may create another
// one, so it repeats until it finds no new thread.
func eachThread(change func(thread int) error) error {
	changed := make(map[int]bool)
	for {
		entries, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		more := false
		for _, entry := range entries {
			thread, err := strconv.Atoi(entry.Name())
			if err != nil || changed[thread] {
				continue
			}
			if err := change(thread); err != nil && !errors.Is(err, unix.ESRCH) {
				return err // ESRCH: the thread has ended
			}
			changed[thread], more = true, true
		}
		if !more {
			return nil
		}
	}
}
