#include "support/AtomicFile.h"
#include "support/TempDirectory.h"
#include <csignal>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tenon;
using test::TempDirectory;

static std::string message(llvm::Error error) { return error ? llvm::toString(std::move(error)) : ""; }

static mode_t permissions(const std::string &path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

TEST(AtomicFile, HasItsNameOnlyAfterCommit) {
  TempDirectory directory;
  std::string path = directory.path("out");
  auto file = llvm::cantFail(AtomicFile::create(path));
  llvm::cantFail(file->append(llvm::StringRef("hello ")));
  llvm::cantFail(file->append(llvm::StringRef("world")));
  llvm::cantFail(file->overwrite(0, "H"));
  EXPECT_EQ(file->size(), 11u);
  EXPECT_FALSE(llvm::sys::fs::exists(path));
  llvm::cantFail(file->commit());
  EXPECT_EQ(directory.read("out"), "Hello world");
  EXPECT_EQ(directory.entries(), 1u);
}

TEST(AtomicFile, LeavesTheOldFileWhenItIsNotCommitted) {
  TempDirectory directory;
  std::string path = directory.write("out", "old");
  {
    auto file = llvm::cantFail(AtomicFile::create(path));
    llvm::cantFail(file->append(llvm::StringRef("new")));
  }
  EXPECT_EQ(directory.read("out"), "old");
  EXPECT_EQ(directory.entries(), 1u);
}

TEST(AtomicFile, ModeFollowsTheMask) {
  TempDirectory directory;
  mode_t mask = ::umask(022);
  llvm::cantFail(writeFileAtomically(directory.path("data"), "x"));
  llvm::cantFail(writeFileAtomically(directory.path("program"), "x", AtomicFile::Mode::Executable));
  ::umask(mask);
  EXPECT_EQ(permissions(directory.path("data")), mode_t(0644));
  EXPECT_EQ(permissions(directory.path("program")), mode_t(0755));
}

TEST(AtomicFile, TakesNamesAsLongAsTheyCanBe) {
  TempDirectory directory;
  EXPECT_EQ(message(writeFileAtomically(directory.path(std::string(255, 'n')), "x")), "");
}

TEST(AtomicFile, ReplacesWhatALinkLeadsTo) {
  TempDirectory directory;
  directory.write("real", "old");
  ASSERT_EQ(::symlink("real", directory.path("link").c_str()), 0);
  llvm::cantFail(writeFileAtomically(directory.path("link"), "new"));
  EXPECT_EQ(directory.read("real"), "new");
  EXPECT_TRUE(llvm::sys::fs::is_symlink_file(directory.path("link")));
}

TEST(AtomicFile, RefusesWhatIsNoRegularFile) {
  TempDirectory directory;
  EXPECT_EQ(message(writeFileAtomically("/dev/null", "x")), "cannot write '/dev/null': it is not a regular file");
  EXPECT_EQ(message(writeFileAtomically(directory.path(), "x")),
            "cannot write '" + directory.path() + "': it is a directory");
  EXPECT_EQ(message(writeFileAtomically(directory.path() + "/", "x")),
            "cannot write '" + directory.path() + "/': it is not the name of a file");
  EXPECT_EQ(message(writeFileAtomically("", "x")), "cannot write '': it is not the name of a file");
  ASSERT_EQ(::symlink("nowhere", directory.path("dangling").c_str()), 0);
  EXPECT_EQ(message(writeFileAtomically(directory.path("dangling"), "x")),
            "cannot write '" + directory.path("dangling") + "': it is a link to a file that does not exist");
}

TEST(AtomicFile, NamesThePathThatCannotBeCreated) {
  EXPECT_EQ(message(writeFileAtomically("/nowhere/out", "x")),
            "cannot create '/nowhere/out': No such file or directory");
}

/// Writes `chunks` times 8 bytes in a process whose files may have `limit` bytes; its exit status is 0 where the file
/// was written, and 1 with the message in "message" where it was not.
static int writeWithLimit(const TempDirectory &directory, rlim_t limit, int chunks) {
  pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    auto file = AtomicFile::create(directory.path("out"));
    rlimit bound{limit, limit};
    ::setrlimit(RLIMIT_FSIZE, &bound);
    llvm::Error error = file.takeError();
    for (int i = 0; i < chunks && !error; ++i)
      error = (*file)->append(llvm::StringRef("12345678"));
    if (!error)
      error = (*file)->commit();
    file->reset();
    ::_exit(message(std::move(error)).find("cannot write") == std::string::npos ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(AtomicFile, AWriteThatFailsAtAnyPointLeavesTheOldFile) {
  TempDirectory directory;
  // Limits within a chunk make short writes before the one that fails.
  for (rlim_t limit = 0; limit < 40; limit += 3) {
    directory.write("out", "old");
    EXPECT_EQ(writeWithLimit(directory, limit, 5), 1) << limit;
    EXPECT_EQ(directory.read("out"), "old") << limit;
    EXPECT_EQ(directory.entries(), 1u) << limit;
  }
  EXPECT_EQ(writeWithLimit(directory, 40, 5), 0);
  EXPECT_EQ(directory.read("out").size(), 40u);
}

TEST(AtomicFile, AProcessThatIsKilledLeavesTheOldFile) {
  TempDirectory directory;
  directory.write("out", "old");
  pid_t child = ::fork();
  if (child == 0) {
    auto file = llvm::cantFail(AtomicFile::create(directory.path("out")));
    llvm::cantFail(file->append(llvm::StringRef("new")));
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(directory.read("out"), "old");
  EXPECT_EQ(message(writeFileAtomically(directory.path("out"), "newer")), "");
  EXPECT_EQ(directory.read("out"), "newer");
}

TEST(AtomicFile, TwoWritersOfOneFileDoNotMix) {
  TempDirectory directory;
  auto first = llvm::cantFail(AtomicFile::create(directory.path("out")));
  auto second = llvm::cantFail(AtomicFile::create(directory.path("out")));
  llvm::cantFail(first->append(llvm::StringRef("first")));
  llvm::cantFail(second->append(llvm::StringRef("second")));
  llvm::cantFail(second->commit());
  llvm::cantFail(first->commit());
  EXPECT_EQ(directory.read("out"), "first");
  EXPECT_EQ(directory.entries(), 1u);
}
