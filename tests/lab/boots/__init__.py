"""Real boots of images that the builders of a Debian system on a disk of its own made."""
