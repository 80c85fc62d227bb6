//===- RunCommand.cpp - tenon run -----------------------------------------===//

#include "Command.h"
#include "Generate.h"
#include "Manifest.h"
#include "NamedSources.h"
#include "Prompt.h"
#include "RunInput.h"
#include "Transcribe.h"
#include "tenon/tenon.hpp"

#include <chrono>
#include <iostream>
#include <memory>
#include <span>
#include <string_view>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

/// Runs sequences of tokens through an encoder.
class Encoding {
public:
  Encoding(const RunArguments &arguments, const Model &model, Session &session)
      : arguments(arguments), model(model), session(session), info(model.info()) {}

  void run() {
    collectRows();
    wanted();
    auto start = std::chrono::steady_clock::now();
    if (wantsHidden)
      encode(rows, &hidden, nullptr);
    if (wantsEmbedding)
      embed();
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    writeOutputs();
    if (arguments.json)
      printJson();
    else if (arguments.outputs.empty())
      printRows();
    lostLines.report(rows.size());
  }

private:
  void collectRows() {
    texts = readTexts(arguments.texts);
    if (!texts.empty() && !info.has_tokenizer)
      throw Failure(arguments.library + ": the model has no tokenizer: give --tokens instead of --text");
    std::string prompt = promptText();
    for (const InputText &text : texts)
      rows.push_back(tokensOf(text, prompt));
    for (const std::string &text : arguments.tokens)
      rows.push_back(parseTokens(text));
    lost.resize(rows.size());
    if (rows.empty())
      throw Failure("there is nothing to run on: give --text, --tokens or --input");
  }

  /// What stands before every text.
  std::string promptText() const {
    if (arguments.promptText)
      return *arguments.promptText;
    const char *name = arguments.prompt ? arguments.prompt->c_str() : info.default_prompt;
    std::string names;
    for (size_t i = 0; name && i < info.prompt_count; ++i) {
      if (std::string_view(info.prompts[i].name) == name)
        return {info.prompts[i].text, info.prompts[i].text_bytes};
      names += (names.empty() ? "" : ", ") + std::string(info.prompts[i].name);
    }
    if (name)
      throw Failure("--prompt '" + std::string(name) + "': the model has " +
                    (names.empty() ? "no prompts" : "the prompts " + names));
    return "";
  }

  void encode(std::span<const std::vector<int32_t>> some, std::vector<float> *hiddenStates, float *embeddings) {
    std::vector<const int32_t *> pointers;
    std::vector<int32_t> lengths;
    for (const auto &row : some) {
      pointers.push_back(row.data());
      lengths.push_back(static_cast<int32_t>(row.size()));
      longest = std::max<int64_t>(longest, static_cast<int64_t>(row.size()));
    }
    if (hiddenStates)
      hiddenStates->resize(some.size() * longest * info.width);
    check(tenon_session_encode(session.get(), pointers.data(), lengths.data(), some.size(),
                               hiddenStates ? hiddenStates->data() : nullptr, embeddings));
  }

  /// Texts with their prompt, which the runtime tells from the rest, then tokens as they are. What was given up is zeros.
  void embed() {
    auto width = static_cast<size_t>(info.embedding_width);
    std::vector<std::string> given;
    for (size_t row = 0; row < texts.size(); ++row)
      if (lost[row].empty())
        given.push_back(texts[row].text);
    embedding.resize(rows.size() * width);
    if (!given.empty()) {
      tenon_embed_options options{};
      options.struct_size = sizeof options;
      options.prompt = arguments.prompt ? arguments.prompt->c_str() : nullptr;
      options.prompt_text = arguments.promptText ? arguments.promptText->c_str() : nullptr;
      std::vector<float> made = session.embedTexts(given, options);
      auto from = made.begin();
      for (size_t row = 0; row < texts.size(); ++row)
        if (lost[row].empty()) {
          std::copy_n(from, width, embedding.begin() + static_cast<ptrdiff_t>(row * width));
          from += static_cast<ptrdiff_t>(width);
        }
    }
    if (rows.size() > texts.size())
      encode(std::span(rows).subspan(texts.size()), nullptr, embedding.data() + texts.size() * width);
  }

