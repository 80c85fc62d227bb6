// translate MODEL.so TEXT...: translates sentences, all at once. Each session is about one of them; they share the
// weights that a step reads.

#include "tenon/tenon.hpp"

#include <cstdio>

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODEL.so TEXT...\n", argv[0]);
    return 2;
  }
  try {
    tenon::Model model(argv[1]);
    std::vector<tenon::Session> sessions;
    std::vector<tenon::Session *> pointers;
    std::vector<tenon::Source> sources;
    for (int i = 2; i < argc; ++i) {
      sessions.emplace_back(model);
      sources.push_back({model.tokenize(argv[i]), {}, {}});
    }
    for (tenon::Session &session : sessions)
      pointers.push_back(&session);
    tenon::Session::setSources(pointers, sources);
    // An answer without a prompt starts with what the model's own answers start with.
    std::vector<std::vector<int32_t>> prompts(sessions.size());
    for (const tenon::Generation &answer : tenon::Session::generate(pointers, prompts))
      std::printf("%s\n", answer.sequences[0].text.c_str());
  } catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
