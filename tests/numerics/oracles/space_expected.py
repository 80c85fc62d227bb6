"""What a point of the space should say, by the evaluation of spec_model.py, and how far off a compiled library may be."""

import numpy
import torch
from spec_model import Model

HALF_UNIT = 2.0 ** -24


def as_torch(tensors):
    """Tensors of spec_parameters.py."""
    return {name: torch.frombuffer(bytearray(numbers.tobytes()), dtype=torch.float32).reshape(shape)
            for name, (shape, numbers) in tensors.items()}


def moved(tensors, draw):
    """Each number by a unit in the last place, which way the draw decides."""
    generator = torch.Generator().manual_seed(draw)
    result = {}
    for name, tensor in sorted(tensors.items()):
        up = torch.randint(0, 2, tensor.shape, generator=generator).bool()
        result[name] = torch.nextafter(tensor, torch.where(up, torch.inf, -torch.inf))
    return result


def evaluated(spec, tensors, inputs, output, stack, dtype):
    evaluation = Model(spec, tensors, dtype).run(inputs)
    values = {"logits": evaluation.logits, "embedding": evaluation.embedding}.get(output, lambda: evaluation.hidden(stack))()
    return values.double().numpy()


# Evaluations in float32 that say how far off plain arithmetic is; as many where the first few may have been lucky.
FEW, MANY = 4, 24


class Expected:
    """What the outputs should be, by rows, and how far off they may be: by twice what plain float32 is, which is the largest error of
    evaluations in float32, all but the first of weights that are moved by a unit in the last place. Errors of a few evaluations differ
    by a factor of three where a point is badly conditioned, so that many are asked before anything is said to differ."""

    def __init__(self, spec, tensors, inputs, output, stack=None):
        def evaluate(dtype, weights):
            return evaluated(spec, weights, inputs, output, stack, dtype)

        self.exact = evaluate(torch.float64, tensors)
        self.plain = lambda draw: evaluate(torch.float32, moved(tensors, draw) if draw else tensors)
        self.draws, self.allowed = 0, 2 * HALF_UNIT * numpy.abs(self.exact).max(initial=0.0)
        self.ask(FEW)

    def ask(self, draws):
        """So many evaluations in float32, in all."""
        for draw in range(self.draws, draws):
            self.allowed = max(self.allowed, 2 * numpy.abs(self.plain(draw) - self.exact).max(initial=0.0))
        self.draws = max(self.draws, draws)

    @property
    def rounding(self):
        """What may be off, as a part of the largest."""
        return self.allowed / max(numpy.abs(self.exact).max(initial=0.0), 1.0)

    def compare(self, what, row, found, first=0):
        """Of a row's tokens from `first` on; the error as a part of what it may be."""
        found = numpy.array(found, numpy.float32).reshape(len(found), -1)
        known = self.exact[row].reshape(-1, found.shape[1])[first:first + len(found)]
        # A batch has a row at least; zeros are behind the end.
        expected = numpy.zeros(found.shape)
        expected[:len(known)] = known
        error = numpy.abs(found - expected).max(initial=0.0)
        if not error <= self.allowed:
            self.ask(MANY)
        if not error <= self.allowed:
            at = int(numpy.abs(found - expected).max(-1).argmax())
            raise ValueError(f"{what}, row {row}: off by {error:.3g} at token {first + at} of {first + len(found)}, allowed {self.allowed:.3g}, "
                             f"largest {numpy.abs(expected).max():.3g}")
        return error / self.allowed if self.allowed else 0.0
