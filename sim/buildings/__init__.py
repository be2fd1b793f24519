"""Dwellings as building engineers describe them: TABULA archetypes by component, boxes of the 5R1C network, one dwelling's year."""
