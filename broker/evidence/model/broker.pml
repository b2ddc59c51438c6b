/* The broker and the rival. */

#if defined(LOCK_DELAY) && !defined(NO_LOCK_DELAY) /* FAULT: with lock delay, a FIN frees the locks all the same */
#define hasLockDelay true
#else
#define hasLockDelay false
#endif

#define isHolding(s, except) (table[s] == holding && s != except)
#define isFree(except) (!isHolding(0, except) && !isHolding(1, except) && !isHolding(2, except))

/* grant_next applies the grant rule, as if slot except held nothing. */
inline grant_next(except) {
	if
	:: len(queue) > 0 && isFree(except) && grace == 0 && mayGrant ->
		queue?g;
		holds(1, isFree(NOBODY));
#ifndef TIMELESS
		holds(8, g != RIVAL || !treatsAsHeld || !lastRun);
#endif
		holds(5, g != RIVAL || !treatsAsHeld || lastRun || excused);
		table[g] = holding;
#if FREEZES > 0
		grants++;
		number[g] = grants;
#endif
#ifdef GRANTS
		grantsLeft--;
		holds(9, next < onDisk);
		holds(2, next > greatest);
		greatest = next;
		token[g] = next;
		next++;
#endif
		if
		:: g != RIVAL -> send_down(g, granted)
		:: else -> skip
		fi
	:: else -> skip
	fi;
	g = 0
}

inline withdraw(s) {
	if
	:: table[s] == waiting ->
		queue??eval(s);
		table[s] = none
	:: else -> skip
	fi
}

/* drop releases the lock of a session, and forgets the session. */
inline drop(s) {
#ifdef GRANT_BEFORE_DROP /* FAULT: the next waiter is granted before the holder is removed */
	grant_next(s);
#endif
	table[s] = none;
	session[s] = closed;
	quiet[s] = 0;
	cut_up(s);
	grant_next(NOBODY)
}

/* end_session ends a session. If keep is true, its lock is kept. */
inline end_session(s, keep) {
	withdraw(s);
#ifdef FREE_AFTER_ANY_END /* FAULT: no end of a connection keeps the locks */
	drop(s)
#else
	if
	:: table[s] == holding && keep -> session[s] = kept
	:: else -> drop(s)
	fi
#endif
}

/* ---- the broker's transitions ---- */

inline broker_connect(s) {
	up[s]?connect;
	session[s] = open;
	send_down(s, hello)
}

inline broker_ping(s) {
	up[s]?ping;
	quiet[s] = 0;
	send_down(s, pong)
}

inline broker_acquire(s) {
	up[s]?acquire;
	quiet[s] = 0;
	table[s] = waiting;
	queue!s;
	grant_next(NOBODY)
}

/* broker_release: if the lock was lost, the client has been told, and ignores the refusal. */
inline broker_release(s) {
	up[s]?release;
	quiet[s] = 0;
	if
	:: table[s] == holding ->
		table[s] = none;
		send_down(s, ended);
		grant_next(NOBODY)
	:: else -> skip
	fi
}

inline broker_cancel(s) {
	up[s]?cancel;
	quiet[s] = 0;
	if
	:: table[s] != none ->
#ifdef FORGET_CANCELLED_WAITER /* FAULT: a cancelled waiter stays in the queue */
		table[s] = (table[s] == holding -> none : table[s]);
#else
		withdraw(s);
#ifndef KEEP_HOLD_ON_CANCEL /* FAULT: a cancel does not end a request that holds */
		table[s] = none;
#endif
#endif
		send_down(s, ended);
		grant_next(NOBODY)
	:: else -> skip
	fi
}

/* broker_fin: the kernel of the client's machine has closed the connection. */
inline broker_fin(s) {
	up[s]?fin;
	cut_down(s);
	end_session(s, hasLockDelay)
}

inline broker_goodbye(s) {
	up[s]?goodbye;
	cut_down(s);
	end_session(s, false)
}

/* broker_answer: while the lock of an ended session is kept, an answer, a FIN or a goodbye frees it. */
inline broker_answer(s) {
	up[s]?m;
	if
	:: m == goodbye || (m == fin && !hasLockDelay) -> drop(s)
	:: else -> skip
	fi;
	m = 0
}

inline broker_silent(s) {
#if FREEZES > 0
	overslept = overslept || s == NOW;
#endif
	send_down(s, closing);
	end_session(s, false)
}

/* broker_unkeep: the session timeout has passed since the last sign of life. */
inline broker_unkeep(s) {
#if FREEZES > 0
	overslept = overslept || s == NOW;
#endif
#ifdef FORGET_GRANT_AFTER_KEEPING /* FAULT: when kept locks become free, no waiter is granted */
	table[s] = none;
	session[s] = closed;
	quiet[s] = 0;
	cut_up(s)
#else
	drop(s)
#endif
}

/* broker_closes: the broker ends a session by its own decision, such as a slow consumer. */
inline broker_closes(s) {
	faults--;
	send_down(s, closing);
	end_session(s, true)
}

#if EVICTIONS > 0
inline broker_evict(s) {
	evictions--;
	table[s] = none;
	excused = true;
#ifndef LOSS_NOT_TOLD /* FAULT: the holder is not told that it was evicted */
	send_down(s, lost);
#endif
	grant_next(NOBODY)
}
#endif

#ifdef GRANTS
/* broker_reserve writes to the disk before it allows tokens. */
inline broker_reserve() {
	onDisk = next + RANGE;
	allowed = onDisk;
	grant_next(NOBODY)
}
#endif

#if BOOTS > 0
inline forget_session(s, isNoticed) {
	table[s] = none;
	session[s] = closed;
	quiet[s] = 0;
	cut_up(s);
	cut_down(s);
	if
	:: isNoticed && s == NOW && isLive -> down[s]!closing
	:: else -> skip
	fi
}

/* broker_restart: the broker crashes, and starts again with its state directory. The client may notice, or not. */
inline broker_restart(isNoticed) {
	boots--;
	do :: len(queue) > 0 -> queue?g :: else -> break od;
	g = 0;
	forget_session(0, isNoticed);
	forget_session(1, isNoticed);
	table[RIVAL] = none;
	lastRun = treatsAsHeld;
#ifdef GRACE_NOT_RESTARTED /* FAULT: a crash in the grace period does not begin it again */
	grace = (grace > 0 -> 0 : TIMEOUT);
#else
#if !defined(SKIP_GRACE) && !defined(TIMELESS) /* FAULT: there is no grace period */
	grace = TIMEOUT;
#endif
#endif
#ifdef GRANTS
#ifdef REUSE_TOKEN /* FAULT: a run begins below the limit that the last run has reserved */
	next = onDisk - RANGE;
#else
	next = onDisk;
#endif
	onDisk = next + RANGE;
	allowed = onDisk;
#endif
	skip
}
#endif

/* ---- the rival ---- */

/* rival_acquire: the rival wants the lock again as soon as it has released it. */
inline rival_acquire() {
	table[RIVAL] = waiting;
	queue!RIVAL;
	grant_next(NOBODY)
}

inline rival_release() {
	table[RIVAL] = none;
	grant_next(NOBODY);
	rival_acquire()
}

