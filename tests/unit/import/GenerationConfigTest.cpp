//===- GenerationConfigTest.cpp - How answers are to be chosen ------------===//

#include "import/ListedCheckpoint.h"

using namespace tenon;
using namespace tenon::import;
using test::importFrom;
using test::SmallCheckpoint;
using test::TempDirectory;
using test::withoutTokenizerNote;

namespace {

/// A GPT-2 of 11 tokens; `more` stands in its configuration.
SmallCheckpoint gpt2(const std::string &more = "") {
  return test::checkpointOf(R"({"model_type": "gpt2", "n_embd": 8, "n_layer": 2, "n_head": 2, "n_positions": 32,
    "vocab_size": 11, )" + more + R"("activation_function": "gelu_new"})",
                            R"(wte.weight 11 8
wpe.weight 32 8
h.*.ln_1.weight 8
h.*.ln_1.bias 8
h.*.attn.c_attn.weight 8 24
h.*.attn.c_attn.bias 24
h.*.attn.c_proj.weight 8 8
h.*.attn.c_proj.bias 8
h.*.ln_2.weight 8
h.*.ln_2.bias 8
h.*.mlp.c_fc.weight 8 32
h.*.mlp.c_fc.bias 32
h.*.mlp.c_proj.weight 32 8
h.*.mlp.c_proj.bias 8
ln_f.weight 8
ln_f.bias 8
)");
}

ImportedModel withGeneration(const std::string &generation, const std::string &config = "") {
  TempDirectory directory;
  directory.write("generation_config.json", generation);
  return importFrom(gpt2(config), directory);
}

/// The line of the spec; "" without one.
std::string generationOf(const ImportedModel &imported) {
  std::string text = spec::writeSpec(imported.model);
  size_t begin = text.find("generation: ");
  return begin == std::string::npos ? "" : text.substr(begin, text.find('\n', begin) - begin);
}

std::string generationOf(const std::string &generation) { return generationOf(withGeneration(generation)); }

std::string errorWith(const std::string &generation) {
  TempDirectory directory;
  directory.write("generation_config.json", generation);
  gpt2().write(directory);
  return SmallCheckpoint::withoutPath(llvm::toString(importCheckpoint(directory.path()).takeError()), directory);
}

std::vector<std::string> notesOf(const std::string &generation) {
  std::vector<std::string> notes = withoutTokenizerNote(withGeneration(generation).notes);
  for (std::string &note : notes)
    note = note.substr(note.find("': ") + 3);
  return notes;
}

TEST(GenerationConfig, EveryNumberIsTaken) {
  EXPECT_EQ(generationOf(R"({"max_length": 30, "min_length": 4, "top_k": 7, "top_p": 0.9, "min_p": 0.05,
      "repetition_penalty": 1.2, "encoder_repetition_penalty": 1.5, "no_repeat_ngram_size": 3,
      "encoder_no_repeat_ngram_size": 2, "num_return_sequences": 2, "num_beams": 4, "length_penalty": 0.6,
      "early_stopping": "never", "renormalize_logits": true, "bad_words_ids": [[3, 4], [5], [6, 7, 8]],
      "stop_strings": ["\n\n", "END"]})"),
            "generation: {max_length: 30, min_length: 4, top_k: 7, top_p: 0.9, min_p: 0.05, repetition_penalty: 1.2, "
            "source_repetition_penalty: 1.5, no_repeat_ngram: 3, source_no_repeat_ngram: 2, sequences: 2, beams: 4, "
            "length_penalty: 0.6, early_stopping: never, renormalize: true, bad_words: [[3, 4], [6, 7, 8]], stop: "
            "[\"\\n\\n\", \"END\"]}");
}

TEST(GenerationConfig, WhatIsAsGoodAsNoneIsLeftOut) {
  ImportedModel imported = withGeneration(R"({"min_length": 0, "top_p": 1.0, "temperature": 0.6, "do_sample": false,
      "repetition_penalty": 1.0, "num_beams": 1, "length_penalty": 1.0, "early_stopping": false, "typical_p": 1.0,
      "no_repeat_ngram_size": 0, "bad_words_ids": null, "num_beam_groups": 1, "diversity_penalty": 0.0,
      "epsilon_cutoff": 0.0, "remove_invalid_values": false, "output_scores": true, "use_cache": true,
      "transformers_version": "4.30.0", "num_assistant_tokens": 20, "a_key_of_ones_own": [1]})");
  EXPECT_EQ(generationOf(imported), "");
  EXPECT_TRUE(withoutTokenizerNote(imported.notes).empty());
}

TEST(GenerationConfig, SamplingHasTheDefaultsOfTransformers) {
  EXPECT_EQ(generationOf(R"({"do_sample": true})"), "generation: {temperature: 1, top_k: 50}");
  EXPECT_EQ(generationOf(R"({"do_sample": true, "top_k": 0, "temperature": 0.6})"),
            "generation: {temperature: 0.6, top_k: 0}");
}

