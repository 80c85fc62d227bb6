//===- FuzzTemplate.cpp - Chat templates that nobody would write ----------===//
//
// The input is a template, or the JSON of its variables, a NUL, and a template.
//
//===----------------------------------------------------------------------===//

#include "jinja/Characters.h"
#include "jinja/Json.h"
#include "jinja/Template.h"

#include <cstdlib>

using namespace tenon::jinja;

namespace {

constexpr std::string_view kVariables = R"({
  "messages": [{"role": "system", "content": " Be brief. "}, {"role": "user", "content": "<b> é \" ' {{ x }}"},
               {"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": {"a": [1, 2.5]}}}]},
               {"role": "tool", "content": [{"type": "text", "text": "21"}]}],
  "tools": [{"type": "function", "function": {"name": "f", "parameters": {"a": {"type": "array"}}}}],
  "add_generation_prompt": true, "bos_token": "<s>", "eos_token": "</s>"})";

void check(bool holds) {
  if (!holds)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string_view input(reinterpret_cast<const char *>(data), size), variables = kVariables;
  if (size_t end = input.find('\0'); end != input.npos) {
    variables = input.substr(0, end);
    input.remove_prefix(end + 1);
  }
  // A template is held to less than usual, so that its bounds are met.
  Heap heap({.steps = 100'000, .bytes = 4 << 20, .depth = 100});
  try {
    Template parsed(input);
    Value given = parseJson(heap, variables, "the variables");
    if (given.is(Type::Dict))
      check(malformed(parsed.render(heap, given.as<Dict>().members)) == std::string_view::npos);
  } catch (const Error &error) {
    check(error.refusal || !error.what.empty());
  }
  return 0;
}
