"""Parameters of a spec by name: `share` as docs/spec.md words it. Needs nothing but Python."""


class Shares:
    """Which tensor a parameter is. More specific left sides come first; a right side may itself be shared onwards."""

    def __init__(self, rules):
        self.rules = [[side.strip().split(".") for side in rule.split("=")] for rule in rules]
        self.rules.sort(key=lambda rule: -len(rule[0]))

    def once(self, parts):
        for left, right in self.rules:
            # Most differ in the first part.
            if left[0] == parts[0] and len(left) <= len(parts) and all(pattern in ("*", part) for pattern, part in zip(left, parts)):
                layer = next((part for pattern, part in zip(left, parts) if pattern == "*"), None)
                return [layer if part == "*" else part for part in right] + parts[len(left):]
        return parts

    def resolve(self, name):
        parts, seen = name.split("."), []
        while parts not in seen:
            seen.append(parts)
            parts = self.once(parts)
            if len(seen) > len(self.rules):
                break
        if parts != seen[-1]:
            raise ValueError(f"{name} is shared in a circle")
        return ".".join(parts)
