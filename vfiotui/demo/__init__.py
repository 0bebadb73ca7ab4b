"""A whole machine described as data, and the builder that writes it as a tree."""
