package locktable

// These are the bytes that parts of a table take on a 64-bit machine, with their share of the indexes.
// TestBytes compares them with the heap.
const (
	requestBytes = 122 // a request with one lock, and nothing in its extra
	lockBytes    = 121 // a lock, beside its name
	extraBytes   = 100 // an extra, with an entry in a heap of deadlines or in a nest
	placeBytes   = 40  // a place, if the request has several
	nestBytes    = 80
)

// Bytes returns about how much memory the requests and the locks of a table take. It does not count
// what is kept for reuse: at most about a megabyte, and indexes that do not shrink.
func (t *Table) Bytes() int64 { return t.bytes }

func (x *extra) bytes() int64 {
	return extraBytes + int64(len(x.author)) + placeBytes*int64(len(x.several))
}

func (l *lock) bytes() int64 { return lockBytes + int64(len(l.name)) }
