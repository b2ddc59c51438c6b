// Package live shows a text on the whole terminal and refreshes it. The user can scroll. Start with [Run].
package live
