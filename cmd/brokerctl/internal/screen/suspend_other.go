//go:build !unix

package screen

import tea "charm.land/bubbletea/v2"

// HeedStops has nothing to do here.
func HeedStops(*tea.Program) (end func()) { return func() {} }

// Stop does nothing here.
func Stop() tea.Msg { return nil }
