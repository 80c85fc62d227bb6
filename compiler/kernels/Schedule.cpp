//===- Schedule.cpp - The text of schedules, and which are legal ----------===//

#include "kernels/Schedule.h"

#include <algorithm>
#include <limits>

namespace tenon::kernels {

namespace {

/// A list in words: what `text` gives of each, with commas between.
template <typename Range, typename Text> std::string listText(const Range &range, Text text) {
  std::string list;
  for (const auto &each : range)
    list += (list.empty() ? "" : ", ") + text(each);
  return list;
}

std::string numberText(int64_t value) { return std::to_string(value); }
std::string ownText(const std::string &text) { return text; }
std::string nameOf(const Parameter &parameter) { return parameter.name; }
std::string familyOfSpace(const NestSpace &nest) { return nest.family; }

std::string nestText(const NestSchedule &nest) {
  auto parameter = [](const auto &each) { return each.first + ": " + std::to_string(each.second); };
  return "{" + nest.family + ": {" + listText(nest.parameters, parameter) + "}}";
}

std::string caseText(const ScheduleCase &each) {
  std::string when = each.when.empty() ? "" : "when: " + textOf(each.when) + ", ";
  return "{" + when + "nests: [" + listText(each.nests, nestText) + "]}";
}

/// The largest value of a size that fulfils the comparisons.
int64_t boundOf(const std::vector<Comparison> &when, const std::string &size) {
  int64_t bound = std::numeric_limits<int64_t>::max();
  for (const Comparison &each : when)
    if (each.size == size)
      bound = std::min(bound, each.atMost);
  return bound;
}

/// Whether whatever fulfils `inner` fulfils `outer`.
bool implies(const std::vector<Comparison> &inner, const std::vector<Comparison> &outer) {
  return std::all_of(outer.begin(), outer.end(),
                     [&](const Comparison &each) { return boundOf(inner, each.size) <= each.atMost; });
}

/// Looks at one schedule; numbers count from 0 in faults, from 1 in words.
class Checker {
public:
  Checker(const Schedule &schedule, const ScheduleSpace &space) : cases(schedule.cases), space(space) {}

  std::optional<ScheduleFault> check() const {
    if (cases.empty())
      return ScheduleFault{"a schedule without cases, expected one at least"};
    if (cases.size() > kMaximumCases)
      return ScheduleFault{"a schedule of " + std::to_string(cases.size()) + " cases, expected at most " +
                           std::to_string(kMaximumCases)};
    for (size_t i = 0; i < cases.size(); ++i)
      for (auto fault : {checkComparisons(i), checkReached(i), checkNests(i)})
        if (fault)
          return fault;
    if (!cases.back().when.empty())
      return ScheduleFault{"the last case is for " + textOf(cases.back().when) + ", expected one for all sizes",
                           cases.size() - 1};
    return std::nullopt;
  }

private:
  static std::string caseName(size_t number) { return "case " + std::to_string(number + 1); }

  std::optional<ScheduleFault> checkComparisons(size_t number) const {
    const std::vector<Comparison> &when = cases[number].when;
    for (size_t i = 0; i < when.size(); ++i) {
      const auto &[size, atMost] = when[i];
      auto fault = [&](const std::string &message) {
        return ScheduleFault{caseName(number) + " compares " + message, number, std::nullopt, size};
      };
      if (!std::count(space.sizes.begin(), space.sizes.end(), size))
        return fault("'" + size + "', expected one of this kernel's sizes: " + listText(space.sizes, ownText));
      if (atMost < 1 || atMost > std::numeric_limits<int32_t>::max())
        return fault(size + " with " + std::to_string(atMost) + ", expected a number from 1 to " +
                     std::to_string(std::numeric_limits<int32_t>::max()));
      for (size_t j = 0; j < i; ++j)
        if (when[j].size == size)
          return fault(size + " twice");
    }
    return std::nullopt;
  }

  /// Ranges begin at the least sizes: several cases together take another's only where one of them alone does.
  std::optional<ScheduleFault> checkReached(size_t number) const {
    for (size_t before = 0; before < number; ++before)
      if (implies(cases[number].when, cases[before].when))
        return ScheduleFault{caseName(number) + " is never reached: " + caseName(before) + " takes all of its sizes",
                             number};
    return std::nullopt;
  }

  std::optional<ScheduleFault> checkNests(size_t number) const {
    const std::vector<NestSchedule> &nests = cases[number].nests;
    if (nests.size() != space.nests.size())
      return ScheduleFault{caseName(number) + " has " + std::to_string(nests.size()) + " nests, expected " +
                               std::to_string(space.nests.size()) + ": " + listText(space.nests, familyOfSpace),
                           number};
    for (size_t i = 0; i < nests.size(); ++i)
      if (auto fault = checkNest(number, i))
        return fault;
    return std::nullopt;
  }

  std::optional<ScheduleFault> checkNest(size_t number, size_t place) const {
    const NestSchedule &nest = cases[number].nests[place];
    const NestSpace &expected = space.nests[place];
    std::string where = "nest " + std::to_string(place + 1) + " of " + caseName(number);
    if (nest.family != expected.family)
      return ScheduleFault{where + " is '" + nest.family + "', expected '" + expected.family + "'", number, place};
    for (const auto &[name, value] : nest.parameters) {
      const Parameter *parameter = expected.find(name);
      if (!parameter)
        return ScheduleFault{where + " (" + nest.family + ") has no parameter '" + name +
                                 "', expected one of: " + listText(expected.parameters, nameOf),
                             number, place, name};
      if (!std::count(parameter->values.begin(), parameter->values.end(), value))
        return ScheduleFault{"'" + name + "' of " + where + " (" + nest.family + ") is " + std::to_string(value) +
                                 ", expected one of " + listText(parameter->values, numberText),
                             number, place, name};
    }
    return std::nullopt;
  }

  const std::vector<ScheduleCase> &cases;
  const ScheduleSpace &space;
};

} // namespace

std::string textOf(const std::vector<Comparison> &comparisons) {
  std::string text;
  for (const Comparison &each : comparisons)
    text += (text.empty() ? "" : " and ") + each.size + " <= " + std::to_string(each.atMost);
  return text;
}

std::string Schedule::text() const { return "[" + listText(cases, caseText) + "]"; }

const Parameter *NestSpace::find(const std::string &name) const {
  auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto &each) { return each.name == name; });
  return found == parameters.end() ? nullptr : &*found;
}

std::optional<ScheduleFault> faultOf(const Schedule &schedule, const ScheduleSpace &space) {
  return Checker(schedule, space).check();
}

Schedule chosenSchedule(const std::string &target, const ScheduleSpace &space) {
  ScheduleCase all;
  for (const NestSpace &nest : space.nests)
    all.nests.push_back({nest.family, {}});
  return completed({target, {all}}, space);
}

Schedule completed(Schedule schedule, const ScheduleSpace &space) {
  for (ScheduleCase &each : schedule.cases)
    for (size_t i = 0; i < space.nests.size(); ++i)
      for (const Parameter &parameter : space.nests[i].parameters)
        each.nests[i].parameters.try_emplace(parameter.name, parameter.chosen);
  return schedule;
}

} // namespace tenon::kernels
