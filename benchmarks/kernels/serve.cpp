//===- serve.cpp - Times of one kernel of a library -----------------------===//
//
// tenon-serve-kernel THREADS: says "ready", then answers lines on standard input, each with a line of JSON.
//
//   {"library": FILE, "huge": BOOL, "calls": N, "buffers": [{"type": "f32"|"i32", "shape": [...], "file": FILE,
//   "copies": N}, …]}
//     opens a library of one kernel and makes its arguments and results. Each call takes the next copy of each buffer,
//     of which a file stands for its content and is kept for the next request. The answer is some of what the first
//     call writes into the last one.
//   SECONDS
//     calls the kernel for so long, on the runtime's threads. The answer is milliseconds of a call, each of `calls`
//     calls in a row.
//
//===----------------------------------------------------------------------===//

#include "HalideRuntime.h"
#include "runtime/src/Failure.h"
#include "runtime/src/Model.h"
#include "runtime/src/Session.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <sys/mman.h>

using nlohmann::json;
using namespace tenon;

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kHugePage = size_t(2) << 20;
/// Values of an answer, spread over the result.
constexpr size_t kSamples = 997;
/// Of each turn, before anything is timed.
constexpr double kWarmSeconds = 0.04;

Clock::time_point after(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// Copies of one dense array, one behind the other.
class Copies {
public:
  Copies(const json &description, bool huge)
      : isFloat(description.at("type") == "f32"), shape(description.at("shape")), count(description.at("copies")) {
    elements = 1;
    for (int64_t extent : shape)
      elements *= static_cast<size_t>(extent);
    stride = (elements * 4 + 63) / 64 * 64;
    size_t bytes = (stride * count + kHugePage - 1) / kHugePage * kHugePage;
    memory.reset(static_cast<uint8_t *>(std::aligned_alloc(kHugePage, bytes)));
    if (!memory)
      throw std::runtime_error("no memory for " + std::to_string(bytes) + " bytes");
    madvise(memory.get(), bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    std::memset(memory.get(), 0, bytes);
    if (description.contains("file"))
      fill(description.at("file"));
  }

  halide_buffer_t buffer(size_t copy) {
    if (dimensions.empty())
      layOut();
    halide_buffer_t buffer{};
    buffer.host = memory.get() + copy % count * stride;
    buffer.type = halide_type_t(isFloat ? halide_type_float : halide_type_int, 32, 1);
    buffer.dimensions = static_cast<int32_t>(dimensions.size());
    buffer.dim = dimensions.data();
    return buffer;
  }

  json samples() const {
    json values = json::array();
    const auto *floats = reinterpret_cast<const float *>(memory.get());
    for (size_t at = 0; at < elements; at += elements / kSamples + 1)
      values.push_back(floats[at]);
    return values;
  }

private:
  struct Release {
    void operator()(uint8_t *pointer) const { std::free(pointer); }
  };

  void fill(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    file.read(reinterpret_cast<char *>(memory.get()), static_cast<std::streamsize>(elements * 4));
    if (!file || file.peek() != EOF)
      throw std::runtime_error(path + " does not have " + std::to_string(elements * 4) + " bytes");
    for (size_t copy = 1; copy < count; ++copy)
      std::memcpy(memory.get() + copy * stride, memory.get(), elements * 4);
  }

  /// Halide counts dimensions from the innermost one.
  void layOut() {
    int32_t step = 1;
    for (size_t index = shape.size(); index-- > 0;) {
      auto extent = static_cast<int32_t>(shape[index]);
      dimensions.push_back({0, extent, step});
      step *= extent;
    }
  }

  bool isFloat;
  std::vector<int64_t> shape;
  size_t count, elements = 0, stride = 0;
  std::unique_ptr<uint8_t, Release> memory;
  std::vector<halide_dimension_t> dimensions;
};

/// The kernel, and the argument vectors of its calls in turn.
class Kernel {
public:
  /// Takes what it can from `known`, arrays of the kernel before by their descriptions, and leaves only its own there.
  Kernel(const json &request, unsigned threads, std::map<std::string, std::shared_ptr<Copies>> &known)
      : model(std::make_shared<const runtime::Model>(request.at("library"), runtime::WeightLoading(), "", 0)),
        session(model, threads), calls(request.at("calls")) {
    size_t turns = 1;
    std::map<std::string, std::shared_ptr<Copies>> own;
    for (const json &description : request.at("buffers"))
      if (auto found = known.find(description.dump()); found != known.end())
        own.insert(*found);
    known.clear();
    for (const json &description : request.at("buffers")) {
      std::shared_ptr<Copies> &copies = own[description.dump()];
      if (!copies)
        copies = std::make_shared<Copies>(description, request.at("huge"));
      arrays.push_back(copies);
      turns = std::max<size_t>(turns, description.at("copies"));
    }
    known = std::move(own);
    buffers.resize(turns);
    vectors.resize(turns);
    for (size_t turn = 0; turn < turns; ++turn) {
      for (const std::shared_ptr<Copies> &copies : arrays)
        buffers[turn].push_back(copies->buffer(turn));
      vectors[turn].push_back(&context);
      for (halide_buffer_t &buffer : buffers[turn])
        vectors[turn].push_back(&buffer);
    }
  }

  json check() {
    next = 0;
    awake([&] { call(1); });
    return arrays.back()->samples();
  }

  json time(double seconds) {
    json times = json::array();
    awake([&] {
      // As compare.py does with the others.
      Clock::time_point end = after(kWarmSeconds);
      do
        call(calls);
      while (Clock::now() < end);
      end = after(seconds);
      while (times.size() < 3 || Clock::now() < end) {
        auto begin = Clock::now();
        call(calls);
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count() /
                        static_cast<double>(calls));
      }
    });
    return times;
  }

private:
  /// With all of the session's threads awake, as within a call of a model.
  void awake(const std::function<void()> &action) {
    session.spread(1, [&](size_t) { action(); });
  }

  void call(size_t count) {
    for (size_t index = 0; index < count; ++index, next = (next + 1) % vectors.size())
      if (int32_t status = model->target().kernels[0](vectors[next].data()))
        throw std::runtime_error("the kernel returns " + std::to_string(status));
  }

  std::shared_ptr<const runtime::Model> model;
  runtime::Session session;
  void *context = &session;
  size_t calls, next = 0;
  std::vector<std::shared_ptr<Copies>> arrays;
  std::vector<std::vector<halide_buffer_t>> buffers;
  std::vector<std::vector<void *>> vectors;
};

void serve(unsigned threads) {
  std::map<std::string, std::shared_ptr<Copies>> arrays;
  std::unique_ptr<Kernel> kernel;
  std::cout << "ready" << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    json answer;
    if (line.starts_with("{")) {
      kernel.reset();
      kernel = std::make_unique<Kernel>(json::parse(line), threads, arrays);
      answer = kernel->check();
    } else {
      answer = kernel->time(std::stod(line));
    }
    std::cout << answer << std::endl;
  }
}

} // namespace

int main(int argc, char **argv) try {
  if (argc != 2 || std::atoi(argv[1]) < 1) {
    std::fprintf(stderr, "usage: tenon-serve-kernel THREADS\n");
    return 2;
  }
  serve(static_cast<unsigned>(std::atoi(argv[1])));
  return 0;
} catch (const runtime::Failure &failure) {
  std::fprintf(stderr, "error: %s\n", failure.message.c_str());
  return 1;
} catch (const std::exception &failure) {
  std::fprintf(stderr, "error: %s\n", failure.what());
  return 1;
}
