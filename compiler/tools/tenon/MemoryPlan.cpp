//===- MemoryPlan.cpp - Which memory a call of an entry point takes --------===//

#include "MemoryPlan.h"

#include "Command.h"
#include "support/CheckedSize.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

using namespace tenon;
using namespace tenon::tools;
using nlohmann::json;

namespace {

/// Every buffer starts on a cache line.
constexpr uint64_t kAlignment = 64;

CheckedSize dimension(const CallSizes &sizes, const std::string &name) {
  auto found = sizes.find(name);
  return found == sizes.end() ? 1 : found->second;
}

/// A size that the plan names: a dimension of the call, or one that follows from these.
CheckedSize sizeNamed(const std::string &name, const json &derived, const CallSizes &sizes) {
  auto rule = derived.find(name);
  if (rule == derived.end())
    return dimension(sizes, name);
  CheckedSize length = rule->contains("length") ? dimension(sizes, (*rule)["length"]) : CheckedSize(1);
  auto stride = rule->value("stride", uint64_t(1));
  CheckedSize rows = length.alignedTo(stride);
  if (rows.isValid())
    rows = rows.get() / stride;
  return dimension(sizes, (*rule)["of"]) * rows.alignedTo(rule->value("tile", uint64_t(1))) +
         rule->value("plus", uint64_t(0));
}

CheckedSize bytesOf(const json &buffer, const json &derived, const CallSizes &sizes) {
  CheckedSize bytes = 4; // f32 and i32
  for (const json &extent : buffer["shape"])
    bytes = bytes * (extent.is_string() ? sizeNamed(extent, derived, sizes) : CheckedSize(extent.get<uint64_t>()));
  return bytes.alignedTo(kAlignment);
}

/// A slot with what each buffer takes, and the most of them.
json planOfSlot(const json &slot, const json &derived, const CallSizes &sizes) {
  json buffers = slot;
  uint64_t most = 0;
  for (json &buffer : buffers) {
    CheckedSize bytes = bytesOf(buffer, derived, sizes);
    if (!bytes.isValid())
      throw Failure("the bytes of " + buffer["name"].get<std::string>() + " do not fit 64 bits at these sizes");
    buffer["bytes"] = bytes.get();
    most = std::max(most, bytes.get());
  }
  return {{"bytes", most}, {"buffers", buffers}};
}

std::string shapeText(const json &buffer) {
  std::string text;
  for (const json &extent : buffer["shape"])
    text += (text.empty() ? "" : " x ") + (extent.is_string() ? extent.get<std::string>() : extent.dump());
  return buffer["type"].get<std::string>() + " [" + text + "]";
}

} // namespace

CallSizes tools::readSizes(const std::vector<std::string> &words, const json &manifest) {
  CallSizes sizes;
  for (const std::string &word : words) {
    size_t sign = word.find('=');
    uint64_t number = 0;
    const char *end = word.data() + word.size(), *begin = sign == std::string::npos ? end : word.data() + sign + 1;
    auto [rest, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || rest != end || number == 0)
      throw Failure("expected NAME=NUMBER, found '" + word + "'");
    std::string name = word.substr(0, sign);
    const json &entries = manifest["entries"];
    auto hasDimension = [&](const json &entry) {
      return std::find(entry["dims"].begin(), entry["dims"].end(), json(name)) != entry["dims"].end();
    };
    if (std::none_of(entries.begin(), entries.end(), hasDimension))
      throw Failure("no entry point has a dimension '" + name + "'");
    sizes[name] = number;
  }
  return sizes;
}

json tools::memoryPlans(const json &manifest, const CallSizes &sizes) {
  json plans = json::array();
  for (const json &entry : manifest["entries"]) {
    if (!entry.contains("memory"))
      continue;
    const json &memory = entry["memory"];
    CheckedSize total = 0;
    json slots = json::array();
    for (const json &slot : memory["slots"]) {
      slots.push_back(planOfSlot(slot, memory["sizes"], sizes));
      total = total + slots.back()["bytes"].get<uint64_t>();
    }
    if (!total.isValid())
      throw Failure("the bytes of a call do not fit 64 bits at these sizes");
    plans.push_back({{"name", entry["name"]},
                     {"bytes", total.get()},
                     {"slots", slots},
                     {"steps", memory.value("steps", json::array())}});
  }
  return plans;
}

void tools::printMemoryPlans(const json &manifest, const CallSizes &sizes) {
  for (const json &plan : memoryPlans(manifest, sizes)) {
    std::printf("entry point %s: %llu bytes in %zu slots\n", plan["name"].get<std::string>().c_str(),
                plan["bytes"].get<unsigned long long>(), plan["slots"].size());
    for (const json &slot : plan["slots"]) {
      std::printf("  slot of %llu bytes\n", slot["bytes"].get<unsigned long long>());
      for (const json &buffer : slot["buffers"])
        std::printf("    %-28s %-36s until %s\n", buffer["name"].get<std::string>().c_str(), shapeText(buffer).c_str(),
                    buffer.value("until", "the driver has read it").c_str());
    }
  }
}
