"""The peers' side: scripts for another environment. They import NumPy, the peer and :mod:`.serve`, nothing else of ours."""
