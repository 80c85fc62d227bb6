#include "Manifest.h"

#include "ManifestProblems.h"

#include <gtest/gtest.h>

namespace tenon::runtime {
namespace {

const std::string good =
    R"({"tenon":2,"name":"m","width":8,"entries":[{"name":"f","dims":["n"],
        "inputs":[{"name":"x","type":"f32","shape":["n",3]},{"name":"y","type":"i8","shape":[],"optional":true}],
        "outputs":[{"name":"z","type":"bf16","shape":["n"]}]}],
        "limits":{"vocab":5,"text_tokens":256},"kernels":[{},{}],
        "weights":{"file":"m.weights","bytes":9007199254740993,"id":"ab"},"spec":"s"})";

std::string replaced(const std::string &from, const std::string &to) {
  std::string text = good;
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

void expectRefused(const std::string &json, const std::string &message) {
  try {
    parseManifest(json);
    ADD_FAILURE() << "accepted: " << json;
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, TENON_ERROR_LIBRARY);
    EXPECT_NE(failure.message.find(message), std::string::npos) << failure.message << "\nexpected: " << message;
  }
}

TEST(Manifest, IsRead) {
  Manifest manifest = parseManifest(good);
  EXPECT_EQ(manifest.name, "m");
  EXPECT_EQ(manifest.width, 8);
  EXPECT_EQ(manifest.kernelCount, 2u);
  ASSERT_EQ(manifest.entries.size(), 1u);
  const Entry &entry = manifest.entries[0];
  EXPECT_EQ(entry.limits.vocab, 5);
  EXPECT_EQ(entry.limits.positions, 0);
  EXPECT_EQ(entry.limits.textTokens, 256);
  EXPECT_EQ(entry.inputs[0].shape[0].dim, 0);
  EXPECT_EQ(entry.inputs[0].shape[1].fixed, 3);
  EXPECT_TRUE(entry.inputs[1].optional);
  EXPECT_EQ(entry.outputs[0].type, TENON_BF16);
}

const std::string generating =
    R"({"tenon":2,"name":"m","entries":[
        {"name":"f","dims":["n","pages"],"inputs":[{"name":"x","type":"f32","shape":["n"]}],
         "states":[{"name":"cache.a","type":"f32","shape":[3,"pages",64],"window":7}],"outputs":[],
         "limits":{"vocab":9},"weight_bytes":77},
        {"name":"g","dims":["n","pages"],"inputs":[{"name":"x","type":"f32","shape":["n"]}],
         "states":[{"name":"cache.a","type":"f32","shape":[3,"pages",64],"window":7}],"outputs":[]}],
        "limits":{"vocab":5},"kernels":[],
        "tokens":{"bos":1,"eos":[2,3],"pad":null,"add_bos":true},"chat_template":"{{ x }}"})";

std::string changed(const std::string &from, const std::string &to) {
  std::string text = generating;
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, StatesTokensAndLimitsOfEntryPoints) {
  Manifest manifest = parseManifest(generating);
  const Entry &entry = manifest.entries[0];
  ASSERT_EQ(entry.states.size(), 1u);
  EXPECT_EQ(entry.states[0].name, "cache.a");
  EXPECT_EQ(entry.states[0].layers, 3);
  EXPECT_EQ(entry.states[0].pagesDim, 1);
  EXPECT_EQ(entry.states[0].pageFloats, 64);
  EXPECT_EQ(entry.states[0].window, 7);
  EXPECT_EQ(entry.limits.vocab, 9);
  EXPECT_EQ(entry.weightBytes, 77);
  EXPECT_EQ(manifest.entries[1].limits.vocab, 5);
  EXPECT_EQ(manifest.tokens.bos, 1);
  EXPECT_EQ(manifest.tokens.eos, (std::vector<int32_t>{2, 3}));
  EXPECT_EQ(manifest.tokens.pad, -1);
  EXPECT_TRUE(manifest.tokens.addBos);
  EXPECT_EQ(manifest.chatTemplate, "{{ x }}");
  EXPECT_FALSE(manifest.chatTokens);
}

TEST(Manifest, NamesTheTokensOfATemplate) {
  std::string key = R"("chat_template":"{{ x }}")";
  Manifest manifest = parseManifest(changed(key, key + R"(,"chat_tokens":{"pad_token":"<p>","eos_token":"</s>"})"));
  EXPECT_EQ(manifest.chatTokens, (ChatTokens{{"pad_token", "<p>"}, {"eos_token", "</s>"}}));
  expectRefused(changed(key, key + R"(,"chat_tokens":["<p>"])"), "\"chat_tokens\" is array, expected an object");
  expectRefused(changed(key, key + R"(,"chat_tokens":{"pad_token":1})"), "\"pad_token\" of \"chat_tokens\"");
}

