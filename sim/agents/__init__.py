"""The people, the firms, the municipality: Mesa agents over columns."""
