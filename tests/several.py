"""Threads that gather from each other as processes do."""

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier


def side_by_side(shares, work):
    """Give what ``work(place, gather)`` returns for each place."""
    said, barrier = defaultdict(lambda: [None] * shares), Barrier(shares, timeout=30)

    def at(place):
        rounds = count()

        def gather(values):
            now = next(rounds)
            said[now][place] = values
            barrier.wait()
            return said[now]

        return work(place, gather)

    with ThreadPoolExecutor(shares) as pool:
        return [*pool.map(at, range(shares))]
