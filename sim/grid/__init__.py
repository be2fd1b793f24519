"""Electricity networks that engineers bring: read, made radial, solved."""
