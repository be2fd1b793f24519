"""The workshop: branches of a living city, and the pages of a room."""
