//===- Calls.cpp - The calls of a model that it is tuned for --------------===//

#include "tune/Calls.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>

using namespace llvm;
using namespace tenon;
using namespace tenon::tune;

std::string CallShape::text() const {
  std::string text = std::to_string(sequences) + "x";
  if (source)
    text += std::to_string(*source) + "/";
  text += std::to_string(tokens);
  return past > 0 ? text + "+" + std::to_string(past) : text;
}

namespace {

/// One call of a list.
class CallReader {
public:
  explicit CallReader(StringRef text) : text(text) {}

  Expected<CallShape> read() {
    CallShape call;
    StringRef rest = text;
    if (size_t colon = text.rfind(':'); colon != StringRef::npos) {
      if (Error error = readWeight(text.drop_front(colon + 1), call.weight))
        return std::move(error);
      rest = text.take_front(colon);
    }
    auto [sequences, tokens] = rest.split('x');
    if (tokens.empty())
      return fail("expected SEQUENCESx[SOURCE/]TOKENS[+PAST][:WEIGHT], as 8x128 or 1x1+128:4");
    if (Error error = readNumber("sequences", sequences, 1, kMostSequences, call.sequences))
      return std::move(error);
    if (tokens.contains('/')) {
      auto [source, own] = tokens.split('/');
      if (Error error = readNumber("rows of the source", source, 1, kMostTokens, call.source.emplace()))
        return std::move(error);
      tokens = own;
    }
    bool hasPast = tokens.contains('+');
    auto [count, past] = tokens.split('+');
    if (Error error = readNumber("tokens", count, call.source ? 0 : 1, kMostTokens, call.tokens))
      return std::move(error);
    if (hasPast)
      if (Error error = readNumber("cached tokens", past, 0, kMostTokens, call.past))
        return std::move(error);
    if (call.tokens == 0 && call.past > 0)
      return fail("a call that reads a source (0 tokens) has none before them");
    return call;
  }

private:
  Error fail(const Twine &what) const { return createStringError(("sizes '" + text + "': " + what).str()); }

  Error readNumber(StringRef name, StringRef digits, int64_t least, int64_t most, int64_t &number) const {
    if (digits.empty() || !all_of(digits, isDigit))
      return fail("expected a number of " + name + ", found '" + digits + "'");
    if (digits.getAsInteger(10, number) || number < least || number > most)
      return fail("number of " + name + " is " + digits + ", expected one from " + Twine(least) + " to " + Twine(most));
    return Error::success();
  }

  Error readWeight(StringRef digits, double &weight) const {
    // Neither hexadecimal numbers nor infinities.
    bool isPlain = !digits.empty() && all_of(digits, [](char c) { return isDigit(c) || c == '.'; });
    if (!isPlain || digits.getAsDouble(weight) || !(weight > 0) || !(weight <= 1e9))
      return fail("weight is '" + digits + "', expected a number above 0 and up to 1000000000");
    return Error::success();
  }

  StringRef text;
};

} // namespace

Expected<std::vector<CallShape>> tune::parseCalls(StringRef text) {
  SmallVector<StringRef> items;
  text.split(items, ',');
  std::vector<CallShape> calls;
  for (StringRef item : items) {
    auto call = CallReader(item).read();
    if (!call)
      return call.takeError();
    for (const CallShape &other : calls)
      if (other.text() == call->text())
        return createStringError(("sizes '" + text + "': " + call->text() + " is given twice").str());
    calls.push_back(*call);
  }
  return calls;
}

/// As many tokens as are wanted, or as fit with `others` beside them.
static int64_t within(int64_t wanted, int64_t positions, int64_t others = 0) {
  return positions > 0 ? std::min(wanted, positions - others) : wanted;
}

std::vector<CallShape> tune::usualCalls(const CallLimits &limits) {
  constexpr int64_t usual = 128, few = 16;
  if (limits.hasSource) {
    int64_t source = limits.sourcePositions > 0 ? limits.sourcePositions : usual;
    int64_t past = within(few, limits.positions, 1);
    return {{1, source, 0, 0, 1}, {1, std::nullopt, 1, past, 16}, {8, std::nullopt, 1, past, 4}};
  }
  int64_t length = within(usual, limits.positions);
  if (!limits.generates) {
    std::vector<CallShape> calls = {{1, std::nullopt, length, 0, 1}, {8, std::nullopt, length, 0, 1}};
    if (length > few)
      calls.insert(calls.begin(), {1, std::nullopt, few, 0, 4});
    return calls;
  }
  int64_t past = within(usual, limits.positions, 1);
  std::vector<CallShape> calls = {{1, std::nullopt, 1, past, 64}, {8, std::nullopt, 1, past, 16}};
  if (length > 1)
    calls.insert(calls.begin(), {1, std::nullopt, length, 0, 1});
  return calls;
}

Error tune::checkCalls(ArrayRef<CallShape> calls, const CallLimits &limits) {
  for (const CallShape &call : calls) {
    auto fail = [&](const Twine &what) { return createStringError(("sizes '" + call.text() + "': " + what).str()); };
    if (call.past > 0 && !limits.generates)
      return fail("the model keeps no tokens, so none can be cached");
    if (call.source && !limits.hasSource)
      return fail("the model is about no source");
    if (call.source && limits.sourcePositions > 0 && *call.source > limits.sourcePositions)
      return fail("the source has " + Twine(*call.source) + " rows, the model takes up to " +
                  Twine(limits.sourcePositions));
    if (limits.positions > 0 && call.tokens + call.past > limits.positions)
      return fail(Twine(call.tokens + call.past) + " tokens in all, the model takes up to " + Twine(limits.positions));
  }
  return Error::success();
}
