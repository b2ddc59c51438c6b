//go:build race

package simulation

// usualSchedules is how many schedules the short form runs. The race detector makes them several times as slow.
const usualSchedules = 1000
