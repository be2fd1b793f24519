"""Rebond: a city lives its roadmap month by month."""
