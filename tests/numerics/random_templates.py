"""Templates of a grammar that covers Jinja2's expressions, statements, filters, tests, and Python's methods."""

NAMES = ["messages", "tools", "bos_token", "add_generation_prompt", "missing", "x", "y", "ns", "item", "loop"]
STRINGS = ["'a'", '"b c"', "''", "'Hello World'", "'x,y,,z'", "' pad '", "'ABC'", "'12'", "'-3.7'", "'<b>&'", "'\\n'", "'a\\tb'", "'\u00e9t\u00e9'",
           "'it\\'s'", "'{} {}'", "'%s|%s'", "'user'", "'role'", "'content'", "'l1\\nl2\\n'"]
NUMBERS = ["0", "1", "2", "3", "-1", "10", "2.5", "0.1", "1e3", "1_000", "7", "100000.0", "1e16", "0x1f"]
FILTERS = ["trim", "upper", "lower", "title", "capitalize", "length", "default('d')", "default('d', true)", "join(', ')", "tojson", "items|list", "first", "last",
           "list", "string", "safe", "int", "float", "reverse", "reverse|list", "indent(2)", "indent(2, true)", "indent('> ', blank=true)",
           "map('upper')|list", "map(attribute='role')|list", "map(attribute='role', default='none')|join('-')", "select|list", "reject('none')|list",
           "selectattr('role', 'equalto', 'user')|list", "selectattr('content', 'defined')|list", "rejectattr('role', 'eq', 'user')|list|length", "sort",
           "sort(reverse=true)", "sort(attribute='role')", "unique|list", "sum", "min", "max", "abs", "round", "round(1)", "round(1, 'floor')", "replace('a', 'b')",
           "replace('', '-')", "batch(2)|list", "slice(2)|list", "batch(3, 'f')|list", "slice(3, 'f')|list", "dictsort", "dictsort(by='value')", "groupby('role')",
           "attr('role')", "center(9)", "wordcount", "truncate(5)", "truncate(9, true, '..', 0)", "urlencode", "e", "escape", "forceescape", "format(1)", "count", "d(1)",
           "tojson(indent=2)", "tojson(ensure_ascii=true)", "tojson(sort_keys=true)", "tojson(separators=(',', ':'))", "filesizeformat", "filesizeformat(true)",
           "xmlattr", "float(1.5)", "int(7)", "int(0, 16)", "length|string", "items", "map(attribute='content')|select('string')|list"]
TESTS = ["defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "true", "false", "mapping", "sequence", "iterable", "callable", "odd", "even",
         "divisibleby(2)", "divisibleby 3", "lower", "upper", "sameas(none)", "in('abc')", "in([1, 2])", "eq(1)", "equalto('a')", "ne(1)", "gt(1)", "lt 2", "ge(1)", "le(1)",
         "not none", "not string", "not defined", "escaped", "filter", "test"]
METHODS = ["strip()", "lstrip()", "rstrip()", "strip('a ')", "lstrip('\\n')", "upper()", "lower()", "title()", "capitalize()", "swapcase()", "casefold()", "split()", "split(' ')",
           "split(',', 1)", "rsplit(' ', 1)", "split(maxsplit=1)", "rsplit(None, 1)", "splitlines()", "splitlines(true)", "startswith('a')", "endswith(('d', 'c'))",
           "startswith('e', 1)", "find('l')", "rfind('l')", "index('a')", "count('l')", "count('')", "replace('l', 'L')", "replace('', '_', 2)", "join(['a', 'b'])", "zfill(5)",
           "center(11, '*')", "ljust(6)", "rjust(6, '.')", "isdigit()", "isalpha()", "isalnum()", "isspace()", "isupper()", "islower()", "istitle()", "isnumeric()",
           "isdecimal()", "isascii()", "isprintable()", "isidentifier()", "partition(' ')", "rpartition(',')", "removeprefix('H')", "removesuffix('d')", "expandtabs(4)",
           "format(1, 'z')", "format_map({})", "items()", "keys()", "values()", "get('role')", "get('nope', 3)", "keys()|list", "copy()", "index(1)", "count(1)", "append(1)", "pop()"]
FORMATS = ["'{}-{}'.format(%s, %s)", "'{1}{0}'.format(%s, %s)", "'{0!r:>8}|{1!s}'.format(%s, %s)", "'%%s %%r' %% (%s, %s)", "'%%5s|%%-5s|' %% (%s, %s)", "'{:>6}|{:<6}'.format(%s, %s)",
           "'{:^7}|{:*^7}'.format(%s, %s)", "'{a} {b}'.format(a=%s, b=%s)"]
