//===- RunCommand.cpp - tenon run -----------------------------------------===//

#include "Command.h"
#include "Manifest.h"
#include "Npy.h"
#include "tenon/tenon.hpp"

#include <charconv>
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string library, entry = "encode";
  std::vector<std::string> texts, tokens, inputs, outputs;
  uint32_t threads = 0;
  bool json = false, hugePages = false;
};

std::pair<std::string, std::string> splitAssignment(const std::string &option, const std::string &text) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
    throw Failure(option + " '" + text + "': expected NAME=FILE.npy");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// "1,2,3"; an empty list is a row without tokens.
std::vector<int32_t> parseTokens(const std::string &text) {
  std::vector<int32_t> ids;
  const char *at = text.data(), *end = at + text.size();
  while (at != end) {
    int32_t id;
    auto [next, error] = std::from_chars(at, end, id);
    if (error != std::errc() || (next != end && (*next != ',' || next + 1 == end)))
      throw Failure("--tokens '" + text + "': expected 32-bit numbers with commas between them, found '" +
                    std::string(at, end) + "'");
    ids.push_back(id);
    at = next == end ? end : next + 1;
  }
  return ids;
}

/// Texts of the command line; "-" stands for the lines of standard input.
std::vector<std::string> readTexts(const std::vector<std::string> &given) {
  std::vector<std::string> texts;
  for (const std::string &text : given) {
    if (text != "-") {
      texts.push_back(text);
      continue;
    }
    for (std::string line; std::getline(std::cin, line);)
      texts.push_back(line);
  }
  return texts;
}

NpyArray floatArray(std::vector<int64_t> shape, std::vector<float> values) {
  NpyArray array;
  array.shape = std::move(shape);
  array.floats = std::move(values);
  return array;
}

/// Runs sequences of tokens through an encoder.
class Encoding {
public:
  Encoding(const Arguments &arguments, const Model &model, Session &session)
      : arguments(arguments), model(model), session(session), info(model.info()) {}

  void run() {
    collectRows();
    wanted();
    std::vector<const int32_t *> pointers;
    std::vector<int32_t> lengths;
    for (const auto &row : rows) {
      pointers.push_back(row.data());
      lengths.push_back(static_cast<int32_t>(row.size()));
      longest = std::max<int64_t>(longest, static_cast<int64_t>(row.size()));
    }
    int64_t batch = static_cast<int64_t>(rows.size());
    if (wantsHidden)
      hidden.resize(batch * longest * info.width);
    if (wantsEmbedding)
      embedding.resize(batch * info.width);
    auto start = std::chrono::steady_clock::now();
    check(tenon_session_encode(session.get(), pointers.data(), lengths.data(), rows.size(),
                               wantsHidden ? hidden.data() : nullptr, wantsEmbedding ? embedding.data() : nullptr));
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    writeOutputs();
    if (arguments.json)
      printJson();
    else if (arguments.outputs.empty())
      printRows();
  }

private:
  void collectRows() {
    texts = readTexts(arguments.texts);
    if (!texts.empty() && !info.has_tokenizer)
      throw Failure(arguments.library + ": the model has no tokenizer: give --tokens instead of --text");
    for (const std::string &text : texts)
      rows.push_back(model.tokenize(text, static_cast<size_t>(info.text_tokens)));
    for (const std::string &text : arguments.tokens)
      rows.push_back(parseTokens(text));
    if (rows.empty())
      throw Failure("there is nothing to run on: give --text, --tokens or --input");
  }

  void wanted() {
    hasEmbedding = encoderGives(model, "embedding");
    for (const std::string &output : arguments.outputs) {
      auto [name, path] = splitAssignment("--output", output);
      if (name == "hidden")
        wantsHidden = true;
      else if (name == "embedding" && hasEmbedding)
        wantsEmbedding = true;
      else if (name != "tokens")
        throw Failure("--output '" + name + "': the model has " + (hasEmbedding ? "embedding, " : "") +
                      "hidden and tokens");
    }
    if (arguments.outputs.empty()) {
      wantsEmbedding = hasEmbedding;
      wantsHidden = !hasEmbedding;
    }
  }

  NpyArray tokenArray() const {
    NpyArray array;
    array.isFloat = false;
    array.shape = {static_cast<int64_t>(rows.size()), longest};
    for (const auto &row : rows) {
      array.ints.insert(array.ints.end(), row.begin(), row.end());
      array.ints.resize(array.ints.size() + longest - row.size());
    }
    return array;
  }

  void writeOutputs() const {
    int64_t batch = static_cast<int64_t>(rows.size());
    for (const std::string &output : arguments.outputs) {
      auto [name, path] = splitAssignment("--output", output);
      if (name == "hidden")
        writeNpy(path, floatArray({batch, longest, info.width}, hidden));
      else if (name == "embedding")
        writeNpy(path, floatArray({batch, info.width}, embedding));
      else
        writeNpy(path, tokenArray());
    }
  }

