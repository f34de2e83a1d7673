"""Runs on other computers, through Ray: a bridge process here, a job store on the cluster, and a task for each entry.

    bridge       a process on this computer: sends a job, follows it, brings back results
    store_job    a Ray job on the cluster's head: keeps uploads, events, checkpoints and results
    entry        a Ray task on a node: runs Tunesmith's worker, restarted elsewhere if the node dies

Ray does the scheduling and the recovery. This computer and the cluster speak HTTP only: Ray's job API, which starts the
job store, and the store's calls in JSON and bytes. A cluster's answers are not trusted: nothing is unpickled, and only
files that a run can have come back (`arrivals`). Neither the window nor the command line imports this package.
"""
