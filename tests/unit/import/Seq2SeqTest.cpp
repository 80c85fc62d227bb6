//===- Seq2SeqTest.cpp - Encoder-decoders of the transformers library -----===//

#include "import/ListedCheckpoint.h"
#include "import/PieceBuilder.h"
#include "weights/Convert.h"

using namespace tenon;
using namespace tenon::import;
using test::checkpointOf;
using test::importFrom;
using test::SmallCheckpoint;
using test::specOf;
using test::TempDirectory;

static const std::string bartSizes =
    R"("d_model": 8, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 4,
       "encoder_ffn_dim": 12, "decoder_ffn_dim": 10, "vocab_size": 11, "max_position_embeddings": 32, )";

/// `more` follows the sizes in the configuration.
static std::string bartConfig(const std::string &type, const std::string &more = "") {
  return "{" + bartSizes + more + "\"model_type\": \"" + type + "\"}";
}

/// Weight and bias of modules, one in a line: its name, and its extents.
static std::string modules(llvm::StringRef lines) {
  std::string list;
  while (!lines.empty()) {
    auto [line, rest] = lines.split('\n');
    auto [name, extents] = line.split(' ');
    list += (name + ".weight " + extents + "\n" + name + ".bias " + extents.split(' ').first + "\n").str();
    lines = rest;
  }
  return list;
}

/// The tensors that BART, mBART, Marian and Whisper have in common.
static const std::string bartTensors = modules(R"(model.encoder.layers.*.self_attn.q_proj 8 8
model.encoder.layers.*.self_attn.k_proj 8 8
model.encoder.layers.*.self_attn.v_proj 8 8
model.encoder.layers.*.self_attn.out_proj 8 8
model.encoder.layers.*.self_attn_layer_norm 8
model.encoder.layers.*.fc1 12 8
model.encoder.layers.*.fc2 8 12
model.encoder.layers.*.final_layer_norm 8
model.decoder.layers.*.self_attn.q_proj 8 8
model.decoder.layers.*.self_attn.k_proj 8 8
model.decoder.layers.*.self_attn.v_proj 8 8
model.decoder.layers.*.self_attn.out_proj 8 8
model.decoder.layers.*.self_attn_layer_norm 8
model.decoder.layers.*.encoder_attn.q_proj 8 8
model.decoder.layers.*.encoder_attn.k_proj 8 8
model.decoder.layers.*.encoder_attn.v_proj 8 8
model.decoder.layers.*.encoder_attn.out_proj 8 8
model.decoder.layers.*.encoder_attn_layer_norm 8
model.decoder.layers.*.fc1 10 8
model.decoder.layers.*.fc2 8 10
model.decoder.layers.*.final_layer_norm 8)");

static const std::string marianTensors = bartTensors + "model.shared.weight 11 8\nfinal_logits_bias 1 11\n";

static SmallCheckpoint marian(const std::string &more = "", const std::string &moreTensors = "") {
  return checkpointOf(bartConfig("marian", more), marianTensors + moreTensors);
}

static const std::string bartOnly =
    "model.encoder.embed_positions.weight 34 8\nmodel.decoder.embed_positions.weight 34 8\n" +
    modules("model.encoder.layernorm_embedding 8\nmodel.decoder.layernorm_embedding 8");

static SmallCheckpoint bart() { return checkpointOf(bartConfig("bart"), marianTensors + bartOnly); }

static SmallCheckpoint mbart() {
  return checkpointOf(bartConfig("mbart", "\"scale_embedding\": true, "),
                      marianTensors + bartOnly + modules("model.encoder.layer_norm 8\nmodel.decoder.layer_norm 8"));
}

TEST(Seq2Seq, Marian) {
  EXPECT_EQ(
      specOf(marian("\"scale_embedding\": true, \"activation_function\": \"swish\", ")),
      R"(    input: {vocab: 11, positions: {kind: sinusoidal, length: 32, spacing: even}, scale: 2.8284271247461903}
    layers: 2
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 12, activation: silu}
  decoder:
    input: {vocab: 11, positions: {kind: sinusoidal, length: 32, spacing: even}, scale: 2.8284271247461903}
    layers: 2
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 4, mask: causal}
      - attention: {from: encoder, heads: 4, name: cross}
      - mlp: {hidden: 10, activation: silu}
