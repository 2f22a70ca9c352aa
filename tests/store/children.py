"""Real processes for tests, forked from a server that has imported the store already."""

import multiprocessing

FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["footfall.store.log", "tests.store.rows"])
