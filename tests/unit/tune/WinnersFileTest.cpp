//===- WinnersFileTest.cpp - Winners as text, and whom they answer --------===//

#include "tune/WinnersFile.h"
#include "support/TempDirectory.h"
#include "tune/TunedSchedules.h"

#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::tune;
using tenon::test::TempDirectory;

namespace {

const MachineClass kMachines = {"znver4", "x86-64-v4", 2};
const Machine kMachine = {"Some \"CPU\": #1", kMachines};
const char kCases[] =
    "[{when: rows <= 8, nests: [{linear: {columns: 16, rows: 4}}]}, {nests: [{linear: {columns: 32, rows: 8}}]}]";

const kernels::KernelDescription kKernel = {
    {{kernels::ElementType::F32, {kernels::kDynamic, 64}}, {kernels::ElementType::F32, {1, 64, 48}}},
    {{"linear", {0, 1}, {{kernels::ElementType::F32, {kernels::kDynamic, 48}}}, {}}},
    {2}};

const kernels::ScheduleSpace kSpace = {
    {"rows"}, {{"linear", {{"columns", 48, {16, 32, 48}, ""}, {"rows", 8, {1, 2, 4, 8}, ""}}}}};

Winner winnerOf(double ratio = 0.75) {
  std::string description = kKernel.text();
  return {{signatureOf(description), description, "linear_1"},
          {kMachine, "x86-64-v4", "generator-1"},
          kCases,
          ratio,
          "8x128,1x16:4",
          "cold",
          signatureOf(kSpace),
          1000};
}

llvm::Expected<std::vector<Winner>> read(const std::string &text) { return readWinners({text, "winners.yaml"}); }

std::string errorOf(const std::string &text) {
  auto winners = read(text);
  return winners ? "" : llvm::toString(winners.takeError());
}

std::string replaced(std::string text, const std::string &what, const std::string &by) {
  size_t place = text.find(what);
  EXPECT_NE(place, std::string::npos) << what << " in\n" << text;
  return place == std::string::npos ? text : text.replace(place, what.size(), by);
}

TEST(WinnersFile, GivesBackWhatWasWritten) {
  Winner threads = winnerOf(0.5);
  threads.setting.machine.kind.threads = 1;
  std::string text = writeWinners({winnerOf(), threads});
  std::vector<Winner> found = llvm::cantFail(read(text));
  ASSERT_EQ(found.size(), 2u);
  const Winner &winner = found[1], expected = winnerOf();
  EXPECT_EQ(winner.kernel.signature, expected.kernel.signature);
  EXPECT_EQ(winner.kernel.description, expected.kernel.description);
  EXPECT_EQ(winner.kernel.name, "linear_1");
  EXPECT_EQ(winner.setting, expected.setting);
  EXPECT_EQ(winner.schedule, kCases);
  EXPECT_EQ(winner.ratio, 0.75);
  EXPECT_EQ(winner.calls, "8x128,1x16:4");
  EXPECT_EQ(winner.weights, "cold");
  EXPECT_EQ(winner.space, expected.space);
  EXPECT_EQ(winner.tunedAt, 1000);
  EXPECT_EQ(found[0].setting.machine.kind.threads, 1u);
  EXPECT_EQ(writeWinners(found), text);
}

TEST(WinnersFile, HasOnlyWhatIsFasterThanTheDefault) {
  EXPECT_EQ(writeWinners({winnerOf(1)}), "winners: 1\nkernels: []\n");
  EXPECT_TRUE(llvm::cantFail(read("winners: 1\nkernels: []\n")).empty());
}

TEST(WinnersFile, DatabasesTakeItOver) {
  TempDirectory directory;
  std::string text = writeWinners({winnerOf()});
  Database database = llvm::cantFail(Database::open(directory.path("t.db"), Access::Write));
  llvm::cantFail(database.merge(llvm::cantFail(read(text))));
  EXPECT_EQ(writeWinners(llvm::cantFail(database.winners())), text);
  // The later of two stays.
  Winner older = winnerOf(0.25);
  older.tunedAt = 1;
  llvm::cantFail(database.merge({older}));
  EXPECT_EQ(writeWinners(llvm::cantFail(database.winners())), text);
}

TEST(WinnersFile, SaysWhatIsWrongAndWhere) {
  std::string text = writeWinners({winnerOf()});
  std::string twice = text + text.substr(text.find("      - target"));
  EXPECT_NE(errorOf("winners: 2\nkernels: []\n").find("winners.yaml:1:10: error: winners"), std::string::npos);
  EXPECT_NE(errorOf(twice).find("kernel 'linear_1' has two winners for x86-64-v4 on znver4 with 2 threads"),
            std::string::npos);
  const std::pair<const char *, std::pair<const char *, const char *>> changes[] = {
      {"target 'x86-64-v9' is not known", {"target: x86-64-v4", "target: x86-64-v9"}},
      {"time: expected a part of the default's time, above 0 and below 1, found", {"time: 0.750", "time: 1.25"}},
      {"time: expected a part of the default's time, above 0 and below 1, found", {"time: 0.750", "time: 0"}},
      {"threads", {"threads: 2", "threads: 0"}},
      {"weights", {"weights: cold", "weights: tepid"}},
      {"a winner has no key 'space', which it needs", {"        space:", "        spaces:"}},
      {"signature: the description's is", {"48]", "49]"}},
      {"expected a mapping of parameters to numbers", {"linear: {columns: 16, rows: 4}", "linear: 16"}},
  };
  for (const auto &[message, change] : changes) {
    std::string error = errorOf(replaced(text, change.first, change.second));
    EXPECT_NE(error.find(message), std::string::npos) << change.second << ": " << error;
    EXPECT_EQ(error.find("winners.yaml:"), 0u) << error;
  }
}

TEST(WinnersFile, IsToldFromADatabase) {
  TempDirectory directory;
  llvm::cantFail(Database::open(directory.path("t.db"), Access::Write));
  directory.write("t.yaml", "# A comment.\n\n" + writeWinners({winnerOf()}));
  directory.write("other.txt", "kernels: []\n");
  EXPECT_TRUE(isWinnersFile(directory.path("t.yaml")));
  for (const char *other : {"t.db", "other.txt", "none", "."})
    EXPECT_FALSE(isWinnersFile(directory.path(other))) << other;
}

/// The one that ships is in the form that --export writes, so that a change of it is seen as one.
TEST(WinnersFile, TheOneThatShipsIsOne) {
  llvm::StringRef text = shippedWinners();
  std::vector<Winner> winners = llvm::cantFail(readWinners({text, "compiler/tune/winners.yaml"}));
  EXPECT_EQ(text.substr(text.find("winners:")).str(), writeWinners(winners));
}

class Answers : public testing::Test {
protected:
  std::optional<kernels::Schedule> ask(const Winner &winner, const kernels::ScheduleSpace &space = kSpace) {
    FileSchedules schedules("winners.yaml", {winner}, kMachines);
    auto found = schedules.find({"any_7", kKernel}, *kernels::findTarget("x86-64-v4"), space);
    note = schedules.note();
    return found;
  }
  std::string note;
};

TEST_F(Answers, MachinesOfTheClassWhateverTheCompiler) {
  Winner winner = winnerOf();
  winner.setting.machine.cpu = "Another name of that design";
  winner.setting.generator = "generator-2";
  auto found = ask(winner);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->text(), kCases);
  EXPECT_EQ(note, "winners.yaml: 1 of 1 schedules are tuned for znver4 with 2 threads");
}

