//===- ChatTemplate.h - Conversations as models were trained on -*- C++ -*-===//

#ifndef TENON_RUNTIME_CHATTEMPLATE_H
#define TENON_RUNTIME_CHATTEMPLATE_H

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::runtime {

struct ChatMessage {
  std::string role;
  std::string content;
};

/// The tokens that a template knows by name, such as `bos_token`, with their spelling.
using ChatTokens = std::vector<std::pair<std::string, std::string>>;

/// What Hugging Face's apply_chat_template makes of the messages. Fails with TENON_ERROR_CHAT_TEMPLATE on a template
/// that uses what is not known here, naming it, and on messages that the template refuses.
std::string applyChatTemplate(std::string_view source, const std::vector<ChatMessage> &messages,
                              const ChatTokens &tokens, bool addGenerationPrompt);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_CHATTEMPLATE_H
