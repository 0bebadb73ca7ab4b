"""Root and what it is made of: where every read of a machine begins."""
