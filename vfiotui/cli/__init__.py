"""The command line: one file for each subcommand, in the folder of its topic."""
