//===- Stacks.cpp - What entry points have to do with each other ----------===//

#include "Stacks.h"

#include "Failure.h"

#include <algorithm>
#include <initializer_list>
#include <optional>

namespace tenon::runtime {
namespace {

template <typename... Parts> [[noreturn]] void wrong(const Entry &entry, const Parts &...parts) {
  fail(TENON_ERROR_LIBRARY, "manifest: entry point \"", entry.name, "\" ", parts...);
}

/// " of stack "x"", or nothing where stacks have no names.
std::string ofStack(std::string_view stack) { return stack.empty() ? "" : concat(" of stack \"", stack, "\""); }

bool isOneOf(Role role, std::initializer_list<Role> some) {
  return std::find(some.begin(), some.end(), role) != some.end();
}

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

/// Entry points go on from what others have written, in the same memory: those that use a pool have all of its states.
class PoolFinder {
public:
  explicit PoolFinder(Manifest &manifest) : manifest(manifest) {}

  void run() {
    for (Entry &entry : manifest.entries) {
      std::vector<size_t> counts(manifest.pools.size(), 0);
      for (StateType &state : entry.states)
        place(entry, state, counts);
      for (size_t pool = 0; pool < counts.size(); ++pool)
        if (counts[pool] != 0 && counts[pool] != manifest.pools[pool].states.size())
          differ(entry, pool);
    }
  }

private:
  void place(Entry &entry, StateType &state, std::vector<size_t> &counts) {
    const std::string &name = entry.dims[size_t(state.pagesDim)];
    std::vector<PoolType> &pools = manifest.pools;
    state.pool =
        size_t(std::find_if(pools.begin(), pools.end(), [&](const PoolType &pool) { return pool.name == name; }) -
               pools.begin());
    if (state.pool == pools.size()) {
      pools.push_back({name, {}});
      owners.push_back(&entry);
    }
    counts.resize(pools.size(), 0);
    state.place = counts[state.pool]++;
    std::vector<StateType> &states = pools[state.pool].states;
    if (owners[state.pool] == &entry)
      states.push_back(state);
    else if (state.place >= states.size() || !isSame(states[state.place], state))
      differ(entry, state.pool);
  }

  static bool isSame(const StateType &left, const StateType &right) {
    return left.name == right.name && left.layers == right.layers && left.pageFloats == right.pageFloats &&
           left.window == right.window;
  }

  [[noreturn]] void differ(const Entry &entry, size_t pool) const {
    fail(TENON_ERROR_LIBRARY, "manifest: entry points \"", owners[pool]->name, "\" and \"", entry.name,
         "\" have different states in pool \"", manifest.pools[pool].name, "\"");
  }

  Manifest &manifest;
  std::vector<const Entry *> owners; ///< the first entry point of each pool
};

//===----------------------------------------------------------------------===//
// Stacks
//===----------------------------------------------------------------------===//

class StackFinder {
public:
  explicit StackFinder(Manifest &manifest) : manifest(manifest) {
    for (Entry &entry : manifest.entries) {
      // A function of that name that keeps nothing is one like any other.
      if (entry.name == "prefill" || (entry.name == "decode" && !entry.states.empty()))
        growing.push_back(&entry);
      if (entry.name == "start")
        start = &entry;
    }
  }

