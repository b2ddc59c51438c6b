/* The network: how a message is sent, and how a direction is cut. */

inline send_up(s, what) {
	if
	:: !upCut[s] -> up[s]!what
	:: else -> skip
	fi
}

inline send_down(s, what) {
	if
	:: !downCut[s] -> down[s]!what
	:: else -> skip
	fi
}

inline cut_up(s) {
	upCut[s] = true;
	do :: len(up[s]) > 0 -> up[s]?m :: else -> break od;
	m = 0
}

inline cut_down(s) {
	downCut[s] = true;
	do :: len(down[s]) > 0 -> down[s]?m :: else -> break od;
	m = 0
}

