//===- Converse.cpp - tenon run --chat at the terminal --------------------===//

#include "Command.h"
#include "Generate.h"
#include "Output.h"

#include <algorithm>
#include <iostream>
#include <unistd.h>

using namespace tenon;
using namespace tenon::tools;

namespace {

class Conversation {
public:
  Conversation(const RunArguments &arguments, const Model &model)
      : model(model), session(model, arguments.threads), options(arguments.generation.resolve(model)) {
    if (!arguments.system.empty())
      messages.push_back({"system", arguments.system});
    options.onToken = [](const tenon_generation_event &event) {
      std::fwrite(event.text, 1, event.text_bytes, stdout);
      flushOutput();
      return true;
    };
  }

  void run() {
    bool terminal = isatty(STDIN_FILENO) != 0;
    if (terminal)
      std::fprintf(stderr, "Ctrl-C ends an answer, Ctrl-D the conversation\n");
    for (std::string line;;) {
      if (terminal)
        std::fprintf(stderr, "> ");
      if (!std::getline(std::cin, line))
        break;
      if (!line.empty())
        answer(line);
    }
    if (terminal)
      std::fprintf(stderr, "\n");
  }

private:
  /// The model's answer to one message. One that it cannot read is reported, and not part of the conversation.
  void answer(const std::string &line) {
    messages.push_back({"user", line});
    try {
      std::vector<int32_t> tokens = model.tokenizeChat(messages);
      size_t kept = keepCommon(tokens);
      Session *generating = &session;
      CancelOnInterrupt cancel({&generating, 1});
      Generation written = session.generate(std::span(tokens).subspan(kept), options);
      std::fputc('\n', stdout);
      flushOutput();
      report(tokens.size() - kept, kept, written);
      messages.push_back({"assistant", written.sequences[0].text});
    } catch (const Error &error) {
      std::fprintf(stderr, "tenon: error: %s\n", error.what());
      messages.pop_back();
    }
  }

  /// Rewinds the session to what it has in common with `tokens`, but for one token at least.
  size_t keepCommon(const std::vector<int32_t> &tokens) {
    std::vector<int32_t> held = session.tokens();
    size_t most = std::min(held.size(), tokens.size() - 1);
    auto common = static_cast<size_t>(
        std::mismatch(held.begin(), held.begin() + static_cast<ptrdiff_t>(most), tokens.begin()).first - held.begin());
    // A model that sees a window of tokens may have given up what a rewound session would need.
    if (tenon_session_rewind(session.get(), static_cast<int64_t>(common)) == TENON_OK)
      return common;
    session.rewind(0);
    return 0;
  }

  static void report(size_t read, size_t kept, const Generation &written) {
    const GeneratedText &text = written.sequences[0];
    std::fprintf(
        stderr, "[%zu tokens read after %zu kept, %.2f s; %zu written, %.1f/s%s]\n", read, kept, written.prefillSeconds,
        text.tokens.size(), static_cast<double>(text.tokens.size()) / written.decodeSeconds,
        text.finish == TENON_FINISH_STOP_TOKEN ? "" : (std::string("; ") + tenon_finish_name(text.finish)).c_str());
  }

  const Model &model;
  Session session;
  GenerateOptions options;
  std::vector<ChatMessage> messages;
};

} // namespace

void tools::converse(const RunArguments &arguments, const Model &model) {
  if (arguments.json || !arguments.outputs.empty() || !arguments.tokens.empty())
    throw Failure("a conversation has neither --json nor --output nor --tokens; give --text for one answer");
  if (!model.info().has_tokenizer)
    throw Failure(arguments.library + ": the model has no tokenizer, which --chat needs");
  Conversation(arguments, model).run();
}
