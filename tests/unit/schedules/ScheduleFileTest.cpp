//===- ScheduleFileTest.cpp - Schedules that a file gives ------------------===//

#include "schedules/ScheduleFile.h"
#include "schedules/ScheduleWriter.h"

#include <gtest/gtest.h>

using namespace tenon;
using namespace tenon::kernels;

namespace {

/// Rows times two: one row-wise nest.
KernelDescription scaled() {
  KernelDescription kernel;
  TensorType rows{ElementType::F32, {kDynamic, 8}};
  kernel.arguments = {rows};
  kernel.operations = {{"scale", {0}, {rows}, {{"factor", 2.0}}}};
  kernel.results = {1};
  return kernel;
}

llvm::Expected<std::unique_ptr<ScheduleFile>> fileOf(llvm::StringRef text) {
  return ScheduleFile::read(llvm::MemoryBuffer::getMemBufferCopy(text, "file.yaml"));
}

/// The schedule that a file gives `scaled()` under the name scale_0, and what is wrong with the file.
std::pair<std::optional<Schedule>, std::string> askedOf(llvm::StringRef text) {
  auto file = fileOf(text);
  if (!file)
    return {std::nullopt, llvm::toString(file.takeError())};
  KernelDescription kernel = scaled();
  const TargetModel &target = *findTarget("x86-64-v3");
  std::string error;
  ScheduleSpace space = scheduleSpace(kernel, target, error).value();
  std::optional<Schedule> found = (*file)->find({"scale_0", kernel}, target, space);
  return {found, llvm::toString((*file)->finish())};
}

std::string errorOf(llvm::StringRef text) { return askedOf(text).second; }

/// A file whose one schedule has these cases.
std::string withCases(const std::string &cases) {
  return "schedules: 1\nkernels:\n  scale_0:\n    x86-64-v3: " + cases + "\n";
}

/// The first line of the error, and the line with the caret.
std::string caretOf(const std::string &cases) {
  std::string error = errorOf(withCases(cases));
  llvm::SmallVector<llvm::StringRef> lines;
  llvm::StringRef(error).split(lines, '\n');
  return lines.size() < 3 ? error : (lines[0] + "\n" + lines[1] + "\n" + lines[2]).str();
}

TEST(ScheduleFile, kernelsByNameAndBySignature) {
  for (const std::string &key : {std::string("scale_0"), signatureOf(scaled().text())}) {
    auto [found, error] =
        askedOf("schedules: 1\nkernels:\n  " + key +
                ":\n    x86-64-v3:\n      - when: rows <= 64\n        nests: [{rowwise: {tiles: 4}}]\n"
                "      - nests: [rowwise: {}]\n    x86-64-v4: [{nests: [{rowwise: {}}]}]\n");
    EXPECT_EQ(error, "");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->target, "x86-64-v3");
    EXPECT_EQ(found->text(), "[{when: rows <= 64, nests: [{rowwise: {tiles: 4}}]}, {nests: [{rowwise: {tiles: 1}}]}]");
  }
}

TEST(ScheduleFile, whatIsWrittenReadsBack) {
  Schedule schedule{"x86-64-v3",
                    {{{{"rows", 64}, {"sequences", 2}}, {{"rowwise", {{"tiles", 4}}}, {"linear", {}}}},
                     {{}, {{"rowwise", {{"tiles", 2}}}, {"linear", {{"columns", 24}, {"rows", 4}}}}}}};
  std::string text = writeSchedules({{"norm_linear_3", "0123", {schedule}}});
  EXPECT_EQ(text, "schedules: 1\n"
                  "kernels:\n"
                  "  norm_linear_3: # 0123\n"
                  "    x86-64-v3:\n"
                  "      - when: rows <= 64 and sequences <= 2\n"
                  "        nests:\n"
                  "          - rowwise: {tiles: 4}\n"
                  "          - linear: {}\n"
                  "      - nests:\n"
                  "          - rowwise: {tiles: 2}\n"
                  "          - linear: {columns: 24, rows: 4}\n");
  auto read = readScheduleText(schedule.text(), "x86-64-v3", "scale_0");
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(*read, schedule);
  llvm::MemoryBufferRef buffer(text, "file.yaml");
  spec::Diagnostics diagnostics(buffer);
  std::vector<PlacedKernel> kernels = readSchedules(spec::readYamlTree(buffer, diagnostics), diagnostics);
  EXPECT_EQ(llvm::toString(diagnostics.takeError()), "");
  ASSERT_EQ(kernels.size(), 1u);
  EXPECT_EQ(kernels[0].schedules.at(0).schedule, schedule);
}

