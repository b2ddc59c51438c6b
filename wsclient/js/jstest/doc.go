// Package jstest runs tests in Node and in headless Chromium. The tests of the JavaScript client use it, and the
// tests of examples that use that client.
package jstest
