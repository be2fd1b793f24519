"""Answers from a finished sweep: each a table, a figure and some sentences, in one page that opens offline."""