TEST(Manifest, WhatIsWrongWithStatesAndTokensIsNamed) {
  expectRefused(changed(R"([3,"pages",64])", R"([3,"pages","n"])"), "is not f32 of shape [number, dim, number]");
  expectRefused(changed(R"([3,"pages",64])", R"([3,8,64])"), "is not f32 of shape [number, dim, number]");
  expectRefused(changed(R"([3,"pages",64])", R"([3,"pages",4294967296])"), "pages of 4294967296 floats");
  expectRefused(changed(R"([3,"pages",64])", R"([2,"pages",64])"),
                "entry points \"f\" and \"g\" have different states in pool \"pages\"");
  expectRefused(changed(R"("window":7)", R"("window":0)"), "\"window\" is 0");
  expectRefused(changed(R"("limits":{"vocab":9})", R"("limits":9)"), "\"limits\" of entry point \"f\" is number");
  expectRefused(changed(R"("bos":1,)", ""), "\"tokens\" has \"add_bos\" but no \"bos\"");
  expectRefused(changed(R"("bos":1)", R"("bos":-1)"), "\"bos\" of \"tokens\" is -1");
  expectRefused(changed(R"("eos":[2,3])", R"("eos":2)"), "\"eos\" of \"tokens\" is number, expected an array");
  expectRefused(changed(R"("eos":[2,3])", R"("eos":[4294967296])"), "\"eos\" of \"tokens\" is 4294967296");
  expectRefused(changed(R"("add_bos":true)", R"("add_bos":1)"), "\"add_bos\" of \"tokens\" is number");
  expectRefused(changed(R"("chat_template":"{{ x }}")", R"("chat_template":7)"), "\"chat_template\"");
}

TEST(Manifest, Prompts) {
  auto with = [](const std::string &more) { return changed(R"("chat_template")", more + R"(,"chat_template")"); };
  Manifest manifest = parseManifest(with(
      R"("lower_case":true,"prompts":[{"name":"a","text":"A: "},{"name":"b","text":""}],"default_prompt":"b")"));
  EXPECT_TRUE(manifest.lowerCase);
  EXPECT_EQ(manifest.defaultPrompt, "b");
  ASSERT_TRUE(manifest.findPrompt("a"));
  EXPECT_EQ(manifest.findPrompt("a")->text, "A: ");
  EXPECT_FALSE(manifest.findPrompt("c"));
  expectRefused(with(R"("lower_case":1)"), "\"lower_case\" of the manifest is number, expected true or false");
  expectRefused(with(R"("prompts":[{"name":"a"}])"), "a prompt has no \"text\"");
  expectRefused(with(R"("prompts":[{"name":"a","text":""},{"name":"a","text":""}])"),
                "two of \"prompts\" have the name \"a\"");
  expectRefused(with(R"("default_prompt":"a")"), "\"default_prompt\" is \"a\", which is none of \"prompts\"");
}

/// Two entry points that generate, with one thing changed.
std::string decoder(const std::string &from = "", const std::string &to = "") {
  std::string entries;
  for (const char *name : {"prefill", "decode"})
    entries +=
        std::string(entries.empty() ? "" : ",") + R"({"name":")" + name + R"(","dims":["b","n","s","pages"],"inputs":[
      {"name":"tokens","type":"i32","role":"tokens","shape":["b","n"]},
      {"name":"lengths","type":"i32","role":"lengths","shape":["b"]},
      {"name":"past","type":"i32","role":"past","shape":["b"]},
      {"name":"pages","type":"i32","role":"pages","pool":"pages","shape":["b","s"]}],
      "states":[{"name":"cache.a","type":"f32","shape":[3,"pages",64]}],
      "outputs":[{"name":"logits","type":"f32","role":"logits","shape":["b",9]}],"limits":{"vocab":9}})";
  return withLast(R"({"tenon":2,"name":"m","kernels":[],"entries":[)" + entries + "]}", from, to);
}

TEST(Manifest, PrefixesOfEntryPointsAgree) {
  EXPECT_EQ(problemOf(decoder(R"("limits":{"vocab":9})", R"("limits":{"vocab":9},"prefix":"e")")),
            "manifest: entry point \"decode\" goes on from \"e\", \"prefill\" from \"\"");
}

TEST(Manifest, StacksWithoutAHeadGiveHiddenStates) {
  EXPECT_EQ(problemOf(decoder(R"({"name":"logits","type":"f32","role":"logits","shape":["b",9]})",
                              R"({"name":"hidden","type":"f32","role":"hidden","shape":["b","n",4]})")),
            "");
}

