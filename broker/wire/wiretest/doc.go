// Package wiretest reads golden conversations. These are text files in which a broker and its
// clients exchange frames, step by step, in virtual time. The tests of the broker and of the
// clients use it. Nothing else should import it.
//
// [Load] reads a folder of conversations, and [Parse] reads one. The form of the files is described
// in testdata/wire/README.md.
package wiretest
