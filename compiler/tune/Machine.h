//===- Machine.h - Where measurements are made ------------------*- C++ -*-===//

#ifndef TENON_TUNE_MACHINE_H
#define TENON_TUNE_MACHINE_H

#include <string>

namespace tenon::tune {

/// What measurements of kernels depend on, as far as it can be told: CPUs of one design, with as many threads.
struct MachineClass {
  std::string design;   ///< What LLVM calls the CPU's cores: "emeraldrapids", "znver4".
  std::string features; ///< The most demanding instruction set of x86-64 that they have.
  unsigned threads = 1; ///< Of a session.

  bool operator==(const MachineClass &) const = default;
  /// "emeraldrapids with 2 threads".
  std::string text() const;
};

/// Measurements in a user's database answer for machines that are equal in all of it.
struct Machine {
  std::string cpu; ///< The model's name, as the operating system has it: virtual machines share one.
  MachineClass kind;

  bool operator==(const Machine &) const = default;
};

/// This one; `threads` of 0 for as many as a session has by itself.
Machine thisMachine(unsigned threads);

} // namespace tenon::tune

#endif // TENON_TUNE_MACHINE_H