TEST_F(Answers, NoOtherMachines) {
  Winner design = winnerOf(), features = winnerOf(), threads = winnerOf(), target = winnerOf();
  design.setting.machine.kind.design = "znver5";
  features.setting.machine.kind.features = "x86-64-v3";
  threads.setting.machine.kind.threads = 4;
  for (const Winner &winner : {design, features, threads}) {
    EXPECT_FALSE(ask(winner));
    EXPECT_NE(note.find("0 of 1 schedules are tuned for znver4 with 2 threads; 1 were tuned for other machines only"),
              std::string::npos)
        << note;
  }
  target.setting.target = "x86-64-v3";
  EXPECT_FALSE(ask(target));
  EXPECT_EQ(note, "");
}

TEST_F(Answers, NoOtherKernels) {
  Winner winner = winnerOf();
  winner.kernel.signature = signatureOf("another description");
  EXPECT_FALSE(ask(winner));
  EXPECT_EQ(note, "");
}

TEST_F(Answers, NoOtherChoiceOfSchedules) {
  kernels::ScheduleSpace chosen = kSpace, value = kSpace, parameter = kSpace, sizes = kSpace;
  chosen.nests[0].parameters[0].chosen = 32;
  value.nests[0].parameters[1].values.push_back(16);
  parameter.nests[0].parameters.push_back({"unroll", 1, {1, 2}, ""});
  sizes.sizes.push_back("sequences");
  for (const kernels::ScheduleSpace &space : {chosen, value, parameter, sizes}) {
    EXPECT_FALSE(ask(winnerOf(), space));
    EXPECT_NE(note.find("1 were tuned when other schedules, or another default, were there"), std::string::npos)
        << note;
  }
  // What parameters are said to mean decides nothing.
  kernels::ScheduleSpace reworded = kSpace;
  reworded.nests[0].parameters[0].meaning = "How many columns.";
  EXPECT_TRUE(ask(winnerOf(), reworded));
}

TEST_F(Answers, TheLatestOfMany) {
  Winner latest = winnerOf();
  latest.schedule = "[{nests: [{linear: {columns: 16, rows: 1}}]}]";
  latest.tunedAt = 2000;
  latest.setting.generator = "generator-2";
  for (const auto &winners : {std::vector{latest, winnerOf()}, std::vector{winnerOf(), latest}}) {
    FileSchedules schedules("winners.yaml", winners, kMachines);
    auto found = schedules.find({"any_7", kKernel}, *kernels::findTarget("x86-64-v4"), kSpace);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->text(), latest.schedule);
  }
}

} // namespace
