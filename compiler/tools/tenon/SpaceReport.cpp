//===- SpaceReport.cpp ----------------------------------------------------===//

#include "SpaceReport.h"
#include "Command.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

using namespace tenon;
using namespace tenon::tools;
using space::Figures;
using space::Knob;
using space::Step;
using space::Survey;

static constexpr size_t kColumns = 100;

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static std::string padded(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

static std::string before(const std::string &text, size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

static void printLine(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  std::printf("%s\n", printableLines(line).c_str());
}

/// Words in lines of the terminal's width, all but the first of them indented.
static void printWrapped(const std::string &text, size_t indent) {
  std::string line;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(' ', begin), text.size());
    std::string word = text.substr(begin, end - begin);
    if (!line.empty() && line.size() + 1 + word.size() > kColumns) {
      printLine(line);
      line = std::string(indent, ' ') + word;
    } else {
      line += (begin == 0 ? "" : " ") + word;
    }
    begin = end + 1;
  }
  printLine(line);
}

/// "123456", "12.35 M"; with its sign where it is a difference.
static std::string amount(double value, bool difference) {
  constexpr struct {
    double unit;
    const char *name;
  } kUnits[] = {{1e12, " T"}, {1e9, " G"}, {1e6, " M"}};
  char text[64];
  const char *format = difference ? "%+.*f%s" : "%.*f%s";
  if (difference && value == 0)
    return "0";
  for (auto [unit, name] : kUnits)
    if (std::abs(value) >= unit) {
      std::snprintf(text, sizeof text, format, 2, value / unit, name);
      return text;
    }
  std::snprintf(text, sizeof text, format, value == std::floor(value) ? 0 : 1, value, "");
  return text;
}

//===----------------------------------------------------------------------===//
// Figures
//===----------------------------------------------------------------------===//

namespace {

/// One of the numbers that a point has.
struct Column {
  const char *key;   ///< In JSON.
  const char *group; ///< The heading, with those beside it of the same group.
  const char *title;
  size_t width;
  std::optional<double> (*get)(const Figures &);
};

} // namespace

static constexpr Column kFigures[] = {
    {"parameters", "parameters", "", 11, [](const Figures &f) { return std::optional(double(f.parameters)); }},
    {"source_flops", "FLOPs a token", "source", 10,
     [](const Figures &f) { return std::optional(f.source.flopsPerToken()); }},
    {"target_flops", "", "target", 10,
     [](const Figures &f) { return f.target ? std::optional(f.target->flopsPerToken()) : std::nullopt; }},
    {"source_cache_bytes", "cache bytes", "source", 8,
     [](const Figures &f) { return std::optional(double(f.source.cacheBytes)); }},
    {"target_cache_bytes", "", "target", 8,
     [](const Figures &f) { return f.target ? std::optional(double(f.target->cacheBytes)) : std::nullopt; }},
    {"kernels", "kernels", "", 8, [](const Figures &f) { return std::optional(double(f.kernels)); }},
};

static std::string row(const Figures &figures, const Figures *from) {
  std::string line;
  for (const Column &column : kFigures) {
    std::optional<double> value = column.get(figures), other = from ? column.get(*from) : std::optional(0.0);
    line += before(value && other ? amount(*value - *other, from) : "-", column.width);
  }
  return line;
}