TEST(GenerationConfig, BoundsOfNewTokensCountBeforeLengths) {
  EXPECT_EQ(generationOf(R"({"max_new_tokens": 5, "max_length": 30, "min_new_tokens": 9, "min_length": 4})"),
            "generation: {max_tokens: 5, min_tokens: 5}");
  EXPECT_EQ(generationOf(R"({"max_length": 1e15})"), "generation: {max_length: 2147483647}");
}

TEST(GenerationConfig, StandsInOlderConfigurations) {
  TempDirectory directory;
  EXPECT_EQ(generationOf(importFrom(gpt2(R"("no_repeat_ngram_size": 3, "decoder": {"max_length": 12}, )"), directory)),
            "generation: {max_length: 12, no_repeat_ngram: 3}");
  EXPECT_EQ(generationOf(withGeneration("{}", R"("no_repeat_ngram_size": 3, )")), "")
      << "transformers reads one of the two files";
}

TEST(GenerationConfig, SingleBadWordsAreSuppressedUnlessTheyEndTexts) {
  spec::Model model = withGeneration(R"({"eos_token_id": 2, "bad_words_ids": [[2], [3], [3, 99], [4, 2]],
                                        "suppress_tokens": [5], "begin_suppress_tokens": [6],
                                        "forced_eos_token_id": 2})")
                          .model;
  EXPECT_EQ(model.tokens.suppress, (std::vector<int64_t>{5, 3}));
  EXPECT_EQ(model.tokens.suppressFirst, std::vector<int64_t>{6});
  EXPECT_EQ(model.tokens.forcedLast, 2);
  EXPECT_EQ(model.generation.badWords, (std::vector<std::vector<int64_t>>{{4, 2}}));
}

TEST(GenerationConfig, OfForcedLastTokensTheFirstIdWins) {
  EXPECT_EQ(withGeneration(R"({"forced_eos_token_id": [5, 99, 3]})").model.tokens.forcedLast, 3);
}

TEST(GenerationConfig, WhatIsNotSupportedIsNamed) {
  EXPECT_EQ(notesOf(R"({"typical_p": 0.9, "guidance_scale": 1.5, "sequence_bias": [[[1], 2.0]], "max_time": 3,
                       "exponential_decay_length_penalty": [5, 1.25], "num_beam_groups": 2, "top_h": 0.5})"),
            (std::vector<std::string>{
                "key 'typical_p' (0.9) is not supported: answers are written without it",
                "key 'top_h' (0.5) is not supported: answers are written without it",
                "key 'guidance_scale' (1.5) is not supported: answers are written without it",
                "key 'sequence_bias' ([[[1],2]]) is not supported: answers are written without it",
                "key 'exponential_decay_length_penalty' ([5,1.25]) is not supported: answers are written without it",
                "key 'max_time' (3) is not supported: answers are written without it",
                "key 'num_beam_groups' (2) is not supported: answers are written without it"}));
  EXPECT_EQ(notesOf(R"({"do_sample": true, "num_beams": 4})"),
            std::vector<std::string>{"key 'do_sample' (true) is not taken over: a beam search that samples is not "
                                     "supported, 'num_beams' is taken alone"});
  EXPECT_EQ(notesOf(R"({"do_sample": true, "temperature": 0})"),
            std::vector<std::string>{
                "key 'temperature' (0) means the likeliest token; 'do_sample' is not taken over"});
  EXPECT_EQ(notesOf(R"({"forced_bos_token_id": 4})"),
            std::vector<std::string>{"key 'forced_bos_token_id' (4) is not supported in models that write about no "
                                     "source: answers are written without it"});
}

TEST(GenerationConfig, WhatMakesNoSenseIsRefused) {
  const std::string at = "'DIR/generation_config.json': key ";
  EXPECT_EQ(errorWith(R"({"early_stopping": "sometimes"})"),
            at + "'early_stopping': expected true, false or \"never\", found \"sometimes\"");
  EXPECT_EQ(errorWith(R"({"no_repeat_ngram_size": 2.5})"),
            at + "'no_repeat_ngram_size': expected a whole number, found 2.5");
  EXPECT_EQ(errorWith(R"({"temperature": "hot", "do_sample": true})"),
            at + "'temperature': expected a finite number, found \"hot\"");
  EXPECT_EQ(errorWith(R"({"num_beams": 0})"), at + "'num_beams': expected an integer above 0");
  const std::string tooMany = at + "'num_return_sequences': expected at most 'num_beams', or 'do_sample': true and no "
                                   "beams";
  EXPECT_EQ(errorWith(R"({"num_return_sequences": 3})"), tooMany);
  EXPECT_EQ(errorWith(R"({"num_return_sequences": 3, "num_beams": 2})"), tooMany);
  EXPECT_NE(errorWith(R"({"top_p": 1.5})").find("top_p (1.5) is not between"), std::string::npos);
  EXPECT_NE(errorWith(R"({"repetition_penalty": 0})").find("repetition_penalty (0) is not between"), std::string::npos);
}

} // namespace
