"""The files by which guests get USB devices as they are plugged in."""
