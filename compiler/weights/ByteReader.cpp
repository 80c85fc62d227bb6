//===- ByteReader.cpp -----------------------------------------------------===//

#include "weights/ByteReader.h"
#include "runtime/support/Printable.h"
#include "runtime/support/CheckedSize.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/raw_ostream.h"

using namespace tenon;
using namespace tenon::weights;

static bool isUtf8(llvm::StringRef text) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.begin());
  return llvm::isLegalUTF8String(&begin, reinterpret_cast<const llvm::UTF8 *>(text.end()));
}

std::string tenon::weights::quotedName(llvm::StringRef name) { return "'" + printable(name, 100) + "'"; }

bool ByteReader::fail(const llvm::Twine &text) {
  if (message.empty())
    message = (place + ": " + text).str();
  return false;
}

bool ByteReader::readBytes(uint64_t count, llvm::ArrayRef<uint8_t> &part) {
  if (count > remaining())
    return fail(llvm::Twine(count) + " bytes are more than the " + llvm::Twine(remaining()) + " that follow");
  part = bytes.slice(position, count);
  position += count;
  return true;
}

bool ByteReader::readName(uint64_t count, llvm::StringRef &name) {
  llvm::ArrayRef<uint8_t> part;
  if (!readBytes(count, part))
    return false;
  llvm::StringRef text(reinterpret_cast<const char *>(part.data()), part.size());
  if (!text.ends_with(llvm::StringRef("\0", 1)))
    return fail("the name " + quotedName(text) + " does not end with a zero byte");
  name = text.drop_back();
  if (name.empty() || name.contains('\0') || !isUtf8(name))
    return fail("expected a name in UTF-8, found " + quotedName(name));
  return true;
}

bool ByteReader::fits(llvm::StringRef things, uint64_t count, uint64_t least) {
  if (CheckedSize(count) * least <= CheckedSize(remaining()))
    return true;
  return fail(llvm::Twine(count) + " " + things + " take more than the " + llvm::Twine(remaining()) +
              " bytes that follow");
}