static void printHeadings(const std::string &label, size_t width) {
  std::string groups = padded(label, width), titles = padded("", width);
  for (size_t i = 0; i < std::size(kFigures); ++i) {
    size_t span = kFigures[i].width;
    if (i + 1 < std::size(kFigures) && !*kFigures[i + 1].group)
      span += kFigures[i + 1].width;
    if (*kFigures[i].group)
      groups += before(kFigures[i].group, span);
    titles += before(kFigures[i].title, kFigures[i].width);
  }
  printLine(groups);
  printLine(titles);
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static std::string poleValue(const Knob &knob, const std::optional<std::string> &pole) {
  return (knob.differsFrom(pole) ? "* " : "  ") + pole.value_or("any");
}

static void printKnobs(const Survey &survey) {
  std::vector<std::vector<std::string>> rows{{"knob", "at", "here", "  encoder-decoder", "  decoder-only"}};
  for (const Knob &knob : survey.knobs)
    rows.push_back(
        {knob.name, knob.place, knob.value, poleValue(knob, knob.encoderDecoder), poleValue(knob, knob.decoderOnly)});
  std::vector<size_t> widths(rows[0].size());
  for (const auto &row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min<size_t>(row[i].size(), 32));
  for (const auto &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += padded(row[i], widths[i] + 2);
    printLine(line);
  }
  auto differing = [&](std::optional<std::string> Knob::*pole) {
    return std::count_if(survey.knobs.begin(), survey.knobs.end(),
                         [&](const Knob &knob) { return knob.differsFrom(knob.*pole); });
  };
  std::printf("%td of %zu differ (*) from an encoder-decoder, %td from a decoder alone\n",
              differing(&Knob::encoderDecoder), survey.knobs.size(), differing(&Knob::decoderOnly));
}

static std::string labelOf(const Survey &survey, const Step &step) {
  const Knob &knob = survey.knobs[step.knob];
  return knob.place + ": " + knob.name + " " + step.value;
}

/// What is wrong, without places in a text that nobody sees.
static std::string firstMessage(const std::string &error) {
  std::string line = error.substr(0, error.find('\n'));
  size_t at = line.find("error: ");
  return at == std::string::npos ? line : line.substr(at + 7);
}

static void printSteps(const Survey &survey) {
  constexpr size_t kLabel = 45;
  printHeadings("", kLabel);
  printLine(padded("here", kLabel) + row(survey.here, nullptr));
  if (survey.steps.empty())
    std::printf("no knob of it can be turned alone\n");
  for (const Step &step : survey.steps) {
    std::string label = labelOf(survey, step);
    if (!step.figures) {
      printWrapped(label + ": not legal: " + firstMessage(step.error), 4);
      continue;
    }
    if (label.size() > kLabel) {
      printLine(label);
      label.clear();
    }
    printLine(padded(label, kLabel) + row(*step.figures, &survey.here));
    for (const std::string &note : step.figures->notes)
      if (std::find(survey.here.notes.begin(), survey.here.notes.end(), note) == survey.here.notes.end())
        printWrapped("    note: " + note, 6);
  }
}

/// A model of one stack has no knob between two.
static const char *poleOf(const Survey &survey) {
  if (survey.here.target)
    return "It is a decoder alone, which reads a source as its prompt.";
  return "Nothing of it writes token by token: it is the source's side of an encoder-decoder alone.";
}

void tools::printSpace(const spec::Model &model, const Survey &survey) {
  std::printf("%s\n", printableLines(model.name).c_str());
  if (model.stacks.size() == 1)
    std::printf("%s\n", poleOf(survey));
  for (const std::string &note : survey.here.notes)
    printWrapped("note: " + note, 2);
  std::printf("\n");
  printKnobs(survey);
  std::printf("\nA source and an answer of %lld tokens each, cache bytes of one token; what one knob turned changes:\n",
              static_cast<long long>(survey.length));
  printSteps(survey);
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static nlohmann::json number(double value) {
  if (value == std::floor(value) && std::abs(value) < 9e15)
    return static_cast<int64_t>(value);
  return value;
}

static nlohmann::json json(const Figures &figures, const Figures *from) {
  auto object = nlohmann::json::object();
  for (const Column &column : kFigures) {
    std::optional<double> value = column.get(figures), other = from ? column.get(*from) : std::optional(0.0);
    if (value && other)
      object[column.key] = number(*value - *other);
  }
  if (!from)
    object["notes"] = figures.notes;
  return object;
}

void tools::printSpaceJson(const spec::Model &model, const Survey &survey) {
  auto orNull = [](const std::optional<std::string> &value) {
    return value ? nlohmann::json(*value) : nlohmann::json();
  };
  auto knobs = nlohmann::json::array(), steps = nlohmann::json::array();
  for (const Knob &knob : survey.knobs)
    knobs.push_back({{"knob", knob.name},
                     {"at", knob.place},
                     {"value", knob.value},
                     {"encoder_decoder", orNull(knob.encoderDecoder)},
                     {"decoder_only", orNull(knob.decoderOnly)}});
  for (const Step &step : survey.steps) {
    const Knob &knob = survey.knobs[step.knob];
    nlohmann::json object{{"knob", knob.name}, {"at", knob.place}, {"from", knob.value}, {"to", step.value}};
    if (step.figures) {
      object["figures"] = json(*step.figures, nullptr);
      object["difference"] = json(*step.figures, &survey.here);
      object["spec"] = step.spec;
    } else {
      object["error"] = step.error;
    }
    steps.push_back(std::move(object));
  }
  nlohmann::json object{{"name", model.name},
                        {"tokens", survey.length},
                        {"knobs", knobs},
                        {"here", json(survey.here, nullptr)},
                        {"steps", steps}};
  std::printf("%s\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}
