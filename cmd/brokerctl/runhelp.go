package main

const runHelp = `Waits for the locks, holds them while the command runs, and exits with the exit code of the command.
Usage: run [flags] NAME... -- COMMAND [ARG...]

    $ brokerctl run orders/42 -- ./import orders/42.csv
    $ brokerctl run --wait 30s --author nightly db/main backup -- pg_dump -f /backup/main.sql
    $ brokerctl run --skip-if-locked --hold-at-least 30s cron/report -- ./report

The command runs without a shell, in its own process group, and in the foreground if there is a terminal. The locks
are held until the whole group has ended.

Waiting: without --wait, run waits for the locks without limit, but fails at once if there is no broker. --wait limits
the wait, and within the same time run also waits for a broker that is not there yet or restarts. A connection that is
refused, a name that is unknown, and an answer with 429, 502, 503 or 504 count as not there yet. A broker or proxy that
refuses the client, and a TLS error, end the wait at once.

Messages: if run has waited for half a second or more, it says for what, who is in the way, and in the end how long it
has waited. With --quiet, stderr gets only errors, why run ends the command, and why a token cannot be renewed.

Cron jobs on several hosts: --skip-if-locked alone does not make a short job run once. The first host may have
released the lock before the clock of the second one starts the job. With --hold-at-least, the first host keeps the
lock for that time after the grant. The time must be longer than the difference between the clocks of the hosts, and
shorter than the period of the job minus that difference. Half of the period tolerates the largest difference. For a
job that cron starts once a minute on three hosts, each crontab has this line:

    # minute hour day month weekday command
    * * * * * brokerctl run -q --skip-if-locked --hold-at-least 30s cron/report -- ./report

Hosts that run the job in a loop, such as while sleep 60, start it at different times. There, use a little less than
the period, such as 55s.

While --hold-at-least holds the locks after the command has ended, INT, TERM, HUP or QUIT releases them at once. If INT,
TERM or QUIT was sent to brokerctl earlier, or one of the four has killed the command, brokerctl does not hold them
either. The exit code is always the command's. If the locks are lost during that time, run prints a note.

Signals: run forwards INT, TERM, HUP, QUIT, USR1, USR2, WINCH and the stop signals to the group. If INT, TERM, HUP or
QUIT comes again within a second, run does not forward it again, because process managers send it twice. While run
waits, INT, TERM, HUP and QUIT end it. If HUP or INT was ignored at the start, as under nohup, run and the command
ignore it too. Broken pipes (PIPE) and writes to the terminal from the background (TTOU) do not stop run.

Lost locks: the group gets TERM, and KILL after --grace. With the default timeouts, KILL comes before the broker can
grant the locks to others, even if the network fails. Two cases leave no time: an operator evicts the request, or the
broker sees the connection end. A command that changes its user (sudo) gets no signals; use sudo brokerctl run
instead.

The watchdog is a second process that ends the group if brokerctl cannot. If brokerctl is killed, the watchdog kills
the group at once, and then the locks are free. If brokerctl is stopped, for example by Ctrl-Z, it loses the locks
after a few seconds and the watchdog ends the group. When brokerctl continues, it exits with 76. If both are killed or
stopped together, the command can outlive its locks.

Daemons: processes that leave the group are killed with it when the locks are lost, if Linux lets brokerctl create a
cgroup (v2; as root, or as a user with a delegated one). Elsewhere on Linux this covers only processes whose parent
has ended, and not if brokerctl was killed. On other systems only the group is killed. If the command ends by itself,
its daemons keep running, and the locks do not wait for them.

Nested runs: a run inside another run of the same broker acquires only the locks that the enclosing runs do not hold.
If they hold all of them, the inner brokerctl prints a line on stderr, and the command replaces it. A shared lock
cannot become exclusive, nor get a lower limit. An enclosing run lends its locks only to processes that it waits for.
A job of an interactive shell, or a command under timeout, has another process group and is refused. A process in
another session, such as a daemon, does not count as inside.

The environment of the command:

    LOCKBROKER_NAMES  the names of the locks, as a JSON array
    LOCKBROKER_TOKEN  the fencing token
    LOCKBROKER_ID     the id of the request, as in the listing
    LOCKBROKER_URL    the URL of the broker
    LOCKBROKER_HELD   all requests that hold locks for the command, including
                      enclosing runs, outermost first: a JSON array of objects
                      with id, token and names

The command inherits the rest of the environment, with BROKERCTL_TOKEN if it is set, so that it can run brokerctl. A
token of --token or --token-file is not passed on.

LOCKBROKER_TOKEN and LOCKBROKER_ID belong to the request of this run. If enclosing runs hold all its locks, they
belong to the innermost of these runs that holds one of them. The tokens of locks from enclosing runs are in
LOCKBROKER_HELD. A program that acquires locks itself should name the last id in LOCKBROKER_HELD as the parent of its
requests.

Exit codes, besides those of the command:

    69     cannot reach the broker, or --wait passed without a connection
    75     not obtained: --wait passed, --try, evicted, a deadlock, held by an
           enclosing run in another mode, or, with --skip-if-locked, the broker
           grants nothing to anyone
    76     lost while the command ran, or --hold passed
    77     not permitted
    80     the command line is wrong
    126    the command cannot be executed
    127    the command was not found
    128+N  signal N ended the command, or the wait`
