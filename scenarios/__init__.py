"""Shipped roadmaps, shocks, experiments and the facts behind the embedded city."""
