"""Numbers only: arrays in, arrays out, compiled by Numba. No agent, no graph object, no file."""
