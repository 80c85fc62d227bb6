//===- Space.cpp ----------------------------------------------------------===//

#include "space/Space.h"
#include "cost/Cost.h"
#include "space/Knobs.h"
#include "space/Point.h"
#include "spec/SpecReader.h"
#include "spec/SpecWriter.h"

using namespace llvm;
using namespace tenon;
using namespace tenon::space;

static constexpr int64_t kUsualLength = 128;

/// The spec of a model whose weights are still to be trained.
static std::string specOf(spec::Model model) {
  model.names.clear();
  model.weights.clear();
  return spec::writeSpec(model);
}

static Expected<Figures> figuresOf(const spec::Model &model, CompilerContext &context, int64_t length) {
  auto point = Point::compile(model, context);
  if (!point)
    return point.takeError();
  return point->figures(length);
}

static Expected<int64_t> chooseLength(Point &point, std::optional<int64_t> wish) {
  std::optional<int64_t> longest = point.longest();
  int64_t most = std::min(longest.value_or(maximumLength), maximumLength);
  if (most < 1)
    return createStringError("the model has too few positions for a source and an answer of one token each");
  if (wish && *wish > most)
    return createStringError(
        "length (%lld) is above the %lld tokens that source and answer can have each by the model's positions",
        static_cast<long long>(*wish), static_cast<long long>(most));
  return wish.value_or(std::min(most, kUsualLength));
}

static Step take(const spec::Model &model, const Knob &knob, const Turn &turn, CompilerContext &context,
                 int64_t length) {
  Step step;
  step.value = turn.value;
  step.error = turn.refusal;
  if (!step.error.empty())
    return step;
  spec::Model changed = model;
  turn.apply(changed);
  dropLostRules(model, changed);
  step.spec = specOf(std::move(changed));
  // Whether there is such a model is the reader's judgement.
  std::string name = knob.place + ": " + knob.name + " " + turn.value;
  auto read = spec::readSpec(MemoryBufferRef(step.spec, name));
  auto figures = read ? figuresOf(*read, context, length) : Expected<Figures>(read.takeError());
  if (figures)
    step.figures = std::move(*figures);
  else
    step.error = toString(figures.takeError());
  return step;
}

Expected<Survey> tenon::space::survey(const spec::Model &model, std::optional<int64_t> length,
                                      const std::function<void(uint64_t done, uint64_t total)> &progress) {
  CompilerContext context;
  mlir::DialectRegistry registry;
  cost::registerCostModels(registry);
  context.get()->appendDialectRegistry(registry);
  auto here = Point::compile(model, context);
  if (!here)
    return here.takeError();
  auto chosen = chooseLength(*here, length);
  if (!chosen)
    return chosen.takeError();
  auto figures = here->figures(*chosen);
  if (!figures)
    return figures.takeError();
  Survey survey{*chosen, knobsOf(model), std::move(*figures), {}};
  uint64_t total = 1, done = 0;
  for (const Knob &knob : survey.knobs)
    total += knob.turns.size();
  for (auto [number, knob] : enumerate(survey.knobs))
    for (const Turn &turn : knob.turns) {
      if (progress)
        progress(++done, total);
      survey.steps.push_back(take(model, knob, turn, context, *chosen));
      survey.steps.back().knob = number;
    }
  return survey;
}
