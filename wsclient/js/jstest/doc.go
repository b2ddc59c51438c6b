// Package jstest is for tests in Node and in headless Chromium: of the JavaScript
// client, and of the examples that use it.
package jstest
