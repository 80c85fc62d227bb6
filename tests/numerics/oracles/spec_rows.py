"""The rows of a batch of sequences that a stack reads, and its states of them."""

import torch


class Rows:
    """A batch of a stack's rows: [batch, length] of their positions and of whether they are there, the part of each place, and
    how many of a sequence's rows are of a prefix."""

    def __init__(self, lengths, count, first=0, prefix=0):
        self.lengths, self.prefix = lengths, prefix
        at = torch.arange(count).expand(len(lengths), -1)
        self.there = at < lengths[:, None]
        self.positions = at + (first if isinstance(first, int) else first[:, None])
        self.parts = torch.zeros(count, dtype=torch.int64)

    @classmethod
    def joined(cls, parts):
        """One after the other; a sequence's places are counted without the gaps between."""
        result = cls.__new__(cls)
        result.prefix = 0
        result.lengths = sum(part.lengths for part in parts)
        starts = [sum(before.lengths for before in parts[:number]) for number in range(len(parts))]
        places = [torch.arange(part.there.shape[1]) + (start if isinstance(start, int) else start[:, None])
                  for part, start in zip(parts, starts)]
        result.positions = torch.cat([place.expand(part.there.shape) for place, part in zip(places, parts)], 1)
        result.there = torch.cat([part.there for part in parts], 1)
        result.parts = torch.cat([torch.full_like(part.parts, number) for number, part in enumerate(parts)])
        return result


class States:
    """What a stack made of its rows: the states that enter each layer, and the last one. Who reads a concatenation has the rows of
    its last part, `read`, and those of a prefix are nobody's."""

    def __init__(self, rows, read):
        self.rows, self.read, self.entering, self.final = rows, read, [], None

    def of_read(self, states):
        """Those of the rows that others have: the last ones of a concatenation, or those behind each sequence's prefix."""
        count = self.read.there.shape[1]
        if self.read is self.rows or isinstance(self.rows.prefix, int):
            return states[:, states.shape[1] - count:]
        places = (self.rows.prefix[:, None] + torch.arange(count)).clamp(max=states.shape[1] - 1)
        return states.gather(1, places[..., None].expand(-1, -1, states.shape[-1]))