  /// A line that cannot be read is given up; another text that cannot is an error.
  std::vector<int32_t> tokensOf(const InputText &text, const std::string &prompt) {
    std::string why;
    try {
      if (text.text.find('\0') != std::string::npos)
        throw Error(TENON_ERROR_INVALID_ARGUMENT, "it contains a NUL");
      std::vector<int32_t> tokens = model.tokenize(prompt + text.text, static_cast<size_t>(info.text_tokens));
      if (!tokens.empty())
        return tokens;
      why = text.place + " is empty: the tokenizer makes no token of it";
    } catch (const Error &error) {
      why = text.place + ": " + error.what();
    }
    if (!text.isLine)
      throw Failure(why);
    lost.resize(rows.size());
    lost.push_back(why);
    lostLines.add(why);
    return {};
  }

  void wanted() {
    hasEmbedding = info.embedding_width > 0;
    for (const std::string &output : arguments.outputs) {
      auto [name, path] = splitAssignment("--output", output);
      if (name == "hidden")
        wantsHidden = true;
      else if (name == "embedding" && hasEmbedding)
        wantsEmbedding = true;
      else if (name != "tokens")
        throw Failure("--output '" + name + "': the model has " + (hasEmbedding ? "embedding, " : "") +
                      "hidden and tokens" +
                      (name == "embedding" ? "; for an embedding, compile it with --pooling" : ""));
    }
    if (arguments.outputs.empty()) {
      wantsEmbedding = hasEmbedding;
      wantsHidden = !hasEmbedding;
    }
  }

  void writeOutputs() const {
    int64_t batch = static_cast<int64_t>(rows.size());
    for (const std::string &output : arguments.outputs) {
      auto [name, path] = splitAssignment("--output", output);
      if (name == "hidden")
        writeNpy(path, floatArray({batch, longest, info.width}, hidden));
      else if (name == "embedding")
        writeNpy(path, floatArray({batch, info.embedding_width}, embedding));
      else
        writeNpy(path, tokenArray(rows));
    }
  }

  void printJson() const {
    nlohmann::json object{{"rows", nlohmann::json::array()}, {"timing", {{"seconds", seconds}}}};
    for (size_t i = 0; i < rows.size(); ++i) {
      nlohmann::json row{{"tokens", rows[i]}};
      if (i < texts.size())
        row["text"] = texts[i].text;
      if (!lost[i].empty()) {
        object["rows"].push_back({{"error", lost[i]}});
        continue;
      }
      if (wantsEmbedding)
        row["embedding"] =
            std::vector<float>(embedding.begin() + i * info.embedding_width,
                               embedding.begin() + (i + 1) * info.embedding_width);
      object["rows"].push_back(std::move(row));
    }
    std::cout << object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

  /// A line of numbers per row: its embedding, or each of its hidden states.
  void printRows() const {
    const std::vector<float> &values = wantsEmbedding ? embedding : hidden;
    int64_t width = wantsEmbedding ? info.embedding_width : info.width;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (!lost[i].empty())
        std::fputc('\n', stdout);
      size_t lines = !lost[i].empty() ? 0 : wantsEmbedding ? 1 : rows[i].size();
      size_t first = wantsEmbedding ? i : i * longest;
      for (size_t line = first; line < first + lines; ++line)
        for (int64_t c = 0; c < width; ++c)
          std::printf("%.9g%c", values[line * width + c], c + 1 == width ? '\n' : ' ');
    }
  }

