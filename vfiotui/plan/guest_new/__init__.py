"""A guest that is new: from the answers to its definition, its disk, and what the host does for it."""