share:
  - "decoder.input.tokens = encoder.input.tokens"
head: {stack: decoder, tied: true, bias: true}
)");
}

TEST(Seq2Seq, MarianWithTablesOfPositions) {
  std::string text = specOf(marian("", "model.encoder.embed_positions.weight 32 8\n"
                                       "model.decoder.embed_positions.weight 32 8\n"));
  EXPECT_NE(text.find("positions: {kind: learned, length: 32}"), std::string::npos) << text;
  EXPECT_EQ(text.find("sinusoidal"), std::string::npos) << text;
}

TEST(Seq2Seq, MarianWithTwoVocabularies) {
  SmallCheckpoint checkpoint =
      marian("\"share_encoder_decoder_embeddings\": false, \"decoder_vocab_size\": 7, ",
             "model.encoder.embed_tokens.weight 11 8\nmodel.decoder.embed_tokens.weight 7 8\n");
  checkpoint.remove("shared.weight");
  checkpoint.tensors["final_logits_bias"] = {1, 7};
  std::string text = specOf(checkpoint);
  EXPECT_NE(text.find("input: {vocab: 7, "), std::string::npos) << text;
  EXPECT_EQ(text.find("share:"), std::string::npos) << text;
}

TEST(Seq2Seq, Bart) {
  EXPECT_EQ(specOf(bart()), R"(    input: {vocab: 11, positions: {kind: learned, length: 32, offset: 2}, norm: true}
    layers: 2
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 12, activation: gelu}
  decoder:
    input: {vocab: 11, positions: {kind: learned, length: 32, offset: 2}, norm: true}
    layers: 2
    norm: {kind: layernorm, place: after}
    block:
      - attention: {heads: 4, mask: causal}
      - attention: {from: encoder, heads: 4, name: cross}
      - mlp: {hidden: 10, activation: gelu}
share:
  - "decoder.input.tokens = encoder.input.tokens"
head: {stack: decoder, tied: true, bias: true}
)");
}

TEST(Seq2Seq, MBart) {
  EXPECT_EQ(
      specOf(mbart()),
      R"(    input: {vocab: 11, positions: {kind: learned, length: 32, offset: 2}, norm: true, scale: 2.8284271247461903}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 12, activation: gelu}
  decoder:
    input: {vocab: 11, positions: {kind: learned, length: 32, offset: 2}, norm: true, scale: 2.8284271247461903}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 4, mask: causal}
      - attention: {from: encoder, heads: 4, name: cross}
      - mlp: {hidden: 10, activation: gelu}
share:
  - "decoder.input.tokens = encoder.input.tokens"
head: {stack: decoder, tied: true, bias: true}
)");
}

TEST(Seq2Seq, ABiasOfZerosIsNone) {
  TempDirectory directory;
  SmallCheckpoint checkpoint = bart();
  checkpoint.tensors = {{"final_logits_bias", {1, 1}}}; // The first tensor of all begins with zero.
  for (const auto &[name, shape] : bart().tensors)
    checkpoint.tensors.try_emplace(name, shape);
  std::string text = specOf(checkpoint);
  EXPECT_NE(text.find("head: {stack: decoder, tied: true}\n"), std::string::npos) << text;
}

TEST(Seq2Seq, AnEncoderByItself) {
  SmallCheckpoint checkpoint = bart();
  std::erase_if(checkpoint.tensors, [](const auto &entry) { return entry.first.find("decoder") != std::string::npos; });
  TempDirectory directory;
  spec::Model model = importFrom(checkpoint, directory).model;
  EXPECT_EQ(model.stacks.size(), 1u);
  EXPECT_FALSE(model.head);
}

