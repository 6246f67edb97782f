"""Which texts are encoded together: longest first, in batches of about as many tokens, so that little is padded."""

from __future__ import annotations

from collections.abc import Sequence


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Return the places of the texts of these lengths (tokens), batch by batch, each place once.

    A batch padded to its longest text has at most `budget` tokens, unless one text alone has more. Sorted by length,
    neighbours in a batch are about as long; the longest come first, so that processors that share the batches end
    at about the same time, and memory for the largest is asked for once.
    """
    found: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        longest = lengths[found[-1][0]] if found else 0
        if found and longest * (len(found[-1]) + 1) <= budget:
            found[-1].append(place)
        else:
            found.append([place])
    return found
