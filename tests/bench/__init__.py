"""Benchmarks: each figure beside a baseline of the same run. `make bench`, or `python -m tests.bench NAME …`."""
