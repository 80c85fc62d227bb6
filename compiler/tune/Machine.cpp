//===- Machine.cpp - Where measurements are made --------------------------===//

#include "tune/Machine.h"

#include "runtime/src/Cpu.h"
#include "tenon/tenon.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"

#include <algorithm>

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

/// What the kernel says of the first CPU, or else which of the compiler's it is.
static std::string cpuName() {
  if (auto text = MemoryBuffer::getFileAsStream("/proc/cpuinfo")) {
    StringRef rest = (*text)->getBuffer();
    while (!rest.empty()) {
      auto [line, next] = rest.split('\n');
      auto [key, value] = line.split(':');
      if (key.trim() == "model name" && !value.trim().empty())
        return value.trim().str();
      rest = next;
    }
  }
  return sys::getHostCPUName().str();
}

std::string MachineClass::text() const {
  return design + " with " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

Machine tune::thisMachine(unsigned threads) {
  if (threads == 0)
    threads = std::min<unsigned>(runtime::availableCpus(), TENON_MAX_THREADS);
  return {cpuName(), {sys::getHostCPUName().str(), "x86-64-v" + std::to_string(runtime::cpuLevel()), threads}};
}