static const std::string t5Tensors = R"(shared.weight 11 8
encoder.block.*.layer.0.layer_norm.weight 8
encoder.block.*.layer.0.SelfAttention.q.weight 6 8
encoder.block.*.layer.0.SelfAttention.k.weight 6 8
encoder.block.*.layer.0.SelfAttention.v.weight 6 8
encoder.block.*.layer.0.SelfAttention.o.weight 8 6
encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight 8 2
encoder.block.*.layer.1.layer_norm.weight 8
encoder.block.*.layer.1.DenseReluDense.wo.weight 8 12
encoder.final_layer_norm.weight 8
decoder.block.*.layer.0.layer_norm.weight 8
decoder.block.*.layer.0.SelfAttention.q.weight 6 8
decoder.block.*.layer.0.SelfAttention.k.weight 6 8
decoder.block.*.layer.0.SelfAttention.v.weight 6 8
decoder.block.*.layer.0.SelfAttention.o.weight 8 6
decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight 8 2
decoder.block.*.layer.1.layer_norm.weight 8
decoder.block.*.layer.1.EncDecAttention.q.weight 6 8
decoder.block.*.layer.1.EncDecAttention.k.weight 6 8
decoder.block.*.layer.1.EncDecAttention.v.weight 6 8
decoder.block.*.layer.1.EncDecAttention.o.weight 8 6
decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight 8 2
decoder.block.*.layer.2.layer_norm.weight 8
decoder.block.*.layer.2.DenseReluDense.wo.weight 8 12
decoder.final_layer_norm.weight 8
)";
static const std::string t5Up =
    "encoder.block.*.layer.1.DenseReluDense.wi.weight 12 8\ndecoder.block.*.layer.2.DenseReluDense.wi.weight 12 8\n";
static const std::string t5Gated =
    "encoder.block.*.layer.1.DenseReluDense.wi_0.weight 12 8\nencoder.block.*.layer.1.DenseReluDense.wi_1.weight 12 8\n"
    "decoder.block.*.layer.2.DenseReluDense.wi_0.weight 12 8\ndecoder.block.*.layer.2.DenseReluDense.wi_1.weight 12 "
    "8\n";

static std::string t5Config(const std::string &more) {
  return R"({"model_type": "t5", "d_model": 8, "d_kv": 3, "d_ff": 12, "num_layers": 2, "num_heads": 2, "vocab_size": 11,
    "relative_attention_num_buckets": 8, )" +
         more + R"("relative_attention_max_distance": 20})";
}

TEST(Seq2Seq, T5) {
  EXPECT_EQ(specOf(checkpointOf(t5Config("\"feed_forward_proj\": \"relu\", "), t5Tensors + t5Up)),
            R"(    input: {vocab: 11}
    layers: 2
    norm: {kind: rmsnorm, place: before, epsilon: 1e-06}
    block:
      - attention: {heads: 2, head_size: 3, bias: false, output_bias: false, scale: 1, score: {relative: {buckets: 8, distance: 20}}}
      - mlp: {hidden: 12, activation: relu, bias: false}
  decoder:
    input: {vocab: 11}
    layers: 2
    norm: {kind: rmsnorm, place: before, epsilon: 1e-06}
    block:
      - attention: {heads: 2, head_size: 3, bias: false, output_bias: false, scale: 1, mask: causal, score: {relative: {buckets: 8, distance: 20}}}
      - attention: {from: encoder, heads: 2, head_size: 3, bias: false, output_bias: false, scale: 1, name: cross}
      - mlp: {hidden: 12, activation: relu, bias: false}
share:
  - "decoder.input.tokens = encoder.input.tokens"
head: {stack: decoder, tied: true, scale: 0.35355339059327373}
)");
}

TEST(Seq2Seq, T5OfVersion11) {
  std::string text = specOf(checkpointOf(t5Config("\"feed_forward_proj\": \"gated-gelu\", \"num_decoder_layers\": 2, "
                                                  "\"tie_word_embeddings\": false, "),
                                         t5Tensors + t5Gated + "lm_head.weight 11 8\n"));
  EXPECT_NE(text.find("- mlp: {hidden: 12, activation: gelu_tanh, gated: true, bias: false}\n"), std::string::npos);
  EXPECT_NE(text.find("head: {stack: decoder, tied: false}\n"), std::string::npos) << text;
}

