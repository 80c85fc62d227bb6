//===- SpecWriter.cpp -----------------------------------------------------===//

#include "spec/SpecWriter.h"
#include "spec/Names.h"
#include "spec/Writer.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;
using namespace tenon::spec;

static std::string positions(const Positions &positions) {
  llvm::StringRef kind = positionKindNames[size_t(positions.kind)];
  bool hasTable = positions.kind == PositionKind::Sinusoidal || positions.kind == PositionKind::Rotary;
  int64_t usualLength = hasTable ? defaultTableLength : 0;
  FlowMapping keys;
  keys.add("kind", kind);
  if (positions.length != usualLength)
    keys.add("length", positions.length);
  if (positions.offset != 0)
    keys.add("offset", positions.offset);
  if (positions.pad)
    keys.add("pad", *positions.pad);
  if (positions.base != Positions().base)
    keys.add("base", shortest(positions.base));
  if (positions.dims != 0)
    keys.add("dims", positions.dims);
  keys.addFlag("interleaved", positions.interleaved, false);
  if (positions.kind == PositionKind::Sinusoidal && !positions.interleaved &&
      positions.spacing == SinusoidSpacing::Even)
    keys.add("spacing", "even"); // Interleaved ones have no other.
  addScaling(keys, positions.scaling);
  if (!positions.behind.empty())
    keys.add("behind", scalar(positions.behind));
  std::string text = keys.str();
  return text == "{kind: " + kind.str() + "}" ? kind.str() : text;
}

static std::string convolutions(const std::vector<Convolution> &list) {
  std::string text;
  for (const Convolution &convolution : list) {
    FlowMapping keys;
    keys.add("channels", convolution.channels).add("kernel", convolution.kernel);
    if (convolution.stride != 1)
      keys.add("stride", convolution.stride);
    keys.add("activation", convolution.activation ? activationNames[size_t(*convolution.activation)] : "none");
    keys.addFlag("bias", convolution.bias, true);
    text += (text.empty() ? "[" : ", ") + keys.str();
  }
  return text + "]";
}

static std::string input(const Input &input) {
  FlowMapping keys;
  std::vector<std::string> parts;
  for (const std::string &part : input.parts)
    parts.push_back(scalar(part));
  if (!parts.empty())
    keys.add("concat", bracketed(parts));
  else if (input.features > 0)
    keys.add("features", input.features);
  else
    keys.add("vocab", input.vocab);
  if (!input.convolutions.empty())
    keys.add("convolutions", convolutions(input.convolutions));
  if (input.positions.kind != PositionKind::None || input.positions.length != 0 || !input.positions.behind.empty())
    keys.add("positions", positions(input.positions));
  if (input.types != 0)
    keys.add("types", input.types);
  keys.addFlag("norm", input.norm, false);
  if (input.scale != 1.0)
    keys.add("scale", shortest(input.scale));
  if (input.zeroFirst)
    keys.add("first", "zeros");
  return keys.str();
}

static std::string norm(const Norm &norm) {
  FlowMapping keys;
  keys.add("kind", normKindNames[size_t(norm.kind)]).add("place", normPlaceNames[size_t(norm.place)]);
  if (norm.epsilon != Norm().epsilon)
    keys.add("epsilon", shortest(norm.epsilon));
  if (norm.kind == NormKind::LayerNorm)
    keys.addFlag("bias", norm.bias, true);
  if (norm.place != NormPlace::After)
    keys.addFlag("final", norm.final, true);
  if (norm.weightOffset != 0)
    keys.add("weight_offset", shortest(norm.weightOffset));
  return keys.str();
}

