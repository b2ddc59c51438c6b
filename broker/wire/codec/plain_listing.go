package codec

import (
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/lockbroker/lockbroker/broker/wire"
)

// Listings and changes are also encoded by hand. A page of a listing describes hundreds of
// requests, and on a machine with one processor nobody else is served meanwhile.

func appendInfoPage(dst []byte, m *wire.InfoPage) (frame []byte, plain bool) {
	dst, plain = appendHead(dst, `{"type":"info","id":"`, m.ID)
	dst = append(dst, `,"locks":[`...)
	for i := range m.Locks {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = appendLock(dst, &m.Locks[i]); !ok {
			return dst, false
		}
	}
	return EndInfoPage(dst, m), plain && isPlain(string(m.NotGranting)) && isPlain(m.Owner)
}

// BeginInfoPage appends the beginning of the frame of an [wire.InfoPage] with that id. Its locks follow:
// see [AppendLock].
func BeginInfoPage(dst []byte, id wire.ID) ([]byte, error) {
	dst = append(dst, `{"type":"info","id":`...)
	text, err := id.MarshalText()
	if err != nil {
		return dst, err
	}
	if dst, err = jsontext.AppendQuote(dst, text); err != nil {
		return dst, err
	}
	return append(dst, `,"locks":[`...), nil
}

// AppendLock appends one lock of the frame of an [wire.InfoPage]. A comma must separate locks. It fails
// only if a string is not valid UTF-8. Then it returns dst unchanged.
func AppendLock(dst []byte, l *wire.LockInfo) ([]byte, error) {
	if text, plain := appendLock(dst, l); plain {
		return text, nil
	}
	text, err := json.Marshal(l, marshalers)
	if err != nil {
		return dst, fmt.Errorf("encode lock: %w", err)
	}
	return append(dst, text...), nil
}

// EndInfoPage appends the end of the frame of m, after its locks. The texts of m must need no escape in JSON.
func EndInfoPage(dst []byte, m *wire.InfoPage) []byte {
	dst = append(dst, ']')
	if m.Next != 0 {
		dst = appendInt(dst, `,"next":`, m.Next)
	}
	dst = appendSome(dst, `,"not_granting":"`, string(m.NotGranting))
	if m.Term != 0 {
		dst = appendInt(dst, `,"term":`, m.Term)
	}
	return append(appendSome(dst, `,"owner":"`, m.Owner), '}')
}

func appendLock(dst []byte, l *wire.LockInfo) (text []byte, plain bool) {
	if !isPlain(l.Name) {
		return dst, false
	}
	dst = appendText(dst, `{"name":"`, l.Name)
	dst = appendInt(dst, `,"seq":`, l.Seq)
	dst, plain = appendRequests(append(dst, `,"holders":[`...), l.Holders)
	dst, ok := appendRequests(append(dst, `],"waiters":[`...), l.Waiters)
	dst = appendInt(dst, `],"holding":`, int64(l.Holding))
	dst = appendInt(dst, `,"waiting":`, int64(l.Waiting))
	dst = appendInt(dst, `,"grants":`, l.Grants)
	dst = appendGiven(dst, `,"holders_next":`, l.HoldersNext)
	dst = appendGiven(dst, `,"waiters_next":`, l.WaitersNext)
	return append(dst, '}'), plain && ok
}

func appendRequests(dst []byte, infos []wire.RequestInfo) (text []byte, plain bool) {
	for i := range infos {
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = appendRequest(dst, &infos[i]); !ok {
			return dst, false
		}
	}
	return dst, true
}

func appendRequest(dst []byte, r *wire.RequestInfo) (text []byte, plain bool) {
	if isHidden(r) {
		return append(dst, hiddenRequest...), true
	}
	plain = isPlain(r.ID.Session) && isPlain(r.Author) && isPlain(r.Parent.Session) &&
		isPlain(r.Client) && isPlain(r.Remote) && isPlain(r.Identity)
	dst = append(dst, `{"id":"`...)
	dst, _ = r.ID.AppendText(dst)
	dst = append(dst, '"')
	dst = appendSome(dst, `,"author":"`, r.Author)
	dst = appendText(dst, `,"mode":"`, r.Mode.String())
	if limit, given := r.Limit.Get(); given {
		dst = appendInt(dst, `,"limit":`, int64(limit))
	}
	if r.Token != 0 {
		dst = appendInt(dst, `,"token":`, r.Token)
	}
	dst = append(dst, `,"locks":[`...)
	for i, name := range r.Locks {
		if i > 0 {
			dst = append(dst, ',')
		}
		plain = plain && isPlain(name)
		dst = appendText(dst, `"`, name)
	}
	dst = append(dst, ']')
	if !r.Parent.IsZero() {
		dst = append(dst, `,"parent":"`...)
		dst, _ = r.Parent.AppendText(dst)
		dst = append(dst, '"')
	}
	dst = appendInt(dst, `,"duration_ms":`, r.DurationMS)
	dst = appendSome(dst, `,"client":"`, r.Client)
	dst = appendSome(dst, `,"remote":"`, r.Remote)
	dst = appendSome(dst, `,"identity":"`, r.Identity)
	if r.Gone {
		dst = append(dst, `,"gone":true`...)
	}
	if r.Hidden {
		dst = append(dst, `,"hidden":true`...)
	}
	return append(dst, '}'), plain
}

func appendChange(dst []byte, m *wire.Change) (frame []byte, plain bool) {
	dst, plain = appendHead(dst, `{"type":"change","id":"`, m.ID)
	plain = plain && isPlain(string(m.Event)) && isPlain(string(m.Reason)) && isPlain(m.By) &&
		isPlain(m.Message) && isPlain(m.Lock)
	dst = appendText(dst, `,"event":"`, string(m.Event))
	dst = appendSome(dst, `,"reason":"`, string(m.Reason))
	dst = appendSome(dst, `,"by":"`, m.By)
	dst = appendSome(dst, `,"message":"`, m.Message)
	dst = appendText(dst, `,"lock":"`, m.Lock)
	dst, ok := appendRequest(append(dst, `,"request":`...), &m.Request)
	return append(dst, '}'), plain && ok
}

// appendText appends head, which must end with a quote, then text and another quote.
func appendText(dst []byte, head, text string) []byte {
	dst = append(dst, head...)
	dst = append(dst, text...)
	return append(dst, '"')
}

// appendSome is appendText for a member that is left out if text is empty.
func appendSome(dst []byte, head, text string) []byte {
	if text == "" {
		return dst
	}
	return appendText(dst, head, text)
}

// appendInt appends head and n.
func appendInt(dst []byte, head string, n int64) []byte {
	return strconv.AppendInt(append(dst, head...), n, 10)
}
