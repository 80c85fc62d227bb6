//===- ChatTemplate.cpp - Conversations as models were trained on ---------===//

#include "ChatTemplate.h"

#include "Jinja.h"

namespace tenon::runtime {

std::string applyChatTemplate(std::string_view source, const std::vector<ChatMessage> &messages,
                              const ChatTokens &tokens, bool addGenerationPrompt) {
  using jinja::Value;
  jinja::List conversation;
  for (const ChatMessage &message : messages)
    conversation.push_back(
        Value::dict({{"role", Value::string(message.role)}, {"content", Value::string(message.content)}}));
  jinja::Dict variables = {{"messages", Value::list(std::move(conversation))},
                           {"tools", Value::none()},
                           {"documents", Value::none()},
                           {"add_generation_prompt", Value::boolean(addGenerationPrompt)}};
  // A token that the model does not have is undefined, as in Hugging Face's libraries.
  if (!tokens.bos.empty())
    variables.emplace_back("bos_token", Value::string(tokens.bos));
  if (!tokens.eos.empty())
    variables.emplace_back("eos_token", Value::string(tokens.eos));
  return jinja::render(jinja::parse(source), variables);
}

} // namespace tenon::runtime
