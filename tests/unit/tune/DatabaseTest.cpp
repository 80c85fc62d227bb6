//===- DatabaseTest.cpp - What is kept is found again ---------------------===//

#include "tune/Database.h"
#include "support/TempDirectory.h"

#include <gtest/gtest.h>

using namespace tenon::tune;
using tenon::test::TempDirectory;

namespace {

const Setting kSetting = {{"Some CPU", {"znver4", "x86-64-v4", 2}}, "x86-64-v4", "generator-1"};

Winner winnerOf(const std::string &signature, double ratio, const Setting &setting = kSetting) {
  return {{signature, "description of " + signature, "linear_1"},
          setting,
          "schedule",
          ratio,
          "8x128",
          "warm",
          "space",
          1000};
}

class Opened : public testing::Test {
protected:
  Database open(const std::string &name = "tune.db") {
    return llvm::cantFail(Database::open(directory.path(name), Access::Write));
  }
  TempDirectory directory;
};

void keep(Database &database, const Winner &winner) { llvm::cantFail(database.keepWinner(winner)); }

TEST_F(Opened, WinnersAreFoundBySettingAndKernel) {
  {
    Database database = open();
    keep(database, winnerOf("aa", 0.5));
    keep(database, winnerOf("bb", 0.75));
  }
  Database database = llvm::cantFail(Database::open(directory.path("tune.db"), Access::Read));
  auto found = llvm::cantFail(database.winner("bb", kSetting));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->ratio, 0.75);
  EXPECT_EQ(found->kernel.description, "description of bb");
  EXPECT_EQ(found->kernel.name, "linear_1");
  EXPECT_EQ(found->calls, "8x128");
  EXPECT_EQ(found->weights, "warm");
  EXPECT_EQ(found->space, "space");
  EXPECT_EQ(llvm::cantFail(database.winners()).size(), 2u);
  EXPECT_EQ(llvm::cantFail(database.winners("aa")).size(), 1u);
}

TEST_F(Opened, NothingAnswersForAnotherSetting) {
  Database database = open();
  keep(database, winnerOf("aa", 0.5));
  Setting cpu = kSetting, threads = kSetting, target = kSetting, generator = kSetting, features = kSetting,
          design = kSetting;
  cpu.machine.cpu = "Another CPU";
  design.machine.kind.design = "znver5";
  threads.machine.kind.threads = 4;
  features.machine.kind.features = "x86-64-v3";
  target.target = "x86-64-v3";
  generator.generator = "generator-2";
  for (const Setting &other : {cpu, design, threads, target, generator, features})
    EXPECT_FALSE(llvm::cantFail(database.winner("aa", other)));
}

TEST_F(Opened, ALaterWinnerTakesThePlace) {
  Database database = open();
  keep(database, winnerOf("aa", 0.5));
  keep(database, winnerOf("aa", 0.25));
  auto all = llvm::cantFail(database.winners());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].ratio, 0.25);
}

TEST_F(Opened, RatiosAreOfTheSameRunAndCall) {
  Database database = open();
  KernelIdentity kernel = {"aa", "description", "linear_1"};
  std::string first = llvm::cantFail(database.beginRun(kSetting, "8x128", "warm", 1));
  llvm::cantFail(database.keepSamples(first, kernel,
                                      {{"race", "8x128", 1024, "default", 2},
                                       {"race", "8x128", 1024, "default", 4},
                                       {"race", "8x128", 1024, "other", 6},
                                       {"final", "8x128", 1024, "other", 1000}}));
  // The machine is ten times slower here.
  std::string second = llvm::cantFail(database.beginRun(kSetting, "8x128", "warm", 1));
  llvm::cantFail(database.keepSamples(second, kernel,
                                      {{"race", "8x128", 1024, "default", 30}, {"race", "8x128", 1024, "other", 30}}));
  llvm::cantFail(database.keepSamples(second, kernel, {{"race", "1x16", 16, "third", 1}}));
  auto ratios = llvm::cantFail(database.ratios("aa", kSetting, "warm", "default"));
  ASSERT_EQ(ratios.size(), 1u);
  EXPECT_EQ(ratios[0].schedule, "other");
  EXPECT_EQ(ratios[0].ratio, 2); // of 3 and 1
  // What is known of weights that are warm says nothing of cold ones.
  EXPECT_TRUE(llvm::cantFail(database.ratios("aa", kSetting, "cold", "default")).empty());
  EXPECT_EQ(llvm::cantFail(database.counts()).samples, 7);
}

TEST_F(Opened, MergingKeepsTheLaterWinnerAndAllSamples) {
  Database one = open("one.db"), other = open("other.db");
  Winner older = winnerOf("aa", 0.5), newer = winnerOf("aa", 0.75);
  newer.tunedAt = 2000;
  keep(one, older);
  keep(one, [&] {
    Winner both = newer;
    both.kernel.signature = "bb";
    return both;
  }());
  keep(other, newer);
  keep(other, [&] {
    Winner both = older;
    both.kernel.signature = "bb";
    return both;
  }());
  std::string run = llvm::cantFail(other.beginRun(kSetting, "8x128", "warm", 18446744073709551615u));
  llvm::cantFail(other.keepSamples(run, older.kernel, {{"race", "8x128", 1024, "default", 2}}));
  for (int twice = 0; twice < 2; ++twice)
    llvm::cantFail(one.merge(other));
  EXPECT_EQ(llvm::cantFail(one.winner("aa", kSetting))->ratio, 0.75);
  EXPECT_EQ(llvm::cantFail(one.winner("bb", kSetting))->ratio, 0.75);
  EXPECT_EQ(llvm::cantFail(one.counts()).winners, 2);
  EXPECT_EQ(llvm::cantFail(one.counts()).samples, 1);
}

TEST_F(Opened, ForgetsByNameBySignatureAndAll) {
  Database database = open();
  std::string run = llvm::cantFail(database.beginRun(kSetting, "8x128", "warm", 1));
  for (const char *signature : {"aa", "bb", "cc"}) {
    Winner winner = winnerOf(signature, 0.5);
    winner.kernel.name = signature == std::string("aa") ? "norm_0" : "linear_1";
    keep(database, winner);
    llvm::cantFail(database.keepSamples(run, winner.kernel, {{"race", "8x128", 1024, "default", 2}}));
  }
  EXPECT_EQ(llvm::cantFail(database.forget("nothing")), 0);
  EXPECT_EQ(llvm::cantFail(database.forget("norm_0")), 1);
  EXPECT_EQ(llvm::cantFail(database.forget("bb")), 1);
  EXPECT_EQ(llvm::cantFail(database.counts()).winners, 1);
  EXPECT_EQ(llvm::cantFail(database.counts()).samples, 1);
  EXPECT_EQ(llvm::cantFail(database.forget("all")), 1);
  EXPECT_EQ(llvm::cantFail(database.counts()).samples, 0);
}

TEST_F(Opened, TextIsKeptAsItIs) {
  Database database = open();
  Winner winner = winnerOf("a'a\"; DROP TABLE winners", 0.5);
  winner.kernel.description = std::string("two\nlines \xc3\xa4");
  keep(database, winner);
  auto found = llvm::cantFail(database.winner(winner.kernel.signature, kSetting));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kernel.description, winner.kernel.description);
}

} // namespace
