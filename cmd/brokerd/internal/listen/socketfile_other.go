//go:build !unix

package listen

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
)

// makeSocket listens on a new socket, and returns what the file is. This system has no modes and owners as Unix has
// them, so it refuses to set any.
func (a Address) makeSocket(ctx context.Context, uid, gid int) (net.Listener, fs.FileInfo, error) {
	if a.mode != defaultMode || uid >= 0 || gid >= 0 {
		return nil, nil, errors.New("mode=, user= and group= work only on Unix")
	}
	listener, err := listenAt(ctx, a.path)
	if err != nil {
		return nil, nil, err
	}
	made, err := os.Lstat(a.path)
	if err != nil {
		_ = listener.Close()
		return nil, nil, err
	}
	return listener, made, nil
}
