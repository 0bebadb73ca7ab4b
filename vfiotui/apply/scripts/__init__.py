"""A plan and its way back as POSIX shell and as a page, for a person without this program."""