TEST(ScheduleFile, carets) {
  EXPECT_EQ(
      caretOf("[{nests: [{rowwise: {tiles: 3}}]}]"),
      "file.yaml:4:44: error: 'scale_0' for x86-64-v3: 'tiles' of nest 1 of case 1 (rowwise) is 3, expected one of "
      "1, 2, 4, 8, 16\n"
      "    x86-64-v3: [{nests: [{rowwise: {tiles: 3}}]}]\n"
      "                                           ^");
  EXPECT_EQ(caretOf("[{nests: [{linear: {}}]}]"),
            "file.yaml:4:27: error: 'scale_0' for x86-64-v3: nest 1 of case 1 is 'linear', expected 'rowwise'\n"
            "    x86-64-v3: [{nests: [{linear: {}}]}]\n"
            "                          ^~~~~~");
  EXPECT_EQ(caretOf("[{when: rows <= 8 and keys <= 4, nests: [{rowwise: {}}]}, {nests: [{rowwise: {}}]}]"),
            "file.yaml:4:38: error: 'scale_0' for x86-64-v3: case 1 compares 'keys', expected one of this kernel's "
            "sizes: rows\n"
            "    x86-64-v3: [{when: rows <= 8 and keys <= 4, nests: [{rowwise: {}}]}, {nests: [{rowwise: {}}]}]\n"
            "                                     ^~~~");
}

TEST(ScheduleFile, comparisons) {
  auto error = [](const std::string &when) {
    return errorOf(withCases("[{when: " + when + ", nests: [{rowwise: {}}]}, {nests: [{rowwise: {}}]}]"));
  };
  EXPECT_EQ(error("rows <= 8"), "");
  for (const char *when : {"rows < 8", "rows <= many", "rows <= 8 or rows <= 4", "rows <= 8 and", "rows", "{rows: 8}",
                           "rows <= 99999999999999999999"})
    EXPECT_TRUE(llvm::StringRef(error(when)).contains("expected comparisons as 'rows <= 8 and sequences <= 4'"))
        << when << ": " << error(when);
  EXPECT_TRUE(llvm::StringRef(error("rows <= 0")).contains("case 1 compares rows with 0")) << error("rows <= 0");
}

TEST(ScheduleFile, kernelsAndTargetsThatAreNotThere) {
  std::string error = errorOf("schedules: 1\nkernels:\n  scale_1: {x86-64-v3: [{nests: [{rowwise: {}}]}]}\n");
  EXPECT_TRUE(llvm::StringRef(error).starts_with(
      "file.yaml:3:3: error: the model has no kernel 'scale_1'; did you mean 'scale_0'?"))
      << error;
  error = errorOf("schedules: 1\nkernels:\n  scale_0: {x86-64-v9: [{nests: [{rowwise: {}}]}]}\n");
  EXPECT_TRUE(llvm::StringRef(error).starts_with(
      "file.yaml:3:13: error: target 'x86-64-v9' is not known; known: x86-64-v3, x86-64-v4"))
      << error;
  std::string both = "schedules: 1\nkernels:\n  scale_0: {x86-64-v3: [{nests: [{rowwise: {}}]}]}\n  " +
                     signatureOf(scaled().text()) + ": {x86-64-v3: [{nests: [{rowwise: {}}]}]}\n";
  EXPECT_TRUE(llvm::StringRef(errorOf(both)).contains("is the same kernel as 'scale_0'")) << errorOf(both);
}

TEST(ScheduleFile, whatIsNoScheduleFile) {
  auto expect = [](llvm::StringRef text, llvm::StringRef message) {
    std::string error = errorOf(text);
    EXPECT_TRUE(llvm::StringRef(error).contains(message)) << error;
  };
  expect("", "the file is empty, expected a mapping of keys to values");
  expect("schedules: 2\nkernels: {}\n", "schedules");
  expect("schedules: 1\n", "has no key 'kernels'");
  expect("schedules: 1\nkernels: []\n", "kernels: expected a mapping of kernels to their schedules");
  expect("schedules: 1\nkernles: {}\n", "did you mean 'kernels'?");
  expect(withCases("{}"), "expected a list of cases");
  expect(withCases("[{}]"), "a case has no key 'nests'");
  expect(withCases("[{nests: [{}]}]"), "expected one family of loop nests, found 0");
  expect(withCases("[{nests: [rowwise]}]"), "expected a nest as '{linear: {rows: 4}}'");
  expect(withCases("[{nests: [{rowwise: 4}]}]"), "'rowwise': expected a mapping of parameters to numbers");
  expect(withCases("[{nests: [{rowwise: {tiles: many}}]}]"), "tiles");
  expect(withCases("[]"), "a schedule without cases");
}

} // namespace