  void run() {
    for (Entry &entry : manifest.entries)
      for (TensorType &input : entry.inputs)
        input.encode = input.role == Role::None ? -1 : encodeOf(input.stack);
    for (Entry *entry : growing)
      findOwn(*entry);
    findPrefix();
    if (!manifest.hasPrefix)
      findSources();
    if (start)
      manifest.hasPrefix ? checkGrowing(*start) : checkStart();
    for (Entry *entry : growing) {
      checkGrowing(*entry);
      checkScores(*entry);
    }
    for (const SourceStack &source : manifest.sources)
      if (source.encode >= 0)
        checkEncode(manifest.entries[size_t(source.encode)]);
  }

private:
  void findOwn(const Entry &entry);
  void findPrefix();
  void findSources();
  void addSource(const TensorType &input);
  int encodeOf(std::string_view stack) const;
  int sourceOf(std::string_view stack) const;
  const TensorType *lastPartOf(const SourceStack &source) const;
  void placeTable(const Entry &entry, TensorType &table);
  void placeInput(const Entry &entry, TensorType &input, std::initializer_list<Role> known);
  void placeLimits(Entry &entry, Role counts);
  void checkTables(const Entry &entry) const;
  void checkStart();
  void checkGrowing(Entry &entry);
  void checkScores(const Entry &entry) const;
  void checkEncode(Entry &entry);
  void require(const Entry &entry, Role role, std::string_view stack) const;

