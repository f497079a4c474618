#!/usr/bin/env python3
"""Reads latency.hlog with the HdrHistogram of another implementation (PyPI: hdrhistogram), adds up the
lines of each tag, and holds what comes out against latency.csv.

    read_hlog.py FOLDER     a run folder with both files

Counts must be equal; times may differ by what three digits are good for. Whatever does not fit is said,
and the exit code is 1.
"""

import csv
import math
import pathlib
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader

LONGEST = 7 * 24 * 3600 * 10**9  # ns
DIGITS = 3
QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999, "p9999": 0.9999}


def near(a, b):
    """Whether two times are the same to three digits; below 1,000 ns cells are whole nanoseconds."""
    return abs(a - b) <= max(1, 10**-DIGITS * max(a, b))


def read(path, wrong):
    """The histogram of each tag over all lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not any(line.startswith("#[StartTime: ") for line in lines):
        wrong.append("no start time in the head")
    entries = [line for line in lines if line and not line.startswith(("#", '"'))]
    log = HistogramLogReader(str(path), HdrHistogram(1, LONGEST, DIGITS))
    merged, starts, taken = {}, [], 0
    while (one := log.get_next_interval_histogram()) is not None:
        line, tag = entries[taken], one.get_tag()
        taken += 1
        shown = float(line.split(",")[3]) * 1e6
        if not abs(shown - one.get_max_value()) <= max(1000, 1e-3 * shown):
            wrong.append(f"{tag}: Interval_Max says {shown} ns, the histogram {one.get_max_value()}")
        if one.get_total_count() == 0:
            wrong.append(f"{tag}: a line without a sample")
        starts.append(one.get_start_time_stamp())
        merged.setdefault(tag, HdrHistogram(1, LONGEST, DIGITS)).add(one)
    log.close()
    if taken != len(entries):
        wrong.append(f"{len(entries)} lines, of which {taken} were read")
    if starts != sorted(starts):
        wrong.append("lines are not in the order of their times")
    return merged, taken


def compare(tag, row, histogram, wrong):
    """Holds a row of the table against a histogram that was read."""
    n = histogram.get_total_count()
    if n != int(row["count"]):
        wrong.append(f"{tag}: {row['count']} samples in the table, {n} in the log")
        return
    if not near(float(row["max"]), histogram.get_max_value()):
        wrong.append(f"{tag}.max: {row['max']} in the table, {histogram.get_max_value()} in the log")
    if not near(float(row["mean"]), histogram.get_mean_value()):
        wrong.append(f"{tag}.mean: {row['mean']} in the table, {histogram.get_mean_value()} in the log")
    for name, quantile in QUANTILES.items():
        # Implementations differ by one in the rank of a percentile, so it lies between two samples.
        rank = quantile * n
        low, high = (
            histogram.get_value_at_percentile(100 * min(n, max(1, at)) / n)
            for at in (math.floor(rank), math.floor(rank) + 1)
        )
        told = float(row[name])
        if not (low <= told <= high or near(told, low) or near(told, high)):
            wrong.append(f"{tag}.{name}: {told} in the table, {low} to {high} in the log")


def main(folder):
    wrong = []
    merged, lines = read(folder / "latency.hlog", wrong)
    with open(folder / "latency.csv", encoding="utf-8", newline="") as table:
        rows = {f"{row['op']}.{row['part']}": row for row in csv.DictReader(table)}
    recorded = {tag for tag, row in rows.items() if int(row["count"]) > 0}
    for tag in sorted(recorded ^ set(merged), key=str):
        wrong.append(f"{tag}: only in the {'table' if tag in recorded else 'log'}")
    if not recorded:
        wrong.append("no sample at all")
    for tag in sorted(recorded & set(merged)):
        compare(tag, rows[tag], merged[tag], wrong)
    for line in wrong:
        print(f"{folder}: {line}", file=sys.stderr)
    samples = sum(histogram.get_total_count() for histogram in merged.values())
    print(f"{lines} lines, {len(merged)} tags, {samples} samples: {'WRONG' if wrong else 'as in the table'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
