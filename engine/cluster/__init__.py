"""Runs on other computers, through Ray: a bridge process here, and on the cluster a job store and one task an entry.

    bridge       a process on this computer: sends a job, follows it, brings back what it made
    store_job    a job of Ray on the cluster's head: keeps what was sent, events, checkpoints and results
    entry        a task on a node: runs Tunesmith's own worker, and starts again elsewhere if the node dies

Ray does the scheduling and the recovery. Between this computer and the cluster there is HTTP alone: Ray's job API,
which starts the job store, and the store's own calls, in JSON and bytes. What a cluster answers is not trusted: nothing
of it is unpickled, and files come back by the names that a run has (`arrivals`). Nothing here is imported by the window
or the command line.
"""
