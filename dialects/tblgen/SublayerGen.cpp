//===- SublayerGen.cpp - What the spec has of sublayers -------------------===//
//
// Makes of the records of SublayerOps.td what the spec's structure, reader, writer and the builder of model IR go by,
// and the page of the reference that lists their keys.
//
//===----------------------------------------------------------------------===//

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/TableGen/Error.h"
#include "llvm/TableGen/Main.h"
#include "llvm/TableGen/Record.h"
#include "llvm/TableGen/TableGenBackend.h"

using namespace llvm;

namespace {

std::string camelCase(StringRef word) { return convertToCamelFromSnakeCase(word, /*capitalizeFirst=*/true); }

/// A key: what stands in C++ and in the reference.
struct Key {
  explicit Key(const Record &record)
      : name(record.getValueAsString("key")), field(convertToCamelFromSnakeCase(name)),
        meaning(record.getValueAsString("meaning")) {
    if (record.isSubClassOf("Tenon_SizeKey")) {
      int64_t most = record.getValueAsInt("most");
      type = "int64_t", value = "0", usual = "must be given";
      words = most < INT32_MAX ? formatv("a size up to {0}", most).str() : "a size";
      description = formatv("SizeKey{{\"{0}\", {1}}", name, most);
    } else if (record.isSubClassOf("Tenon_FlagKey")) {
      type = "bool", value = usual = record.getValueAsBit("usual") ? "true" : "false", words = "true or false";
      looksAhead = record.getValueAsBit("mayLookAhead");
      description = formatv("FlagKey{{\"{0}\", {1}, {2}}", name, value, looksAhead ? "true" : "false");
    } else if (record.isSubClassOf("Tenon_ActivationKey")) {
      type = "Activation", usual = record.getValueAsString("usual"), words = "an activation";
      value = "Activation::" + camelCase(usual);
      description = formatv("ActivationKey{{\"{0}\", {1}}", name, value);
    } else {
      PrintFatalError(&record, "a key of no kind that the spec's reader has");
    }
  }

  std::string name, field, meaning, type, value, words, usual, description;
  bool looksAhead = false;
};

/// A kind of sublayer. Those without keys have their structure and reader written by hand.
struct Kind {
  explicit Kind(const Record &record)
      : name(record.getValueAsString("kind")), structure(camelCase(name) + "Sublayer"),
        summary(record.getValueAsString("summary")), holdsSublayers(record.getValueAsBit("holdsSublayers")),
        isKeyed(record.isSubClassOf("Tenon_KeyedSublayerOp")) {
    if (!isKeyed)
      return;
    operation = "tenon." + record.getValueAsString("opName").str();
    order = record.getValueAsString("order");
    isSquare = record.getValueAsBit("isSquare");
    for (const Record *key : record.getValueAsListOfDefs("keys"))
      keys.emplace_back(*key);
  }

  std::string name, structure, summary, operation, order;
  bool holdsSublayers, isKeyed, isSquare = false;
  std::vector<Key> keys;
};

std::vector<Kind> kindsOf(const RecordKeeper &records) {
  std::vector<Kind> kinds;
  for (const Record *record : records.getAllDerivedDefinitions("Tenon_SpecSublayer"))
    kinds.emplace_back(*record);
  llvm::sort(kinds, [](const Kind &a, const Kind &b) { return a.name < b.name; });
  return kinds;
}

void emitStructure(const Kind &kind, raw_ostream &os) {
  os << formatv("/// {0}.\nstruct {1} {{\n", kind.summary, kind.structure);
  os << formatv("  std::string name = \"{0}\"; ///< Part of its parameters' names; unique in the block.\n", kind.name);
  for (const Key &key : kind.keys)
    os << formatv("  {0} {1} = {2}; ///< {3}\n", key.type, key.field, key.value, key.meaning);
  os << formatv("\n  static constexpr std::string_view kind = \"{0}\", operation = \"{1}\", order = \"{2}\";\n",
                kind.name, kind.operation, kind.order);
  os << formatv("  static constexpr bool isSquare = {0};\n", kind.isSquare ? "true" : "false");
  os << "  /// Calls visit(key, value) for each key.\n"
        "  template <typename Self, typename Visitor> static void forEachKey(Self &self, Visitor &&visit) {\n";
  for (const Key &key : kind.keys)
    os << formatv("    visit({0}, self.{1});\n", key.description, key.field);
  os << "  }\n};\n\n";
}

/// A variant of kinds and their words, in the same order.
void emitVariant(StringRef guard, StringRef variant, StringRef words, ArrayRef<const Kind *> kinds, raw_ostream &os) {
  os << "#ifdef " << guard << "\nusing " << variant << " = std::variant<";
  interleaveComma(kinds, os, [&](const Kind *kind) { os << kind->structure; });
  os << ">;\ninline constexpr std::string_view " << words << "[] = {";
  interleaveComma(kinds, os, [&](const Kind *kind) { os << '"' << kind->name << '"'; });
  os << "};\n#undef " << guard << "\n#endif\n\n";
}

void emitStructures(const RecordKeeper &records, raw_ostream &os) {
  emitSourceFileHeader("Kinds of sublayers of the spec", os, records);
  std::vector<Kind> kinds = kindsOf(records);
  SmallVector<const Kind *> all, single;
  os << "#ifdef GET_KEYED_SUBLAYERS\n";
  for (const Kind &kind : kinds) {
    if (kind.isKeyed)
      emitStructure(kind, os);
    all.push_back(&kind);
    if (!kind.holdsSublayers)
      single.push_back(&kind);
  }
  os << "#undef GET_KEYED_SUBLAYERS\n#endif\n\n";
  emitVariant("GET_SINGLE_SUBLAYER", "SingleSublayer", "singleSublayerKinds", single, os);
  emitVariant("GET_SUBLAYER", "Sublayer", "sublayerKinds", all, os);
}

void emitReference(const RecordKeeper &records, raw_ostream &os) {
  for (const Kind &kind : kindsOf(records)) {
    if (!kind.isKeyed)
      continue;
    os << formatv("## `{0}`\n\n{1} (`{2}`).\n\n| key | value | default | meaning |\n|---|---|---|---|\n", kind.name,
                  kind.summary, kind.operation);
    for (const Key &key : kind.keys)
      os << formatv("| `{0}` | {1} | {2} | {3} |\n", key.name, key.words, key.usual, key.meaning);
    os << formatv("| `name` | a word | {0} | Part of its parameters' names; unique in the block. |\n\n", kind.name);
  }
}

const TableGen::Emitter::Opt structures("gen-sublayers", emitStructures, "structures of the spec's sublayers");
const TableGen::Emitter::Opt reference("gen-sublayer-doc", emitReference, "the page of the reference with their keys");

} // namespace

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv);
  return TableGenMain(argv[0], MultiFileTableGenMainFn());
}
