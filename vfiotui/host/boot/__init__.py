"""Reads how the host boots: loader, kernel, images, configuration, logs."""