TEST(Manifest, EntryPointsThatGenerateHaveTheirTensors) {
  EXPECT_EQ(problemOf(decoder()), "");
  EXPECT_EQ(problemOf(decoder(R"("role":"lengths",)", "")),
            "manifest: entry point \"decode\" has an input \"lengths\" whose role is none, expected one of tokens, "
            "lengths, past, pages, source_lengths");
  EXPECT_EQ(problemOf(decoder(R"({"name":"lengths","type":"i32","role":"lengths","shape":["b"]},)", "")),
            "manifest: entry point \"decode\" has no input whose role is lengths");
  EXPECT_EQ(problemOf(decoder(R"("role":"tokens","shape":["b","n"])", R"("shape":["b","n"])")),
            "manifest: entry point \"decode\" has no input whose role is tokens");
  EXPECT_EQ(problemOf(decoder(R"("role":"past")", R"("role":"prompt_lengths")")),
            "manifest: entry point \"decode\" has an input \"past\" whose role is prompt_lengths, expected one of "
            "tokens, lengths, past, pages, source_lengths");
  EXPECT_EQ(problemOf(decoder(R"("role":"logits",)", "")),
            "manifest: entry point \"decode\" has no output whose role is logits or hidden");
  EXPECT_EQ(problemOf(decoder(R"(["b",9])", R"(["b","n"])")),
            "manifest: the last extent of tensor \"logits\" of entry point \"decode\" is not a number");
  EXPECT_EQ(problemOf(decoder(R"("vocab":9)", R"("vocab":10)")),
            "manifest: entry point \"decode\" takes 10 tokens and gives 9 logits");
  EXPECT_EQ(
      problemOf(decoder(R"("states":[{"name":"cache.a","type":"f32","shape":[3,"pages",64]}])", R"("states":[])")),
      "manifest: dim \"pages\" of entry point \"decode\" occurs in no input that must be given");
}

/// A model that writes about features, with one thing changed.
std::string attending(const std::string &from = "", const std::string &to = "") {
  std::string text = R"json({"tenon":2,"name":"m","kernels":[],"entries":[
    {"name":"encode","dims":["b","n","ceil(n/2)"],
     "inputs":[{"name":"features","type":"f32","role":"features","stack":"e","shape":["b","n",3]},
               {"name":"lengths","type":"i32","role":"lengths","stack":"e","shape":["b"]}],
     "outputs":[{"name":"hidden","type":"f32","role":"hidden","stack":"e","shape":["b","ceil(n/2)",8]}]},
    {"name":"start","dims":["b","n","s","source_pool"],
     "inputs":[{"name":"source","type":"f32","role":"rows","stack":"e","shape":["b","n",8]},
               {"name":"source_lengths","type":"i32","role":"source_lengths","stack":"e","shape":["b"]},
               {"name":"source_pages","type":"i32","role":"pages","stack":"e","pool":"source_pool","shape":["b","s"]}],
     "states":[{"name":"source.a","type":"f32","shape":[3,"source_pool",64]}],"outputs":[]},
    {"name":"decode","dims":["b","s","pages","t","source_pool"],
     "inputs":[{"name":"tokens","type":"i32","role":"tokens","stack":"d","shape":["b",1]},
               {"name":"lengths","type":"i32","role":"lengths","stack":"d","shape":["b"]},
               {"name":"past","type":"i32","role":"past","stack":"d","shape":["b"]},
               {"name":"pages","type":"i32","role":"pages","stack":"d","pool":"pages","shape":["b","s"]},
               {"name":"source_lengths","type":"i32","role":"source_lengths","stack":"e","shape":["b"]},
               {"name":"source_pages","type":"i32","role":"pages","stack":"e","pool":"source_pool","shape":["b","t"]}],
     "states":[{"name":"cache.a","type":"f32","shape":[2,"pages",64]},
               {"name":"source.a","type":"f32","shape":[3,"source_pool",64]}],
     "outputs":[{"name":"logits","type":"f32","role":"logits","stack":"d","shape":["b",9]}]}],
    "tokens":{"start":[4,5],"forced":[6],"suppress":[1,2],"suppress_first":[3],"forced_last":7,
              "timestamps":{"begin":20,"none":19,"step":0.02},"no_speech":18,"previous":17},
    "audio":{"rate":16000,"window":400,"hop":160,"bins":80,"frames":3000}})json";
  size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Manifest, StatesAndPageTablesKnowTheirPlaces) {
  Manifest manifest = parseManifest(attending());
  const Entry &encode = manifest.entries[0], &start = manifest.entries[1], &decode = manifest.entries[2];
  ASSERT_EQ(manifest.pools.size(), 2u);
  EXPECT_EQ(manifest.pools[0].name, "source_pool");
  EXPECT_EQ(manifest.pools[1].name, "pages");
  ASSERT_EQ(manifest.sources.size(), 1u);
  EXPECT_EQ(manifest.sources[0].name, "e");
  EXPECT_EQ(manifest.sources[0].encode, 0);
  EXPECT_EQ(manifest.sources[0].pools, std::vector<size_t>{0});
  EXPECT_EQ(manifest.ownPools, std::vector<size_t>{1});
  EXPECT_EQ(start.states[0].pool, 0u);
  EXPECT_EQ(decode.states[0].pool, 1u);
  EXPECT_EQ(decode.states[1].pool, 0u);
  EXPECT_EQ(decode.states[1].place, 0u);
  EXPECT_EQ(decode.input(Role::Pages, "e")->source, 0);
  EXPECT_EQ(decode.input(Role::Pages, "d")->source, -1);
  EXPECT_EQ(encode.hiddenRows(7), 4);
  std::vector<int64_t> dims = {4, 7, 0};
  encode.derive(dims);
  EXPECT_EQ(dims, (std::vector<int64_t>{4, 7, 4}));
  EXPECT_EQ(problemOf(attending()), "");
}

