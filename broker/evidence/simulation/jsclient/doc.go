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
// # How to run it
//
// The test runs 50 schedules of the simulation, half of them with Go clients as well. -schedules N and -from N choose
// the seeds, and -steps N makes the schedules longer. -seed N replays one, and prints everything that happens with -v.
// -minimise looks for the smallest plan that fails. -js names the folder of another copy of the client, such as one
// with a planted fault.
//
// # What it does not show
//
// The sockets behave as in the package ws. In a browser a page cannot end a connection at once. A step
// is atomic: nothing arrives between the microtasks of a step. Looking at lock.signal makes the client read its clocks,
// so a check of the world may itself tell a holder of its loss. A page that is hidden, frozen or put into the
// back/forward cache gets events that Node does not have; wsclient/js/chromium tests those.
package jsclient
