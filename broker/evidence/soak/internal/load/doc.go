// Package load is a client process of the soak: some tens of clients that use every feature of package wsclient, and
// report what they hold, what they saw broken, and what they did.
//
// Start with [Run]. Each client is one goroutine that begins one operation after another (operations.go) with a short
// pause between them. The soak pauses and resumes all of them by commands on stdin; [record] defines the commands and
// the reports.
//
// The process itself checks what only the client can see: that a wait ends in time, that a holder that has lost its
// lock is told, that a write with a valid token is accepted, that only nested requests are refused as deadlocks, and
// that no listing shows more holders than a lock may have. Intervals during which a client held a lock go to the soak,
// which compares those of all processes.
package load
