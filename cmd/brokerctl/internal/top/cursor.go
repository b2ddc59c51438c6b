package top

// A cursor is a selected line, and the part of the lines that is on the screen.
type cursor struct {
	index  int // of the selected line
	offset int // of the first line on the screen
}

// move moves the selection by a number of lines.
func (c *cursor) move(by int) { c.index += by }

// carry moves the selection to another index without moving it on the screen.
func (c *cursor) carry(to int) {
	c.offset += to - c.index
	c.index = to
}

// fit keeps the cursor within the lines, and the selected line on a screen with room for some of them.
func (c *cursor) fit(lines, room int) {
	room = max(room, 1)
	c.index = max(min(c.index, lines-1), 0)
	c.offset = min(c.offset, c.index, max(lines-room, 0))
	c.offset = max(c.offset, c.index-room+1, 0)
}