  const RunArguments &arguments;
  const Model &model;
  Session &session;
  tenon_model_info info;
  std::vector<InputText> texts;
  std::vector<std::string> lost; ///< why there is nothing of a row; "" where there is
  LostLines lostLines;
  std::vector<std::vector<int32_t>> rows;
  int64_t longest = 0;
  bool hasEmbedding = false, wantsHidden = false, wantsEmbedding = false;
  std::vector<float> hidden, embedding;
  double seconds = 0;
};

/// Calls an entry point with arrays from files.
void callWithArrays(const RunArguments &arguments, Session &session) {
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

/// An option of the group that was given; nullptr if none was.
const CLI::Option *givenOf(const CLI::App &command, const char *group) {
  for (const CLI::Option *option : command.get_options())
    if (option->get_group() == group && option->count() != 0)
      return option;
  return nullptr;
}

void run(const RunArguments &arguments, const CLI::App &command) {
  if (!arguments.inputs.empty() && !(arguments.texts.empty() && arguments.tokens.empty()))
    throw Failure("--input does not go with --tokens or --text, which make the inputs themselves");
  if (const CLI::Option *option = arguments.audio.empty() ? givenOf(command, kSpeechGroup) : nullptr)
    throw Failure(option->get_name() + " goes with --audio: it is about what is said in a sound");
  if (arguments.prompt && arguments.promptText)
    throw Failure("--prompt does not go with --prompt-text, which stands in its place");
  Model model(arguments.library, arguments.hugePages ? TENON_WEIGHTS_COPY_HUGE : TENON_WEIGHTS_MAP, "", 0,
              arguments.checkWeights);
  if ((arguments.prompt || arguments.promptText) && model.info().embedding_width == 0)
    throw Failure((arguments.prompt ? "--prompt" : "--prompt-text") + std::string(" is for models that embed texts, and ") +
                  arguments.library + " gives no embedding");
  if (!arguments.audio.empty())
    return transcribe(arguments, model);
  bool forEntry =
      !arguments.inputs.empty() && (command.count("--entry") != 0 || !givesSources(arguments, model.sources()));
  if (!forEntry && model.info().generates)
    return arguments.chat && arguments.texts.empty() ? converse(arguments, model) : generate(arguments, model);
  if (const CLI::Option *option = givenOf(command, kGenerationGroup))
    throw Failure(option->get_name() + " is for models that generate, and " + arguments.library +
                  " has no entry point prefill");
  Session session(model, arguments.threads);
  if (!arguments.inputs.empty())
    return callWithArrays(arguments, session);
  Encoding(arguments, model, session).run();
}

/// What answers are about and begin with; how they are chosen is in GenerationOptions.cpp.
void addAnswerOptions(CLI::App &command, RunArguments &arguments) {
  std::vector<CLI::Option *> added = {
      command
          .add_option("--source", arguments.sourceTexts,
                      "Text of one of several things to write about, NAME=TEXT; several of each make a batch")
          ->expected(1)
          ->allow_extra_args(false)
          ->take_all(),
      command.add_option("--source-tokens", arguments.sourceTokens, "The same as token ids, NAME=1,2,3")
          ->expected(1)
          ->take_all(),
      command.add_option("--prefix", arguments.prefix, "Text that answers about a source begin with"),
      command.add_option("--prefix-tokens", arguments.prefixTokens,
                         "The same as token ids, in place of the model's own start too"),
      command.add_flag("--chat", arguments.chat,
                       "Apply the model's chat template to --text; without --text, talk at the terminal"),
      command.add_option("--system", arguments.system, "System message of --chat")};
  for (CLI::Option *option : added)
    option->group(kGenerationGroup);
}

/// A number, or none, which is NaN.
CLI::Option *addThreshold(CLI::App &command, const char *name, double &value, const char *description) {
  auto none = [](std::string &text) {
    text = text == "none" ? "nan" : text;
    return std::string();
  };
  return command.add_option(name, value, description)->transform(CLI::Validator(none, "or none", "none"));
}

/// With the names and defaults of OpenAI's program.
void addSpeechOptions(CLI::App &command, SpeechArguments &speech) {
  for (CLI::Option *option :
       {command.add_flag("--timestamps", speech.timestamps, "Write when what was said was said"),
        command.add_option("--initial-prompt", speech.initialPrompt,
                           "Text that the first window's answer goes on from"),
        command.add_flag("--no-condition-on-previous-text", speech.independentWindows,
                         "Do not let a window's answer go on from those before"),
        addThreshold(
            command, "--no-speech-threshold", speech.noSpeechThreshold,
            "A window is silence if its probability of no speech is higher than this, and the answer's mean log "
            "probability not above --logprob-threshold (default: 0.6)"),
        addThreshold(
            command, "--logprob-threshold", speech.logprobThreshold,
            "Write an answer again, at a higher temperature, if its mean log probability is lower (default: -1)"),
        addThreshold(command, "--compression-ratio-threshold", speech.compressionRatioThreshold,
                     "Write an answer again if zlib makes its text smaller than by this factor (default: 2.4)"),
        addThreshold(command, "--temperature-increment-on-fallback", speech.temperatureIncrement,
                     "How much higher the temperature of the next try is, up to 1 (default: 0.2)"),
        command
            .add_option("--best-of", speech.bestOf,
                        "How many answers to sample above temperature 0, of which the likeliest counts (default: 1)")
            ->check(CLI::Range(1, 1024))})
    option->group(kSpeechGroup);
}

} // namespace

