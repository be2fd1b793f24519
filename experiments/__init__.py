"""Sweeps, designs, analyses and benchmarks over the public face of sim."""
