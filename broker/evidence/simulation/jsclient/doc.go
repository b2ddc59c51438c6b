// Package jsclient runs the JavaScript client in simulations. A [Client] has the methods of simclient.Client, so a
// simulated world can mix clients in Go and in JavaScript, and check the same promises.
//
// # How it works
//
// A [Process] is a Node process that loads the modules of wsclient/js as they are. They get their clocks, their timers
// and their WebSockets from their caller, and coprocess.mjs gives them virtual ones. Each step of a client is a line to
// the process, such as "a message has arrived". The process sets the client's clocks, lets the step happen, runs all
// microtasks, and answers with a line: what the client has sent, which sockets it has opened or closed, which requests
// were granted or have ended, which signals were aborted, and when its next timer fires.
//
// The order of these events counts: a holder must be told of its loss before the client closes the connection.
// Package jsclient checks that, and that no promise is rejected without anyone to handle it: see [Process.Err].
//
// # What it does not show
//
// The sockets are those of the package ws, not those of a browser, whose pages cannot end a connection at once. A step
// is atomic: nothing arrives between the microtasks of a step. A page that is hidden, frozen or put into the
// back/forward cache gets events that Node does not have; wsclient/js/chromium tests those.
package jsclient