TEST(Seq2Seq, AllLayersOfT5HaveTheBiasOfTheFirst) {
  TempDirectory directory;
  ImportedModel imported = importFrom(checkpointOf(t5Config(""), t5Tensors + t5Up), directory);
  for (const char *layer : {"decoder.layers.0.", "decoder.layers.1."})
    EXPECT_EQ(imported.source->tensorName(layer + std::string("attention.relative.weight")),
              "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight");
}

/// Width 8 with 4 bands, 6 positions of the source and 5 of the target.
static SmallCheckpoint whisper(const std::string &more = "") {
  std::string tensors = bartTensors +
                        "model.decoder.embed_tokens.weight 11 8\nmodel.encoder.embed_positions.weight 6 8\n"
                        "model.decoder.embed_positions.weight 5 8\nmodel.encoder.conv1.weight 8 4 3\n"
                        "model.encoder.conv1.bias 8\nmodel.encoder.conv2.weight 8 8 3\n"
                        "model.encoder.conv2.bias 8\n" +
                        modules("model.encoder.layer_norm 8\nmodel.decoder.layer_norm 8");
  SmallCheckpoint checkpoint = checkpointOf(
      bartConfig("whisper", "\"num_mel_bins\": 4, \"max_source_positions\": 6, \"max_target_positions\": 5, " + more),
      tensors);
  checkpoint.remove("k_proj.bias");
  return checkpoint;
}

TEST(Seq2Seq, Whisper) {
  EXPECT_EQ(
      specOf(whisper()),
      R"(    input: {features: 4, convolutions: [{channels: 8, kernel: 3, activation: gelu}, {channels: 8, kernel: 3, stride: 2, activation: gelu}], positions: {kind: learned, length: 6}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 2, key_bias: false}
      - mlp: {hidden: 12, activation: gelu}
  decoder:
    input: {vocab: 11, positions: {kind: learned, length: 5}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 4, key_bias: false, mask: causal}
      - attention: {from: encoder, heads: 4, key_bias: false, name: cross}
      - mlp: {hidden: 10, activation: gelu}
head: {stack: decoder, tied: true}
)");
}

TEST(Seq2Seq, WhispersSinusoidsNeedNoTensor) {
  SmallCheckpoint checkpoint = whisper();
  checkpoint.remove("encoder.embed_positions.weight");
  std::string text = specOf(checkpoint);
  EXPECT_NE(text.find("positions: {kind: sinusoidal, length: 6}"), std::string::npos) << text;
}

TEST(Seq2Seq, TheSpectrogramComesFromItsFile) {
  TempDirectory directory;
  spec::Audio audio = *importFrom(whisper(), directory).model.audio;
  EXPECT_EQ(audio.bins, 4);
  EXPECT_EQ(audio.frames, 12);
  EXPECT_EQ(audio.rate, 16000);
  directory.write("preprocessor_config.json",
                  R"({"feature_size": 4, "sampling_rate": 8000, "n_fft": 200, "hop_length": 80, "nb_max_frames": 10})");
  audio = *importFrom(whisper(), directory).model.audio;
  EXPECT_EQ(audio.rate, 8000);
  EXPECT_EQ(audio.window, 200);
  EXPECT_EQ(audio.hop, 80);
  EXPECT_EQ(audio.frames, 10);
  directory.write("preprocessor_config.json", R"({"feature_size": 5})");
  EXPECT_NE(llvm::toString(importCheckpoint(directory.path()).takeError()).find("bins (5) are not the features (4)"),
            std::string::npos);
}

static const std::string vocabulary = R"({"c": 0, "<unk>": 1, "b": 2, "</s>": 3, ">>por<<": 4, "\u2581a": 5, "d": 6})";

/// A Marian with two .spm files, whose pieces vocab.json orders.
static void writeMarian(const TempDirectory &directory, const std::string &pieces) {
  marian().write(directory);
  directory.write("vocab.json", pieces);
  directory.write("source.spm", test::PieceBuilder::small().build());
  directory.write("target.spm", test::PieceBuilder::small().piece("d", -3).build());
}