TEST(Manifest, TokensOfAnswersAndSounds) {
  Manifest manifest = parseManifest(attending());
  EXPECT_EQ(manifest.tokens.start, (std::vector<int32_t>{4, 5}));
  EXPECT_EQ(manifest.tokens.forced, std::vector<int32_t>{6});
  EXPECT_EQ(manifest.tokens.suppress, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(manifest.tokens.suppressFirst, std::vector<int32_t>{3});
  EXPECT_EQ(manifest.tokens.forcedLast, 7);
  ASSERT_TRUE(manifest.tokens.timestamps);
  EXPECT_EQ(manifest.tokens.timestamps->begin, 20);
  EXPECT_EQ(manifest.tokens.timestamps->none, 19);
  EXPECT_EQ(manifest.tokens.timestamps->step, 0.02);
  EXPECT_EQ(manifest.tokens.noSpeech, 18);
  EXPECT_EQ(manifest.tokens.previous, 17);
  ASSERT_TRUE(manifest.audio);
  EXPECT_EQ(manifest.audio->frames, 3000);
}

TEST(Manifest, WhatIsWrongWithSourcesIsNamed) {
  for (const char *bad : {"ceil(n/0)", "ceil(n/-2)", "ceil(n/2", "ceil(k/2)", "ceil(n)", "ceil(", "ceil(n/2)x",
                          "ceil(/2)", "ceil(n/99999999999)"})
    expectRefused(attending("\"n\",\"ceil(n/2)\"]", std::string("\"n\",\"") + bad + "\"]"),
                  std::string("dim \"") + bad + "\" of entry point \"encode\" is not ceil(dim/number)");
  expectRefused(attending(R"([3,"source_pool",64])", R"([4,"source_pool",64])"),
                "entry points \"start\" and \"decode\" have different states in pool \"source_pool\"");
  expectRefused(attending(R"("start":[4,5])", R"("start":4)"), "\"start\" of \"tokens\" is number, expected an array");
  expectRefused(attending(R"("suppress":[1,2])", R"("suppress":[-1])"), "\"suppress\" of \"tokens\" is -1");
  expectRefused(attending(R"("forced_last":7)", R"("forced_last":[7])"), "\"forced_last\" of \"tokens\"");
  expectRefused(attending(R"("step":0.02)", R"("step":0)"), "\"step\" of \"timestamps\"");
  expectRefused(attending(R"("begin":20,)", ""), "has no \"begin\"");
  expectRefused(attending(R"("no_speech":18)", R"("no_speech":-18)"), "\"no_speech\" of \"tokens\" is -18");
  expectRefused(attending(R"("bins":80)", R"("bins":0)"), "\"bins\" of \"audio\" is 0");
}

TEST(Manifest, SizesAreExactBeyondDoubles) {
  EXPECT_EQ(parseManifest(good).weights->bytes, uint64_t(9007199254740993));
}

TEST(Manifest, LimitsAndWeightsMayBeMissing) {
  Manifest manifest = parseManifest(R"({"tenon":2,"name":"m","entries":[],"kernels":[]})");
  EXPECT_FALSE(manifest.weights);
  EXPECT_EQ(manifest.width, 0);
}

TEST(Manifest, WhatIsWrongIsNamed) {
  expectRefused("", "manifest: ");
  expectRefused("{", "manifest: ");
  expectRefused("[]", "the manifest is array, expected an object");
  expectRefused(replaced(R"("tenon":2)", R"("tenon":1)"), "is version 1, this runtime reads version 2");
  expectRefused(replaced(R"("name":"m",)", ""), "the manifest has no \"name\"");
  expectRefused(replaced(R"("name":"m")", R"("name":3)"), "\"name\" of the manifest is number, expected a string");
  expectRefused(replaced(R"("width":8)", R"("width":-8)"), "\"width\" is -8, expected a whole number of at least 1");
  expectRefused(replaced(R"("width":8)", R"("width":8.5)"), "\"width\" is 8.5");
  expectRefused(replaced(R"("type":"f32")", R"("type":"f31")"), "type of tensor \"x\" of entry point \"f\" is \"f31\"");
  expectRefused(replaced(R"(["n",3])", R"(["k",3])"), "extent \"k\" of tensor \"x\"");
  expectRefused(replaced(R"(["n",3])", R"(["n",0])"), "is 0, expected a whole number of at least 1");
  expectRefused(replaced(R"(["n",3])", R"([1,1,1,1,1,1,1,1,1])"), "has rank 9, expected at most 8");
  expectRefused(replaced(R"(["n",3])", R"([2,3])"), "dim \"n\" of entry point \"f\" occurs in no input");
  expectRefused(replaced(R"("optional":true)", R"("optional":1)"), "\"optional\" of tensor \"y\"");
  expectRefused(replaced(R"("bytes":9007199254740993)", R"("bytes":18446744073709551615)"), "\"bytes\" of \"weights\"");
  expectRefused(replaced(R"("kernels":[{},{}])", R"("kernels":2)"), "\"kernels\" of the manifest is number");
}

const std::string generation = R"("generation":{"max_length":30,"temperature":0.7,"top_k":5,"early_stopping":2,
        "bad_words":[[1,2],[3]],"stop":["x","yz"],"source_no_repeat_ngram":4},)";

