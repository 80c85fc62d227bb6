// Manifests whose entry points do not fit each other: roles, stacks, pools and page tables.

#include "Stacks.h"

#include "ManifestProblems.h"

#include <gtest/gtest.h>

namespace tenon::runtime {
namespace {

/// A model that writes about the sources "a", whose own input it reads beside its own rows, and "b", of which it reads
/// hidden states.
const std::string whole = R"json({"tenon":2,"name":"m","kernels":[],"entries":[
  {"name":"encode_a","dims":["n","l"],"inputs":[
    {"name":"tokens","type":"i32","shape":["n","l"],"role":"tokens","stack":"a"},
    {"name":"lengths","type":"i32","shape":["n"],"role":"lengths","stack":"a"}],
   "outputs":[{"name":"hidden","type":"f32","shape":["n","l",4],"role":"hidden","stack":"a"}],"limits":{"vocab":7}},
  {"name":"encode_b","dims":["n","l"],"inputs":[
    {"name":"x","type":"f32","shape":["n","l",3],"role":"features","stack":"b"},
    {"name":"lengths","type":"i32","shape":["n"],"role":"lengths","stack":"b"}],
   "outputs":[{"name":"hidden","type":"f32","shape":["n","l",5],"role":"hidden","stack":"b"}]},
  {"name":"start","dims":["n","l","s","m","t","pages","other"],"inputs":[
    {"name":"a.tokens","type":"i32","shape":["n","l"],"role":"tokens","stack":"a"},
    {"name":"a.lengths","type":"i32","shape":["n"],"role":"lengths","stack":"a"},
    {"name":"a.pages","type":"i32","shape":["n","s"],"role":"pages","stack":"a","pool":"pages"},
    {"name":"b.rows","type":"f32","shape":["n","m",5],"role":"rows","stack":"b"},
    {"name":"b.lengths","type":"i32","shape":["n"],"role":"source_lengths","stack":"b"},
    {"name":"b.pages","type":"i32","shape":["n","t"],"role":"pages","stack":"b","pool":"other"}],
   "states":[{"name":"joint","type":"f32","shape":[2,"pages",64]},{"name":"cross","type":"f32","shape":[2,"other",64]}],
   "outputs":[]},
  {"name":"prefill","dims":["n","l","s","u","t","pages","other"],"inputs":[
    {"name":"tokens","type":"i32","shape":["n","l"],"role":"tokens","stack":"d"},
    {"name":"lengths","type":"i32","shape":["n"],"role":"lengths","stack":"d"},
    {"name":"past","type":"i32","shape":["n"],"role":"past","stack":"d"},
    {"name":"pages","type":"i32","shape":["n","u"],"role":"pages","stack":"d","pool":"pages"},
    {"name":"lengths.a","type":"i32","shape":["n"],"role":"source_lengths","stack":"a"},
    {"name":"pages.a","type":"i32","shape":["n","s"],"role":"pages","stack":"a","pool":"pages"},
    {"name":"lengths.b","type":"i32","shape":["n"],"role":"source_lengths","stack":"b"},
    {"name":"pages.b","type":"i32","shape":["n","t"],"role":"pages","stack":"b","pool":"other"}],
   "states":[{"name":"joint","type":"f32","shape":[2,"pages",64]},{"name":"cross","type":"f32","shape":[2,"other",64]}],
   "outputs":[{"name":"logits","type":"f32","shape":["n",9],"role":"logits","stack":"d"}],
   "limits":{"vocab":9,"positions":50,"behind":"a"}}]})json";

/// With the last `from` changed into `to`.
std::string changed(const std::string &from, const std::string &to) {
  return withLast(whole, from, to);
}

void expectProblem(const std::string &from, const std::string &to, const std::string &problem) {
  EXPECT_EQ(problemOf(changed(from, to)), "manifest: " + problem) << from << " -> " << to;
}

TEST(Stacks, AreFound) {
  Manifest manifest = parseManifest(whole);
  ASSERT_EQ(manifest.sources.size(), 2u);
  EXPECT_EQ(manifest.sources[0].name, "a");
  EXPECT_EQ(manifest.sources[0].encode, 0);
  EXPECT_EQ(manifest.sources[0].pools, std::vector<size_t>{0});
  EXPECT_EQ(manifest.sources[1].name, "b");
  EXPECT_EQ(manifest.sources[1].pools, std::vector<size_t>{1});
  EXPECT_EQ(manifest.ownPools, std::vector<size_t>{0});
  const Entry &prefill = *manifest.findEntry("prefill");
  EXPECT_EQ(prefill.limits.behindSource, 0);
  EXPECT_EQ(prefill.input(Role::Pages, "b")->source, 1);
  EXPECT_EQ(prefill.input(Role::Pages, "b")->table, 0u);
  EXPECT_FALSE(manifest.hasPrefix);
}

