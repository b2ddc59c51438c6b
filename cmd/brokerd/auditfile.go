package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/DeRuina/timberjack"

	"github.com/lockbroker/lockbroker/broker"
)

// toStdout is the value of --audit that means stdout.
const toStdout = "-"

// auditMode is the mode of a new audit file.
const auditMode = 0o600

// An auditFile writes the records of the audit as JSON lines to a file, or to stdout. When the file has reached its
// size, it is renamed, and a new one begins.
type auditFile struct {
	lines  lineWriter
	file   *timberjack.Logger // nil: stdout
	reopen atomic.Bool        // the file must be opened again before the next record
}

// newAuditFile returns an audit that goes to the file name. It fails if the file cannot be opened.
func newAuditFile(name string, megabytes, backups int) (*auditFile, error) {
	if name == toStdout {
		return &auditFile{lines: lineWriter{out: os.Stdout}}, nil
	}
	// The library would create missing directories, and wait for the reader of a pipe.
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want a regular file", name)
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND|os.O_CREATE, auditMode)
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	a := &auditFile{}
	a.use(&timberjack.Logger{
		Filename: name, MaxSize: megabytes, MaxBackups: backups, FileMode: auditMode, Compression: "none",
	})
	return a, nil
}

func (a *auditFile) use(file *timberjack.Logger) { a.file, a.lines = file, lineWriter{out: file} }

// writer returns what the broker calls with each record, or nil if there is no audit.
func (a *auditFile) writer() func(broker.AuditRecord) error {
	if a == nil {
		return nil
	}
	return a.write
}

// write writes a record. It is for one goroutine. Nothing is buffered, so nobody closes the file: a write that hangs
// would make that hang, too.
func (a *auditFile) write(r broker.AuditRecord) error {
	if a.reopen.Swap(false) && a.file != nil {
		_ = a.file.Close()
		a.use(&timberjack.Logger{
			Filename: a.file.Filename, MaxSize: a.file.MaxSize, MaxBackups: a.file.MaxBackups,
			FileMode: auditMode, Compression: "none",
		})
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = a.lines.Write(append(line, '\n'))
	return err
}

// reopenLater makes the next record go to a file that is opened again, because another program may have renamed the
// old one. It does not wait for a write that is under way.
func (a *auditFile) reopenLater() {
	if a != nil {
		a.reopen.Store(true)
	}
}
