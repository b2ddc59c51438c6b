package top

// A cursor is a selected line and the part of the lines that the screen shows.
type cursor struct {
	index  int // of the selected line
	offset int // of the first line on the screen
}

// move moves the selection by so many lines.
func (c *cursor) move(by int) { c.index += by }

// carry follows the selected line to another index, so that it stays where it is
// on the screen.
func (c *cursor) carry(to int) {
	c.offset += to - c.index
	c.index = to
}

// fit keeps the cursor among so many lines, and the selected one among those that
// the screen has room for.
func (c *cursor) fit(lines, room int) {
	room = max(room, 1)
	c.index = max(min(c.index, lines-1), 0)
	c.offset = min(c.offset, c.index, max(lines-room, 0))
	c.offset = max(c.offset, c.index-room+1, 0)
}
