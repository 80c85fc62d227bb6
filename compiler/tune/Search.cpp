//===- Search.cpp - Which schedules to measure next -----------------------===//

#include "tune/Search.h"

#include <algorithm>
#include <cmath>

using namespace tenon;
using namespace tenon::tune;

/// Points that are ranked at a time, at most.
static constexpr size_t kMostRanked = 4096;

/// What a point that is nearly another is put back by: 1 %.
static constexpr double kAlike = 0.01;

SearchSpace::SearchSpace(const kernels::ScheduleSpace &given, const std::vector<std::string> &varied) : space(given) {
  for (size_t nest = 0; nest < space.nests.size(); ++nest)
    for (const kernels::Parameter &parameter : space.nests[nest].parameters) {
      auto chosen = std::find(parameter.values.begin(), parameter.values.end(), parameter.chosen);
      bool isSearched = varied.empty() || std::find(varied.begin(), varied.end(), parameter.name) != varied.end();
      if (parameter.values.size() > 1)
        all.push_back({nest, space.nests[nest].family + "." + parameter.name, parameter.name, parameter.values,
                       static_cast<size_t>(chosen - parameter.values.begin()), isSearched});
    }
}

Point SearchSpace::chosen() const {
  Point point;
  for (const Dimension &dimension : all)
    point.push_back(dimension.chosen);
  return point;
}

std::vector<kernels::NestSchedule> SearchSpace::nestsAt(const Point &point) const {
  std::vector<kernels::NestSchedule> nests = kernels::chosenSchedule("", space).cases.back().nests;
  for (size_t index = 0; index < all.size(); ++index)
    nests[all[index].nest].parameters[all[index].parameter] = all[index].values[point[index]];
  return nests;
}

std::optional<Point> SearchSpace::pointOf(const std::vector<kernels::NestSchedule> &nests) const {
  kernels::Schedule schedule{"", {{{}, nests}}};
  if (kernels::faultOf(schedule, space))
    return std::nullopt;
  Point point = chosen();
  for (size_t index = 0; index < all.size(); ++index) {
    const Dimension &dimension = all[index];
    auto given = nests[dimension.nest].parameters.find(dimension.parameter);
    if (given == nests[dimension.nest].parameters.end())
      continue;
    auto value = std::find(dimension.values.begin(), dimension.values.end(), given->second);
    point[index] = static_cast<size_t>(value - dimension.values.begin());
  }
  return point;
}

double SearchSpace::size() const {
  double product = 1;
  for (const Dimension &dimension : all)
    product *= dimension.isSearched ? static_cast<double>(dimension.values.size()) : 1;
  return product;
}

std::vector<Point> SearchSpace::points() const {
  std::vector<Point> found = {chosen()};
  for (size_t index = 0; index < all.size(); ++index)
    for (size_t value = 0, count = found.size(); all[index].isSearched && value < all[index].values.size(); ++value)
      for (size_t point = 0; value != all[index].chosen && point < count; ++point) {
        found.push_back(found[point]);
        found.back()[index] = value;
      }
  return found;
}

void Ranking::learn(const SearchSpace &space, const Point &point, double ratio, double predicted) {
  if (!(ratio > 0) || std::isinf(ratio) || !(predicted > 0) || std::isinf(predicted))
    return;
  std::vector<size_t> changed;
  for (size_t index = 0; index < point.size(); ++index)
    if (point[index] != space.dimensions()[index].chosen)
      changed.push_back(index);
  for (size_t index : changed) {
    const SearchSpace::Dimension &dimension = space.dimensions()[index];
    Evidence &own = evidence[{dimension.name, dimension.values[point[index]]}];
    own.sum += std::log(ratio / predicted) / static_cast<double>(changed.size());
    ++own.count;
  }
}

double Ranking::expected(const SearchSpace &space, const Point &point) const {
  double sum = 0;
  for (size_t index = 0; index < point.size(); ++index) {
    const SearchSpace::Dimension &dimension = space.dimensions()[index];
    auto own = evidence.find({dimension.name, dimension.values[point[index]]});
    // One that is measured once counts by half: it may be chance.
    if (point[index] != dimension.chosen && own != evidence.end())
      sum += own->second.sum / (own->second.count + 1);
  }
  return sum;
}

Search::Search(const SearchSpace &space, const Ranking &ranking, uint64_t seed, Promise promise)
    : space(space), ranking(ranking), random(seed), promise(std::move(promise)) {
  for (size_t index = 0; index < space.dimensions().size(); ++index)
    if (space.dimensions()[index].isSearched)
      searched.push_back(index);
}