TEST(Manifest, OptionsOfGeneration) {
  Manifest manifest = parseManifest(changed("\"tokens\":", generation + "\"tokens\":"));
  Manifest moved = std::move(manifest);
  const tenon_generate_options &options = moved.generation.options();
  EXPECT_EQ(options.max_length, 30);
  EXPECT_EQ(options.max_tokens, INT32_MAX) << "which nobody bounds";
  EXPECT_EQ(options.temperature, 0.7);
  EXPECT_EQ(options.top_k, 5);
  EXPECT_EQ(options.early_stopping, 2u);
  EXPECT_EQ(options.source_no_repeat_ngram, 4u);
  EXPECT_EQ(options.repetition_penalty, 1);
  ASSERT_EQ(options.bad_word_count, 2u);
  ASSERT_EQ(options.bad_words[0].count, 2u);
  EXPECT_EQ(options.bad_words[0].tokens[1], 2);
  EXPECT_EQ(options.bad_words[1].tokens[0], 3);
  ASSERT_EQ(options.stop_string_count, 2u);
  EXPECT_STREQ(options.stop_strings[1], "yz");
}

TEST(Manifest, OptionsOfGenerationThatAreNone) {
  auto message = [](const std::string &from, const std::string &to) {
    std::string text = generation;
    text.replace(text.find(from), from.size(), to);
    try {
      parseManifest(changed("\"tokens\":", text + "\"tokens\":"));
    } catch (const Failure &failure) {
      EXPECT_EQ(failure.status, TENON_ERROR_LIBRARY);
      return failure.message;
    }
    return std::string();
  };
  EXPECT_EQ(message("30", "-1"), "manifest: \"max_length\" of \"generation\" is -1, expected a whole number of 0 to "
                                 "9223372036854775807");
  EXPECT_EQ(message("0.7", "\"hot\""), "manifest: \"temperature\" of \"generation\" is string, expected a number");
  EXPECT_EQ(message("5", "4294967296"),
            "manifest: \"top_k\" of \"generation\" is 4294967296, expected a whole number of 0 to 2147483647");
  EXPECT_EQ(message("[[1,2],[3]]", "[1]"), "manifest: \"bad_words\" of \"generation\" is number, expected an array");
  EXPECT_EQ(message("[\"x\",\"yz\"]", "[1]"), "manifest: \"stop\" of \"generation\" has number, expected strings");
  EXPECT_EQ(message(generation.substr(13, generation.size() - 14), "3"),
            "manifest: \"generation\" is number, expected an object");
}

} // namespace
} // namespace tenon::runtime
