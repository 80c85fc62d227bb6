//===- KernelTuner.cpp - The search for one kernel ------------------------===//

#include "tune/KernelTuner.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

namespace {

/// Schedules that are compiled and raced together.
constexpr size_t kField = 6;

/// Of each range of sizes, those that meet the incumbent.
constexpr size_t kFinalists = 2;

/// Of a final: 16 of 20 is the least that chance does not explain.
constexpr unsigned kFinalTurns = 20;

/// What one measurement takes at least: clocks and wake-ups are a small part of it.
constexpr double kLeastSeconds = 200e-6;

/// Calls that no case can tell apart.
struct SizeGroup {
  int64_t rows = 0;
  std::vector<size_t> calls;
  unsigned runs = 1;    ///< That one measurement takes.
  double seconds = 0;   ///< Of the default, weighted: what the group counts beside others.
  size_t incumbent = 0; ///< Of `entries`.
  size_t champion = 0;
};

/// A point and how it did.
struct Entry {
  Point point;
  std::string text;           ///< Of its schedule.
  std::vector<Timed> timed;   ///< By group.
  std::vector<double> ratios; ///< To the default, by group.
};

class KernelTuner {
public:
  KernelTuner(const KernelTask &task, Bench &bench, Ranking &ranking, const KernelWatch &watch)
      : task(task), bench(bench), ranking(ranking), watch(watch), space(task.space, task.varied),
        search(space, ranking, task.seed,
               task.predicted ? Promise([this](const Point &point) { return promise(point); }) : Promise()),
        incumbent(task.incumbent ? *task.incumbent : kernels::chosenSchedule(task.target, task.space)) {}

  Expected<KernelOutcome> run() {
    outcome.searched = space.size();
    makeGroups();
    for (const Point &point : task.measured)
      search.exclude(point);
    if (Error error = enter({space.chosen()}))
      return std::move(error);
    if (entries.empty())
      return createStringError("its own schedule is not compiled: %s", StringRef(join()).str().c_str());
    weighGroups();
    if (Error error = enterIncumbents())
      return std::move(error);
    if (Error error = searchOn())
      return std::move(error);
    decide();
    mergeNeighbours();
    return conclude();
  }

private:
  std::string join() const { return outcome.problems.empty() ? "" : outcome.problems.back(); }

  void makeGroups() {
    bool byRows = is_contained(task.space.sizes, "rows");
    std::map<int64_t, SizeGroup> found;
    for (auto [index, call] : enumerate(bench.calls())) {
      SizeGroup &group = found[byRows ? call.rows : 0];
      group.rows = call.rows;
      group.calls.push_back(index);
    }
    for (auto &[rows, group] : found)
      groups.push_back(std::move(group));
  }

  kernels::Schedule scheduleOf(const Point &point) const { return {task.target, {{{}, space.nestsAt(point)}}}; }

  /// The calls of a group as one, each as often as it counts.
  Timed timedOf(const Candidate &candidate, const SizeGroup &group) const {
    std::vector<std::pair<Timed, double>> parts;
    for (size_t call : group.calls)
      parts.emplace_back(candidate.timed[call], bench.calls()[call].weight);
    return [parts](unsigned runs) {
      double seconds = 0;
      for (const auto &[timed, weight] : parts)
        seconds += timed(runs) * weight;
      return seconds;
    };
  }

  OnSample sampler(const char *phase, const SizeGroup &group, const std::string &text) {
    std::string shape;
    for (size_t call : group.calls)
      shape += (shape.empty() ? "" : ",") + bench.calls()[call].shape;
    return [this, phase, shape, rows = group.rows, text](double seconds) {
      samples.push_back({phase, shape, rows, text, seconds});
    };
  }

  Error keepSamples() {
    std::vector<Sample> kept = std::move(samples);
    samples.clear();
    return watch.keep && !kept.empty() ? watch.keep(kept) : Error::success();
  }

  /// Makes code of points, those that are code and give the right bits.
  Error enter(const std::vector<Point> &points) {
    std::vector<kernels::Schedule> schedules;
    for (const Point &point : points)
      schedules.push_back(scheduleOf(point));
    auto prepared = bench.prepare(schedules);
    if (!prepared)
      return prepared.takeError();
    for (const auto &[point, schedule, candidate] : zip(points, schedules, *prepared)) {
      search.exclude(point);
      if (!candidate.problem.empty()) {
        outcome.problems.push_back(schedule.text() + ": " + candidate.problem);
        continue;
      }
      Entry entry{point, schedule.text(), {}, std::vector<double>(groups.size(), INFINITY)};
      for (const SizeGroup &group : groups)
        entry.timed.push_back(timedOf(candidate, group));
      entries.push_back(std::move(entry));
    }
    return Error::success();
  }

  /// The first entry is the default.
  void weighGroups() {
    for (auto [index, group] : enumerate(groups)) {
      group.runs = runsThatTake(kLeastSeconds, entries[0].timed[index]);
      group.seconds = entries[0].timed[index](group.runs) / group.runs;
      entries[0].ratios[index] = 1;
    }
  }