std::vector<Point> Search::neighbours(const Point &base) const {
  std::vector<Point> found;
  for (size_t index : searched)
    for (size_t value = 0; value < space.dimensions()[index].values.size(); ++value)
      if (value != base[index]) {
        found.push_back(base);
        found.back()[index] = value;
      }
  return found;
}

Point Search::moved(Point base) {
  size_t changes = 2 + random() % 2;
  for (size_t change = 0; change < changes && !searched.empty(); ++change) {
    size_t index = searched[random() % searched.size()];
    base[index] = random() % space.dimensions()[index].values.size();
  }
  return base;
}

Point Search::any() {
  Point point = space.chosen();
  for (size_t index : searched)
    point[index] = random() % space.dimensions()[index].values.size();
  return point;
}

std::set<Point> Search::candidates(const std::vector<Point> &bases) {
  std::set<Point> found;
  for (const Point &base : bases) {
    for (Point &each : neighbours(base))
      found.insert(std::move(each));
    // As many again from further away, so that no valley is the end.
    for (size_t size = found.size(), tries = 0; found.size() < 2 * size && tries < 4 * size; ++tries)
      found.insert(moved(base));
  }
  // The cost model sees far.
  bool isSmall = space.size() <= static_cast<double>(kMostRanked);
  for (size_t count = 0; promise && !isSmall && count < kMostRanked; ++count)
    found.insert(any());
  std::erase_if(found, [&](const Point &point) { return seen.count(point) > 0; });
  if (isSmall && (promise || found.empty()))
    for (Point &each : space.points())
      if (!seen.count(each))
        found.insert(std::move(each));
  return found;
}

/// In how many parameters two points differ.
static size_t distance(const Point &one, const Point &other) {
  size_t count = 0;
  for (size_t index = 0; index < one.size(); ++index)
    count += one[index] != other[index];
  return count;
}

std::vector<Point> Search::propose(size_t count, const std::vector<Point> &bases) {
  std::vector<std::pair<double, Point>> ranked;
  // What nothing is known of comes in any order.
  std::uniform_real_distribution<double> chance(0, 0.01);
  for (const Point &each : candidates(bases))
    ranked.emplace_back((promise ? promise(each) : 0) + ranking.expected(space, each) + chance(random), each);
  std::vector<Point> proposed;
  while (proposed.size() < count && !ranked.empty()) {
    auto best = std::min_element(ranked.begin(), ranked.end());
    proposed.push_back(best->second);
    seen.insert(best->second);
    ranked.erase(best);
    // Of many that promise the same for the same reason, one is measured first.
    for (auto &[expected, point] : ranked)
      if (promise && distance(point, proposed.back()) == 1)
        expected += kAlike;
  }
  return proposed;
}

std::vector<kernels::ScheduleCase> tune::casesOf(const std::vector<RowsChoice> &choices) {
  struct Range {
    int64_t first, last;
    std::vector<kernels::NestSchedule> nests;
  };
  std::vector<Range> ranges;
  for (const RowsChoice &choice : choices)
    // The last that there may be goes on to the end.
    if (!ranges.empty() && (ranges.back().nests == choice.nests || ranges.size() == kernels::kMaximumCases))
      ranges.back().last = choice.rows;
    else
      ranges.push_back({choice.rows, choice.rows, choice.nests});
  std::vector<kernels::ScheduleCase> cases;
  for (size_t index = 0; index < ranges.size(); ++index) {
    kernels::ScheduleCase &each = cases.emplace_back();
    each.nests = ranges[index].nests;
    if (index + 1 == ranges.size())
      break;
    double last = static_cast<double>(ranges[index].last), next = static_cast<double>(ranges[index + 1].first);
    auto between = static_cast<int64_t>(std::sqrt(last * next));
    each.when = {{"rows", std::clamp(between, ranges[index].last, ranges[index + 1].first - 1)}};
  }
  return cases;
}

const std::vector<kernels::NestSchedule> &tune::nestsFor(const std::vector<kernels::ScheduleCase> &cases,
                                                         int64_t rows) {
  for (const kernels::ScheduleCase &each : cases)
    if (std::all_of(each.when.begin(), each.when.end(), [&](const kernels::Comparison &comparison) {
          return comparison.size == "rows" && rows <= comparison.atMost;
        }))
      return each.nests;
  return cases.back().nests;
}
