//===- Together.h - Threads that work at the same time ----------*- C++ -*-===//

#ifndef TENON_MACHINE_TOGETHER_H
#define TENON_MACHINE_TOGETHER_H

#include <functional>

namespace tenon::machine {

/// Is given the number of its thread and returns the units of work that it has done.
using Work = std::function<double(unsigned thread)>;

/// The most units in a second of some runs, in each of which `threads` threads begin together.
double mostPerSecond(unsigned threads, unsigned runs, const Work &work);

} // namespace tenon::machine

#endif // TENON_MACHINE_TOGETHER_H
