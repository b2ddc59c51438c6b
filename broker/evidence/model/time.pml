/* Time, and what must be true when it passes. */

#ifdef TIMELESS
#define mayEndLease (isLive && overslept)
#define mustEndLease mayEndLease
#else
#define mayEndLease (isLive && age[NOW] + SKEW >= LEASE)
#define mustEndLease (isLive && age[NOW] >= LEASE + SKEW)
#endif
#define mayPing (link[NOW] == connected && req != idle && pingAge == NO_PING && age[NOW] >= HEARTBEAT)
#define isUrgent (!isFrozen && (mustEndLease || stopping))

#ifdef PROMPT
#define isDelivered(s) (len(up[s]) == 0 && len(down[s]) == 0)
#define isPrompt (isDelivered(0) && isDelivered(1) && !mayPing)
#else
#define isPrompt true
#endif

/* check_views: if nothing is on its way, the client and the broker agree about the request. */
#define nothingOnItsWay \
	(link[NOW] == connected && session[NOW] == open && !upCut[NOW] && !downCut[NOW] && \
	len(up[NOW]) == 0 && len(down[NOW]) == 0)

inline check_views() {
	if
	:: nothingOnItsWay && !isFrozen ->
		holds(11, req != idle || table[NOW] == none);
		holds(12, req != holding || table[NOW] == holding);
		holds(12, req != waiting || table[NOW] != holding);
		holds(12, req != releasing && req != cancelling);
		holds(13, req != pending && (req != waiting || table[NOW] == waiting))
	:: else -> skip
	fi
}

inline count_tick(s) {
	if :: session[s] != closed && quiet[s] < TIMEOUT -> quiet[s]++ :: else -> skip fi;
	if :: (link[s] == connecting || link[s] == connected) && age[s] < TIMEOUT + SKEW -> age[s]++ :: else -> skip fi
}

inline clock_tick() {
	check_views();
	count_tick(0);
	count_tick(1);
	if :: pingAge < TIMEOUT -> pingAge++ :: else -> skip fi;
#if BOOTS > 0
	if
	:: grace > 0 ->
		grace--;
		grant_next(NOBODY)
	:: else -> skip
	fi;
#endif
	skip
}