  /// By group, the cost model's times as parts of the default's.
  std::vector<double> predicted(const Point &point) const {
    std::vector<double> ratios;
    for (const SizeGroup &group : groups) {
      double own = 0, chosen = 0;
      for (size_t call : group.calls) {
        own += bench.calls()[call].weight * task.predicted(space.nestsAt(point), call);
        chosen += bench.calls()[call].weight * task.predicted(space.nestsAt(space.chosen()), call);
      }
      ratios.push_back(chosen > 0 ? own / chosen : 1);
    }
    return ratios;
  }

  /// What a kernel would take whose ranges of sizes have this schedule or the default, whichever is better.
  double promise(const Point &point) const {
    std::vector<double> ratios = predicted(point), best = ratios;
    for (double &ratio : best)
      ratio = std::min(ratio, 1.0);
    // Of those that are better nowhere, what is nearly as good comes first.
    constexpr double part = 0.1;
    return (1 - part) * std::log(weighted(best)) + part * std::log(weighted(ratios));
  }

  size_t entryOf(const Point &point) const {
    auto found = find_if(entries, [&](const Entry &entry) { return entry.point == point; });
    return static_cast<size_t>(found - entries.begin());
  }

  Error enterIncumbents() {
    std::vector<Point> points;
    for (const SizeGroup &group : groups)
      if (auto point = space.pointOf(nestsFor(incumbent.cases, group.rows)))
        if (entryOf(*point) == entries.size() && !is_contained(points, *point))
          points.push_back(*point);
    if (Error error = points.empty() ? Error::success() : raceOn(points))
      return error;
    for (SizeGroup &group : groups) {
      auto point = space.pointOf(nestsFor(incumbent.cases, group.rows));
      size_t index = point ? entryOf(*point) : 0;
      group.incumbent = group.champion = index == entries.size() ? 0 : index;
    }
    return Error::success();
  }

  Error searchOn() {
    std::vector<Point> next;
    for (const Point &point : task.starts)
      if (entryOf(point) == entries.size() && !is_contained(next, point) && next.size() < task.most)
        next.push_back(point);
    for (const Point &point : next)
      search.exclude(point);
    while (!watch.searchEnds()) {
      size_t room = std::min(kField, task.most - std::min(task.most, outcome.measured));
      if (next.size() < room) {
        std::vector<Point> more = search.propose(room - next.size(), bases());
        next.insert(next.end(), more.begin(), more.end());
      }
      next.resize(std::min(next.size(), room));
      if (next.empty())
        break;
      if (Error error = raceOn(next))
        return error;
      next.clear();
    }
    return Error::success();
  }

  /// The best of each group.
  std::vector<Point> bases() const {
    std::vector<Point> points;
    for (size_t group = 0; group < groups.size(); ++group) {
      const Entry &best = *std::min_element(entries.begin(), entries.end(), [&](const Entry &a, const Entry &b) {
        return a.ratios[group] < b.ratios[group];
      });
      if (!is_contained(points, best.point))
        points.push_back(best.point);
    }
    return points;
  }

  Error raceOn(const std::vector<Point> &points) {
    size_t first = entries.size();
    if (Error error = enter(points))
      return error;
    outcome.measured += points.size();
    for (size_t number = 0; number < groups.size(); ++number) {
      SizeGroup &group = groups[number];
      std::vector<Entrant> field;
      for (size_t index = first; index < entries.size(); ++index)
        field.push_back({entries[index].timed[number], sampler("race", group, entries[index].text)});
      Entrant pacer{entries[0].timed[number], sampler("race", group, entries[0].text)};
      std::vector<double> ratios = race(field, pacer, group.runs, kFinalists, watch.stop);
      for (size_t index = first; index < entries.size(); ++index)
        entries[index].ratios[number] = ratios[index - first];
    }
    for (size_t index = first; index < entries.size(); ++index)
      ranking.learn(space, entries[index].point, weighted(entries[index].ratios),
                    task.predicted ? weighted(predicted(entries[index].point)) : 1);
    dropOthers();
    if (watch.progress)
      watch.progress(outcome.measured, bestSoFar());
    return keepSamples();
  }

  double weighted(const std::vector<double> &ratios) const {
    double sum = 0, whole = 0;
    for (size_t group = 0; group < groups.size(); ++group) {
      sum += ratios[group] * groups[group].seconds;
      whole += groups[group].seconds;
    }
    return whole > 0 ? sum / whole : 1;
  }

  double bestSoFar() const {
    std::vector<double> best(groups.size(), 1);
    for (const Entry &entry : entries)
      for (size_t group = 0; group < groups.size(); ++group)
        best[group] = std::min(best[group], entry.ratios[group]);
    return weighted(best);
  }