TEST(MarianVocabulary, PiecesHaveTheIdsOfVocabJson) {
  TempDirectory directory;
  writeMarian(directory, vocabulary);
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_EQ(imported.model.tokenizer, "source.spm");
  EXPECT_EQ(imported.model.targetTokenizer, "target.spm");
  auto has = [](const std::string &text, const char *part) { return text.find(part) != std::string::npos; };
  for (const std::string *text : {&imported.tokenizer, &imported.targetTokenizer}) {
    EXPECT_TRUE(has(*text, R"("unk_id":1)")) << *text;
    EXPECT_TRUE(has(*text, R"("ids":[3])")) << *text;
  }
  EXPECT_TRUE(has(imported.targetTokenizer, R"(["d",-3])")) << imported.targetTokenizer;
  EXPECT_TRUE(has(imported.tokenizer, R"(["d",null])")) << "only the target has it";
  EXPECT_TRUE(has(imported.tokenizer, R"("leading_code":{"open":">>","close":"<<","unk_id":1})"));
  llvm::cantFail(exportModel(imported, directory.path("out")));
  ImportedModel again = llvm::cantFail(openModel(directory.path("out")));
  EXPECT_EQ(again.tokenizer, imported.tokenizer);
  EXPECT_EQ(again.targetTokenizer, imported.targetTokenizer);
}

TEST(MarianVocabulary, IsRefusedWhereItDoesNotFit) {
  auto errorOf = [](const std::string &pieces) {
    TempDirectory directory;
    writeMarian(directory, pieces);
    return SmallCheckpoint::withoutPath(llvm::toString(importCheckpoint(directory.path()).takeError()), directory);
  };
  EXPECT_EQ(errorOf(R"({"a": 0, "</s>": 1})"), "'DIR/vocab.json' has no piece '<unk>'");
  EXPECT_EQ(errorOf(R"({"<unk>": 0, "</s>": 2})"),
            "'DIR/vocab.json': key '</s>': expected an id below 2 that no other piece has, found 2");
}

/// The tokens of a Marian with this generation_config.json.
static spec::SpecialTokens tokensOf(const SmallCheckpoint &checkpoint, const std::string &generation) {
  TempDirectory directory;
  directory.write("generation_config.json", generation);
  return importFrom(checkpoint, directory).model.tokens;
}

static std::string errorWith(const std::string &generation) {
  TempDirectory directory;
  directory.write("generation_config.json", generation);
  marian().write(directory);
  return SmallCheckpoint::withoutPath(llvm::toString(importCheckpoint(directory.path()).takeError()), directory);
}

using Ids = std::vector<int64_t>;

TEST(Seq2SeqTokens, ComeFromGenerationFirst) {
  SmallCheckpoint checkpoint = marian("\"decoder_start_token_id\": 3, \"forced_eos_token_id\": 0, ");
  spec::SpecialTokens tokens = tokensOf(checkpoint, R"({"eos_token_id": 0, "forced_bos_token_id": 5})");
  EXPECT_EQ(tokens.start, Ids{3});
  EXPECT_EQ(tokens.forced, Ids{5});
  EXPECT_FALSE(tokens.forcedLast) << "transformers reads one of the two files";
  EXPECT_EQ(tokensOf(checkpoint, R"({"bos_token_id": 7})").start, Ids{7});
  tokens = tokensOf(checkpoint, R"({"decoder_start_token_id": 10, "bad_words_ids": [[10], [4], [99]],
                                    "suppress_tokens": [1, 10], "begin_suppress_tokens": [2, 0]})");
  EXPECT_EQ(tokens.start, Ids{10});
  EXPECT_EQ(tokens.suppress, (Ids{1, 10, 4}));
  EXPECT_EQ(tokens.suppressFirst, (Ids{2, 0}));
  EXPECT_EQ(tokensOf(marian(), R"({"bos_token_id": 7})").start, Ids{7}) << "as transformers does without a start";
}

