"""The guard's scripts, and the hooks of package managers and image builders that call them."""
