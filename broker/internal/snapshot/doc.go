// Package snapshot encodes a [core.Snapshot], for the state directory and for another broker that takes over.
//
// The format is lines of JSON: a header with the version, a line for each session, a line for each request, and an end
// with the number of lines. A reader accepts only the version that it knows, and only a snapshot that is whole.
// Secrets are not in it, only their hashes.
package snapshot