TEST(Seq2SeqTokens, OlderConfigurationsHoldThem) {
  TempDirectory directory;
  SmallCheckpoint checkpoint =
      marian("\"bos_token_id\": 6, \"force_bos_token_to_be_generated\": true, \"forced_eos_token_id\": 0, "
             "\"num_beams\": 6, \"max_length\": 512, \"bad_words_ids\": [[10]], ");
  spec::Model model = importFrom(checkpoint, directory).model;
  EXPECT_EQ(model.tokens.forced, Ids{6});
  EXPECT_EQ(model.tokens.forcedLast, 0);
  EXPECT_EQ(model.tokens.suppress, Ids{10});
  EXPECT_EQ(model.generation.numbers, (std::map<std::string, double, std::less<>>{{"beams", 6}, {"max_length", 512}}));
}

TEST(Seq2SeqTokens, WhispersPlaces) {
  spec::SpecialTokens tokens = tokensOf(
      whisper(), R"({"decoder_start_token_id": 3, "forced_decoder_ids": [[1, 6]], "no_timestamps_token_id": 6})");
  EXPECT_EQ(tokens.start, (Ids{3, 6}));
  ASSERT_TRUE(tokens.timestamps);
  EXPECT_EQ(tokens.timestamps->begin, 7);
  EXPECT_EQ(tokens.timestamps->none, 6);
  EXPECT_EQ(tokens.noSpeech, 5);
  EXPECT_EQ(tokens.previous, 4);
  tokens = tokensOf(whisper(),
                    R"({"decoder_start_token_id": 3, "no_timestamps_token_id": 6, "prev_sot_token_id": 2})");
  EXPECT_EQ(tokens.previous, 2);
}

TEST(Seq2SeqTokens, TheLanguageIsEnglishWhereItIsNotSaid) {
  const std::string tables = R"("lang_to_id": {"<|en|>": 4, "<|de|>": 5}, "task_to_id": {"transcribe": 8},
                                "no_timestamps_token_id": 9, "decoder_start_token_id": 3)";
  EXPECT_EQ(tokensOf(whisper(), "{" + tables + ", \"is_multilingual\": true}").start, (Ids{3, 4, 8, 9}));
  EXPECT_EQ(tokensOf(whisper(), "{" + tables + ", \"forced_decoder_ids\": [[1, null], [2, 8]]}").start,
            (Ids{3, 4, 8, 9}));
  EXPECT_EQ(tokensOf(whisper(), "{" + tables + ", \"forced_decoder_ids\": [[1, 5], [2, 8]]}").start, (Ids{3, 5, 8, 9}));
}

TEST(Seq2SeqTokens, WhatCannotBeSaidIsRefused) {
  EXPECT_EQ(errorWith(R"({"bad_words_ids": [[1], []]})"),
            "'DIR/generation_config.json': key 'bad_words_ids': expected sequences of at least 1 token, found "
            "[[1],[]]");
  EXPECT_EQ(errorWith(R"({"bad_words_ids": [1]})"),
            "'DIR/generation_config.json': key 'bad_words_ids': expected arrays of integers, found 1");
  EXPECT_EQ(
      errorWith(R"({"decoder_start_token_id": 1, "forced_decoder_ids": [[2, 6]]})"),
      "'DIR/generation_config.json': key 'forced_decoder_ids': expected pairs of a place and a token, from place 1 "
      "on without a gap");
  EXPECT_EQ(errorWith(R"({"decoder_start_token_id": 1, "forced_decoder_ids": [[1, null]]})"),
            "'DIR/generation_config.json': key 'forced_decoder_ids': expected a token below 11 at place 1, or null and "
            "'<|en|>' in 'lang_to_id'");
}