TEST(Stacks, JoinedRowsAreThoseOfTheirLastPart) {
  std::string joined = withLast(whole, R"({"name":"encode_b","dims":["n","l"])", R"({"name":"encode_b","dims":["n","l","k"])");
  joined = withLast(joined, R"({"name":"x","type":"f32","shape":["n","l",3],"role":"features","stack":"b"},
    {"name":"lengths","type":"i32","shape":["n"],"role":"lengths","stack":"b"}])",
                    R"({"name":"a.tokens","type":"i32","shape":["n","k"],"role":"tokens","stack":"a"},
    {"name":"a.lengths","type":"i32","shape":["n"],"role":"lengths","stack":"a"},
    {"name":"tokens","type":"i32","shape":["n","l"],"role":"tokens","stack":"c"},
    {"name":"lengths","type":"i32","shape":["n"],"role":"lengths","stack":"c"}])");
  Manifest manifest = parseManifest(joined);
  ASSERT_EQ(manifest.sources.size(), 3u);
  EXPECT_EQ(manifest.givenSources, 2u);
  EXPECT_EQ(manifest.sources[0].name, "a");
  EXPECT_EQ(manifest.sources[1].name, "c");
  EXPECT_EQ(manifest.sources[2].name, "b");
  EXPECT_EQ(manifest.sources[2].lastPart, 1);
  EXPECT_EQ(manifest.findEntry("prefill")->input(Role::Pages, "b")->source, 2);

  // Where more is read than their last state, `start` makes them of what it reads of their parts.
  std::string made = withLast(joined, R"({"name":"b.rows","type":"f32","shape":["n","m",5],"role":"rows","stack":"b"},
    {"name":"b.lengths","type":"i32","shape":["n"],"role":"source_lengths","stack":"b"},)",
                              R"({"name":"c.tokens","type":"i32","shape":["n","m"],"role":"tokens","stack":"c"},
    {"name":"c.lengths","type":"i32","shape":["n"],"role":"lengths","stack":"c"},)");
  manifest = parseManifest(made);
  EXPECT_EQ(manifest.givenSources, 2u);
  EXPECT_EQ(manifest.sources[2].lastPart, 1);
  EXPECT_EQ(manifest.sources[2].pools, std::vector<size_t>{1});
}

TEST(Stacks, RolesAreKnownAndFitTheirTensors) {
  expectProblem(R"("role":"past")", R"("role":"passed")",
                "role of tensor \"past\" of entry point \"prefill\" is \"passed\", expected one of tokens, lengths, "
                "types, features, prompt_lengths, past, pages, rows, source_lengths");
  expectProblem(R"("role":"logits")", R"("role":"tokens")",
                "role of tensor \"logits\" of entry point \"prefill\" is \"tokens\", expected one of logits, "
                "all_logits, hidden, embedding");
  expectProblem(R"("role":"past")", R"("role":3)",
                "\"role\" of tensor \"past\" of entry point \"prefill\" is number, expected a string");
  expectProblem(R"("shape":["n"],"role":"past")", R"("shape":["n","l"],"role":"past")",
                "tensor \"past\" of entry point \"prefill\" is i32 of rank 2, expected i32 of rank 1 as its role is "
                "past");
  expectProblem(R"("role":"past",)", "", "tensor \"past\" of entry point \"prefill\" has a \"stack\" but no \"role\"");
  expectProblem(R"("role":"past","stack":"d")", R"("role":"lengths","stack":"d")",
                "entry point \"prefill\" has two tensors whose role is lengths of stack \"d\"");
  expectProblem(R"("role":"past","stack":"d")", R"("role":"past","stack":"d","pool":"pages")",
                "tensor \"past\" of entry point \"prefill\" has a \"pool\", expected one on page tables only");
}

TEST(Stacks, PageTablesAreOfPoolsAndStacksThatThereAre) {
  expectProblem(R"("stack":"b","pool":"other")", R"("stack":"b")",
                "tensor \"pages.b\" of entry point \"prefill\" has no \"pool\"");
  expectProblem(R"("stack":"b","pool":"other")", R"("stack":"b","pool":"none")",
                "entry point \"prefill\" has a page table \"pages.b\" of pool \"none\", in which it has no state");
  expectProblem(R"("stack":"b","pool":"other")", R"("stack":"b","pool":"pages")",
                "entry point \"prefill\" reads pages of stack \"b\" in pool \"pages\" that \"start\" does not write");
  expectProblem(R"("stack":"b","pool":"other")", R"("stack":"c","pool":"other")",
                "entry point \"prefill\" has an input \"pages.b\" of stack \"c\", of which there is nothing in "
                "\"start\"");
  expectProblem(R"({"name":"lengths.b","type":"i32","shape":["n"],"role":"source_lengths","stack":"b"},)", "",
                "entry point \"prefill\" has no input whose role is source_lengths of stack \"b\"");
  expectProblem(R"(,
    {"name":"pages.b","type":"i32","shape":["n","t"],"role":"pages","stack":"b","pool":"other"}],
   "states":[{"name":"joint","type":"f32","shape":[2,"pages",64]},)",
                R"(,{"name":"z","type":"i32","shape":["n","t"],"role":"pages","stack":"b","pool":"pages"}],
   "states":[{"name":"joint","type":"f32","shape":[2,"pages",64]},)",
                "entry point \"prefill\" reads pages of stack \"b\" in pool \"pages\" that \"start\" does not write");
  expectProblem(R"({"name":"joint","type":"f32","shape":[2,"pages",64]},)",
                R"({"name":"joint","type":"f32","shape":[2,"pages",64]},
                   {"name":"more","type":"f32","shape":[2,"pages",64]},)",
                "entry points \"start\" and \"prefill\" have different states in pool \"pages\"");
}

