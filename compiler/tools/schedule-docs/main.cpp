//===- main.cpp - The page of schedules from their definitions -------------===//
//
// tenon-schedule-docs: writes docs/schedules.md to standard output.
//
//===----------------------------------------------------------------------===//

#include "kernels/Schedule.h"

#include <cstdio>

using namespace tenon::kernels;

static constexpr char kBegin[] = R"(# Schedules

A kernel's schedule says how it is computed on one target, never what: every legal schedule gives the same bits
(`tests/unit/kernels/ScheduleTest.cpp` compares random ones of every family). It is a list of cases. A call takes the first case
whose sizes it has; the last case is for all sizes that are left. Each case has the loop nests of the kernel in the order of
computation, and each nest has parameters of its own. A kernel of several cases holds the code of each, and its entry compares
the sizes.

`tenon inspect NAME.so --schedules` writes the schedules of a library's kernels, and `tenon compile MODEL --schedules FILE` takes
what was written, edited or not:

    schedules: 1
    kernels:
      norm_linear_3: # or the signature that inspect writes behind the name, the same in every model
        x86-64-v4:
          - when: rows <= 64 and sequences <= 4
            nests:
              - linear: {rows: 8, columns: 48, tiles: 1}
          - nests:
              - linear: {rows: 8, columns: 48, tiles: 4}

Parameters that are left out have their defaults, and so have kernels and targets. In kernel IR the same is
`#tenon.schedule<"x86-64-v4", [<at_most = {rows = 64, sequences = 4}, nests = [<linear {columns = 48, rows = 8, tiles = 1}>]>, …]>`.
What is illegal is an error that names what would be legal: a size or a parameter that the kernel does not have, a value that it
cannot take, nests of another number or family, a case that no size reaches, a last case that is not for all sizes. A schedule has
at most %zu cases.

## Sizes

)";

static constexpr char kFamilies[] = R"(
## Families of loop nests

Which values are legal, and which is the default, depends on the kernel's shapes and the target.
)";

static void print(const FamilyDefinition::Decision &decision) {
  std::printf("- `%s`: %s\n", decision.name.c_str(), decision.meaning.c_str());
}

int main() {
  std::printf(kBegin, kMaximumCases);
  for (const FamilyDefinition::Decision &size : sizeDefinitions())
    print(size);
  std::printf("%s", kFamilies);
  for (const FamilyDefinition &family : familyDefinitions()) {
    std::printf("\n### %s\n\n%s\n\n", family.name.c_str(), family.computes.c_str());
    for (const FamilyDefinition::Decision &decision : family.parameters)
      print(decision);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
