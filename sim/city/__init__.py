"""The city: streets, districts, lines, and the sources they are built from."""
