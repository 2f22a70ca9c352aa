"""Who and what a question counts: expressions, conditions, periods, segments, breakdowns."""
