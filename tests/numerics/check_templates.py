"""Chat templates against Jinja2, as transformers sets it up.

    python check_templates.py build/release/bin/tenon-render [--templates FOLDER ...] [--random N] [--seed S]

Templates are all *.jinja files, and the "chat_template" of all tokenizer_config.json files, below the folders; without any,
those beside the unit tests. Each gets conversations of plain text, systems, tools, lists of parts, reasoning and fields
that are missing. With --random, N templates of a grammar too. What Jinja2 renders must come out the same; what it refuses
must be refused. What Tenon refuses by name ("not supported", "64 bits") is counted, and listed with --verbose.
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import warnings

from random_templates import TemplateGenerator
from transformers.utils.chat_template_utils import _compile_jinja_template

# Refusals that Tenon owes an explanation for, and gives one.
BY_NAME = ("is not supported", "not supported;", "does not fit 64 bits", "has no integer of 64 bits", "has no text",
           "nested more than", "it takes more than", "it needs more than", "is not a character")

TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "Weather of a \"city\" <b>now</b> & later",
        "parameters": {"type": "object", "required": ["city"], "properties": {
            "city": {"type": "string", "description": "Its name: 東京, São Paulo"},
            "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
            "days": {"type": ["integer", "null"], "minimum": 1, "maximum": 10.5}}},
        "return": {"type": "object", "properties": {"t": {"type": "number"}}}}},
    {"type": "function", "function": {
        "name": "send", "description": "",
        "parameters": {"type": "object", "properties": {
            "to": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
            "nested": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "number"}}]},
            "flag": {"type": "boolean", "nullable": True}}, "additionalProperties": False}}},
    {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {}}},
]
DOCUMENTS = [{"title": "One", "text": "First\ntext", "doc_id": 1}, {"title": "Two", "text": "Second", "content": "c"}]
TEXTS = ["Hello", "  spaces around \n", "", "What is 2 + 2?", "Line\n\nline \u00e9t\u00e9 \U0001f600 '\"<&>\\", "{{ x }} {% y %}",
         "<think>\nsome thought\n</think>\n\nThe answer", "a </think> b </think> c", "/no_think please", "<tool_call>\n{}\n</tool_call>",
         "\u00a0nbsp\u3000", "{\"json\": [1, 2.5, null]}", "tab\tand\rreturn", "MiXeD CaSe \u00df\u0130\u03a3", "x" * 300]


class Conversations:
    def __init__(self, rng):
        self.rng = rng

    def text(self):
        return self.rng.choice(TEXTS)

    def content(self, parts):
        if not parts:
            return self.text()
        kinds = [{"type": "text", "text": self.text()}, {"type": "text", "text": self.text()}]
        if parts == "images":
            kinds += [{"type": "image"}, {"type": "image_url", "image_url": {"url": "http://x/y.png"}}, {"type": "image", "image": "a.png"},
                      {"type": "video"}, {"type": "audio", "audio": "b.wav"}]
        return [dict(self.rng.choice(kinds)) for _ in range(self.rng.randint(1, 3))]

    def calls(self):
        made = []
        for _ in range(self.rng.randint(1, 2)):
            function = {"name": self.rng.choice(["get_weather", "send", "now"]), "arguments": self.rng.choice(
                [{"city": "Paris", "days": 3, "nested": {"a": [1, True, None]}}, {}, {"to": [{"name": "\u00c9va \"q\""}], "x": 1.5},
                 "{\"city\": \"Paris\"}"])}
            call = {"type": "function", "function": function}
            if self.rng.random() < 0.7:
                call["id"] = self.rng.choice(["call_1", "abcdefghi", "functions.get_weather:0"])
            made.append(call if self.rng.random() < 0.9 else function)
        return made

    def assistant(self, parts, tools):
        message = {"role": "assistant", "content": self.content(parts)}
        if self.rng.random() < 0.3:
            message[self.rng.choice(["reasoning_content", "reasoning", "thinking"])] = self.text()
        if tools and self.rng.random() < 0.6:
            message["tool_calls"] = self.calls()
            message["content"] = self.rng.choice([None, "", message["content"]])
            if self.rng.random() < 0.2:
                del message["content"]
        return message

    def make(self):
        parts = self.rng.choice([None, None, None, "text", "images"])
        tools = self.rng.random() < 0.5
        messages = []
        if self.rng.random() < 0.5:
            messages.append({"role": self.rng.choice(["system", "system", "developer"]), "content": self.content(parts and "text")})
        for _ in range(self.rng.randint(1, 3)):
            messages.append({"role": "user", "content": self.content(parts)})
            if self.rng.random() < 0.8:
                messages.append(self.assistant(parts, tools))
                for call in messages[-1].get("tool_calls") or []:
                    result = {"role": "tool", "content": self.rng.choice([self.text(), "{\"t\": 21}", [{"type": "text", "text": "21"}]])}
                    if self.rng.random() < 0.7:
                        result["tool_call_id"] = call.get("id", "call_1")
                    if self.rng.random() < 0.5:
                        result["name"] = "get_weather"
                    messages.append(result)
        if self.rng.random() < 0.1:
            self.rng.shuffle(messages)
        if self.rng.random() < 0.1:
            message = self.rng.choice(messages)
            message.pop(self.rng.choice(sorted(message)))
        variables = {"messages": messages, "tools": self.tools(tools), "documents": self.rng.choice([None, None, None, DOCUMENTS]),
                     "add_generation_prompt": self.rng.random() < 0.6}
        if self.rng.random() < 0.9:
            variables.update(bos_token="<s>", eos_token="</s>")
        for name, values in {"enable_thinking": [True, False], "thinking": [True, False], "reasoning_effort": ["low", "high"],
                             "unk_token": ["<unk>"], "pad_token": ["<pad>"], "tools_in_user_message": [True, False],
                             "builtin_tools": [["python", "search"]], "date_string": ["26 Jul 2024"], "add_vision_id": [True],
                             "preserve_thinking": [True], "keep_past_thinking": [True, False], "strict_tools": [True],
                             "custom_tools": [TOOLS[:1]], "controls": [{"length": "long"}]}.items():
            if self.rng.random() < 0.12:
                variables[name] = self.rng.choice(values)
        return variables

    def tools(self, wanted):
        if not wanted:
            return self.rng.choice([None, None, []])
        return self.rng.sample(TOOLS, self.rng.randint(1, 3)) if self.rng.random() < 0.9 else [TOOLS[0]["function"]]


class Tenon:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def render(self, template, variables):
        # A surrogate cannot be written as UTF-8: neither can a tokenizer read it.
        self.process.stdin.write(json.dumps({"template": template, "variables": variables}, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def of_jinja(template, variables):
    try:
        return {"text": _compile_jinja_template(template).render(**variables)}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def templates_in(folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.jinja")):
            yield str(path), path.read_text(encoding="utf-8")
        for path in sorted(pathlib.Path(folder).rglob("tokenizer_config.json")):
            given = json.loads(path.read_text(encoding="utf-8")).get("chat_template")
            for place, one in enumerate(given if isinstance(given, list) else [given] if given else []):
                yield f"{path}#{place}", one["template"] if isinstance(one, dict) else one


def shown(one, other):
    """The part around where it differs."""
    text, against = one.get("text"), other.get("text")
    if text is None or against is None:
        return json.dumps(one, ensure_ascii=False)[:300]
    at = next((i for i, (a, b) in enumerate(zip(text, against)) if a != b), min(len(text), len(against)))
    return f"at {at}: {text[max(0, at - 60):at + 80]!r}"


class Comparison:
    def __init__(self, tenon, verbose):
        self.tenon, self.verbose = tenon, verbose
        self.same = self.refused = self.by_name = 0
        self.faults = []

    def check(self, name, template, variables):
        expected, found = of_jinja(template, variables), self.tenon.render(template, variables)
        if "text" in expected and found.get("text") == expected["text"]:
            self.same += 1
        elif "error" in expected and "error" in found:
            self.refused += 1
        elif "error" in found and any(part in found["error"] for part in BY_NAME):
            self.by_name += 1
            if self.verbose:
                print(f"{name}: {found['error']}")
        else:
            self.faults.append(name)
            if self.faults.count(name) == 1 and len(set(self.faults)) <= 20:
                print(f"{name}:\n  jinja2 {shown(expected, found)}\n  tenon  {shown(found, expected)}")
                if self.verbose:
                    print(f"  template {template[:1500]!r}\n  variables {json.dumps(variables, ensure_ascii=False)[:1500]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--templates", action="append", default=[])
    parser.add_argument("--conversations", type=int, default=30, help="for each template")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)  # of Python that Jinja compiles to
    comparison = Comparison(Tenon(arguments.program), arguments.verbose)
    folders = arguments.templates or [pathlib.Path(__file__).parents[1] / "unit" / "jinja" / "templates"]
    count = 0
    for name, template in templates_in(folders):
        rng = random.Random(f"{arguments.seed} {template}")
        count += 1
        for _ in range(arguments.conversations):
            comparison.check(name, template, Conversations(rng).make())
    for number in range(arguments.random):
        rng = random.Random(f"{arguments.seed} random {number}")
        generator, variables = TemplateGenerator(rng), Conversations(rng).make()
        template = generator.template()
        for _ in range(20):  # most random expressions are errors, which say little
            if rng.random() < 0.1 or "text" in of_jinja(template, variables):
                break
            template = generator.template()
        comparison.check(f"random {number}", template, variables)
    print(f"{count} templates and {arguments.random} random ones: {comparison.same} renderings the same, {comparison.refused} refused by both, "
          f"{comparison.by_name} refused by name, {len(comparison.faults)} faults")
    return 1 if comparison.faults or comparison.same == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
