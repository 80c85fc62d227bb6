//===- WinnersFile.cpp - Winners as text ----------------------------------===//

#include "tune/WinnersFile.h"

#include "kernels/Kernels.h"
#include "schedules/ScheduleReader.h"
#include "schedules/ScheduleSource.h"
#include "spec/Fields.h"
#include "spec/YamlFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/YAMLTraits.h"
#include "llvm/Support/raw_ostream.h"

#include <tuple>

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;
using spec::YamlNode;

/// What --db and --merge look for.
static constexpr StringLiteral kFirstKey = "winners:";

namespace {

/// A scalar with whatever is in it: names of CPUs come from elsewhere.
std::string quoted(StringRef text) {
  std::string result;
  raw_string_ostream out(result);
  out << '"' << yaml::escape(text, /*EscapePrintable=*/false) << '"';
  return result;
}

void writeDescription(raw_ostream &out, StringRef description) {
  SmallVector<StringRef> lines;
  description.rtrim('\n').split(lines, '\n');
  out << "    description: |\n";
  for (StringRef line : lines)
    out << "      " << line << "\n";
}

void writeCases(raw_ostream &out, const Winner &winner) {
  auto schedule = expectedToOptional(readScheduleText(winner.schedule, winner.setting.target, "schedule"));
  // One that an earlier version kept in another form is for its reader to refuse.
  if (!schedule) {
    out << " " << quoted(winner.schedule) << "\n";
    return;
  }
  out << "\n";
  for (const kernels::ScheduleCase &each : schedule->cases) {
    out << "          - ";
    if (!each.when.empty())
      out << "when: " << kernels::textOf(each.when) << "\n            ";
    out << "nests:\n";
    for (const kernels::NestSchedule &nest : each.nests) {
      out << "              - " << nest.family << ": {";
      interleaveComma(nest.parameters, out,
                      [&](const auto &parameter) { out << parameter.first << ": " << parameter.second; });
      out << "}\n";
    }
  }
}

void writeWinner(raw_ostream &out, const Winner &winner) {
  const MachineClass &kind = winner.setting.machine.kind;
  out << "      - target: " << winner.setting.target << "\n"
      << "        cpus: " << quoted(kind.design) << "\n"
      << "        features: " << quoted(kind.features) << "\n"
      << "        threads: " << kind.threads << "\n"
      << "        time: " << format("%.3f", winner.ratio) << "\n"
      << "        sizes: " << quoted(winner.calls) << "\n"
      << "        weights: " << winner.weights << "\n"
      << "        space: " << winner.space << "\n"
      << "        measured_on: " << quoted(winner.setting.machine.cpu) << "\n"
      << "        measured_by: " << quoted(winner.setting.generator) << "\n"
      << "        measured_at: " << winner.tunedAt << "\n"
      << "        schedule:";
  writeCases(out, winner);
}

auto orderOf(const Winner &winner) {
  const MachineClass &kind = winner.setting.machine.kind;
  return std::tie(winner.kernel.name, winner.kernel.signature, winner.setting.target, kind.design, kind.features,
                  kind.threads, winner.setting.machine.cpu, winner.setting.generator);
}

/// Reads one file.
class WinnersReader {
public:
  explicit WinnersReader(MemoryBufferRef buffer) : buffer(buffer), diagnostics(buffer) {}

  Expected<std::vector<Winner>> read() {
    YamlNode root = spec::readYamlTree(buffer, diagnostics);
    if (!diagnostics.hasErrors())
      readRoot(root);
    if (Error error = diagnostics.takeError())
      return std::move(error);
    return std::move(winners);
  }

private:
  void readRoot(const YamlNode &root) {
    spec::Fields fields(diagnostics, root, "a file of winners");
    fields.requireInteger("winners", 1, 1);
    if (const YamlNode *kernels = fields.require("kernels"))
      for (const YamlNode &item : itemsOf(*kernels, "kernels"))
        readKernel(item);
    fields.finish();
  }

  ArrayRef<YamlNode> itemsOf(const YamlNode &node, StringRef key) {
    if (node.kind != YamlNode::Kind::Sequence)
      diagnostics.error(node.range, key + ": expected a list, found " + spec::describe(node));
    return node.items;
  }

  std::string textOf(spec::Fields &fields, StringRef key) {
    const YamlNode *node = fields.require(key);
    return node ? spec::readString(diagnostics, *node, key).value_or("") : "";
  }

