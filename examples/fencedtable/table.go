//go:build unix

package main

import (
	"context"
	"database/sql"

	_ "github.com/ncruces/go-sqlite3/driver" // the driver "sqlite3"
)

// A table stores the number of apples.
type table struct{ db *sql.DB }

func openTable(file string) (table, error) {
	db, err := sql.Open("sqlite3", "file:"+file+"?_pragma=busy_timeout(5000)")
	return table{db}, err
}

// create makes the table. The trigger is the fence.
func (t table) create(ctx context.Context, apples int, fenced bool) error {
	_, err := t.db.ExecContext(ctx, `
		CREATE TABLE stock (item TEXT PRIMARY KEY, amount INTEGER NOT NULL, token INTEGER NOT NULL)`)
	if err == nil {
		_, err = t.db.ExecContext(ctx, `INSERT INTO stock VALUES ('apples', ?, 0)`, apples)
	}
	if err == nil && fenced {
		_, err = t.db.ExecContext(ctx, `
			CREATE TRIGGER fence BEFORE UPDATE ON stock WHEN NEW.token < OLD.token
			BEGIN SELECT RAISE(ABORT, 'stale fencing token'); END`)
	}
	return err
}

func (t table) read(ctx context.Context) (apples int, err error) {
	err = t.db.QueryRowContext(ctx, `SELECT amount FROM stock WHERE item = 'apples'`).Scan(&apples)
	return apples, err
}

// write stores the number together with the token. The same statement is safe in every table with the trigger,
// whichever program runs it.
func (t table) write(ctx context.Context, apples int, token int64) error {
	_, err := t.db.ExecContext(ctx, `UPDATE stock SET amount = ?, token = ? WHERE item = 'apples'`, apples, token)
	return err
}
