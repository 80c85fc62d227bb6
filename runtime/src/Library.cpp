//===- Library.cpp - Loading a compiled library ---------------------------===//

#include "Library.h"

#include "Cpu.h"
#include "Failure.h"
#include "LibraryNote.h"
#include "WeightFile.h"

#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <map>
#include <memory>
#include <mutex>
#include <sys/stat.h>

namespace tenon::runtime {
namespace {

/// How often each library is open. The hooks of one are set once, not while another model's kernels read them.
struct OpenLibraries {
  std::mutex mutex;
  std::map<const tenon_library *, int> count;
};

OpenLibraries &openLibraries() {
  // Never destroyed: models may be released by the destructors of other static objects.
  static OpenLibraries *libraries = new OpenLibraries;
  return *libraries;
}

tenon_status statusOf(NoteProblem problem) {
  switch (problem) {
  case NoteProblem::Version:
    return TENON_ERROR_VERSION;
  case NoteProblem::Machine:
    return TENON_ERROR_CPU;
  case NoteProblem::None:
  case NoteProblem::Damaged:
    break;
  }
  return TENON_ERROR_LIBRARY;
}

tenon_note checkedNote(const std::string &path, const FileHandle &file, uint64_t bytes) {
  LibraryImage image = LibraryImage::fromFile(file.get(), bytes);
  std::string error;
  std::optional<FoundNote> found = findNote(image, error);
  if (!found)
    fail(TENON_ERROR_LIBRARY, path, ": ", error);
  if (NoteProblem problem = checkNote(image, *found, machine(), error); problem != NoteProblem::None)
    fail(statusOf(problem), path, ": ", error);
  if (found->note.least_level > cpuLevel())
    fail(TENON_ERROR_CPU, path, ": needs ", describeLevel(found->note.least_level), ", this CPU has ",
         describeLevel(cpuLevel()));
  return found->note;
}

struct LoadedImage {
  const uint8_t *inside; ///< any byte of the image
  tenon_note note;
  bool found;
};

/// Reads the note of the loaded image.
int readLoadedNote(struct dl_phdr_info *info, size_t, void *data) {
  auto *wanted = static_cast<LoadedImage *>(data);
  auto address = reinterpret_cast<uintptr_t>(wanted->inside);
  bool holds = false;
  for (int index = 0; index < info->dlpi_phnum; ++index) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[index];
    uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    holds |= segment.p_type == PT_LOAD && address >= start && address - start < segment.p_memsz;
  }
  if (!holds)
    return 0;
  for (int index = 0; index < info->dlpi_phnum; ++index) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[index];
    if (segment.p_type != PT_NOTE || wanted->found)
      continue;
    const void *notes = wanted->inside + intptr_t(info->dlpi_addr + segment.p_vaddr - address);
    std::optional<FoundNote> note =
        findNoteIn(LibraryImage::fromMemory(notes, segment.p_filesz), 0, segment.p_filesz, segment.p_align);
    if (note) {
      wanted->note = note->note;
      wanted->found = true;
    }
  }
  return 1;
}

/// The loader knows libraries by name: if the file was replaced while the old one is loaded, it hands out the old one.
void checkLoadedIsChecked(const std::string &path, const void *table, const tenon_note &note) {
  LoadedImage loaded{static_cast<const uint8_t *>(table), {}, false};
  dl_iterate_phdr(readLoadedNote, &loaded);
  if (!loaded.found || std::memcmp(&loaded.note, &note, sizeof note) != 0)
    fail(TENON_ERROR_LIBRARY, path,
         ": the file was replaced while the library that was there before is still open in this process; release its "
         "models first, or open the new file under another name");
}

void checkTable(const std::string &path, const tenon_library &table) {
  if (table.version != TENON_LIBRARY_VERSION)
    fail(TENON_ERROR_VERSION, path, ": library is version ", table.version, ", this runtime reads version ",
         TENON_LIBRARY_VERSION);
  if (table.struct_size != sizeof(tenon_library))
    fail(TENON_ERROR_VERSION, path, ": table of ", table.struct_size, " bytes, expected ", sizeof(tenon_library));
  bool complete = table.manifest && table.set_do_par_for && table.set_malloc && table.set_free &&
                  table.set_error_handler && (table.entries || table.entry_count == 0) && table.targets &&
                  table.target_count != 0;
  if (!complete)
    fail(TENON_ERROR_LIBRARY, path, ": the library's table lacks its manifest, entry points, targets or setters");
}

std::string targetNames(const tenon_library &table) {
  std::string names;
  for (uint32_t index = 0; index < table.target_count; ++index)
    names += concat(index ? ", " : "", table.targets[index].name);
  return names;
}

/// dlopen takes a path without a slash for a name to search for.
std::string loaderPath(const std::string &path) { return path.find('/') == std::string::npos ? "./" + path : path; }

} // namespace

Library::Library(const std::string &path, const KernelHooks &hooks) {
  uint64_t bytes = 0;
  FileHandle file = openRegularFile(AT_FDCWD, path, path, bytes);
  tenon_note note = checkedNote(path, file, bytes);

  std::lock_guard lock(openLibraries().mutex);
  std::unique_ptr<void, int (*)(void *)> loaded(dlopen(loaderPath(path).c_str(), RTLD_NOW | RTLD_LOCAL), dlclose);
  if (!loaded)
    fail(TENON_ERROR_LIBRARY, "cannot load ", path, ": ", dlerror());
  const void *symbol = dlsym(loaded.get(), TENON_LIBRARY_SYMBOL);
  if (!symbol)
    fail(TENON_ERROR_LIBRARY, path, ": exports no ", TENON_LIBRARY_SYMBOL);
  checkLoadedIsChecked(path, symbol, note);
  const auto *table = static_cast<const tenon_library *>(symbol);
  checkTable(path, *table);
  int &count = openLibraries().count[table];
  if (count++ == 0) {
    table->set_do_par_for(hooks.doParFor);
    table->set_malloc(hooks.malloc);
    table->set_free(hooks.free);
    table->set_error_handler(hooks.error);
  }
  exported = table;
  handle = loaded.release();
}

Library::~Library() {
  std::lock_guard lock(openLibraries().mutex);
  if (auto found = openLibraries().count.find(exported); --found->second == 0)
    openLibraries().count.erase(found);
  dlclose(handle);
}

const tenon_target_table &Library::target(const std::string &name) const {
  uint32_t level = cpuLevel();
  for (uint32_t index = 0; index < exported->target_count; ++index) {
    const tenon_target_table &target = exported->targets[index];
    if (name.empty() ? target.level > level : name != target.name)
      continue;
    if (target.level > level)
      fail(TENON_ERROR_CPU, "target ", name, " needs ", describeLevel(target.level), ", this CPU has ",
           describeLevel(level));
    return target;
  }
  if (name.empty())
    fail(TENON_ERROR_CPU, "the library has kernels for ", targetNames(*exported), ", this CPU has ",
         describeLevel(level));
  fail(TENON_ERROR_INVALID_ARGUMENT, "target \"", name, "\" is not in the library, which has ", targetNames(*exported));
}

} // namespace tenon::runtime
