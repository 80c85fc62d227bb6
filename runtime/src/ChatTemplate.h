//===- ChatTemplate.h - Conversations as models were trained on -*- C++ -*-===//

#ifndef TENON_RUNTIME_CHATTEMPLATE_H
#define TENON_RUNTIME_CHATTEMPLATE_H

#include <string>
#include <string_view>
#include <vector>

namespace tenon::runtime {

struct ChatMessage {
  std::string role;
  std::string content;
};

/// The spelling of the tokens around a text; "" for none.
struct ChatTokens {
  std::string bos;
  std::string eos;
};

/// What Hugging Face's apply_chat_template makes of the messages. Fails with TENON_ERROR_CHAT_TEMPLATE on a template
/// that uses what is not known here, naming it, and on messages that the template refuses.
std::string applyChatTemplate(std::string_view source, const std::vector<ChatMessage> &messages,
                              const ChatTokens &tokens, bool addGenerationPrompt);

} // namespace tenon::runtime

#endif // TENON_RUNTIME_CHATTEMPLATE_H
