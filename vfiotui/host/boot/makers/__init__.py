"""Who makes the boot images: the tool, its configuration, and what it builds from it."""
