"""Sessions in retentioneering: what it has of the five questions with the same meaning.

Its funnel knows no window, and it has no runs of five, no weekly retention and no RFM.
"""

import os
from pathlib import Path

from peer_data import GAP, Ask

os.environ["RETENTIONEERING_NO_TRACK"] = "1"  # it reports home by default


def retentioneering_sessions(folder: Path, *, cold: bool) -> Ask:
    """Split a stream of events by silence."""
    import pandas as pd
    from retentioneering import Eventstream

    def read() -> Eventstream:
        raw = pd.read_parquet(folder / "by_time.parquet")
        columns = {
            "user_id": raw["user"],
            "event": raw["kind"].astype(str),
            "timestamp": pd.to_datetime(raw["ts"], unit="us"),
        }
        return Eventstream(pd.DataFrame(columns))

    kept = None if cold else read()

    def ask() -> list[int]:
        stream = read() if kept is None else kept
        split = stream.split_sessions(timeout=f"{GAP // 60_000_000}m").to_dataframe()
        sizes = split.groupby("session_id", observed=True).size()
        return [len(sizes), int((sizes == 1).sum())]

    return ask
