//===- DatabaseFailuresTest.cpp - Files that fail, processes that die -----===//

#include "support/TempDirectory.h"
#include "tune/Database.h"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tenon::tune;
using tenon::test::TempDirectory;
using namespace std::chrono_literals;

namespace {

const Setting kSetting = {{"Some CPU", {"znver4", "x86-64-v4", 2}}, "x86-64-v4", "generator-1"};

Winner winnerOf(int64_t number) {
  std::string signature = std::to_string(number);
  return {{signature, "description " + std::string(500, 'x'), "linear"},
          kSetting,
          "schedule",
          0.5,
          "8x128",
          "warm",
          "space",
          1000};
}

class Failing : public testing::Test {
protected:
  std::string problem(Access access = Access::Write, std::chrono::milliseconds patience = 50ms) {
    auto database = Database::open(path, access, patience);
    return database ? "" : llvm::toString(database.takeError());
  }
  void fill(int64_t count) {
    Database database = llvm::cantFail(Database::open(path, Access::Write));
    for (int64_t number = 0; number < count; ++number)
      llvm::cantFail(database.keepWinner(winnerOf(number)));
  }
  int64_t winners() {
    auto database = Database::open(path, Access::Read);
    if (!database) {
      ADD_FAILURE() << llvm::toString(database.takeError());
      return -1;
    }
    return llvm::cantFail(database->counts()).winners;
  }
  /// What a process of its own exits with.
  template <typename Action> int inChild(Action action) {
    pid_t child = ::fork();
    if (child == 0)
      ::_exit(action());
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  TempDirectory directory;
  std::string path = directory.path("tune.db");
};

TEST_F(Failing, OneThatIsMissingIsNotMadeForReading) {
  EXPECT_EQ(problem(Access::Read), path + ": No such file or directory");
  EXPECT_EQ(directory.entries(), 0u);
}

TEST_F(Failing, DirectoriesAndPipesAreRefused) {
  ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
  EXPECT_EQ(problem(), path + ": it is a directory, expected a database of tenon tune");
  ASSERT_EQ(::rmdir(path.c_str()), 0);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(problem(), path + ": it is not a regular file, expected a database of tenon tune");
}

TEST_F(Failing, ADirectoryThatIsMissingIsSaid) {
  path = directory.path("nowhere/tune.db");
  EXPECT_EQ(problem(), path + ": the database cannot be opened: No such file or directory");
}

TEST_F(Failing, OtherFilesAreRefusedAndLeftAlone) {
  std::string text =
      "a file of another kind, longer than what SQLite reads of a file before it looks at it: " + std::string(200, '.');
  directory.write("tune.db", text);
  EXPECT_EQ(problem(), path + ": the file is not a database of tenon tune");
  EXPECT_EQ(directory.read("tune.db"), text);
}

TEST_F(Failing, OtherProgramsDatabasesAreRefused) {
  {
    auto connection = llvm::cantFail(Connection::open(path, Access::Write, 50ms));
    llvm::cantFail(connection->execute("CREATE TABLE winners(id)"));
  }
  std::string before = directory.read("tune.db");
  EXPECT_EQ(problem(), path + ": it is a database of another program, expected one of tenon tune");
  EXPECT_EQ(directory.read("tune.db"), before);
}

TEST_F(Failing, ANewerVersionIsRefused) {
  fill(1);
  {
    auto connection = llvm::cantFail(Connection::open(path, Access::Write, 50ms));
    llvm::cantFail(connection->execute("PRAGMA user_version = 7"));
  }
  for (Access access : {Access::Read, Access::Write})
    EXPECT_EQ(problem(access),
              path + ": the database is of version 7, this tenon reads version " + std::to_string(Database::kVersion));
}

TEST_F(Failing, EmptyFilesAreFilledButNotRead) {
  directory.write("tune.db", "");
  EXPECT_EQ(problem(Access::Read), path + ": there is nothing in it, expected a database of tenon tune");
  EXPECT_EQ(problem(Access::Write), "");
}

TEST_F(Failing, DamageIsSeenWhereverItIs) {
  fill(40);
  std::string good = directory.read("tune.db");
  size_t refused = 0, tried = 0;
  std::mt19937 random(20170612);
  for (int mutation = 0; mutation < 60; ++mutation, ++tried) {
    std::string bad = good;
    if (mutation % 3 == 0)
      bad.resize(random() % good.size());
    else
      for (int byte = 0; byte < 200; ++byte)
        bad[random() % bad.size()] = static_cast<char>(random());
    directory.write("tune.db", bad);
    std::string message = problem(Access::Read);
    EXPECT_TRUE(message.empty() || message.rfind(path + ": ", 0) == 0) << message;
    refused += !message.empty();
    EXPECT_EQ(directory.read("tune.db"), bad);
  }
  EXPECT_GT(refused, tried * 8 / 10);
}

TEST_F(Failing, ALockedOneIsWaitedForAndSaid) {
  fill(1);
  auto other = llvm::cantFail(Connection::open(path, Access::Write, 50ms));
  llvm::cantFail(other->execute("BEGIN EXCLUSIVE"));
  for (Access access : {Access::Read, Access::Write})
    EXPECT_EQ(problem(access), path + ": another process has locked the database; waited for 0.05 s");
  llvm::cantFail(other->execute("ROLLBACK"));
  EXPECT_EQ(problem(), "");
}

TEST_F(Failing, AReadOnlyOneIsReadAndNotWritten) {
  fill(2);
  ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  // Root may write everything; somebody else may not.
  EXPECT_EQ(inChild([&] {
              if (::geteuid() == 0 && ::seteuid(65534) != 0)
                return 2;
              std::string message = problem(Access::Write);
              bool reads = bool(llvm::expectedToOptional(Database::open(path, Access::Read)));
              return message == path + ": the database is read-only" && reads ? 0 : 1;
            }),
            0);
  EXPECT_EQ(winners(), 2);
}

TEST_F(Failing, AFullDiskLeavesItAsItWas) {
  fill(20);
  int failed = inChild([&] {
    Database database = llvm::cantFail(Database::open(path, Access::Write));
    struct stat status;
    ::stat(path.c_str(), &status);
    struct rlimit limit = {static_cast<rlim_t>(status.st_size), static_cast<rlim_t>(status.st_size)};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (int64_t number = 20; number < 1000; ++number)
      if (llvm::Error error = database.keepWinner(winnerOf(number))) {
        std::string message = llvm::toString(std::move(error));
        bool isSaid = message == path + ": the database, which is as it was, cannot be written: the disk is full, at "
                                        "its quota, or fails";
        return isSaid ? static_cast<int>(number) - 20 : 250;
      }
    return 251;
  });
  ASSERT_LT(failed, 250);
  EXPECT_EQ(winners(), 20 + failed);
}

TEST_F(Failing, NothingCommittedIsLostWhenTheProcessIsKilled) {
  fill(0);
  std::mt19937 random(20170612);
  int64_t kept = 0;
  for (int moment = 0; moment < 100; ++moment) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      Database database = llvm::cantFail(Database::open(path, Access::Write));
      for (int64_t number = kept;; ++number) {
        llvm::cantFail(database.keepWinner(winnerOf(number)));
        if (::write(ends[1], "k", 1) != 1)
          ::_exit(1);
      }
    }
    ::close(ends[1]);
    char buffer[4096];
    // Every other one has opened the database by then.
    if (moment % 2 == 0)
      kept += ::read(ends[0], buffer, 1);
    ::usleep(static_cast<useconds_t>(random() % 12000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    for (ssize_t count; (count = ::read(ends[0], buffer, sizeof buffer)) > 0;)
      kept += count;
    ::close(ends[0]);
    // One more may have been committed than the parent was told of.
    int64_t found = winners();
    ASSERT_TRUE(found == kept || found == kept + 1) << found << " of " << kept;
    kept = found;
  }
  EXPECT_GE(kept, 50);
}

TEST_F(Failing, TwoWritersBothFinish) {
  constexpr int64_t each = 60;
  pid_t children[2];
  for (int writer = 0; writer < 2; ++writer) {
    children[writer] = ::fork();
    if (children[writer] == 0) {
      auto database = Database::open(path, Access::Write);
      if (!database)
        ::_exit(1);
      std::string run = llvm::cantFail(database->beginRun(kSetting, "8x128", "warm", 1));
      for (int64_t number = 0; number < each; ++number) {
        Winner winner = winnerOf(writer * each + number);
        llvm::cantFail(database->keepSamples(run, winner.kernel, {{"race", "8x128", 1024, "default", 2}}));
        llvm::cantFail(database->keepWinner(winner));
      }
      ::_exit(0);
    }
  }
  for (pid_t child : children) {
    int status = 1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(winners(), 2 * each);
}

} // namespace
