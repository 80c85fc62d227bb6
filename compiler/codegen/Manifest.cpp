//===- Manifest.cpp - The JSON that a library says about itself -----------===//

#include "codegen/Manifest.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tenon;

static json::Value tensorJson(const EntryPoint &entry, const EntryTensor &tensor, bool optional) {
  json::Array shape;
  size_t dynamic = 0;
  for (int64_t size : tensor.type.getShape())
    shape.push_back(mlir::ShapedType::isDynamic(size) ? json::Value(entry.dims[tensor.dims[dynamic++]])
                                                      : json::Value(size));
  json::Object object{{"name", tensor.name},
                      {"type", tensor.type.getElementType().isF32() ? "f32" : "i32"},
                      {"shape", std::move(shape)}};
  if (optional)
    object["optional"] = true;
  return object;
}

static json::Value entryJson(const EntryPoint &entry) {
  json::Array dims(entry.dims), inputs, outputs;
  // Token types default to the first one, as in the models that have them.
  for (const EntryTensor &tensor : entry.inputs)
    inputs.push_back(tensorJson(entry, tensor, tensor.name == "types" && entry.limits.count("types")));
  for (const EntryTensor &tensor : entry.outputs)
    outputs.push_back(tensorJson(entry, tensor, false));
  return json::Object{{"name", entry.name},
                      {"dims", std::move(dims)},
                      {"inputs", std::move(inputs)},
                      {"outputs", std::move(outputs)}};
}

static json::Value kernelJson(KernelOp kernel) {
  json::Object schedules;
  for (auto schedule : kernel.getSchedules().getAsRange<ScheduleAttr>()) {
    std::string text;
    raw_string_ostream(text) << schedule.getParameters();
    schedules[schedule.getTarget()] = text;
  }
  return json::Object{{"name", kernel.getName()},
                      {"description", kernel.describe().text()},
                      {"schedules", std::move(schedules)}};
}

std::string tenon::writeManifest(const ManifestInput &input) {
  json::Array entries, kernels;
  json::Object limits;
  int64_t width = 0;
  for (const EntryPoint &entry : input.entries) {
    entries.push_back(entryJson(entry));
    width = std::max(width, entry.width);
    for (const auto &[name, value] : entry.limits)
      if (value > 0)
        limits[name] = value;
  }
  for (KernelOp kernel : input.kernels)
    kernels.push_back(kernelJson(kernel));
  json::Object manifest{{"tenon", 1},
                        {"compiler", TENON_VERSION},
                        {"name", input.name},
                        {"entries", std::move(entries)},
                        {"kernels", std::move(kernels)},
                        {"spec", input.spec},
                        {"ir", input.ir}};
  if (input.textTokens > 0)
    limits["text_tokens"] = input.textTokens;
  if (width > 0)
    manifest["width"] = width;
  if (!limits.empty())
    manifest["limits"] = std::move(limits);
  if (!input.weightsFile.empty())
    manifest["weights"] = json::Object{{"file", input.weightsFile},
                                       {"bytes", static_cast<int64_t>(input.weights.fileBytes)},
                                       {"id", input.weights.id}};
  std::string text;
  raw_string_ostream(text) << json::Value(std::move(manifest));
  return text;
}
