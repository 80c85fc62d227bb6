//===- Search.h - Which schedules to measure next ---------------*- C++ -*-===//

#ifndef TENON_TUNE_SEARCH_H
#define TENON_TUNE_SEARCH_H

#include "kernels/Schedule.h"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace tenon::tune {

/// One value for each parameter of all nests, as numbers of the parameters' values.
using Point = std::vector<size_t>;

/// What may be chosen for the nests of a kernel, whatever the case.
class SearchSpace {
public:
  /// With `varied`, other parameters than those of these names are not searched.
  explicit SearchSpace(const kernels::ScheduleSpace &space, const std::vector<std::string> &varied = {});

  /// A parameter of a nest that has more than one value.
  struct Dimension {
    size_t nest;
    std::string name; ///< "linear.rows".
    std::string parameter;
    std::vector<int64_t> values;
    size_t chosen; ///< What the analytic model chooses.
    bool isSearched;
  };
  const std::vector<Dimension> &dimensions() const { return all; }

  Point chosen() const;
  std::vector<kernels::NestSchedule> nestsAt(const Point &point) const;
  /// Nothing where they have a value that is not in the space. What they leave out is as the analytic model has it.
  std::optional<Point> pointOf(const std::vector<kernels::NestSchedule> &nests) const;
  /// How many points are searched.
  double size() const;
  /// All of them: what is not searched is as the analytic model has it.
  std::vector<Point> points() const;

private:
  const kernels::ScheduleSpace space;
  std::vector<Dimension> all;
};

/// What measurements say of parameters' values beyond what the cost model knows, whatever the kernel: each value that
/// is not the analytic model's has a part of what the time was changed by.
class Ranking {
public:
  /// `ratio`: the point's time as a part of the analytic model's; `predicted`: what the cost model had made of it.
  void learn(const SearchSpace &space, const Point &point, double ratio, double predicted = 1);
  /// The logarithm of what the ratio of a point may be as a part of what is predicted; 0 where nothing is known.
  double expected(const SearchSpace &space, const Point &point) const;

private:
  struct Evidence {
    double sum = 0;
    unsigned count = 0;
  };
  std::map<std::pair<std::string, int64_t>, Evidence> evidence;
};

/// What the cost model promises: the logarithm of a point's time as a part of the analytic model's.
using Promise = std::function<double(const Point &)>;

/// Proposes points that nobody has measured.
class Search {
public:
  /// `promise` may be empty: nothing is known but what was measured.
  Search(const SearchSpace &space, const Ranking &ranking, uint64_t seed, Promise promise = {});

  /// Not to be proposed any more.
  void exclude(const Point &point) { seen.insert(point); }
  /// Up to `count` points, the most promising first, which are then excluded: of those that differ in one parameter
  /// from one of `bases`, some that differ from it in several, and with a promise many of the whole space. None when
  /// all of a space have been, or of one too large to know all neighbours of `bases`.
  std::vector<Point> propose(size_t count, const std::vector<Point> &bases);

private:
  std::set<Point> candidates(const std::vector<Point> &bases);
  std::vector<Point> neighbours(const Point &base) const;
  Point moved(Point base);
  Point any();

  const SearchSpace &space;
  const Ranking &ranking;
  std::mt19937_64 random;
  Promise promise;
  std::vector<size_t> searched; ///< Dimensions.
  std::set<Point> seen;
};

/// The schedule that is best for calls of so many rows.
struct RowsChoice {
  int64_t rows;
  std::vector<kernels::NestSchedule> nests;
};

/// Cases that give every number of rows what was chosen for it, and numbers between two what is nearer by its factor;
/// neighbours with one schedule share a case. `choices` are in the order of their rows, of which no two are equal, and
/// are not empty.
std::vector<kernels::ScheduleCase> casesOf(const std::vector<RowsChoice> &choices);

/// What the cases choose for so many rows, cases for other sizes left aside.
const std::vector<kernels::NestSchedule> &nestsFor(const std::vector<kernels::ScheduleCase> &cases, int64_t rows);

} // namespace tenon::tune

#endif // TENON_TUNE_SEARCH_H
