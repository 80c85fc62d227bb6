//===- ChatTemplate.cpp - Conversations as models were trained on ---------===//

#include "ChatTemplate.h"

#include "Failure.h"
#include "jinja/Characters.h"
#include "jinja/Template.h"

namespace tenon::runtime {

static void checkUtf8(size_t message, const char *part, std::string_view text) {
  if (size_t offset = jinja::malformed(text); offset != text.npos)
    fail(TENON_ERROR_CHAT_TEMPLATE, "message ", message, ": the ", part, " is not UTF-8 at byte ", offset);
}

std::string applyChatTemplate(std::string_view source, const std::vector<ChatMessage> &messages,
                              const ChatTokens &tokens, bool addGenerationPrompt) {
  using jinja::Value;
  try {
    jinja::Heap heap;
    auto key = [](const char *name) { return Value::constant(name); };
    std::vector<Value> conversation;
    for (const ChatMessage &message : messages) {
      checkUtf8(conversation.size() + 1, "role", message.role);
      checkUtf8(conversation.size() + 1, "content", message.content);
      conversation.push_back(
          heap.dict({{key("role"), heap.text(message.role)}, {key("content"), heap.text(message.content)}}));
    }
    jinja::Members variables = {{key("messages"), heap.list(std::move(conversation))},
                                {key("tools"), Value::none()},
                                {key("documents"), Value::none()},
                                {key("add_generation_prompt"), Value::boolean(addGenerationPrompt)}};
    // A token that the model does not have is undefined, as in Hugging Face's libraries.
    for (const auto &[name, text] : tokens)
      variables.emplace_back(heap.text(name), heap.text(text));
    return jinja::Template(source).render(heap, variables);
  } catch (const jinja::Error &error) {
    fail(TENON_ERROR_CHAT_TEMPLATE,
         error.refusal ? "the chat template refuses these messages: " + error.what
                       : "chat template, " + error.message());
  }
}

} // namespace tenon::runtime