/// A BERT and a GPT-2 that attends to it.
static SmallCheckpoint pair() {
  SmallCheckpoint checkpoint = SmallCheckpoint::bert("encoder.");
  std::string encoder = checkpoint.config;
  SmallCheckpoint decoder = checkpointOf("", R"(decoder.transformer.wte.weight 9 6
decoder.transformer.wpe.weight 16 6
)" + modules(R"(decoder.transformer.h.*.ln_1 6
decoder.transformer.h.*.ln_2 6
decoder.transformer.h.*.ln_cross_attn 6
decoder.transformer.ln_f 6)") + R"(decoder.transformer.h.*.attn.c_attn.weight 6 18
decoder.transformer.h.*.attn.c_attn.bias 18
decoder.transformer.h.*.attn.c_proj.weight 6 6
decoder.transformer.h.*.attn.c_proj.bias 6
decoder.transformer.h.*.crossattention.q_attn.weight 6 6
decoder.transformer.h.*.crossattention.q_attn.bias 6
decoder.transformer.h.*.crossattention.c_attn.weight 6 12
decoder.transformer.h.*.crossattention.c_attn.bias 12
decoder.transformer.h.*.crossattention.c_proj.weight 6 6
decoder.transformer.h.*.crossattention.c_proj.bias 6
decoder.transformer.h.*.crossattention.masked_bias 1
decoder.transformer.h.*.mlp.c_fc.weight 6 24
decoder.transformer.h.*.mlp.c_fc.bias 24
decoder.transformer.h.*.mlp.c_proj.weight 24 6
decoder.transformer.h.*.mlp.c_proj.bias 6
)");
  checkpoint.tensors.insert(decoder.tensors.begin(), decoder.tensors.end());
  checkpoint.config = R"({"model_type": "encoder-decoder", "decoder_start_token_id": 1, "encoder": )" + encoder +
                      R"(, "decoder": {"model_type": "gpt2", "n_embd": 6, "n_layer": 2, "n_head": 3, "n_positions": 16,
                         "vocab_size": 9, "add_cross_attention": true, "is_decoder": true}})";
  return checkpoint;
}

TEST(EncoderDecoder, IsAnEncoderAndADecoderThatAttendsToIt) {
  EXPECT_EQ(specOf(pair()), R"(    input: {vocab: 11, positions: {kind: learned, length: 10}, types: 2, norm: true}
    layers: 2
    norm: {kind: layernorm, place: after, epsilon: 1e-12}
    block:
      - attention: {heads: 2}
      - mlp: {hidden: 8, activation: gelu}
  decoder:
    input: {vocab: 9, positions: {kind: learned, length: 16}}
    layers: 2
    norm: {kind: layernorm, place: before}
    block:
      - attention: {heads: 3, mask: causal}
      - attention: {from: encoder, heads: 3, name: cross}
      - mlp: {hidden: 24, activation: gelu_tanh}
head: {stack: decoder, tied: true}
)");
}

TEST(EncoderDecoder, KeysAndValuesAreHalvesOfOneMatrix) {
  TempDirectory directory;
  ImportedModel imported = importFrom(pair(), directory);
  for (auto [name, first] : {std::pair("key", 0), std::pair("value", 6)}) {
    auto view = imported.source->find(std::string("decoder.layers.1.cross.") + name + ".bias");
    ASSERT_TRUE(view && view->selection);
    EXPECT_EQ(view->selection->storedRow(0), first) << name;
    EXPECT_EQ(view->selection->storedRow(5), first + 5) << name;
  }
  EXPECT_EQ(imported.model.tokens.start, Ids{1});
}

TEST(EncoderDecoder, NamesWhatIsNotSupported) {
  SmallCheckpoint checkpoint = pair();
  checkpoint.change("\"gpt2\"", "\"llama\"");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'decoder.model_type': \"llama\" is not supported; supported: gpt2");
  checkpoint = pair();
  checkpoint.change("\"bert\"", "\"vit\"");
  EXPECT_EQ(checkpoint.errorOf(), "'DIR/config.json': key 'encoder.model_type': \"vit\" is not supported; supported: "
                                  "bert, roberta, xlm-roberta, camembert, roberta-prelayernorm, distilbert");
  checkpoint = pair();
  checkpoint.change("\"decoder\": {", "\"other\": {");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'decoder.model_type': \"bert\" is not supported; supported: gpt2");
  checkpoint = pair();
  checkpoint.tensors["enc_to_dec_proj.weight"] = {6, 6};
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': the encoder is 6 wide and the decoder 6; a projection between them "
            "is not supported; supported: one width");
}

