//===- SearchTest.cpp - Points, rankings and cases ------------------------===//

#include "tune/Search.h"

#include <algorithm>
#include <gtest/gtest.h>

using namespace tenon::tune;
using tenon::kernels::NestSchedule;
using tenon::kernels::ScheduleCase;
using tenon::kernels::ScheduleSpace;

namespace {

const ScheduleSpace kSpace = {{"rows"},
                              {{"linear", {{"rows", 4, {2, 4, 8}, ""}, {"columns", 48, {48}, ""}}},
                               {"rowwise", {{"rows", 1, {1, 2, 4, 8}, ""}}}}};

TEST(SearchSpace, HasADimensionForEachDecision) {
  SearchSpace space(kSpace);
  ASSERT_EQ(space.dimensions().size(), 2u); // there is nothing to decide of columns
  EXPECT_EQ(space.dimensions()[0].name, "linear.rows");
  EXPECT_EQ(space.dimensions()[1].name, "rowwise.rows");
  EXPECT_EQ(space.size(), 12);
  EXPECT_EQ(space.nestsAt(space.chosen()), chosenSchedule("", kSpace).cases[0].nests);
}

TEST(SearchSpace, PointsAreSchedulesAndBack) {
  SearchSpace space(kSpace);
  for (size_t first = 0; first < 3; ++first)
    for (size_t second = 0; second < 4; ++second)
      EXPECT_EQ(space.pointOf(space.nestsAt({first, second})), (Point{first, second}));
  EXPECT_EQ(space.pointOf({{"linear", {}}, {"rowwise", {{"rows", 8}}}}), (Point{1, 3}));
  EXPECT_FALSE(space.pointOf({{"linear", {{"rows", 3}}}, {"rowwise", {}}}));
  EXPECT_FALSE(space.pointOf({{"linear", {}}}));
}

TEST(SearchSpace, HasAllItsPoints) {
  SearchSpace space(kSpace);
  std::vector<Point> points = space.points();
  EXPECT_EQ(points.size(), 12u);
  EXPECT_EQ(std::set<Point>(points.begin(), points.end()).size(), 12u);
}

TEST(SearchSpace, ParametersThatAreNotVariedKeepTheirDefaults) {
  ScheduleSpace wide = kSpace;
  wide.nests[0].parameters.push_back({"unroll", 2, {1, 2, 4, 8}, ""});
  SearchSpace space(wide, {"unroll"});
  EXPECT_EQ(space.size(), 4);
  Ranking ranking;
  for (bool promises : {false, true}) {
    Search search(space, ranking, 1, promises ? Promise([](const Point &) { return 0.0; }) : Promise());
    search.exclude(space.chosen());
    std::set<Point> proposed;
    for (int round = 0; round < 20; ++round)
      for (const Point &point : search.propose(3, {space.chosen()}))
        EXPECT_TRUE(proposed.insert(point).second);
    EXPECT_EQ(proposed, (std::set<Point>{{1, 0, 0}, {1, 2, 0}, {1, 3, 0}}));
  }
  // What won before may differ in others, which stay as they are too.
  for (const Point &point : Search(space, ranking, 1).propose(3, {{2, 0, 1}}))
    EXPECT_EQ((Point{point[0], point[2]}), (Point{2, 1}));
}

TEST(Search, GoesFarWhereMuchIsPromised) {
  SearchSpace space(kSpace);
  Ranking ranking;
  Search search(space, ranking, 1, [](const Point &point) { return point == Point{2, 3} ? -1.0 : 0.0; });
  // Two parameters away from the only base.
  EXPECT_EQ(search.propose(1, {{0, 0}}), (std::vector<Point>{{2, 3}}));
}

TEST(Search, LooksElsewhereThanWhereOneIsMeasuredAlready) {
  // All are promised alike but for one row of points, which is a little better: two of it are enough for a start.
  SearchSpace space(kSpace);
  Ranking ranking;
  Search search(space, ranking, 1, [](const Point &point) { return point[0] == 1 ? -0.025 : 0.0; });
  std::vector<Point> proposed = search.propose(4, {space.chosen()});
  EXPECT_EQ(proposed[0][0], 1u);
  auto others = std::count_if(proposed.begin(), proposed.end(), [](const Point &point) { return point[0] != 1; });
  EXPECT_GE(others, 1);
}

TEST(Ranking, LearnsWhatIsNotPredicted) {
  SearchSpace space(kSpace);
  Ranking ranking;
  ranking.learn(space, {0, 0}, 0.5, 0.5);
  EXPECT_EQ(ranking.expected(space, {0, 0}), 0);
  ranking.learn(space, {0, 0}, 0.5, 1);
  EXPECT_LT(ranking.expected(space, {0, 0}), 0);
}

TEST(Search, ProposesEveryPointOfASmallSpaceWhateverTheBases) {
  SearchSpace space(kSpace);
  Ranking ranking;
  Search search(space, ranking, 1);
  std::set<Point> proposed;
  for (int round = 0; round < 20; ++round)
    for (const Point &point : search.propose(3, {{0, 0}}))
      EXPECT_TRUE(proposed.insert(point).second);
  EXPECT_EQ(proposed.size(), 12u);
}

TEST(Search, ProposesEveryPointOnce) {
  SearchSpace space(kSpace);
  Ranking ranking;
  Search search(space, ranking, 1);
  search.exclude(space.chosen());
  std::set<Point> proposed;
  for (int round = 0; round < 20; ++round)
    for (const Point &point : search.propose(3, {space.chosen(), {0, 1}, {2, 2}, {0, 3}}))
      EXPECT_TRUE(proposed.insert(point).second);
  EXPECT_EQ(proposed.size(), 11u);
  EXPECT_FALSE(proposed.count(space.chosen()));
}

TEST(Search, BeginsWithWhatHelpedBefore) {
  SearchSpace space(kSpace);
  Ranking ranking;
  ranking.learn(space, {2, 0}, 0.8);
  ranking.learn(space, {0, 0}, 1.5);
  ranking.learn(space, {1, 1}, 1.2);
  EXPECT_LT(ranking.expected(space, {2, 0}), 0);
  EXPECT_GT(ranking.expected(space, {0, 1}), ranking.expected(space, {0, 0}));
  EXPECT_EQ(ranking.expected(space, space.chosen()), 0);
  EXPECT_EQ(Search(space, ranking, 1).propose(1, {space.chosen()}).front()[0], 2u);
}

TEST(Search, TheSeedDecides) {
  SearchSpace space(kSpace);
  Ranking ranking;
  auto order = [&](uint64_t seed) { return Search(space, ranking, seed).propose(100, {space.chosen()}); };
  EXPECT_EQ(order(1), order(1));
  EXPECT_NE(order(1), order(2));
}

std::vector<NestSchedule> nests(int64_t rows) { return {{"linear", {{"rows", rows}}}}; }

TEST(Cases, NeighboursWithOneScheduleShareOne) {
  auto cases = casesOf({{1, nests(2)}, {8, nests(2)}, {32, nests(4)}, {128, nests(8)}, {1024, nests(8)}});
  std::vector<ScheduleCase> expected = {{{{"rows", 16}}, nests(2)}, {{{"rows", 64}}, nests(4)}, {{}, nests(8)}};
  EXPECT_EQ(cases, expected);
  EXPECT_EQ(casesOf({{7, nests(2)}}), (std::vector<ScheduleCase>{{{}, nests(2)}}));
}

TEST(Cases, GiveEverySizeWhatWasChosenForIt) {
  std::vector<RowsChoice> choices;
  for (int64_t rows = 1; rows <= 10; ++rows)
    choices.push_back({rows, nests(rows)});
  auto cases = casesOf(choices);
  for (const RowsChoice &choice : choices)
    EXPECT_EQ(nestsFor(cases, choice.rows), choice.nests);
  EXPECT_EQ(nestsFor(cases, 1000), nests(10));
}

TEST(Cases, AreNoMoreThanAScheduleMayHave) {
  std::vector<RowsChoice> choices;
  for (int64_t rows = 1; rows <= 100; ++rows)
    choices.push_back({rows, nests(2 + rows % 2)});
  auto cases = casesOf(choices);
  EXPECT_EQ(cases.size(), tenon::kernels::kMaximumCases);
  EXPECT_TRUE(cases.back().when.empty());
}

} // namespace
