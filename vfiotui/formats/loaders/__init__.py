"""Boot loaders' files, and the kernel's words in them."""
