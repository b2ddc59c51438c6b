package cli

import "time"

// SameSignal is the time after a signal during which another one counts as the same request. Process managers send
// several: timeout sends one to the process and one to its group, systemd one to each process, and npm forwards the
// Ctrl-C that the terminal has sent to both. If the second one ended a program at once, a stop would look like a crash.
const SameSignal = time.Second
