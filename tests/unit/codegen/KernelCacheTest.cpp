//===- KernelCacheTest.cpp - Entries that are not what was put there ------===//

#include "codegen/KernelCache.h"
#include "support/TempDirectory.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Path.h"
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tenon;
using test::TempDirectory;

namespace {

class Cache : public testing::Test {
protected:
  Cache() { ::unsetenv("TENON_CACHE_DIR"); }

  /// Has the Halide runtime's object; returns its path. It must be one that a linker takes.
  std::string object(KernelCache &cache) {
    llvm::Expected<std::string> path = cache.runtimeObject();
    if (!path) {
      ADD_FAILURE() << llvm::toString(path.takeError());
      return "";
    }
    auto file = llvm::object::ObjectFile::createObjectFile(*path);
    EXPECT_TRUE(bool(file));
    llvm::consumeError(file.takeError());
    return *path;
  }
  /// Expects that the entry is used as it is, or made anew.
  void expectMade(bool anew) {
    auto cache = llvm::cantFail(KernelCache::open(directory.path()));
    EXPECT_EQ(object(cache), entry);
    EXPECT_EQ(cache.misses(), anew ? 1u : 0u);
    EXPECT_EQ(cache.note(), "");
    EXPECT_EQ(directory.entries(), 1u);
    EXPECT_EQ(directory.read(name), good);
  }

  void SetUp() override {
    ASSERT_EQ(::chmod(directory.path().c_str(), 0700), 0);
    auto cache = llvm::cantFail(KernelCache::open(directory.path()));
    entry = object(cache);
    name = llvm::sys::path::filename(entry).str();
    good = directory.read(name);
    ASSERT_GT(good.size(), 1000u);
  }

  TempDirectory directory;
  std::string entry, name, good;
};

TEST_F(Cache, GoodEntriesAreUsed) { expectMade(false); }

TEST_F(Cache, AFlippedBitIsSeen) {
  for (size_t at : {size_t(0), size_t(100), good.size() / 2, good.size() - 33, good.size() - 32, good.size() - 1}) {
    std::string bad = good;
    bad[at] ^= 1;
    directory.write(name, bad);
    expectMade(true);
  }
}

TEST_F(Cache, OtherSizesAreSeen) {
  for (std::string bad : {std::string(), good.substr(0, 20), good.substr(0, good.size() / 2), good + "x"}) {
    directory.write(name, bad);
    expectMade(true);
  }
  ASSERT_EQ(::truncate(entry.c_str(), off_t(1) << 40), 0); // without memory for it, and a disk for it
  expectMade(true);
}

TEST_F(Cache, EntriesOfOtherNamesAreSeen) {
  directory.write("other", good);
  ASSERT_EQ(::rename(directory.path("other").c_str(), entry.c_str()), 0);
  expectMade(false);
  std::string other = good;
  std::swap(other[other.size() - 1], other[other.size() - 2]);
  directory.write(name, other);
  expectMade(other != good);
}

TEST_F(Cache, WhatIsNoFileIsReplaced) {
  ASSERT_EQ(::unlink(entry.c_str()), 0);
  ASSERT_EQ(::mkfifo(entry.c_str(), 0600), 0);
  expectMade(true);
  for (const char *device : {"/dev/zero", "/dev/random", "/nowhere"}) {
    ASSERT_EQ(::unlink(entry.c_str()), 0);
    ASSERT_EQ(::symlink(device, entry.c_str()), 0);
    expectMade(true);
  }
}

TEST_F(Cache, WhatCannotBeReplacedIsGoneAround) {
  ASSERT_EQ(::unlink(entry.c_str()), 0);
  ASSERT_EQ(::mkdir(entry.c_str(), 0700), 0);
  auto cache = llvm::cantFail(KernelCache::open(directory.path()));
  std::string path = object(cache);
  EXPECT_NE(path, entry);
  EXPECT_NE(cache.note().find("compiled kernels are not kept: "), std::string::npos) << cache.note();
}

TEST_F(Cache, ADefaultThatCannotBeUsedIsNoError) {
  std::string file = directory.write("file", "");
  ::setenv("TENON_CACHE_DIR", (file + "/cache").c_str(), 1);
  std::string path;
  {
    auto cache = llvm::cantFail(KernelCache::open(""));
    path = object(cache);
    EXPECT_NE(cache.note().find("file/cache: the cache directory cannot be made"), std::string::npos) << cache.note();
    EXPECT_EQ(cache.misses(), 1u);
  }
  EXPECT_FALSE(llvm::sys::fs::exists(path));
  ASSERT_EQ(::chmod(directory.path().c_str(), 0777), 0);
  ::setenv("TENON_CACHE_DIR", directory.path().c_str(), 1);
  auto cache = llvm::cantFail(KernelCache::open(""));
  EXPECT_NE(object(cache), entry);
  EXPECT_NE(cache.note().find("can be written by others"), std::string::npos) << cache.note();
}

TEST_F(Cache, OneThatWasAskedForIsAnError) {
  std::string file = directory.write("file", "");
  llvm::Expected<KernelCache> cache = KernelCache::open(file + "/cache");
  ASSERT_FALSE(bool(cache));
  EXPECT_NE(llvm::toString(cache.takeError()).find("the cache directory cannot be made"), std::string::npos);
}

} // namespace
