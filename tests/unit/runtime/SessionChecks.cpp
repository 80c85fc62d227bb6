//===- SessionChecks.cpp - tenon-session-checks LIBRARY [ROUNDING] --------===//
//
// Opens a compiled library of a model that generates, and checks what holds for sessions of any: a row is the same
// alone and in a batch of any order, bit for bit, whoever encoded its sources with whose; a prompt in pieces gives what
// it gives in one, but for rounding; a fork goes on as its parent; what was rewound comes out as before; greedy and
// beam search write for a batch what they write for each row. One row's sources are empty, where the model takes such
// ones. ROUNDING is how far apart float32's roundings may bring the logits, as a part of the largest; a few hundred of
// them always may.
//
//===----------------------------------------------------------------------===//

#include "MadeSources.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>

using namespace tenon::tests;

namespace {

[[noreturn]] void stop(const std::string &what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::exit(1);
}

void require(tenon_status status, const char *what) {
  if (status != TENON_OK)
    stop(what + std::string(": ") + tenon_status_name(status) + ": " + tenon_message());
}

using Tokens = std::vector<int32_t>;
using Logits = std::vector<float>;

class Checks {
public:
  Checks(const char *path, double rounding) : rounding(rounding) {
    require(tenon_model_open(path, nullptr, &model), "open");
    info.struct_size = sizeof info;
    require(tenon_model_describe(model, &info), "describe");
    if (!info.generates)
      stop("the model does not generate");
    for (size_t row = 0; row < 4; ++row)
      subjects.emplace_back(model, row);
    if (takesEmptySources())
      subjects.emplace_back(model, 0, 0);
    rows = subjects.size();
    for (size_t row = 0; row < rows; ++row) {
      Tokens &prompt = prompts.emplace_back();
      for (size_t at = 0; at < 3 + row * 6; ++at)
        prompt.push_back(int32_t((at * 13 + row) % size_t(info.vocab)));
    }
  }
  ~Checks() {
    for (tenon_session *session : made)
      require(tenon_session_destroy(session), "destroy");
    require(tenon_model_release(model), "release");
  }

  void run() {
    std::vector<Logits> alone = rowsAlone();
    checkBatches(alone);
    checkPieces(alone);
    checkForksAndRewinds(alone);
    checkAnswers();
  }

private:
  tenon_session *newSession() {
    tenon_session_options options{sizeof options, 2, 0};
    tenon_session *session = nullptr;
    require(tenon_session_create(model, &options, &session), "create");
    made.push_back(session);
    return session;
  }

  bool takesEmptySources() {
    if (!info.has_source)
      return false;
    MadeSources empty(model, 0, 0);
    tenon_session *session = newSession();
    tenon_status status = tenon_session_set_sources(&session, empty.sources.data(), 1);
    if (status == TENON_ERROR_OUT_OF_RANGE && std::strstr(tenon_message(), "has 0 rows, the model takes at least"))
      return false;
    require(status, "set_sources of empty ones");
    return true;
  }

  /// Sessions about the rows' sources, encoded together.
  std::vector<tenon_session *> sessionsAbout(const std::vector<size_t> &order) {
    std::vector<tenon_session *> sessions;
    std::vector<tenon_source> sources;
    for (size_t row : order) {
      sessions.push_back(newSession());
      sources.insert(sources.end(), subjects[row].sources.begin(), subjects[row].sources.end());
    }
    if (info.has_source)
      require(tenon_session_set_sources(sessions.data(), sources.data(), sessions.size()), "set_sources");
    return sessions;
  }

  Logits prefill(tenon_session *session, const int32_t *tokens, size_t count) {
    Logits logits(size_t(info.vocab));
    require(tenon_session_prefill(session, tokens, count, logits.data()), "prefill");
    return logits;
  }

  void prefill(tenon_session *session, int32_t token) {
    token = int32_t(token % info.vocab);
    prefill(session, &token, 1);
  }