static void writeStack(llvm::raw_ostream &os, const Stack &stack, const Model &model) {
  int64_t width = model.widthOf(stack);
  os << "  " << scalar(stack.name) << ":\n";
  if (width != model.width)
    os << "    width: " << width << "\n";
  os << "    input: " << input(stack.input) << "\n";
  os << "    layers: " << stack.layers << "\n";
  os << "    norm: " << norm(stack.norm) << "\n";
  if (stack.cache)
    os << "    cache: true\n";
  if (!stack.prefix.empty())
    os << "    prefix: " << scalar(stack.prefix) << "\n";
  os << (stack.cycle.empty() ? "    block:\n" : "    cycle:\n");
  if (stack.cycle.empty())
    for (const Sublayer &item : stack.block)
      os << "      - " << writeSublayer(item, stack, width) << "\n";
  for (const Block &block : stack.cycle)
    for (const Sublayer &item : block)
      os << (&item == &block.front() ? "      - - " : "        - ") << writeSublayer(item, stack, width) << "\n";
}

static std::string audio(const Audio &audio) {
  FlowMapping keys;
  keys.add("rate", audio.rate).add("window", audio.window).add("hop", audio.hop);
  keys.add("bins", audio.bins).add("frames", audio.frames);
  return keys.str();
}

static std::string tensor(const TensorName &name) {
  if (name.isWhole())
    return scalar(name.tensor);
  FlowMapping keys;
  keys.add("tensor", scalar(name.tensor)).addFlag("transpose", name.transpose, false);
  if (name.offset != 0)
    keys.add("offset", name.offset);
  if (name.count != 0)
    keys.add("count", name.count).add("period", name.period);
  return keys.str();
}

std::string tenon::spec::writeSpec(const Model &model) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "tenon: 1\n";
  os << "name: " << scalar(model.name) << "\n";
  os << "width: " << model.width << "\n";
  os << "stacks:\n";
  for (const Stack &stack : model.stacks)
    writeStack(os, stack, model);
  if (!model.shares.empty())
    os << "share:\n";
  for (const Share &share : model.shares)
    os << "  - " << quoted(share.parameters + " = " + share.source) << "\n";
  if (model.pooling)
    os << "pooling: " << writePooling(*model.pooling, model.stacks.size()) << "\n";
  if (model.head)
    os << "head: " << writeHead(*model.head, model.stacks.size()) << "\n";
  if (!model.weights.empty())
    os << "weights: " << scalar(model.weights) << "\n";
  if (!model.tokenizer.empty())
    os << "tokenizer: " << scalar(model.tokenizer) << "\n";
  if (!model.targetTokenizer.empty())
    os << "target_tokenizer: " << scalar(model.targetTokenizer) << "\n";
  if (!model.chatTemplate.empty())
    os << "chat_template: " << scalar(model.chatTemplate) << "\n";
  if (model.chatTokens)
    os << "chat_tokens:" << (model.chatTokens->empty() ? " {}" : "") << "\n";
  for (const ChatToken &token : model.chatTokens.value_or(std::vector<ChatToken>()))
    os << "  " << quoted(token.name) << ": " << quoted(token.text) << "\n";
  if (std::string ids = writeTokens(model.tokens); !ids.empty())
    os << "tokens: " << ids << "\n";
  if (!model.generation.isEmpty())
    os << "generation: " << writeGeneration(model.generation) << "\n";
  if (model.audio)
    os << "audio: " << audio(*model.audio) << "\n";
  if (model.textTokens != 0)
    os << "text_tokens: " << model.textTokens << "\n";
  if (model.lowerCase)
    os << "lower_case: true\n";
  if (!model.prompts.empty())
    os << "prompts:\n";
  for (const Prompt &prompt : model.prompts)
    os << "  " << quoted(prompt.name) << ": " << quoted(prompt.text) << "\n";
  if (!model.defaultPrompt.empty())
    os << "default_prompt: " << quoted(model.defaultPrompt) << "\n";
  if (!model.names.empty())
    os << "names:\n";
  for (const TensorName &name : model.names)
    os << "  " << scalar(name.parameter) << ": " << tensor(name) << "\n";
  return text;
}
