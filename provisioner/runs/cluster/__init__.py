"""Hosts worked on by the workers of a Dask cluster that is there already: `--dask`.

`opening` makes a crew of them. It takes whole hosts and gives whole outcomes; order, brakes and history stay with the
controller, and that a host is changed at most once is the host's own promise.
"""
