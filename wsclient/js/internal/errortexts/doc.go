// Package errortexts has the text of every error of the JavaScript client, each from a real situation, on every
// platform. errors.golden lists them. The tests of the client compare it with what the client says.
package errortexts