namespace {

struct BadSeq2Seq {
  const char *name;
  const char *from, *to; ///< What is changed in the configuration of a Marian.
  const char *message;
};

void PrintTo(const BadSeq2Seq &bad, std::ostream *os) { *os << bad.name; }

class BadSeq2SeqConfig : public testing::TestWithParam<BadSeq2Seq> {};

} // namespace

TEST_P(BadSeq2SeqConfig, NamesTheKeyAndWhatIsSupported) {
  SmallCheckpoint checkpoint = marian();
  checkpoint.change(GetParam().from, GetParam().to);
  EXPECT_EQ(checkpoint.errorOf(), std::string("'DIR/config.json': ") + GetParam().message);
}

static const BadSeq2Seq badConfigs[] = {
    {"Width", "\"d_model\": 8, ", "\"d_model\": null, ", "key 'd_model': expected a value, found null"},
    {"Layers", "\"decoder_layers\": 2", "\"decoder_layers\": 10000",
     "key 'decoder_layers': 10000 layers; supported: at most 9999"},
    {"Heads", "\"encoder_attention_heads\": 2", "\"encoder_attention_heads\": 3",
     "key 'd_model': 8 is not a multiple of 'encoder_attention_heads' (3)"},
    {"Activation", "{", "{\"activation_function\": \"xielu\", ",
     "key 'activation_function': \"xielu\" is not supported; supported: \"gelu\", \"gelu_python\", \"gelu_new\", "
     "\"gelu_fast\", \"gelu_pytorch_tanh\", \"relu\", \"relu2\", \"silu\", \"swish\", \"quick_gelu\""},
    {"Quantised", "{", "{\"quantization_config\": {}, ",
     "key 'quantization_config': quantised weights are not supported; supported: F32, F16, BF16 and F64"},
};

INSTANTIATE_TEST_SUITE_P(Seq2Seq, BadSeq2SeqConfig, testing::ValuesIn(badConfigs),
                         [](const testing::TestParamInfo<BadSeq2Seq> &info) { return std::string(info.param.name); });

TEST(Seq2SeqErrors, T5sActivationFitsItsTensors) {
  EXPECT_EQ(checkpointOf(t5Config("\"feed_forward_proj\": \"gated-gelu\", "), t5Tensors + t5Up).errorOf(),
            "'DIR/config.json': key 'feed_forward_proj': \"gated-gelu\" has a gate, but the tensors say otherwise "
            "('DenseReluDense.wi')");
  EXPECT_EQ(
      checkpointOf(t5Config("\"feed_forward_proj\": \"tanh\", "), t5Tensors + t5Up).errorOf(),
      "'DIR/config.json': key 'feed_forward_proj': \"tanh\" is not supported; supported: \"gated-gelu\", \"relu\", "
      "\"gated-relu\", \"gelu\", \"gelu_new\", \"gated-gelu_new\", \"silu\", \"gated-silu\"");
}

TEST(Seq2SeqErrors, TensorsThatNobodyKnowsAreNamed) {
  EXPECT_EQ(
      marian("", "model.decoder.layers.*.adapter.weight 8\n").errorOf(),
      "'DIR/model.safetensors' has tensors that the model does not use and that could change what it computes: "
      "'model.decoder.layers.0.adapter.weight', 'model.decoder.layers.1.adapter.weight'; with --ignore-unused it goes "
      "without them");
  SmallCheckpoint none = marian();
  none.remove("encoder.layers.0.self_attn.q_proj.weight");
  EXPECT_EQ(none.errorOf(), "'DIR/model.safetensors' has no tensor 'encoder.layers.0.self_attn.q_proj.weight', with or "
                            "without a prefix");
}

TEST(Seq2SeqErrors, MissingTensorsAreNamedAsTheFileWouldHaveThem) {
  TempDirectory directory;
  SmallCheckpoint checkpoint = marian();
  checkpoint.remove("decoder.layers.1.encoder_attn.k_proj.bias");
  checkpoint.write(directory);
  ImportedModel imported = llvm::cantFail(importCheckpoint(directory.path()));
  EXPECT_NE(llvm::toString(exportModel(imported, directory.path("out")))
                .find("tensor 'model.decoder.layers.1.encoder_attn.k_proj.bias' is missing"),
            std::string::npos);
}