  void printJson() const {
    nlohmann::json object{{"rows", nlohmann::json::array()}, {"timing", {{"seconds", seconds}}}};
    for (size_t i = 0; i < rows.size(); ++i) {
      nlohmann::json row{{"tokens", rows[i]}};
      if (i < texts.size())
        row["text"] = texts[i];
      if (wantsEmbedding)
        row["embedding"] =
            std::vector<float>(embedding.begin() + i * info.width, embedding.begin() + (i + 1) * info.width);
      object["rows"].push_back(std::move(row));
    }
    std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

  /// A line of numbers per row: its embedding, or each of its hidden states.
  void printRows() const {
    const std::vector<float> &values = wantsEmbedding ? embedding : hidden;
    for (size_t i = 0; i < rows.size(); ++i) {
      size_t lines = wantsEmbedding ? 1 : rows[i].size();
      size_t first = wantsEmbedding ? i : i * longest;
      for (size_t line = first; line < first + lines; ++line)
        for (int64_t c = 0; c < info.width; ++c)
          std::printf("%.9g%c", values[line * info.width + c], c + 1 == info.width ? '\n' : ' ');
    }
  }

  const Arguments &arguments;
  const Model &model;
  Session &session;
  tenon_model_info info;
  std::vector<std::string> texts;
  std::vector<std::vector<int32_t>> rows;
  int64_t longest = 0;
  bool hasEmbedding = false, wantsHidden = false, wantsEmbedding = false;
  std::vector<float> hidden, embedding;
  double seconds = 0;
};

/// Calls an entry point with arrays from files.
void callWithArrays(const Arguments &arguments, Session &session) {
  std::vector<NpyArray> arrays;
  std::vector<std::string> names;
  for (const std::string &input : arguments.inputs) {
    auto [name, path] = splitAssignment("--input", input);
    names.push_back(name);
    arrays.push_back(readNpy(path));
  }
  std::vector<tenon_tensor> inputs(arrays.size());
  for (size_t i = 0; i < arrays.size(); ++i) {
    NpyArray &array = arrays[i];
    if (array.shape.size() > TENON_MAX_RANK)
      throw Failure("--input '" + names[i] + "' has rank " + std::to_string(array.shape.size()));
    inputs[i].name = names[i].c_str();
    inputs[i].type = array.isFloat ? TENON_F32 : TENON_I32;
    inputs[i].rank = static_cast<uint32_t>(array.shape.size());
    std::copy(array.shape.begin(), array.shape.end(), inputs[i].shape);
    inputs[i].data = array.isFloat ? static_cast<void *>(array.floats.data()) : array.ints.data();
    inputs[i].bytes = 4 * (array.isFloat ? array.floats.size() : array.ints.size());
  }
  std::vector<std::pair<std::string, std::string>> wanted;
  for (const std::string &output : arguments.outputs)
    wanted.push_back(splitAssignment("--output", output));
  std::vector<tenon_tensor> outputs(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i)
    outputs[i].name = wanted[i].first.c_str();
  session.call(arguments.entry, inputs, outputs);
  for (size_t i = 0; i < wanted.size(); ++i) {
    NpyArray array;
    array.shape.assign(outputs[i].shape, outputs[i].shape + outputs[i].rank);
    array.isFloat = outputs[i].type == TENON_F32;
    size_t count = 1;
    for (int64_t size : array.shape)
      count *= static_cast<size_t>(size);
    if (array.isFloat)
      array.floats.assign(static_cast<float *>(outputs[i].data), static_cast<float *>(outputs[i].data) + count);
    else
      array.ints.assign(static_cast<int32_t *>(outputs[i].data), static_cast<int32_t *>(outputs[i].data) + count);
    writeNpy(wanted[i].second, array);
  }
}

void run(const Arguments &arguments) {
  if (!arguments.inputs.empty() && !(arguments.texts.empty() && arguments.tokens.empty()))
    throw Failure("--input does not go with --tokens or --text, which make the inputs themselves");
  Model model(arguments.library, arguments.hugePages ? TENON_WEIGHTS_COPY_HUGE : TENON_WEIGHTS_MAP);
  Session session(model, arguments.threads);
  if (!arguments.inputs.empty())
    return callWithArrays(arguments, session);
  Encoding(arguments, model, session).run();
}

} // namespace

void tools::addRun(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand(
      "run", "Run a compiled model\nExample: tenon run minilm.so --text \"A sentence\" --output embedding=e.npy");
  command->add_option("LIBRARY", arguments->library, "What tenon compile wrote")->required();
  command->add_option("--text", arguments->texts, "Text to read; several make a batch, - reads lines of standard input")
      ->expected(1)
      ->allow_extra_args(false) // Or "[a] [b]" would be read as a list.
      ->take_all();
  command
      ->add_option("--tokens", arguments->tokens, "Token ids as they are, such as 101,7592,102; several make a batch")
      ->expected(1)
      ->take_all();
  command->add_option("--input", arguments->inputs, "Input of an entry point, NAME=FILE.npy")->expected(1)->take_all();
  command
      ->add_option("--output", arguments->outputs,
                   "Output to write, NAME=FILE.npy: embedding, hidden, tokens, or a result of the entry point")
      ->expected(1)
      ->take_all();
  command->add_option("--entry", arguments->entry, "Entry point that --input is for (default: encode)");
  command->add_option("--threads", arguments->threads, "Threads (default: as many as CPUs may be used)");
  command->add_flag("--huge-pages", arguments->hugePages,
                    "Copy the weights into huge pages: slower to load, faster to read");
  command->add_flag("--json", arguments->json, "One JSON object on standard output");
  command->callback([arguments] { run(*arguments); });
}
