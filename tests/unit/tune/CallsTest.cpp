//===- CallsTest.cpp - Distributions of calls -----------------------------===//

#include "tune/Calls.h"

#include <gtest/gtest.h>

using namespace tenon::tune;

namespace {

std::string errorOf(llvm::StringRef text) {
  auto calls = parseCalls(text);
  return calls ? "" : llvm::toString(calls.takeError());
}

TEST(Calls, AreRead) {
  auto calls = parseCalls("8x128,1x1+128:4,16x30/1+15:0.5,2x30/0");
  ASSERT_TRUE(bool(calls)) << llvm::toString(calls.takeError());
  std::vector<CallShape> expected = {
      {8, std::nullopt, 128, 0, 1}, {1, std::nullopt, 1, 128, 4}, {16, 30, 1, 15, 0.5}, {2, 30, 0, 0, 1}};
  EXPECT_EQ(*calls, expected);
}

TEST(Calls, WriteWhatTheyAreReadFrom) {
  for (const char *text : {"8x128", "1x1+128", "16x30/1+15", "2x30/0", "65536x1048576"})
    EXPECT_EQ(llvm::cantFail(parseCalls(text)).front().text(), text);
}

TEST(Calls, ThatAreNoneAreRefused) {
  EXPECT_EQ(errorOf(""), "sizes '': expected SEQUENCESx[SOURCE/]TOKENS[+PAST][:WEIGHT], as 8x128 or 1x1+128:4");
  EXPECT_EQ(errorOf("8"), "sizes '8': expected SEQUENCESx[SOURCE/]TOKENS[+PAST][:WEIGHT], as 8x128 or 1x1+128:4");
  EXPECT_EQ(errorOf("8x128,"), errorOf(""));
  EXPECT_EQ(errorOf("rows=1:4"), "sizes 'rows=1:4': expected SEQUENCESx[SOURCE/]TOKENS[+PAST][:WEIGHT], as 8x128 or "
                                 "1x1+128:4");
  EXPECT_EQ(errorOf("x128"), "sizes 'x128': expected a number of sequences, found ''");
  EXPECT_EQ(errorOf("-1x128"), "sizes '-1x128': expected a number of sequences, found '-1'");
  EXPECT_EQ(errorOf("0x128"), "sizes '0x128': number of sequences is 0, expected one from 1 to 65536");
  EXPECT_EQ(errorOf("1x0"), "sizes '1x0': number of tokens is 0, expected one from 1 to 1048576");
  EXPECT_EQ(errorOf("1x99999999999999999999"),
            "sizes '1x99999999999999999999': number of tokens is 99999999999999999999, expected one from 1 to 1048576");
  EXPECT_EQ(errorOf("1x1+"), "sizes '1x1+': expected a number of cached tokens, found ''");
  EXPECT_EQ(errorOf("1x/1"), "sizes '1x/1': expected a number of rows of the source, found ''");
  EXPECT_EQ(errorOf("1x5/0+3"), "sizes '1x5/0+3': a call that reads a source (0 tokens) has none before them");
  EXPECT_EQ(errorOf("1x1,2x2,1x1:3"), "sizes '1x1,2x2,1x1:3': 1x1 is given twice");
}

TEST(Calls, WeighAPositiveNumber) {
  for (const char *weight : {"", "0", "-1", "nan", "inf", "1e400", "0x10", "1000000001", "."})
    EXPECT_EQ(errorOf(std::string("1x1:") + weight), std::string("sizes '1x1:") + weight + "': weight is '" + weight +
                                                         "', expected a number above 0 and up to 1000000000");
}

std::string problemOf(llvm::StringRef text, const CallLimits &limits) {
  return llvm::toString(checkCalls(llvm::cantFail(parseCalls(text)), limits));
}

TEST(Calls, FitTheModel) {
  CallLimits encoder{false, false, 512, 0}, decoder{true, false, 1024, 0}, translator{true, true, 512, 256};
  EXPECT_EQ(problemOf("8x512", encoder), "");
  EXPECT_EQ(problemOf("8x513", encoder), "sizes '8x513': 513 tokens in all, the model takes up to 512");
  EXPECT_EQ(problemOf("1x1+16", encoder), "sizes '1x1+16': the model keeps no tokens, so none can be cached");
  EXPECT_EQ(problemOf("1x1+1024", decoder), "sizes '1x1+1024': 1025 tokens in all, the model takes up to 1024");
  EXPECT_EQ(problemOf("1x5/1", decoder), "sizes '1x5/1': the model is about no source");
  EXPECT_EQ(problemOf("1x257/1", translator), "sizes '1x257/1': the source has 257 rows, the model takes up to 256");
}

TEST(Calls, UsualOnesFitAnyModel) {
  for (int64_t positions : {0, 1, 2, 5, 17, 100, 512})
    for (int64_t sourcePositions : {0, 1, 3000})
      for (CallLimits limits : {CallLimits{false, false, positions, 0},
                                {true, false, positions, 0},
                                {true, true, positions, sourcePositions}}) {
        std::vector<CallShape> calls = usualCalls(limits);
        EXPECT_FALSE(calls.empty());
        EXPECT_EQ(llvm::toString(checkCalls(calls, limits)), "");
        std::string list;
        for (const CallShape &call : calls)
          list += (list.empty() ? "" : ",") + call.text();
        auto read = parseCalls(list);
        EXPECT_TRUE(bool(read)) << list << llvm::toString(read.takeError());
      }
}

} // namespace