TEST(Stacks, WhatGrowsIsOneStack) {
  expectProblem(R"("role":"past","stack":"d")", R"("role":"past","stack":"a")",
                "entry point \"prefill\" has an input \"past\" whose role is past of stack \"a\", expected it of stack "
                "\"d\"");
  expectProblem(R"("role":"source_lengths","stack":"a")", R"("role":"source_lengths","stack":"d")",
                "entry point \"prefill\" has an input \"lengths.a\" whose role is source_lengths of stack \"d\", whose "
                "rows are its own");
  expectProblem(R"("role":"past","stack":"d")", R"("role":"prompt_lengths","stack":"d")",
                "entry point \"prefill\" has an input \"past\" whose role is prompt_lengths, expected one of tokens, "
                "lengths, past, pages, source_lengths");
  expectProblem(R"("behind":"a")", R"("behind":"c")",
                "entry point \"prefill\" has no input whose role is source_lengths of stack \"c\"");
  std::string noStart = whole;
  noStart.replace(noStart.find(R"("name":"start")"), 14, R"("name":"begin")");
  EXPECT_EQ(problemOf(noStart), "manifest: entry point \"prefill\" has an input \"lengths.a\" of stack \"a\", but "
                                "there is no entry point \"start\"");
}

TEST(Stacks, StartTakesEachSourceInOneForm) {
  expectProblem(R"("shape":["n"],"role":"source_lengths","stack":"b"},
    {"name":"b.pages")",
                R"("shape":["n"],"role":"lengths","stack":"b"},
    {"name":"b.pages")",
                "entry point \"start\" has no input whose role is source_lengths of stack \"b\"");
  expectProblem(R"({"name":"a.lengths","type":"i32","shape":["n"],"role":"lengths","stack":"a"},)", "",
                "entry point \"start\" has no input whose role is lengths of stack \"a\"");
  expectProblem(R"({"name":"a.lengths")",
                R"({"name":"r","type":"f32","shape":["n","l",4],"role":"rows","stack":"a"},{"name":"a.lengths")",
                "entry point \"start\" takes 2 of tokens, features and rows of stack \"a\", expected one");
  expectProblem(R"({"name":"b.rows","type":"f32","shape":["n","m",5],"role":"rows","stack":"b"})",
                R"({"name":"b.rows","type":"i32","shape":["n","m"],"role":"types","stack":"b"})",
                "entry point \"start\" takes 0 of tokens, features and rows of stack \"b\", expected one");
  expectProblem(R"({"name":"a.lengths")",
                R"({"name":"y","type":"i32","shape":["n","m"],"role":"types","stack":"b"},{"name":"a.lengths")",
                "entry point \"start\" has types of stack \"b\" but not what they are about");
  expectProblem(R"({"name":"b.rows","type":"f32","shape":["n","m",5])",
                R"({"name":"b.rows","type":"f32","shape":["n","m",6])",
                "entry point \"encode_b\" gives rows of 5 numbers, \"start\" takes 6");
  expectProblem(R"("outputs":[]})", R"("outputs":[{"name":"o","type":"f32","shape":["n"]}]})",
                "entry point \"start\" has outputs, expected none");
  expectProblem(R"({"name":"a.lengths")",
                R"({"name":"y","type":"i32","shape":["n"],"role":"past","stack":"a"},{"name":"a.lengths")",
                "entry point \"start\" has an input \"y\" whose role is past, expected one of tokens, lengths, types, "
                "features, pages, rows, source_lengths");
}

TEST(Stacks, EncodersOfSourcesCanBeCalled) {
  expectProblem(R"({"name":"x","type":"f32","shape":["n","l",3],"role":"features","stack":"b"},
    {"name":"lengths","type":"i32","shape":["n"],"role":"lengths","stack":"b"})",
                R"({"name":"x","type":"f32","shape":["n","l",3],"role":"features","stack":"b"})",
                "entry point \"encode_b\" has no input whose role is lengths of stack \"b\"");
  expectProblem(R"({"name":"x","type":"f32","shape":["n","l",3],"role":"features","stack":"b"})",
                R"({"name":"x","type":"f32","shape":["n","l",3]})",
                "entry point \"encode_b\" has an input \"x\" whose role is none, expected one of tokens, lengths, "
                "types, features, prompt_lengths");
}

} // namespace
} // namespace tenon::runtime
