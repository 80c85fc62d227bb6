// chat MODEL.so [SYSTEM MESSAGE]: talks with a model. What has been said stays in the session's cache, so that each
// turn reads only what is new.

#include "tenon/tenon.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace {

/// Makes the session hold what it has in common with `tokens`, and returns the rest.
std::span<const int32_t> newTokens(tenon::Session &session, std::span<const int32_t> tokens) {
  std::vector<int32_t> held = session.tokens();
  size_t most = std::min(held.size(), tokens.size() - 1), common = 0;
  while (common < most && held[common] == tokens[common])
    ++common;
  session.rewind(int64_t(common));
  return tokens.subspan(common);
}

void talk(const tenon::Model &model, std::vector<tenon::ChatMessage> messages) {
  tenon::Session session(model);
  tenon::GenerateOptions options;
  options.maxTokens = 512;
  options.onToken = [](const tenon_generation_event &event) {
    std::fwrite(event.text, 1, event.text_bytes, stdout);
    std::fflush(stdout);
    return true;
  };
  for (std::string line; std::fputs("> ", stdout), std::fflush(stdout), std::getline(std::cin, line);) {
    messages.push_back({"user", line});
    std::vector<int32_t> tokens = model.tokenizeChat(messages);
    tenon::Generation answer = session.generate(newTokens(session, tokens), options);
    messages.push_back({"assistant", answer.sequences[0].text});
    std::fputs("\n", stdout);
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: %s MODEL.so [SYSTEM MESSAGE]\n", argv[0]);
    return 2;
  }
  try {
    std::vector<tenon::ChatMessage> messages;
    if (argc == 3)
      messages.push_back({"system", argv[2]});
    talk(tenon::Model(argv[1]), messages);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
