"""The one way in which a format says no."""

from __future__ import annotations


class EditRefused(ValueError):
    """An edit that cannot be made safely; the text stays as it is.

    `str()` is the sentence: what is in the way and what to do instead. The line is shown beside it.

    >>> refusal = EditRefused("Shell code computes the value; edit it by hand.", 3, 'A="$B"')
    >>> str(refusal), refusal.line_number, refusal.line_text
    ('Shell code computes the value; edit it by hand.', 3, 'A="$B"')
    """

    def __init__(self, sentence: str, line_number: int = 0, line_text: str = "") -> None:
        super().__init__(sentence, line_number, line_text)
        self.sentence = sentence
        self.line_number = line_number
        """Counted from 1; 0 where no single line is in the way."""
        self.line_text = line_text
        """As it stands in the file, without its line end; hostile like everything read."""

    def __str__(self) -> str:
        return self.sentence
