"""What the commands do, one file each; the command line itself only parses and calls."""
