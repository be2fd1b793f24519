"""Benchmarks of the promises: ``python -m experiments.benchmarks`` measures, compares with peers and writes the table.

One file per domain; each benchmark is a function of a :class:`~experiments.benchmarks.context.Context` that returns rows.
"""
