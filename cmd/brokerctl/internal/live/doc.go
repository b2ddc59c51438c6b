// Package live shows a text on the whole terminal and refreshes it. Keys scroll. Start with [Run].
package live
