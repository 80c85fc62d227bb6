//===- main.cpp - The page of schedules from their definitions -------------===//
//
// tenon-schedule-docs: writes docs/schedules.md to standard output.
//
//===----------------------------------------------------------------------===//

#include "kernels/Kernels.h"

#include <cstdio>
#include <string>

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

Which values are legal depends on the kernel's shapes and the target's instructions. Which is the default depends on what is
known of the CPU too: `tenon compile --target x86-64-v4+l1=48K+l2=2M+cores=8` says it, `native` takes it from the machine that
compiles. Of an instruction set alone it is what is sound for all CPUs that have it, so that a model's library is the same
whichever machine compiles it (but for [winners](tuning.md) that ship for its class; `--no-db` leaves them out). `tenon inspect`
shows what was taken for granted:

%s)";

static void print(const FamilyDefinition::Decision &decision) {
  std::printf("- `%s`: %s\n", decision.name.c_str(), decision.meaning.c_str());
}

/// A table of what is known of each.
static std::string figuresOfTargets() {
  std::string head = "| target |", line = "|---|", rows;
  for (const CpuFigure &figure : cpuFigures()) {
    head += std::string(" `") + figure.name + "`: " + figure.meaning + " |";
    line += "---|";
  }
  for (const std::string &name : targetNames()) {
    rows += "| `" + name + "` |";
    for (const CpuFigure &figure : cpuFigures())
      rows += " " + figureText(findTarget(name)->*figure.value, figure) + " |";
    rows += "\n";
  }
  return head + "\n" + line + "\n" + rows;
}

int main() {
  std::printf(kBegin, kMaximumCases);
  for (const FamilyDefinition::Decision &size : sizeDefinitions())
    print(size);
  std::printf(kFamilies, figuresOfTargets().c_str());
  for (const FamilyDefinition &family : familyDefinitions()) {
    std::printf("\n### %s\n\n%s\n\n", family.name.c_str(), family.computes.c_str());
    for (const FamilyDefinition::Decision &decision : family.parameters)
      print(decision);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