void tools::addRun(CLI::App &app) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App *command =
      app.add_subcommand("run", "Run a compiled model\n"
                                "Example: tenon run minilm.so --text \"A sentence\" --output embedding=e.npy\n"
                                "Example: tenon run enpt.so --beam 4 --text - < lines.txt\n"
                                "Example: tenon run both.so --source question=\"Who?\" --source text=\"He did.\"\n"
                                "Example: tenon run smollm2.so --chat --text \"What is the capital of France?\"\n"
                                "Example: tenon run whisper.so --audio talk.wav --timestamps");
  command->add_option("LIBRARY", arguments->library, "What tenon compile wrote")->required();
  command
      ->add_option("--text", arguments->texts,
                   "Text to read; several make a batch, - reads lines of standard input, and goes on past bad ones")
      ->expected(1)
      ->allow_extra_args(false) // Or "[a] [b]" would be read as a list.
      ->take_all();
  command
      ->add_option("--tokens", arguments->tokens, "Token ids as they are, such as 101,7592,102; several make a batch")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--audio", arguments->audio,
                   "Sound file to write down, such as WAV or FLAC; several, one after another")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--input", arguments->inputs,
                   "Input of an entry point, NAME=FILE.npy; features= or hidden= are what to write about, or NAME.features= "
                   "and NAME.hidden= where that is several things")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--output", arguments->outputs,
                   "Output to write, NAME=FILE.npy: embedding, hidden, tokens, logits, or a result of the entry point")
      ->expected(1)
      ->take_all();
  command->add_option("--prompt", arguments->prompt,
                      "Name of the model's prompt that stands before texts to embed (default: the model's own choice)");
  command->add_option("--prompt-text", arguments->promptText,
                      "What stands before texts to embed, in place of the model's prompts; may be empty");
  command->add_option("--entry", arguments->entry, "Entry point that --input is for (default: encode)");
  command->add_option("--threads", arguments->threads, "Threads (default: as many as CPUs may be used)");
  command->add_flag("--huge-pages", arguments->hugePages,
                    "Copy the weights into huge pages: slower to load, faster to read");
  command->add_flag("--check-weights", arguments->checkWeights,
                    "Compare the weights with their checksum first, which reads all of them");
  command->add_flag("--json", arguments->json, "One JSON object on standard output");
  arguments->generation.addTo(*command, kGenerationGroup);
  addAnswerOptions(*command, *arguments);
  addSpeechOptions(*command, arguments->speech);
  command->callback([arguments, command] { run(*arguments, *command); });
}
