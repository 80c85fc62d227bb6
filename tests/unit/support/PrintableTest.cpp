#include "runtime/support/Printable.h"
#include <gtest/gtest.h>

using tenon::printable;
using namespace std::string_literals;

TEST(Printable, LeavesNamesAsTheyAre) {
  for (std::string name : {"", "model.layers.0.weight", "größe", "重み", "👍", "a'b\"c\\"})
    EXPECT_EQ(printable(name), name);
}

TEST(Printable, WritesWhatSteersATerminalAsNumbers) {
  EXPECT_EQ(printable("a\x1b[2J\r\n\tb\x7f"s + '\0'), "a\\x1b[2J\\x0d\\x0a\\x09b\\x7f\\x00");
  EXPECT_EQ(printable("\u0085"), "\\xc2\\x85");                       // the next line, of C1
  EXPECT_EQ(printable("a\u202eb\u2066"), "a\\xe2\\x80\\xaeb\\xe2\\x81\\xa6"); // directions of writing
  EXPECT_EQ(printable("\u2028"), "\\xe2\\x80\\xa8");
}

TEST(Printable, WritesWhatIsNoUtf8AsNumbers) {
  EXPECT_EQ(printable("\xff\xc0\x80"), "\\xff\\xc0\\x80");
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80"); // half of a pair
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(printable("\xe9\x87"), "\\xe9\\x87"); // cut
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdef", 5), "abcde...");
  EXPECT_EQ(printable("aéé", 4), "aé...");
  EXPECT_EQ(printable("ab\n", 4), "ab...");
  EXPECT_EQ(printable(std::string(1000, 'x')), std::string(120, 'x') + "...");
}