  /// By ratio in a group, without the default.
  std::vector<size_t> bestOf(size_t group, size_t count) const {
    std::vector<size_t> order;
    for (size_t index = 1; index < entries.size(); ++index)
      if (!std::isinf(entries[index].ratios[group]))
        order.push_back(index);
    llvm::sort(order, [&](size_t a, size_t b) {
      return std::pair(entries[a].ratios[group], a) < std::pair(entries[b].ratios[group], b);
    });
    order.resize(std::min(order.size(), count));
    return order;
  }

  /// Code of what will not be in a final is let go.
  void dropOthers() {
    std::vector<bool> isKept(entries.size(), false);
    isKept[0] = true;
    for (size_t group = 0; group < groups.size(); ++group) {
      if (groups[group].incumbent < entries.size())
        isKept[groups[group].incumbent] = true;
      for (size_t index : bestOf(group, kFinalists))
        isKept[index] = true;
    }
    for (auto [entry, kept] : zip(entries, isKept))
      if (!kept)
        entry.timed.clear();
  }

  std::vector<Turn> meet(const char *phase, size_t number, size_t challenger, size_t other) {
    const SizeGroup &group = groups[number];
    return takeTurns(entries[challenger].timed[number], entries[other].timed[number], group.runs, kFinalTurns,
                     watch.stop, sampler(phase, group, entries[challenger].text),
                     sampler(phase, group, entries[other].text));
  }

  void decide() {
    for (size_t number = 0; number < groups.size(); ++number) {
      SizeGroup &group = groups[number];
      std::vector<size_t> challengers = bestOf(number, kFinalists);
      if (group.incumbent != 0)
        challengers.push_back(0);
      double best = 1;
      for (size_t challenger : challengers) {
        if (challenger == group.incumbent || entries[challenger].timed.empty())
          continue;
        std::vector<Turn> turns = meet("final", number, challenger, group.incumbent);
        if (isFaster(turns) && medianRatio(turns) < best) {
          best = medianRatio(turns);
          group.champion = challenger;
        }
      }
    }
  }

  /// A range takes its neighbour's schedule where its own is not shown to be faster: fewer cases, less code.
  void mergeNeighbours() {
    for (size_t number = 1; number < groups.size(); ++number) {
      size_t before = groups[number - 1].champion, own = groups[number].champion;
      if (before != own && !entries[before].timed.empty() && !isFaster(meet("merge", number, own, before)) &&
          !(watch.stop && watch.stop()))
        groups[number].champion = before;
    }
  }

  Expected<KernelOutcome> conclude() {
    bool changed = any_of(groups, [](const SizeGroup &group) { return group.champion != group.incumbent; });
    outcome.schedule = incumbent;
    std::vector<RowsChoice> choices;
    for (const SizeGroup &group : groups)
      choices.push_back({group.rows, space.nestsAt(entries[group.champion].point)});
    kernels::Schedule made{task.target, casesOf(choices)};
    auto ratio = ratioOf(incumbent);
    if (!ratio)
      return ratio.takeError();
    if (changed) {
      auto madeRatio = ratioOf(made);
      if (!madeRatio)
        return madeRatio.takeError();
      // What wins in parts has to win as a whole.
      outcome.isNew = *madeRatio < *ratio;
      if (outcome.isNew) {
        outcome.schedule = made;
        ratio = *madeRatio;
      }
    }
    outcome.ratio = std::isnan(*ratio) ? 1 : *ratio;
    if (Error error = keepSamples())
      return std::move(error);
    return std::move(outcome);
  }

  /// Of a whole schedule to the default, over all calls; 1 for the default itself, NaN where it was not measured.
  Expected<double> ratioOf(const kernels::Schedule &schedule) {
    if (schedule == kernels::chosenSchedule(task.target, task.space))
      return 1;
    auto prepared = bench.prepare({schedule});
    if (!prepared)
      return prepared.takeError();
    const Candidate &candidate = prepared->front();
    if (!candidate.problem.empty()) {
      outcome.problems.push_back(schedule.text() + ": " + candidate.problem);
      return NAN;
    }
    std::vector<double> ratios;
    for (auto [number, group] : enumerate(groups)) {
      std::vector<Turn> turns =
          takeTurns(timedOf(candidate, group), entries[0].timed[number], group.runs, kFinalTurns / 2, watch.stop,
                    sampler("result", group, schedule.text()), sampler("result", group, entries[0].text));
      ratios.push_back(turns.empty() ? NAN : medianRatio(turns));
    }
    return weighted(ratios);
  }

  const KernelTask &task;
  Bench &bench;
  Ranking &ranking;
  const KernelWatch &watch;
  SearchSpace space;
  Search search;
  kernels::Schedule incumbent;
  std::vector<SizeGroup> groups; ///< In the order of their rows.
  std::vector<Entry> entries;    ///< The default first.
  std::vector<Sample> samples;
  KernelOutcome outcome;
};

} // namespace

Expected<KernelOutcome> tune::tuneKernel(const KernelTask &task, Bench &bench, Ranking &ranking,
                                         const KernelWatch &watch) {
  return KernelTuner(task, bench, ranking, watch).run();
}
