// Templates as Jinja2 renders them, which make-goldens.py recorded, and the bounds of what a template may use.

#include "jinja/Template.h"

#include "jinja/Builtins.h"
#include "jinja/Check.h"
#include "jinja/Json.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace tenon::jinja {
namespace {

Value get(Heap &heap, const Value &from, const char *key) { return item(heap, from, Value::constant(key)); }

TEST(Template, RendersWhatJinjaRenders) {
  std::ifstream file(TENON_SOURCE_DIRECTORY "/tests/unit/jinja/goldens.json", std::ios::binary);
  ASSERT_TRUE(file);
  std::string text(std::istreambuf_iterator<char>(file), {});
  Heap goldens;
  Value all = parseJson(goldens, text, "the goldens");
  Value conversations = get(goldens, all, "conversations");
  size_t texts = 0, failures = 0;
  for (const Value &golden : elements(goldens, get(goldens, all, "cases"))) {
    std::string source = get(goldens, golden, "template").text();
    Value expected = get(goldens, golden, "text"),
          variables = item(goldens, conversations, get(goldens, golden, "variables"));
    Heap heap;
    try {
      std::string found = Template(source).render(heap, variables.as<Dict>().members);
      ++texts;
      EXPECT_EQ(found, expected.isText() ? expected.text() : "a failure") << source;
    } catch (const Error &error) {
      ++failures;
      EXPECT_FALSE(expected.isText()) << source << "\n" << error.message();
    }
  }
  EXPECT_GT(texts, 250u);
  EXPECT_GT(failures, 5u);
}

std::string failureOf(const std::string &source) {
  Heap heap;
  try {
    return "renders: " + Template(source).render(heap, {}).substr(0, 100);
  } catch (const Error &error) {
    return error.message();
  }
}

std::string repeated(const std::string &text, size_t count) {
  std::string all;
  for (size_t done = 0; done < count; ++done)
    all += text;
  return all;
}

TEST(Template, DepthHasAnEnd) {
  EXPECT_EQ(failureOf("{{ a" + repeated(".b", 20000) + " }}"), "line 1: an expression is nested more than 250 deep");
  EXPECT_EQ(failureOf("{{ 1" + repeated(" + 1", 20000) + " }}"), "line 1: an expression is nested more than 250 deep");
  EXPECT_EQ(failureOf("{{ 1" + repeated("|abs", 20000) + " }}"), "line 1: an expression is nested more than 250 deep");
  for (auto [open, close] : {std::pair("(", ")"), {"[", "]"}, {"-", ""}, {"not ", ""}, {"1 if 1 else ", ""}})
    EXPECT_EQ(failureOf("{{ " + repeated(open, 20000) + "1" + repeated(close, 20000) + " }}"),
              "line 1: it is nested more than 100 deep")
        << open;
  EXPECT_EQ(failureOf(repeated("{% if x %}", 20000)), "line 1: it is nested more than 100 deep");
  EXPECT_EQ(failureOf("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), "line 1: it is nested more than 600 deep");
  std::string holdsItself = "{% set n = namespace() %}{% set n.x = n %}";
  EXPECT_EQ(failureOf(holdsItself + "{{ n }}"), "line 1: it is nested more than 600 deep");
  EXPECT_EQ(failureOf(holdsItself + "{% set n.y = [n] %}{{ [n.y] == [[n]] }}"), "renders: True");
  EXPECT_EQ(failureOf("{% set a = namespace() %}{% set b = namespace() %}{% set a.x = {'k': a} %}"
                      "{% set b.x = {'k': b} %}{{ a.x == b.x }}"),
            "renders: False");
  // What lies deep is compared, written and destroyed without going as deep.
  EXPECT_EQ(failureOf("{% set n = namespace(x=[]) %}{% for i in range(50000) %}{% set n.x = [n.x] %}{% endfor %}"
                      "{{ n.x|length }}"),
            "renders: 1");
  EXPECT_EQ(failureOf("{% set n = namespace(x=[], y=[]) %}{% for i in range(5000) %}{% set n.x = [n.x] %}"
                      "{% set n.y = [n.y] %}{% endfor %}{{ n.x == n.y }}"),
            "line 1: it is nested more than 600 deep");
  EXPECT_EQ(failureOf("{% set n = namespace(x=[]) %}{% for i in range(5000) %}{% set n.x = [n.x] %}{% endfor %}"
                      "{{ n.x|tojson }}"),
            "line 1: it is nested more than 600 deep");
}

TEST(Template, StepsHaveAnEnd) {
  const std::string tooLong = "line 1: it takes more than 5000000 steps";
  EXPECT_EQ(failureOf("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"), tooLong);
  EXPECT_EQ(failureOf("{% set n = namespace(x=[0]) %}{% for i in range(40) %}{% set n.x = [n.x, n.x] %}{% endfor %}"
                      "{% set m = namespace(x=[0]) %}{% for i in range(40) %}{% set m.x = [m.x, m.x] %}{% endfor %}"
                      "{{ n.x == m.x }}"),
            tooLong);
  EXPECT_EQ(failureOf("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}"),
            tooLong);
  EXPECT_EQ(failureOf("{% for i in range(99999) %}{{ range(99999)|sum }}{% endfor %}"), tooLong);
  EXPECT_EQ(failureOf("{% set t = 'a' * 9999999 %}{% for i in range(99999) %}{% if 'b' in t %}{% endif %}{% endfor %}"),
            tooLong);
}

TEST(Template, BytesHaveAnEnd) {
  const std::string tooLarge = "line 1: it needs more than 128 MiB";
  EXPECT_EQ(failureOf("{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}"),
            tooLarge);
  EXPECT_EQ(failureOf("{% set n = namespace(x='ab') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}"),
            tooLarge);
  EXPECT_EQ(failureOf("{% set n = namespace(x=[1]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}"),
            tooLarge);
  EXPECT_EQ(failureOf("{{ 'a' * 999999999 }}"), tooLarge);
  EXPECT_EQ(failureOf("{{ [0] * 999999999 }}"), tooLarge);
  EXPECT_EQ(failureOf("{{ ('a' * 99999)|replace('a', 'b' * 99999) }}"), tooLarge);
  EXPECT_EQ(failureOf("{{ 'a'.center(999999999) }}"), tooLarge);
  EXPECT_EQ(failureOf("{{ 'a'.zfill(999999999) }}"), tooLarge);
  EXPECT_EQ(failureOf("{{ 'a\\n'|indent(999999999) }}"), tooLarge);
  EXPECT_EQ(failureOf("{{ '{:999999999}'.format(1) }}"), "line 1: a format has more than 100000 places");
  EXPECT_EQ(failureOf("{{ '%999999999d' % 1 }}"), "line 1: a format has more than 100000 places");
  EXPECT_EQ(failureOf("{% for i in range(9999) %}{{ 'a' * 99999 }}{% endfor %}"), tooLarge);
  EXPECT_EQ(failureOf("{{ ['a' * 9999] * 9999|join }}").find("renders"), std::string::npos);
  EXPECT_EQ(failureOf("{{ range(9999999999)|length }}"), "line 1: range has 9999999999 items, the most is 100000");
  EXPECT_EQ(failureOf(std::string((1 << 20) + 1, ' ')), "it has 1048577 bytes, the most is 1048576");
}

TEST(Template, WhatIsNoLongerHeldIsGivenBack) {
  // 1 GB altogether, 100 KB at one time; then as much as may be held at one time.
  EXPECT_EQ(failureOf("{% for i in range(9999) %}{% set x = 'a' * 99999 %}{% endfor %}{{ ('a' * 60000000)|length }}"),
            "renders: 60000000");
}

TEST(Template, ManyTagsAreReadInTheirOrder) {
  // Lines are counted once: this took time in the square of the tags.
  std::string source = repeated("{{ 1 }}\n", 100'000);
  Heap heap;
  EXPECT_EQ(Template(source).render(heap, {}).size(), 200'000u - 1);
  EXPECT_EQ(failureOf(source + "{{ missing.x }}"), "line 100001: 'missing' is undefined");
}

TEST(Template, JsonIsAsPythonReadsIt) {
  auto shown = [](const std::string &json) {
    Heap heap;
    try {
      return str(heap, parseJson(heap, json, "it"));
    } catch (const Error &error) {
      return "error: " + error.message();
    }
  };
  EXPECT_EQ(shown(R"({"b": [1, 2.0, null, true], "a": "é", "b": 3})"), "{'b': 3, 'a': 'é'}");
  EXPECT_EQ(shown("18446744073709551615"), "error: it: the number 18446744073709551615 does not fit 64 bits");
  EXPECT_EQ(shown("[1,"), "error: it is not JSON: parse error at line 1, column 4: syntax error while parsing value - "
                          "unexpected end of input; expected '[', '{', or a literal");
  EXPECT_EQ(shown(repeated("[", 20000)), "error: it is nested more than 200 deep");
}

TEST(Template, ChecksWithoutExceptions) {
  std::string error;
  EXPECT_TRUE(check("{{ messages }}", error));
  EXPECT_FALSE(check("\n{{ 1 + }}", error));
  EXPECT_EQ(error, "line 2: expected a value, found the end of the tag");
}

} // namespace
} // namespace tenon::jinja
