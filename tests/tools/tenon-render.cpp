//===- tenon-render.cpp - Chat templates carried out, for checks ----------===//
//
// Reads a JSON object a line from standard input, {"template": "...", "variables": {...}}, and writes one for each:
// {"text": "..."} or {"error": "...", "refused": true}.
//
//===----------------------------------------------------------------------===//

#include "jinja/Builtins.h"
#include "jinja/Json.h"
#include "jinja/Template.h"

#include <iostream>
#include <nlohmann/json.hpp>

using namespace tenon::jinja;

static nlohmann::json answer(const std::string &line) {
  try {
    Heap heap;
    Value request = parseJson(heap, line, "the line");
    const std::string &source = toText(item(heap, request, Value::constant("template")), "the template");
    Value variables = item(heap, request, Value::constant("variables"));
    return {{"text", Template(source).render(heap, variables.as<Dict>().members)}};
  } catch (const Error &error) {
    return {{"error", error.message()}, {"refused", error.refusal}};
  }
}

int main() {
  for (std::string line; std::getline(std::cin, line);)
    std::cout << answer(line).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  return 0;
}