NUMBER_FORMATS = ["'%%d %%i' %% (%s, %s)", "'%%.2f|%%8.3f' %% (%s, %s)", "'{:.2f} {:05d}'.format(%s, %s)", "'{:,} {:x}'.format(%s, %s)", "'%%05d|%%+d' %% (%s, %s)",
                  "'{:e} {:+}'.format(%s, %s)", "'%%g %%e' %% (%s, %s)", "'{:08.3f}|{:_}'.format(%s, %s)", "'{:%%}|{:b}'.format(%s, %s)", "'{:g}|{:#x}'.format(%s, %s)"]


class TemplateGenerator:
    def __init__(self, rng):
        self.rng = rng

    def pick(self, *makers):
        return self.rng.choice(makers)()

    def atom(self):
        return self.pick(lambda: self.rng.choice(NAMES), lambda: self.rng.choice(STRINGS), lambda: self.rng.choice(NUMBERS), lambda: self.rng.choice(["true", "false", "none"]))

    def expression(self, depth=3):
        if depth <= 0:
            return self.atom()
        e = lambda: self.expression(depth - 1)
        return self.pick(
            self.atom, lambda: f"{e()}|{self.rng.choice(FILTERS)}", lambda: f"({e()})|{self.rng.choice(FILTERS)}", lambda: f"({e()}).{self.rng.choice(METHODS)}",
            lambda: f"{self.rng.choice(STRINGS)}.{self.rng.choice(METHODS)}", lambda: f"{self.rng.choice(STRINGS)}|{self.rng.choice(FILTERS)}",
            lambda: f"{e()} is {self.rng.choice(TESTS)}", lambda: f"({e()}) {self.rng.choice(['+', '-', '*', '/', '//', '%', '**', '~'])} ({e()})",
            lambda: f"{e()} {self.rng.choice(['+', '~', '*', '-', '%', '//'])} {e()}", lambda: f"{self.rng.choice(NUMBERS)} {self.rng.choice(['+', '-', '*', '/', '//', '%'])} {self.rng.choice(NUMBERS)}",
            lambda: f"{e()} {self.rng.choice(['==', '!=', '<', '>', '<=', '>=', 'in', 'not in', 'and', 'or'])} {e()}", lambda: f"1 < {e()} <= {e()}",
            lambda: f"({e()} if {e()} else {e()})", lambda: f"({e()} if {e()})", lambda: f"not {e()}", lambda: f"-{e()}", lambda: f"[{e()}, {e()}]",
            lambda: f"({e()}, {e()})", lambda: f"({e()},)", lambda: f"{{{self.rng.choice(STRINGS)}: {e()}, {self.rng.choice(NUMBERS)}: {e()}}}",
            lambda: f"({e()})[{e()}]", # (Jinja folds slices of constants by rules of their own.)
            lambda: f"{self.sliced()}[{self.bound()}:{self.bound()}]", lambda: f"{self.sliced()}[{self.bound()}:{self.bound()}:{self.rng.choice(['1', '2', '-1', '-2'])}]",
            lambda: f"({e()}).role", lambda: f"messages[{self.rng.choice(['0', '-1', '1', '99'])}].{self.rng.choice(['role', 'content', 'nope', 'items'])}",
            lambda: f"messages[0]['{self.rng.choice(['role', 'content', 'nope', 'items'])}']", lambda: self.rng.choice(FORMATS) % (e(), e()),
            lambda: self.rng.choice(NUMBER_FORMATS) % (self.rng.choice(NUMBERS), self.rng.choice(NUMBERS)), lambda: f"range({self.rng.choice(['3', '1, 4', '5, 0, -2'])})",
            lambda: f"range({self.rng.choice(NUMBERS[:6])})|{self.rng.choice(FILTERS)}", lambda: f"[3, 1, 2]|{self.rng.choice(FILTERS)}", lambda: f"['b', 'A', 'c']|{self.rng.choice(FILTERS)}",
            lambda: f"messages|{self.rng.choice(FILTERS)}", lambda: f"messages[0]|{self.rng.choice(FILTERS)}", lambda: f"dict(a={e()}, b=2)", lambda: f"m({e()})",
            lambda: f"{{'b': 1, 'A': [1, 2.0, none], 'c': {{}}}}|{self.rng.choice(FILTERS)}", lambda: f"'%s' % {e()}")

    def sliced(self):
        return self.rng.choice(["messages", "messages[0].content", "x", "tools", "bos_token", "'abcdef'", "[1, 2, 3, 4]", "range(9)", "(1, 2, 3)"])

    def bound(self):
        return self.rng.choice(["", "0", "1", "2", "-1", "-2", "9", "-9"])

    def tag(self, inside):
        return self.rng.choice(["{%", "{%-", "{%+", "{%"]) + f" {inside} " + self.rng.choice(["%}", "-%}", "+%}", "%}"])

    def output(self):
        return self.rng.choice(["{{", "{{-", "{{"]) + f" {self.expression()} " + self.rng.choice(["}}", "-}}", "}}"])

    def text(self):
        return self.rng.choice(["\n", "  \n", " ", "text", "  text\n", "\n\n  ", "<|x|>", "{# c #}", "  {#- c -#}  \n", "{ }", "%}", "\t"])

    def body(self, depth, loop=False):
        return "".join(self.statement(depth - 1, loop) for _ in range(self.rng.randint(1, 3)))

    def statement(self, depth, loop=False):
        if depth <= 0:
            return self.pick(self.text, self.output)
        body = lambda: self.body(depth, loop)
        return self.pick(
            self.text, self.output, self.output,
            lambda: self.tag(f"if {self.expression(2)}") + body() + self.rng.choice(["", self.tag("else") + body(), self.tag(f"elif {self.expression(1)}") + body()]) + self.tag("endif"),
            lambda: self.loop(depth), lambda: self.loop(depth), lambda: self.tag(f"set {self.rng.choice(['x', 'y'])} = {self.expression()}"),
            lambda: self.tag(f"set ns.v = {self.expression()}"), lambda: self.tag(f"set x, y = {self.expression(1)}, {self.expression(1)}"),
            lambda: self.tag("set x") + body() + self.tag("endset"), lambda: self.tag("set x | upper") + body() + self.tag("endset"),
            lambda: self.tag(f"with x = {self.expression(1)}, y = x") + body() + self.tag("endwith"), lambda: self.tag("filter upper|trim") + body() + self.tag("endfilter"),
            lambda: self.tag(f"macro m(a, b={self.expression(1)})") + "{{ a }}{{ b }}" + body() + self.tag("endmacro"),
            lambda: self.tag("macro c(a)") + "[{{ caller(a) }}]" + self.tag("endmacro") + self.tag("call(v) c(" + self.expression(1) + ")") + "{{ v }}" + body() + self.tag("endcall"),
            lambda: self.tag("generation") + self.body(depth) + self.tag("endgeneration"), lambda: "{% raw %}" + self.text() + "{{ x }}{% endraw %}\n",
            lambda: self.tag(self.rng.choice(["break", "continue"])) if loop else self.text())

    def loop(self, depth):
        target, items = self.rng.choice([
            ("item", "messages"), ("item", "range(3)"), ("item", "[3, 'b', none]"), ("k, v", "messages[0].items()"), ("k, v", "messages[0]|items"), ("item", "'abc'"), ("item", "missing"),
            ("item", "messages if item.role == 'user'"), ("item", self.expression(2)), ("k, v", "{'a': 1, 'b': 2}|dictsort"), ("item", "messages|selectattr('role', 'eq', 'user')"),
            ("item", "[1, [2, [3]], 4] recursive"), ("item", "range(4) if item is odd")])
        inside = self.body(depth, True) + self.rng.choice([
            "", "{{ loop.index }}/{{ loop.length }}", "{{ loop.first }}{{ loop.last }}", "{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }}", "{{ loop.cycle('a', 'b') }}",
            "{{ loop.changed(item) }}", "{{ item }}{{ k }}", "{{ loop.depth }}"])
        if "recursive" in items:
            inside = "{{ item if item is integer else loop(item) }}"
        return self.tag(f"for {target} in {items}") + inside + self.rng.choice(["", self.tag("else") + self.body(depth)]) + self.tag("endfor")

    def template(self):
        return self.tag("set ns = namespace(v=1)") + self.rng.choice(["", "{% macro m(a, b=2) %}<{{ a }}{{ b }}{{ varargs }}{{ kwargs }}>{% endmacro %}"]) + "".join(
            self.statement(self.rng.randint(1, 3)) for _ in range(self.rng.randint(1, 4)))
