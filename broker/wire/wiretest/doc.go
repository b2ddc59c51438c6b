// Package wiretest reads golden conversations: text files in which connections
// of clients and a broker exchange frames, step by step, in virtual time. It is
// for the tests of the broker and of clients; nothing else should import it.
//
// [Load] reads a folder of them, [Parse] one. The form of the files is
// described in testdata/wire/README.md.
package wiretest