  int32_t nextOf(size_t row) const { return int32_t(int64_t(row + 2) % info.vocab); }

  /// The scores after each row's prompt and, in one call for all sessions, after one more token.
  std::vector<Logits> scoresOf(const std::vector<size_t> &order, const std::vector<tenon_session *> &sessions) {
    std::vector<Logits> scores;
    Logits more(size_t(info.vocab) * order.size());
    Tokens next;
    for (size_t index = 0; index < order.size(); ++index) {
      scores.push_back(prefill(sessions[index], prompts[order[index]].data(), prompts[order[index]].size()));
      next.push_back(nextOf(order[index]));
    }
    require(tenon_decode(sessions.data(), next.data(), next.size(), more.data()), "decode");
    for (size_t index = 0; index < order.size(); ++index)
      scores[index].insert(scores[index].end(), more.begin() + ptrdiff_t(index) * info.vocab,
                           more.begin() + ptrdiff_t(index + 1) * info.vocab);
    return scores;
  }

  std::vector<Logits> rowsAlone() {
    std::vector<Logits> scores;
    for (size_t row = 0; row < rows; ++row)
      scores.push_back(scoresOf({row}, sessionsAbout({row}))[0]);
    for (size_t row = 1; row < rows; ++row)
      if (scores[row] == scores[0])
        stop("rows do not differ: nothing would be checked");
    return scores;
  }

  void checkBatches(const std::vector<Logits> &alone) {
    size_t last = rows - 1;
    for (std::vector<size_t> order : {std::vector<size_t>{0, 1, 2, 3}, {3, last, 0, 2}, {2, 2, 0}, {last, last, 1}}) {
      std::vector<Logits> scores = scoresOf(order, sessionsAbout(order));
      for (size_t index = 0; index < order.size(); ++index)
        if (scores[index] != alone[order[index]])
          stop("row " + std::to_string(order[index]) + " is another in a batch than alone");
    }
  }

  void checkPieces(const std::vector<Logits> &alone) {
    for (size_t row = 0; row < rows; ++row)
      for (size_t piece : {1, 2, 5, 16}) {
        tenon_session *session = sessionsAbout({row})[0];
        Logits last;
        for (size_t done = 0; done < prompts[row].size(); done += piece)
          last = prefill(session, prompts[row].data() + done, std::min(piece, prompts[row].size() - done));
        double largest = 0, difference = 0;
        for (size_t at = 0; at < last.size(); ++at) {
          largest = std::max(largest, std::abs(double(alone[row][at])));
          difference = std::max(difference, std::abs(double(alone[row][at]) - double(last[at])));
        }
        if (!(difference <= rounding * std::max(largest, 1.0)))
          stop("row " + std::to_string(row) + " in pieces of " + std::to_string(piece) + " differs by " +
               std::to_string(difference) + " of " + std::to_string(largest));
      }
  }

  void checkForksAndRewinds(const std::vector<Logits> &alone) {
    std::vector<size_t> order(rows);
    std::iota(order.begin(), order.end(), size_t(0));
    std::vector<tenon_session *> parents = sessionsAbout(order), forks(rows);
    for (size_t row = 0; row < rows; ++row)
      prefill(parents[row], prompts[row].data(), prompts[row].size());
    for (size_t row = 0; row < rows; ++row)
      require(tenon_session_fork(parents[row], &forks[row]), "fork");
    made.insert(made.end(), forks.begin(), forks.end());
    bool areBack = true;
    for (const std::vector<tenon_session *> &sessions : {forks, parents}) {
      checkNext(sessions, alone);
      for (size_t row = 0; row < rows; ++row) {
        // The other's are still there.
        for (int32_t other : {7, 9})
          prefill(sessions[row], other);
        areBack &= isRewound(sessions[row], prompts[row].size());
      }
    }
    if (areBack)
      checkNext(forks, alone);
    for (size_t row = 0; row < rows; ++row) {
      if (!isRewound(parents[row], 0))
        continue;
      Logits again = prefill(parents[row], prompts[row].data(), prompts[row].size());
      if (!std::equal(again.begin(), again.end(), alone[row].begin()))
        stop("row " + std::to_string(row) + " is another after it was rewound");
    }
  }