  Manifest &manifest;
  std::vector<Entry *> growing;
  Entry *start = nullptr;
  std::optional<std::string> own; ///< the stack whose rows are added token by token
};

void StackFinder::require(const Entry &entry, Role role, std::string_view stack) const {
  if (!entry.input(role, stack))
    wrong(entry, "has no input whose role is ", roleName(role), ofStack(stack));
}

void StackFinder::findOwn(const Entry &entry) {
  const TensorType *tokens = entry.input(Role::Tokens);
  if (!tokens)
    wrong(entry, "has no input whose role is tokens");
  if (own && *own != tokens->stack)
    wrong(entry, "takes tokens", ofStack(tokens->stack), ", \"", growing.front()->name, "\" those", ofStack(*own));
  own = tokens->stack;
}

/// The entry point that makes a stack's hidden states; -1 for none.
int StackFinder::encodeOf(std::string_view stack) const {
  for (size_t index = 0; index < manifest.entries.size(); ++index) {
    const Entry &entry = manifest.entries[index];
    const TensorType *hidden = entry.output(Role::Hidden);
    bool generates = std::find(growing.begin(), growing.end(), &entry) != growing.end();
    if (hidden && hidden->stack == stack && entry.states.empty() && !generates)
      return int(index);
  }
  return -1;
}

int StackFinder::sourceOf(std::string_view stack) const {
  for (size_t index = 0; index < manifest.sources.size(); ++index)
    if (manifest.sources[index].name == stack)
      return int(index);
  return -1;
}

void StackFinder::addSource(const TensorType &input) {
  if (input.role != Role::None && sourceOf(input.stack) < 0)
    manifest.sources.push_back({input.stack, input.encode, -1, {}});
}

/// A source whose rows are kept as those of the growing stack, in front of them.
void StackFinder::findPrefix() {
  if (growing.empty())
    return;
  const Entry &first = *growing.front();
  for (Entry *entry : growing) {
    if (entry->prefix != first.prefix)
      wrong(*entry, "goes on from \"", entry->prefix, "\", \"", first.name, "\" from \"", first.prefix, "\"");
    if (entry->prefix.empty())
      continue;
    entry->limits.behind = entry->prefix;
    entry->limits.behindSource = 0;
  }
  manifest.hasPrefix = !first.prefix.empty();
  if (manifest.hasPrefix)
    manifest.sources.push_back({first.prefix, -1, -1, {}});
  manifest.givenSources = manifest.sources.size();
}

/// What `start` reads, then what the encoders of that read besides.
void StackFinder::findSources() {
  if (!start)
    return;
  for (const TensorType &input : start->inputs) {
    if (own && input.role != Role::None && input.stack == *own)
      wrong(*start, "has an input \"", input.name, "\"", ofStack(*own), ", whose rows are added one by one");
    addSource(input);
  }
  for (size_t source = 0; source < manifest.sources.size(); ++source)
    if (int encode = manifest.sources[source].encode; encode >= 0)
      for (const TensorType &input : manifest.entries[size_t(encode)].inputs)
        addSource(input);
  auto firstMade = std::stable_partition(manifest.sources.begin(), manifest.sources.end(),
                                         [this](const SourceStack &source) { return !lastPartOf(source); });
  manifest.givenSources = size_t(firstMade - manifest.sources.begin());
  for (auto made = firstMade; made != manifest.sources.end(); ++made)
    made->lastPart = sourceOf(lastPartOf(*made)->stack);
}

/// What is read of the part whose number of rows the hidden states have, where a stack has joined rows and none of its
/// own; null for any other stack.
const TensorType *StackFinder::lastPartOf(const SourceStack &source) const {
  if (source.encode < 0)
    return nullptr;
  const Entry &encode = manifest.entries[size_t(source.encode)];
  if (encode.input(Role::Tokens, source.name) || encode.input(Role::Features, source.name))
    return nullptr;
  for (const TensorType &input : encode.inputs)
    if (isOneOf(input.role, {Role::Tokens, Role::Features}) && encode.hasRowsOf(input))
      return &input;
  return nullptr;
}

/// Tables of one stack are in the order in which they first occur.
void StackFinder::placeTable(const Entry &entry, TensorType &table) {
  bool hasPool = std::any_of(entry.states.begin(), entry.states.end(),
                             [&](const StateType &state) { return manifest.pools[state.pool].name == table.pool; });
  if (!hasPool)
    wrong(entry, "has a page table \"", table.name, "\" of pool \"", table.pool, "\", in which it has no state");
  auto pool = size_t(std::find_if(manifest.pools.begin(), manifest.pools.end(),
                                  [&](const PoolType &each) { return each.name == table.pool; }) -
                     manifest.pools.begin());
  std::vector<size_t> &pools = table.source < 0 ? manifest.ownPools : manifest.sources[size_t(table.source)].pools;
  table.table = size_t(std::find(pools.begin(), pools.end(), pool) - pools.begin());
  if (table.table < pools.size())
    return;
  if (table.source >= 0 && &entry != start)
    wrong(entry, "reads pages", ofStack(table.stack), " in pool \"", table.pool, "\" that \"start\" does not write");
  pools.push_back(pool);
}

void StackFinder::placeInput(const Entry &entry, TensorType &input, std::initializer_list<Role> known) {
  if (!isOneOf(input.role, known)) {
    std::string names;
    for (Role role : known)
      names += concat(names.empty() ? "" : ", ", roleName(role));
    wrong(entry, "has an input \"", input.name, "\" whose role is ", roleName(input.role), ", expected one of ", names);
  }
  bool isOwn = own && input.stack == *own;
  input.source = isOwn ? -1 : sourceOf(input.stack);
  bool mayBeSource = isOneOf(input.role, {Role::Pages, Role::SourceLengths});
  bool grows = &entry != start || manifest.hasPrefix;
  if (grows && (isOwn ? input.role == Role::SourceLengths : !mayBeSource))
    wrong(entry, "has an input \"", input.name, "\" whose role is ", roleName(input.role), ofStack(input.stack),
          isOwn ? ", whose rows are its own" : concat(", expected it", ofStack(*own)));
  if (!isOwn && input.source < 0)
    wrong(entry, "has an input \"", input.name, "\"", ofStack(input.stack),
          start ? ", of which there is nothing in \"start\"" : ", but there is no entry point \"start\"");
  if (input.role == Role::Pages)
    placeTable(entry, input);
}

/// Every state has pages of some stack.
void StackFinder::checkTables(const Entry &entry) const {
  if (entry.states.empty())
    wrong(entry, "has no states");
  for (const StateType &state : entry.states) {
    const std::string &pool = manifest.pools[state.pool].name;
    if (std::none_of(entry.inputs.begin(), entry.inputs.end(),
                     [&](const TensorType &input) { return input.role == Role::Pages && input.pool == pool; }))
      wrong(entry, "has a state \"", state.name, "\" in pool \"", pool, "\" and no page table of that");
  }
}

/// Positions that come behind another stack's rows want the number of these.
void StackFinder::placeLimits(Entry &entry, Role counts) {
  if (entry.limits.behind.empty())
    return;
  require(entry, counts, entry.limits.behind);
  entry.limits.behindSource = sourceOf(entry.limits.behind);
}

void StackFinder::checkStart() {
  for (TensorType &input : start->inputs)
    placeInput(
        *start, input,
        {Role::Tokens, Role::Lengths, Role::Types, Role::Features, Role::Pages, Role::Rows, Role::SourceLengths});
  checkTables(*start);
  if (!start->outputs.empty())
    wrong(*start, "has outputs, expected none");
  for (const SourceStack &source : manifest.sources) {
    std::string_view stack = source.name;
    const TensorType *rows = start->input(Role::Rows, stack), *tokens = start->input(Role::Tokens, stack),
                     *features = start->input(Role::Features, stack);
    int kinds = (rows != nullptr) + (tokens != nullptr) + (features != nullptr);
    bool isKept = !source.pools.empty() && source.lastPart < 0; // Joined rows are made of those of their parts.
    if (kinds != 1 && (kinds > 1 || isKept))
      wrong(*start, "takes ", kinds, " of tokens, features and rows", ofStack(stack), ", expected one");
    if (kinds == 1)
      require(*start, rows ? Role::SourceLengths : Role::Lengths, stack);
    for (Role role : {Role::Lengths, Role::Types})
      if (start->input(role, stack) && (role == Role::Types ? !tokens : !tokens && !features))
        wrong(*start, "has ", roleName(role), ofStack(stack), " but not what they are about");
    if (!rows || source.encode < 0)
      continue;
    const Entry &encode = manifest.entries[size_t(source.encode)];
    if (int64_t given = encode.width(Role::Hidden), taken = rows->shape.back().fixed; given != taken)
      wrong(encode, "gives rows of ", given, " numbers, \"start\" takes ", taken);
  }
}

void StackFinder::checkScores(const Entry &entry) const {
  if (!entry.output(Role::Logits) && !entry.output(Role::Hidden))
    wrong(entry, "has no output whose role is logits or hidden");
  if (int64_t scores = entry.width(Role::Logits); entry.output(Role::Logits) && scores < entry.limits.vocab)
    wrong(entry, "takes ", entry.limits.vocab, " tokens and gives ", scores, " logits");
}

void StackFinder::checkGrowing(Entry &entry) {
  for (TensorType &input : entry.inputs)
    placeInput(entry, input, {Role::Tokens, Role::Lengths, Role::Past, Role::Pages, Role::SourceLengths});
  for (Role role : {Role::Tokens, Role::Lengths, Role::Past})
    require(entry, role, *own);
  checkTables(entry);
  for (const TensorType &input : entry.inputs)
    if (input.role == Role::Pages && input.source >= 0)
      require(entry, Role::SourceLengths, input.stack);
  if (start && !manifest.hasPrefix &&
      std::none_of(entry.inputs.begin(), entry.inputs.end(), [](const TensorType &input) { return input.source >= 0; }))
    wrong(entry, "takes no source, but there is an entry point \"start\"");
  if (!manifest.hasPrefix)
    placeLimits(entry, Role::SourceLengths);
}

void StackFinder::checkEncode(Entry &entry) {
  for (TensorType &input : entry.inputs) {
    if (!isOneOf(input.role, {Role::Tokens, Role::Lengths, Role::Types, Role::Features, Role::PromptLengths}))
      wrong(entry, "has an input \"", input.name, "\" whose role is ", roleName(input.role),
            ", expected one of tokens, lengths, types, features, prompt_lengths");
    input.source = sourceOf(input.stack);
    if (isOneOf(input.role, {Role::Tokens, Role::Features}))
      require(entry, Role::Lengths, input.stack);
    else if (!entry.input(Role::Features, input.stack))
      require(entry, Role::Tokens, input.stack);
  }
  placeLimits(entry, Role::Lengths);
}

} // namespace

void findStacks(Manifest &manifest) {
  PoolFinder(manifest).run();
  StackFinder(manifest).run();
}

} // namespace tenon::runtime
