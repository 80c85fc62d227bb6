#include "Manifest.h"

#include "Failure.h"
#include "Forward.h"

#include <gtest/gtest.h>

namespace tenon::runtime {
namespace {

const std::string good =
    R"({"tenon":1,"name":"m","width":8,"entries":[{"name":"f","dims":["n"],
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
    R"({"tenon":1,"name":"m","entries":[
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
}

TEST(Manifest, WhatIsWrongWithStatesAndTokensIsNamed) {
  expectRefused(changed(R"([3,"pages",64])", R"([3,"pages","n"])"), "is not f32 of shape [number, dim, number]");
  expectRefused(changed(R"([3,"pages",64])", R"([3,8,64])"), "is not f32 of shape [number, dim, number]");
  expectRefused(changed(R"([3,"pages",64])", R"([3,"pages",4294967296])"), "pages of 4294967296 floats");
  expectRefused(changed(R"([3,"pages",64])", R"([2,"pages",64])"),
                "entry points \"f\" and \"g\" have different states");
  expectRefused(changed(R"("window":7)", R"("window":0)"), "\"window\" is 0");
  expectRefused(changed(R"("limits":{"vocab":9})", R"("limits":9)"), "\"limits\" of entry point \"f\" is number");
  expectRefused(changed(R"("bos":1,)", ""), "\"tokens\" has \"add_bos\" but no \"bos\"");
  expectRefused(changed(R"("bos":1)", R"("bos":-1)"), "\"bos\" of \"tokens\" is -1");
  expectRefused(changed(R"("eos":[2,3])", R"("eos":2)"), "\"eos\" of \"tokens\" is number, expected an array");
  expectRefused(changed(R"("eos":[2,3])", R"("eos":[4294967296])"), "\"eos\" of \"tokens\" is 4294967296");
  expectRefused(changed(R"("add_bos":true)", R"("add_bos":1)"), "\"add_bos\" of \"tokens\" is number");
  expectRefused(changed(R"("chat_template":"{{ x }}")", R"("chat_template":7)"), "\"chat_template\"");
}

/// Two entry points that generate, with one thing changed.
std::string decoder(const std::string &from = "", const std::string &to = "") {
  std::string entries;
  for (const char *name : {"prefill", "decode"})
    entries +=
        std::string(entries.empty() ? "" : ",") + R"({"name":")" + name + R"(","dims":["b","n","s","pages"],"inputs":[
      {"name":"tokens","type":"i32","shape":["b","n"]},{"name":"lengths","type":"i32","shape":["b"]},
      {"name":"past","type":"i32","shape":["b"]},{"name":"pages","type":"i32","shape":["b","s"]}],
      "states":[{"name":"cache.a","type":"f32","shape":[3,"pages",64]}],
      "outputs":[{"name":"logits","type":"f32","shape":["b",9]}],"limits":{"vocab":9}})";
  std::string text = R"({"tenon":1,"name":"m","kernels":[],"entries":[)" + entries + "]}";
  size_t at = text.rfind(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string problemOf(const std::string &json) {
  try {
    checkGenerates(parseManifest(json));
    return "";
  } catch (const Failure &failure) {
    EXPECT_EQ(failure.status, TENON_ERROR_LIBRARY);
    return failure.message;
  }
}

TEST(Manifest, EntryPointsThatGenerateHaveTheirTensors) {
  EXPECT_EQ(problemOf(decoder()), "");
  EXPECT_EQ(problemOf(decoder(R"("past","type":"i32")", R"("past","type":"i64")")),
            "manifest: entry point \"decode\" has no \"past\" of type i32 and rank 1");
  EXPECT_EQ(problemOf(decoder(R"("name":"lengths")", R"("name":"length")")),
            "manifest: entry point \"decode\" has no \"lengths\" of type i32 and rank 1");
  EXPECT_EQ(problemOf(decoder(R"({"name":"past")", R"({"name":"x","type":"i32","shape":["b"]},{"name":"past")")),
            "manifest: entry point \"decode\" has an input \"x\", expected tokens, lengths, past and pages, and maybe "
            "source_lengths and source_pages");
  EXPECT_EQ(problemOf(decoder(R"("name":"logits")", R"("name":"scores")")),
            "manifest: entry point \"decode\" has no \"logits\" of type f32 and rank 2");
  EXPECT_EQ(problemOf(decoder(R"(["b",9])", R"(["b","n"])")),
            "manifest: the last extent of output \"logits\" of entry point \"decode\" is not a number");
  EXPECT_EQ(problemOf(decoder(R"("vocab":9)", R"("vocab":10)")),
            "manifest: entry point \"decode\" takes 10 tokens and gives 9 logits");
  EXPECT_EQ(problemOf(decoder(R"("states":[{"name":"cache.a","type":"f32","shape":[3,"pages",64]}])", R"("states":[])")),
            "manifest: dim \"pages\" of entry point \"decode\" occurs in no input that must be given");
}

TEST(Manifest, SizesAreExactBeyondDoubles) {
  EXPECT_EQ(parseManifest(good).weights->bytes, uint64_t(9007199254740993));
}

TEST(Manifest, LimitsAndWeightsMayBeMissing) {
  Manifest manifest = parseManifest(R"({"tenon":1,"name":"m","entries":[],"kernels":[]})");
  EXPECT_FALSE(manifest.weights);
  EXPECT_EQ(manifest.width, 0);
}

TEST(Manifest, WhatIsWrongIsNamed) {
  expectRefused("", "manifest: ");
  expectRefused("{", "manifest: ");
  expectRefused("[]", "the manifest is array, expected an object");
  expectRefused(replaced(R"("tenon":1)", R"("tenon":2)"), "is version 2, this runtime reads version 1");
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

} // namespace
} // namespace tenon::runtime
