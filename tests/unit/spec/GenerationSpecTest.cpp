//===- GenerationSpecTest.cpp - How answers are chosen --------------------===//

#include "spec/SpecTexts.h"
#include "spec/SpecWriter.h"

using namespace tenon;
using namespace tenon::test;

namespace {

const std::string decoder = changed(changed(smallSpec, "pooling: {kind: mean, normalize: true}\n", ""),
                                    "weights:", "head: {tied: true}\nweights:");

std::string with(const std::string &generation) { return decoder + "generation: " + generation + "\n"; }

TEST(GenerationSpec, IsReadAndWritten) {
  const std::string every =
      "{max_tokens: 9, max_length: 30, min_tokens: 1, min_length: 4, temperature: 0.7, top_k: 5, top_p: 0.9, min_p: "
      "0.05, repetition_penalty: 1.2, source_repetition_penalty: 1.5, no_repeat_ngram: 3, source_no_repeat_ngram: 2, "
      "sequences: 2, length_penalty: -0.5, early_stopping: never, renormalize: true, bad_words: [[3, 4], [99]], stop: "
      "[\"\\n\", \"the end\"]}";
  spec::Model model = llvm::cantFail(read(with(every)));
  EXPECT_EQ(model.generation.numberOr("early_stopping", 0), 2);
  EXPECT_EQ(model.generation.badWords, (std::vector<std::vector<int64_t>>{{3, 4}, {99}}));
  EXPECT_NE(spec::writeSpec(model).find("generation: " + every + "\n"), std::string::npos) << spec::writeSpec(model);
  EXPECT_EQ(llvm::cantFail(read(with("{stop: END, early_stopping: true}"))).generation.stop,
            std::vector<std::string>{"END"});
  EXPECT_EQ(spec::writeSpec(llvm::cantFail(read(decoder))).find("generation"), std::string::npos);
}

TEST(GenerationSpec, MistakesAreReported) {
  auto message = [](const std::string &generation) {
    std::string all = messagesOf(with(generation));
    return all.substr(all.find("error: ") + 7);
  };
  EXPECT_EQ(message("3"), "generation: expected a mapping of keys to values, found '3'");
  EXPECT_EQ(message("{top_q: 1}"), "generation has no key 'top_q'; did you mean 'top_k'?");
  EXPECT_EQ(message("{max_tokens: 1.5}"), "max_tokens: expected an integer, found '1.5'");
  EXPECT_EQ(message("{top_p: 1.5}"), "top_p (1.5) is not between 2.22507e-308 and 1");
  EXPECT_EQ(message("{repetition_penalty: nan}"), "repetition_penalty: expected a finite number, found 'nan'");
  EXPECT_EQ(message("{early_stopping: often}"), "early_stopping: expected one of false, true, never, found 'often'");
  EXPECT_EQ(message("{bad_words: [[100]]}"), "bad_words (100) is not between 0 and 99");
  EXPECT_EQ(message("{bad_words: [[]]}"), "bad_words: expected a sequence of tokens, found an empty one");
  EXPECT_EQ(message("{bad_words: [3]}"), "bad_words: expected a sequence of tokens, found '3'");
  EXPECT_EQ(message("{stop: [\"\"]}"), "stop: expected a string, found an empty one");
  EXPECT_EQ(message("{beams: 2, temperature: 1}"), "'beams' want temperature 0: beam search does not sample");
  EXPECT_EQ(message("{beams: 2, sequences: 3}"), "sequences (3) are more than beams (2)");
  EXPECT_EQ(message("{sequences: 3}"), "more 'sequences' than 1 want 'beams' or a 'temperature' above 0");
  EXPECT_EQ(message("{temperature: 1e-40}"), "temperature is neither 0 nor between 1e-30 and 1e+30");
  EXPECT_EQ(message("{min_tokens: 3, max_tokens: 2}"), "min_tokens (3) are more than max_tokens (2)");
  EXPECT_EQ(messagesOf(smallSpec + "generation: {beams: 2}\n"),
            "14:13: error: 'generation' is how answers are chosen; the model has no 'head' to write any");
}

} // namespace
