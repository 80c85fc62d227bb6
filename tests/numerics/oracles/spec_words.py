"""What words in a spec stand for. Needs nothing but Python."""


def worded(value, kind="kind"):
    """A word by itself stands for a mapping with that kind."""
    return {kind: value} if isinstance(value, str) else value
