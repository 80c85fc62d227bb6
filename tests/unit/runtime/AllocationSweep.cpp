//===- AllocationSweep.cpp - tenon-allocation-sweep LIBRARY ---------------===//
//
// Opens a compiled library, runs what it can, and closes it, with each of the allocations that this takes failing in
// turn, alone and with all after it. A step either succeeds or says TENON_ERROR_NO_MEMORY and leaves the session as it
// was; undisturbed, everything comes out as in the beginning. Prints how often memory was refused.
//
//===----------------------------------------------------------------------===//

#include "FailingAllocations.h"
#include "MadeSources.h"
#include "tenon/tenon.h"

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

using namespace tenon::tests;

namespace {

size_t refusals = 0;

[[noreturn]] void stop(const std::string &what) {
  std::fprintf(stderr, "%s: %s\n", what.c_str(), tenon_message());
  std::exit(1);
}

void require(tenon_status status, const char *what) {
  if (status != TENON_OK)
    stop(what + std::string(": ") + tenon_status_name(status));
}

/// Runs `step` until none of its allocations is refused; `undo` puts back what it changed.
void sweep(const char *what, const std::function<tenon_status()> &step, const std::function<void(tenon_status)> &undo) {
  for (Refusing mode : {Refusing::Once, Refusing::FromThenOn})
    for (int64_t first = 0;; ++first) {
      refuseAllocation(first, mode);
      tenon_status status = step();
      bool refused = stopRefusing();
      refusals += refused;
      if (status != TENON_OK && (status != TENON_ERROR_NO_MEMORY || !refused))
        stop(what + std::string(", allocation ") + std::to_string(first) + ": " + tenon_status_name(status));
      undo(status);
      if (!refused)
        break;
    }
}

class Sweep {
public:
  explicit Sweep(const char *path) {
    sweep(
        "open", [&] { return tenon_model_open(path, nullptr, &model); },
        [&](tenon_status status) { close(status == TENON_OK); });
    require(tenon_model_open(path, nullptr, &model), "open");
    info.struct_size = sizeof info;
    require(tenon_model_describe(model, &info), "describe");
    tenon_session_options options{sizeof options, 2, 0};
    sweep(
        "create", [&] { return tenon_session_create(model, &options, &session); },
        [&](tenon_status status) {
          if (status == TENON_OK)
            require(tenon_session_destroy(session), "destroy");
        });
    require(tenon_session_create(model, &options, &session), "create");
  }

  void run() {
    info.generates ? generate() : encode();
    require(tenon_session_destroy(session), "destroy");
    close(true);
  }

private:
  void close(bool opened) {
    if (opened)
      require(tenon_model_release(model), "release");
  }

  void encode() {
    const int32_t *rows[] = {tokens, tokens + 1};
    const int32_t lengths[] = {7, 3};
    std::vector<float> hidden(size_t(2 * 7 * info.width)), undisturbed;
    auto step = [&] { return tenon_session_encode(session, rows, lengths, 2, hidden.data(), nullptr); };
    require(step(), "encode");
    undisturbed = hidden;
    sweep("encode", step, [&](tenon_status) {});
    if (hidden != undisturbed)
      stop("encode: other numbers than before");
  }

  void setSource() {
    // A model that hears wants as much as it can.
    MadeSources made(model, 0,
                     info.source_features == 0    ? 20
                     : info.source_positions != 0 ? info.source_positions
                                                  : 40);
    sweep(
        "set_sources", [&] { return tenon_session_set_sources(&session, made.sources.data(), 1); },
        [](tenon_status) {});
  }

  void expectLength(int64_t expected) {
    int64_t length = -1;
    require(tenon_session_length(session, &length), "length");
    if (length != expected)
      stop("the session has " + std::to_string(length) + " tokens, expected " + std::to_string(expected));
  }

  /// A step on the session, which holds `before` tokens; its logits are the same whenever it succeeds.
  void sweepLogits(const char *what, int64_t before, std::vector<float> &logits,
                   const std::function<tenon_status()> &step) {
    require(step(), what);
    std::vector<float> undisturbed = logits;
    require(tenon_session_rewind(session, before), "rewind");
    sweep(what, step, [&](tenon_status status) {
      if (status == TENON_OK && logits != undisturbed)
        stop(what + std::string(": other scores than before"));
      if (status == TENON_OK)
        require(tenon_session_rewind(session, before), "rewind");
      expectLength(before);
    });
  }

  void generate() {
    if (info.has_source)
      setSource();
    std::vector<float> logits(size_t(info.vocab));
    sweepLogits("prefill", 0, logits, [&] { return tenon_session_prefill(session, tokens, 7, logits.data()); });
    require(tenon_session_prefill(session, tokens, 7, nullptr), "prefill");
    sweepLogits("decode", 7, logits, [&] { return tenon_decode(&session, tokens, 1, logits.data()); });
    tenon_session *fork = nullptr;
    sweep(
        "fork", [&] { return tenon_session_fork(session, &fork); },
        [&](tenon_status status) {
          if (status == TENON_OK)
            require(tenon_session_destroy(fork), "destroy");
        });
    require(tenon_session_fork(session, &fork), "fork");
    for (uint32_t beams : {0, 2}) {
      tenon_generate_options options = TENON_GENERATE_DEFAULTS;
      options.max_tokens = 3;
      options.ignore_eos = 1;
      options.beams = beams;
      options.sequences = 2;
      const int32_t *prompts[] = {tokens, tokens + 2};
      const size_t lengths[] = {5, 3};
      tenon_session *both[] = {session, fork};
      sweep(
          beams ? "beams" : "batch", [&] { return tenon_generate_batch(both, prompts, lengths, 2, &options, nullptr); },
          [&](tenon_status status) {
            if (status != TENON_OK)
              return expectLength(7);
            for (tenon_session *each : both)
              require(tenon_session_rewind(each, 7), "rewind");
          });
    }
    require(tenon_session_destroy(fork), "destroy");
  }

  const int32_t tokens[8] = {3, 5, 2, 7, 4, 6, 3, 5};
  tenon_model *model = nullptr;
  tenon_model_info info{};
  tenon_session *session = nullptr;
};

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: tenon-allocation-sweep LIBRARY\n");
    return 2;
  }
  Sweep(argv[1]).run();
  std::printf("memory was refused %zu times\n", refusals);
}
