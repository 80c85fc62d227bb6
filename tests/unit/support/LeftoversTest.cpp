//===- LeftoversTest.cpp - What processes that were killed leave ----------===//

#include "support/AtomicFile.h"
#include "support/ScratchDirectory.h"
#include "support/TempDirectory.h"
#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace tenon;
using test::TempDirectory;

namespace {

/// Runs `action` in a process of its own, which is then killed or ends well.
template <typename Action> void inProcess(bool killed, Action action) {
  pid_t child = ::fork();
  if (child == 0) {
    action();
    if (killed)
      ::raise(SIGKILL);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(WIFSIGNALED(status), killed);
}

void write(const std::string &path) { llvm::cantFail(writeFileAtomically(path, "whole")); }

TEST(Leftovers, OfAFileAreRemovedByTheNextWriter) {
  TempDirectory directory;
  for (int count = 0; count < 3; ++count)
    inProcess(true, [&] {
      auto file = llvm::cantFail(AtomicFile::create(directory.path("first")));
      llvm::cantFail(file->append(llvm::StringRef("half")));
      file.release();
    });
  EXPECT_GE(directory.entries(), 1u);
  inProcess(false, [&] { write(directory.path("second")); });
  EXPECT_EQ(directory.entries(), 1u);
  EXPECT_EQ(directory.read("second"), "whole");
}

TEST(Leftovers, FilesThatAreBeingWrittenAreNone) {
  TempDirectory directory;
  auto file = llvm::cantFail(AtomicFile::create(directory.path("first")));
  llvm::cantFail(file->append(llvm::StringRef("mine")));
  inProcess(false, [&] { write(directory.path("second")); });
  llvm::cantFail(file->commit());
  EXPECT_EQ(directory.read("first"), "mine");
  EXPECT_EQ(directory.entries(), 2u);
}

TEST(Leftovers, FilesOfOthersStay) {
  TempDirectory directory;
  directory.write(".tenon-notes", "a user's");
  directory.write("tenon.tmp", "another");
  ASSERT_EQ(::mkfifo(directory.path(".tenon-00000000.tmp").c_str(), 0600), 0);
  inProcess(false, [&] { write(directory.path("out")); });
  EXPECT_EQ(directory.entries(), 4u);
}

class ScratchDirectories : public testing::Test {
protected:
  ScratchDirectories() { ::setenv("TMPDIR", directory.path().c_str(), 1); }
  ~ScratchDirectories() override { ::unsetenv("TMPDIR"); }
  TempDirectory directory;
};

void leaveOne() {
  auto scratch = ScratchDirectory::create();
  ASSERT_TRUE(scratch);
  llvm::cantFail(writeFileAtomically(scratch->file("f"), "contents"));
  ::raise(SIGKILL);
}

TEST_F(ScratchDirectories, GoWithTheirObject) {
  {
    auto scratch = ScratchDirectory::create();
    ASSERT_TRUE(scratch);
    llvm::cantFail(writeFileAtomically(scratch->file("f"), "contents"));
    EXPECT_EQ(directory.entries(), 1u);
  }
  EXPECT_EQ(directory.entries(), 0u);
}

TEST_F(ScratchDirectories, OfKilledProcessesAreRemovedByTheNext) {
  inProcess(true, leaveOne);
  ASSERT_EQ(directory.entries(), 1u);
  inProcess(false, [&] { ASSERT_TRUE(ScratchDirectory::create()); });
  EXPECT_EQ(directory.entries(), 0u);
}

TEST_F(ScratchDirectories, InUseStay) {
  // The first of a process looks for leftovers, so it is the other one's.
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready) | ::pipe(done), 0);
  pid_t child = ::fork();
  if (child == 0) {
    auto scratch = ScratchDirectory::create();
    llvm::cantFail(writeFileAtomically(scratch->file("f"), "contents"));
    char byte = 0;
    if (::write(ready[1], &byte, 1) != 1 || ::read(done[0], &byte, 1) != 1)
      ::_exit(2);
    ::_exit(llvm::sys::fs::exists(scratch->file("f")) ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  inProcess(false, [&] { ASSERT_TRUE(ScratchDirectory::create()); });
  EXPECT_EQ(directory.entries(), 1u);
  ASSERT_EQ(::write(done[1], &byte, 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

} // namespace
