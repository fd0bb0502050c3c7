"""The engine of one partition, without sockets: lines into columns, panes, percentiles, a log, snapshots, recovery."""
