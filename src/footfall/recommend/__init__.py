"""Says what to show: recommenders with one contract."""
