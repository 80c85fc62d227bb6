//===- Machine.h - Where measurements are made ------------------*- C++ -*-===//

#ifndef TENON_TUNE_MACHINE_H
#define TENON_TUNE_MACHINE_H

#include <string>

namespace tenon::tune {

/// Measurements answer for machines that are equal in all of it.
struct Machine {
  std::string cpu;      ///< The model's name, as the operating system has it.
  std::string features; ///< The most demanding instruction set of x86-64 that it has.
  unsigned threads = 1; ///< Of a session.

  bool operator==(const Machine &) const = default;
};

/// This one; `threads` of 0 for as many as a session has by itself.
Machine thisMachine(unsigned threads);

} // namespace tenon::tune

#endif // TENON_TUNE_MACHINE_H