  void readKernel(const YamlNode &node) {
    spec::Fields fields(diagnostics, node, "a kernel");
    KernelIdentity kernel;
    kernel.name = textOf(fields, "name");
    kernel.description = textOf(fields, "description");
    const YamlNode *signature = fields.require("signature");
    if (signature)
      kernel.signature = signature->text;
    // A description that was edited is of another kernel.
    if (signature && kernel.signature != signatureOf(kernel.description))
      diagnostics.error(signature->range, "signature: the description's is " + signatureOf(kernel.description) +
                                              ", found " + spec::describe(*signature));
    if (const YamlNode *list = fields.require("winners"))
      for (const YamlNode &item : itemsOf(*list, "winners"))
        readWinner(item, kernel);
    fields.finish();
  }

  void readWinner(const YamlNode &node, const KernelIdentity &kernel) {
    spec::Fields fields(diagnostics, node, "a winner");
    Winner winner;
    winner.kernel = kernel;
    Setting &setting = winner.setting;
    if (const YamlNode *target = fields.require("target")) {
      setting.target = target->text;
      if (!kernels::findTarget(setting.target))
        diagnostics.error(target->range, kernels::unknownTarget(setting.target));
    }
    MachineClass &kind = setting.machine.kind;
    kind.design = textOf(fields, "cpus");
    kind.features = textOf(fields, "features");
    kind.threads = static_cast<unsigned>(fields.requireInteger("threads", 1, 1 << 16).value_or(1));
    readTime(fields, winner);
    winner.calls = textOf(fields, "sizes");
    if (const YamlNode *weights = fields.require("weights"))
      if (auto choice = spec::readChoice(diagnostics, *weights, "weights", kWeightStates))
        winner.weights = kWeightStates[*choice];
    winner.space = textOf(fields, "space");
    setting.machine.cpu = textOf(fields, "measured_on");
    setting.generator = textOf(fields, "measured_by");
    winner.tunedAt = fields.requireInteger("measured_at", 1, std::numeric_limits<int64_t>::max()).value_or(1);
    if (const YamlNode *schedule = fields.require("schedule"))
      if (auto read = readCases(*schedule, setting.target, diagnostics))
        winner.schedule = read->schedule.text();
    fields.finish();
    bool isKnown = any_of(winners, [&](const Winner &other) { return orderOf(other) == orderOf(winner); });
    if (isKnown)
      diagnostics.error(node.range,
                        "kernel '" + kernel.name + "' has two winners for " + setting.target + " on " + kind.text());
    winners.push_back(std::move(winner));
  }

  void readTime(spec::Fields &fields, Winner &winner) {
    const YamlNode *time = fields.require("time");
    auto ratio = time ? spec::readNumber(diagnostics, *time, "time") : std::nullopt;
    if (!ratio)
      return;
    winner.ratio = *ratio;
    if (!(*ratio > 0 && *ratio < 1))
      diagnostics.error(time->range, "time: expected a part of the default's time, above 0 and below 1, found " +
                                         spec::describe(*time));
  }

  MemoryBufferRef buffer;
  spec::Diagnostics diagnostics;
  std::vector<Winner> winners;
};

} // namespace

std::string tune::writeWinners(std::vector<Winner> winners) {
  erase_if(winners, [](const Winner &winner) { return !winner.isFaster(); });
  llvm::sort(winners, [](const Winner &a, const Winner &b) { return orderOf(a) < orderOf(b); });
  std::string text;
  raw_string_ostream out(text);
  out << kFirstKey << " 1\nkernels:" << (winners.empty() ? " []\n" : "\n");
  StringRef kernel;
  for (const Winner &winner : winners) {
    if (winner.kernel.signature != kernel) {
      out << "  - name: " << quoted(winner.kernel.name) << "\n    signature: " << winner.kernel.signature << "\n";
      writeDescription(out, winner.kernel.description);
      out << "    winners:\n";
    }
    kernel = winner.kernel.signature;
    writeWinner(out, winner);
  }
  return text;
}

Expected<std::vector<Winner>> tune::readWinners(MemoryBufferRef buffer) { return WinnersReader(buffer).read(); }

Expected<std::vector<Winner>> tune::readWinnersFile(StringRef path) {
  auto buffer = spec::readYamlFile(path, "a file of winners");
  if (!buffer)
    return buffer.takeError();
  return readWinners(**buffer);
}

bool tune::isWinnersFile(StringRef path) {
  sys::fs::file_status status;
  if (sys::fs::status(path, status) || !sys::fs::is_regular_file(status))
    return false;
  auto begin = MemoryBuffer::getFileSlice(path, std::min<uint64_t>(status.getSize(), 4096), 0, /*IsVolatile=*/true);
  if (!begin)
    return false;
  // Comments may stand before it.
  StringRef rest = (*begin)->getBuffer();
  while (rest.starts_with("#") || rest.starts_with("\n"))
    rest = rest.split('\n').second;
  return rest.starts_with(kFirstKey);
}

static constexpr char kShipped[] =
#include "ShippedWinners.inc"
    ;

StringRef tune::shippedWinners() { return kShipped; }
