//===- Link.cpp - Objects to a library ------------------------------------===//

#include "codegen/Link.h"

#include "runtime/src/LibraryNote.h"
#include "support/ScratchDirectory.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace llvm;
using namespace tenon;

/// The linker of the toolchain that Tenon was built with, or the first in PATH.
static Expected<std::string> findLinker() {
  for (StringRef name : {TENON_LINKER, "ld.lld-22", "ld.lld"})
    if (ErrorOr<std::string> found = sys::findProgramByName(name))
      return *found;
  return createStringError("ld.lld is not in PATH; Debian's package lld-22 has it");
}

static Error writeScratchFile(const std::string &path, StringRef contents) {
  std::error_code code;
  raw_fd_ostream stream(path, code);
  if (code)
    return createStringError(code, "%s: %s", path.c_str(), code.message().c_str());
  stream << contents;
  stream.close();
  if (std::error_code error = stream.error()) {
    stream.clear_error();
    return createStringError(error, "%s: %s", path.c_str(), error.message().c_str());
  }
  return Error::success();
}

/// Where a section lies in the file; zeros where there is none.
static Expected<std::pair<uint64_t, uint64_t>> findSection(StringRef path, StringRef name) {
  auto file = object::ObjectFile::createObjectFile(path);
  if (!file)
    return file.takeError();
  auto *elf = dyn_cast<object::ELF64LEObjectFile>(file->getBinary());
  if (!elf)
    return createStringError("the linker made no 64-bit ELF file");
  for (object::ELFSectionRef section : elf->sections()) {
    Expected<StringRef> sectionName = section.getName();
    if (!sectionName)
      return sectionName.takeError();
    if (*sectionName == name)
      return std::pair<uint64_t, uint64_t>(section.getOffset(), section.getSize());
  }
  return std::pair<uint64_t, uint64_t>(0, 0);
}

static Error runLinker(ArrayRef<StringRef> objects, StringRef version, StringRef log, StringRef output) {
  Expected<std::string> linker = findLinker();
  if (!linker)
    return linker.takeError();
  std::string script = ("--version-script=" + version).str();
  SmallVector<StringRef> arguments{*linker, "-shared", "-o", output, "--build-id=none", "--hash-style=gnu", "-z", "now",
                                   "-z", "relro", "-z", "noexecstack", "-O1", "-s", "--no-undefined", script};
  arguments.append(objects.begin(), objects.end());
  arguments.append({"-L/lib/x86_64-linux-gnu", "-L/usr/lib/x86_64-linux-gnu", "-L/lib64", "-L/usr/lib64",
                    "-l:libc.so.6", "-l:libm.so.6"});
  std::string message;
  int status = sys::ExecuteAndWait(*linker, arguments, std::nullopt, {std::nullopt, log, log}, 0, 0,
                                   &message);
  if (status == 0)
    return Error::success();
  if (auto text = MemoryBuffer::getFile(log); text && message.empty())
    message = (*text)->getBuffer().rtrim().str();
  return createStringError("the linker ended with status %d: %s", status, message.c_str());
}

Error tenon::linkLibrary(StringRef hostObject, ArrayRef<std::string> objects, StringRef output) {
  auto file = AtomicFile::create(output, AtomicFile::Mode::Executable);
  if (!file)
    return file.takeError();
  if (Error error = linkLibrary(hostObject, objects, **file))
    return error;
  return (*file)->commit();
}

Error tenon::linkLibrary(StringRef hostObject, ArrayRef<std::string> objects, AtomicFile &output) {
  auto scratch = ScratchDirectory::create();
  if (!scratch) {
    std::error_code code = errnoAsErrorCode();
    return createStringError(code, "a temporary directory cannot be made: %s", code.message().c_str());
  }
  std::string host = scratch->file("host.o"), version = scratch->file("version.map"), log = scratch->file("log"),
              linked = scratch->file("linked.so");
  if (Error error = writeScratchFile(host, hostObject))
    return error;
  if (Error error = writeScratchFile(version, "{ global: " TENON_LIBRARY_SYMBOL "; local: *; };\n"))
    return error;
  SmallVector<StringRef> inputs{host};
  inputs.append(objects.begin(), objects.end());
  if (Error error = runLinker(inputs, version, log, linked))
    return error;
  auto weights = findSection(linked, ".tenon.weights");
  if (!weights)
    return weights.takeError();
  std::string message;
  if (!stampLibrary(linked.c_str(), weights->first, weights->second, message))
    return createStringError("%s: %s", linked.c_str(), message.c_str());
  auto image = MemoryBuffer::getFile(linked, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!image)
    return errorCodeToError(image.getError());
  return output.append((*image)->getBuffer());
}