  /// What follows the prompts is what follows them in sessions of their own.
  void checkNext(const std::vector<tenon_session *> &sessions, const std::vector<Logits> &alone) {
    Logits more(size_t(info.vocab) * rows);
    Tokens next;
    for (size_t row = 0; row < rows; ++row)
      next.push_back(nextOf(row));
    require(tenon_decode(sessions.data(), next.data(), rows, more.data()), "decode");
    for (size_t row = 0; row < rows; ++row)
      if (!std::equal(more.begin() + ptrdiff_t(row) * info.vocab, more.begin() + ptrdiff_t(row + 1) * info.vocab,
                      alone[row].begin() + info.vocab))
        stop("a fork of row " + std::to_string(row) + " goes on otherwise");
  }

  /// Not where a window has passed what would be seen again.
  static bool isRewound(tenon_session *session, size_t length) {
    tenon_status status = tenon_session_rewind(session, int64_t(length));
    if (status == TENON_ERROR_OUT_OF_RANGE && std::strstr(tenon_message(), "no longer kept"))
      return false;
    require(status, "rewind");
    return true;
  }

  std::vector<Tokens> answers(const std::vector<size_t> &order, uint32_t beams) {
    std::vector<tenon_session *> sessions = sessionsAbout(order);
    tenon_generate_options options = TENON_GENERATE_DEFAULTS;
    options.max_tokens = 6;
    options.beams = beams;
    options.sequences = beams != 0 ? beams : 1;
    std::vector<const int32_t *> starts;
    std::vector<size_t> lengths;
    for (size_t row : order) {
      starts.push_back(prompts[row].data());
      lengths.push_back(prompts[row].size());
    }
    std::vector<tenon_generation> results(order.size(), {sizeof(tenon_generation), nullptr, 0, 0, 0});
    require(
        tenon_generate_batch(sessions.data(), starts.data(), lengths.data(), order.size(), &options, results.data()),
        "generate");
    std::vector<Tokens> written;
    for (const tenon_generation &result : results) {
      Tokens &all = written.emplace_back();
      for (size_t index = 0; index < result.sequence_count; ++index)
        all.insert(all.end(), result.sequences[index].tokens,
                   result.sequences[index].tokens + result.sequences[index].token_count);
    }
    return written;
  }

  void checkAnswers() {
    std::vector<size_t> order = {3, 0, 2, 1};
    for (size_t row = order.size(); row < rows; ++row)
      order.insert(order.begin() + 2, row);
    for (uint32_t beams : {0u, 3u}) {
      std::vector<Tokens> together = answers(order, beams);
      for (size_t index = 0; index < rows; ++index)
        if (size_t row = order[index]; answers({row}, beams)[0] != together[index])
          stop("the answer to row " + std::to_string(row) + " is another in a batch, " + std::to_string(beams) +
               " beams");
    }
  }

  double rounding;
  tenon_model *model = nullptr;
  tenon_model_info info{};
  size_t rows = 0;
  std::vector<MadeSources> subjects;
  std::vector<Tokens> prompts;
  std::vector<tenon_session *> made;
};

} // namespace

int main(int argc, char **argv) {
  constexpr double fewHundred = 2e-5;
  double given = argc > 2 ? std::atof(argv[2]) : fewHundred;
  if (argc < 2 || argc > 3 || !(given > 0)) {
    std::fprintf(stderr, "usage: tenon-session-checks LIBRARY [ROUNDING]\n");
    return 2;
  }
  Checks(argv[1], std::max(given, fewHundred)).run();
  std::printf("sessions are what they are alone\n");
}
