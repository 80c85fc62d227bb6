//===- DecoderErrorsTest.cpp ----------------------------------------------===//

#include "import/ListedCheckpoint.h"

using namespace tenon;
using namespace tenon::import;
using test::SmallCheckpoint;
using test::smallLlama;

namespace {

struct BadDecoder {
  const char *name;
  const char *type;
  const char *more; ///< What is added to the configuration.
  const char *message;
};

void PrintTo(const BadDecoder &bad, std::ostream *os) { *os << bad.name; }

class BadDecoderConfig : public testing::TestWithParam<BadDecoder> {};

} // namespace

TEST_P(BadDecoderConfig, NamesTheKeyAndWhatIsSupported) {
  SmallCheckpoint checkpoint = smallLlama(std::string(GetParam().more) + ", ");
  checkpoint.change("\"llama\"", std::string("\"") + GetParam().type + "\"");
  EXPECT_EQ(checkpoint.errorOf(), std::string("'DIR/config.json': ") + GetParam().message);
}

static const BadDecoder badDecoders[] = {
    {"Scaling", "llama", R"("rope_scaling": {"type": "longrope", "factor": 2})",
     "key 'rope_scaling.type': \"longrope\" is not supported; supported: \"default\", \"linear\", \"dynamic\", "
     "\"llama3\", \"yarn\""},
    {"ScalingFactor", "llama", R"("rope_scaling": {"type": "linear", "factor": 0.5})",
     "key 'rope_scaling.factor': expected a number of at least 1, found 0.500000"},
    {"ScalingNoObject", "llama", R"("rope_scaling": "linear")", "key 'rope_scaling': expected an object, found \"linear\""},
    {"Activation", "llama", R"("hidden_act": "xielu")",
     "key 'hidden_act': \"xielu\" is not supported; supported: \"gelu\", \"gelu_python\", \"gelu_new\", \"gelu_fast\", "
     "\"gelu_pytorch_tanh\", \"relu\", \"relu2\", \"silu\", \"swish\", \"quick_gelu\""},
    {"LayerTypes", "qwen2", R"("layer_types": ["full_attention", "chunked_attention"])",
     "key 'layer_types': \"chunked_attention\" is not supported; supported: \"full_attention\", "
     "\"sliding_attention\""},
    {"LayerTypesCount", "qwen2", R"("layer_types": ["full_attention"])",
     "key 'layer_types': expected one for each of 2 layers, found 1"},
    {"LayerTypesWithoutWindow", "qwen2", R"("layer_types": ["full_attention", "sliding_attention"])",
     "key 'layer_types': \"sliding_attention\" needs 'use_sliding_window', which is false"},
    {"LayerTypesWithoutWidth", "gemma2",
     R"("sliding_window": null, "layer_types": ["full_attention", "sliding_attention"])",
     "key 'layer_types': \"sliding_attention\" needs 'sliding_window', which is null"},
    {"ScalingOfPhi3", "phi3", R"("rope_scaling": {"type": "yarn", "factor": 2})",
     "key 'rope_scaling.type': \"yarn\" is not supported for this model type; supported: \"default\""},
    {"ClassifierHead", "llama", R"("architectures": ["LlamaForSequenceClassification"])",
     "key 'architectures': the head of \"LlamaForSequenceClassification\" is not supported; with --without-head the "
     "model is the stack alone"},
    {"Quantised", "llama", R"("quantization_config": {"bits": 4})",
     "key 'quantization_config': quantised weights are not supported; supported: F32, F16, BF16 and F64"},
    {"Softcap", "gemma2", R"("attn_logit_softcapping": 0)",
     "key 'attn_logit_softcapping': expected a number between 0.001000 and 1000000.000000, found 0.000000"},
    {"Scalar", "gemma2", R"("query_pre_attn_scalar": -1)",
     "key 'query_pre_attn_scalar': expected a number above 0, found -1.000000"},
    {"RotaryPart", "phi3", R"("partial_rotary_factor": 0.1)",
     "key 'partial_rotary_factor': 0.100000 of a head of 4 leaves 0 components that turn; expected 2 up to all of "
     "them"},
};

INSTANTIATE_TEST_SUITE_P(Decoder, BadDecoderConfig, testing::ValuesIn(badDecoders),
                         [](const testing::TestParamInfo<BadDecoder> &info) { return std::string(info.param.name); });

TEST(DecoderErrors, HeadsOfKeysDivideHeads) {
  SmallCheckpoint checkpoint = smallLlama();
  checkpoint.change("\"num_key_value_heads\": 1", "\"num_key_value_heads\": 3");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'num_attention_heads': 2 is not a multiple of the key heads (3)");
}

TEST(DecoderErrors, LayersAreAsManyAsASpecCanHave) {
  SmallCheckpoint checkpoint = smallLlama();
  checkpoint.change("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 2000000000");
  EXPECT_EQ(checkpoint.errorOf(),
            "'DIR/config.json': key 'num_hidden_layers': 2000000000 layers; supported: at most 9999");
}

TEST(DecoderErrors, TensorsThatNobodyKnowsAreNamed) {
  EXPECT_EQ(smallLlama("", "model.layers.*.mlp.experts.weight 8\n").errorOf(),
            "'DIR/model.safetensors' has tensors that the model does not use and that could change what it computes: "
            "'model.layers.0.mlp.experts.weight', 'model.layers.1.mlp.experts.weight'; with --ignore-unused it goes "
            "without them");
  SmallCheckpoint none = smallLlama();
  none.remove("embed_tokens.weight");
  EXPECT_EQ(none.errorOf(), "'DIR/model.safetensors' has no tensor 'embed_tokens.weight', with or without a prefix");
}
