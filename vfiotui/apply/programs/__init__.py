"""Programs that a change runs: in their own session, inside a mounted system, with consent."""
