//===- TokenizeCommand.cpp - tenon tokenize -------------------------------===//

#include "Command.h"
#include "ModelArgument.h"
#include "RunInput.h"
#include "driver/ModelManifest.h"
#include "import/Import.h"
#include "runtime/src/Failure.h"
#include "runtime/src/Library.h"
#include "runtime/src/ModelText.h"
#include "runtime/src/Session.h"
#include "llvm/ADT/StringRef.h"

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;

namespace {

struct Arguments {
  std::string model, system;
  import::ImportOptions options;
  std::vector<std::string> texts;
  bool chat = false, json = false;
};

std::string_view viewOf(const char *text, uint64_t size) { return text ? std::string_view(text, size) : ""; }

/// Of a library, whose weights may be absent.
class LibraryText : public runtime::ModelText {
public:
  explicit LibraryText(const std::string &path)
      : library(path, runtime::sessionHooks()),
        parsed(runtime::parseManifest(viewOf(library.table().manifest, library.table().manifest_size))) {}
  const runtime::Manifest &manifest() const override { return parsed; }

protected:
  std::string_view tokenizerJson() const override {
    return viewOf(library.table().tokenizer, library.table().tokenizer_size);
  }
  std::string_view answerTokenizerJson() const override { return ""; }

private:
  runtime::Library library;
  runtime::Manifest parsed;
};

/// Of a checkpoint or a spec.
class CheckpointText : public runtime::ModelText {
public:
  explicit CheckpointText(const import::ImportedModel &imported)
      : tokenizerText(imported.tokenizer), parsed(runtime::parseManifest(writeTextManifest(imported))) {}
  const runtime::Manifest &manifest() const override { return parsed; }

protected:
  std::string_view tokenizerJson() const override { return tokenizerText; }
  std::string_view answerTokenizerJson() const override { return ""; }

private:
  std::string tokenizerText;
  runtime::Manifest parsed;
};

std::unique_ptr<runtime::ModelText> openText(const std::string &path, const import::ImportOptions &options) {
  if (llvm::StringRef(path).ends_with(".so"))
    return std::make_unique<LibraryText>(path);
  return std::make_unique<CheckpointText>(openModel(path, options));
}

/// A text with its tokens; what the chat template makes of it, where that is asked for.
struct Row {
  std::string text;
  std::vector<int32_t> tokens;
  std::vector<nlohmann::json> pieces; ///< Null for a token that the vocabulary has no text for.
  std::string error;                  ///< Of a line that could not be read.
};

Row tokenized(const Arguments &arguments, const runtime::ModelText &model, const std::string &text) {
  Row row;
  row.text = text;
  if (arguments.chat) {
    std::vector<runtime::ChatMessage> messages;
    if (!arguments.system.empty())
      messages.push_back({"system", arguments.system});
    messages.push_back({"user", text});
    row.text = model.applyChat(messages, /*addGenerationPrompt=*/true);
    row.tokens = model.tokenizeChat(messages, /*addGenerationPrompt=*/true);
  } else {
    // As tenon run reads it where no other prompt is asked for.
    if (const runtime::NamedPrompt *prompt = model.manifest().findPrompt(model.manifest().defaultPrompt))
      row.text = prompt->text + text;
    row.tokens = model.tokenize(row.text, 0);
  }
  for (int32_t id : row.tokens) {
    const std::string *piece = model.tokenizer().tokenOf(id);
    row.pieces.push_back(piece ? nlohmann::json(*piece) : nlohmann::json());
  }
  return row;
}

/// A line that cannot be read ends no job.
Row rowOf(const Arguments &arguments, const runtime::ModelText &model, const InputText &text, LostLines &lostLines) {
  try {
    return tokenized(arguments, model, text.text);
  } catch (const runtime::Failure &failure) {
    std::string why = text.place + ": " + failure.message;
    if (!text.isLine)
      throw Failure(why);
    lostLines.add(why);
    Row row;
    row.error = why;
    return row;
  }
}

std::string show(const nlohmann::json &value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Pieces are quoted, so that each is one line.
void print(const std::vector<Row> &rows) {
  const char *separator = "";
  for (const Row &row : rows) {
    std::cout << separator;
    separator = "\n";
    for (size_t i = 0; i < row.tokens.size(); ++i)
      std::cout << row.tokens[i] << "\t" << show(row.pieces[i]) << "\n";
  }
}

void printJson(const std::vector<Row> &rows) {
  auto array = nlohmann::json::array();
  for (const Row &row : rows)
    if (row.error.empty())
      array.push_back({{"text", row.text}, {"tokens", row.tokens}, {"pieces", row.pieces}});
    else
      array.push_back({{"error", row.error}});
  std::cout << show({{"rows", array}}) << "\n";
}

void run(const Arguments &arguments) {
  try {
    std::unique_ptr<runtime::ModelText> model = openText(arguments.model, arguments.options);
    if (!model->hasTokenizer())
      throw Failure(arguments.model + ": the model has no tokenizer");
    if (arguments.chat && model->manifest().chatTemplate.empty())
      throw Failure("model " + model->manifest().name + " has no chat template");
    std::vector<Row> rows;
    LostLines lostLines;
    for (const InputText &text : readTexts(arguments.texts))
      rows.push_back(rowOf(arguments, *model, text, lostLines));
    arguments.json ? printJson(rows) : print(rows);
    lostLines.report(rows.size());
  } catch (const runtime::Failure &failure) {
    throw Failure(failure.message);
  }
}

} // namespace

void tools::addTokenize(CLI::App &app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App *command = app.add_subcommand("tokenize", "Show the tokens that a model reads a text as\n"
                                                     "Example: tenon tokenize minilm.so --text \"A sentence\"\n"
                                                     "Example: tenon tokenize smollm2.so --chat --text \"Hello\"");
  addModelArgument(*command, arguments->model, arguments->options, ", or a library (.so)");
  command->add_option("--text", arguments->texts, "Text to read; may be given several times, - reads lines")
      ->expected(1)
      ->allow_extra_args(false) // Or "[a] [b]" would be read as a list.
      ->take_all()
      ->required();
  CLI::Option *chat =
      command->add_flag("--chat", arguments->chat, "Apply the model's chat template to each text first");
  command->add_option("--system", arguments->system, "System message of --chat")->needs(chat);
  command->add_flag("--json", arguments->json, "One JSON object on standard output");
  command->callback([arguments] { run(*arguments); });
}
