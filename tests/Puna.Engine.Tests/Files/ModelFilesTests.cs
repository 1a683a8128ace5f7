using Puna.Engine.Files;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

public sealed class ModelFilesTests
{
    [Theory]
    [InlineData("stories260K.bin", "llama2.c legacy")]
    [InlineData("stories260K.v1.bin", "llama2.c version 1")]
    [InlineData("stories260K-q8.bin", "llama2.c version 2 (int8, groups of 8)")]
    [InlineData("hf", "safetensors")]
    public void Every_form_of_stories260K_states_the_same_facts(string name, string form)
    {
        using var model = ModelFiles.Open(SharedData.Path("weights", "stories260K", name));
        Assert.Equal(form, model.Form);
        var config = model.Config;
        Assert.Equal("llama", config.Family);
        Assert.Equal(
            (64, 172, 5, 8, 4, 8),
            (
                config.HiddenSize,
                config.IntermediateSize,
                config.Layers,
                config.Heads,
                config.KvHeads,
                config.HeadDim
            )
        );
        Assert.Equal((512, 512), (config.VocabularySize, config.ContextLength));
        Assert.Equal(1e-5f, config.NormEpsilon);
        Assert.Equal(10000, config.Rope.Theta);
        Assert.True(config.TieEmbeddings);
        Assert.Equal(1, config.BosId);
        Assert.Equal([2], config.EosIds);
    }

    [Theory]
    [InlineData("stories260K.bin")]
    [InlineData("stories260K.v1.bin")]
    public void Llama2c_weights_equal_the_Hugging_Face_form_once_their_rows_are_ordered(string name)
    {
        using var expected = ModelFiles.Open(SharedData.Path("weights", "stories260K", "hf"));
        using var actual = ModelFiles.Open(SharedData.Path("weights", "stories260K", name));
        ModelAssert.SameTensors(expected, actual);
    }

    [Fact]
    public void Llama2c_int8_weights_are_within_the_recorded_distance_of_the_originals()
    {
        using var expected = ModelFiles.Open(SharedData.Path("weights", "stories260K", "hf"));
        using var actual = ModelFiles.Open(
            SharedData.Path("weights", "stories260K", "stories260K-q8.bin")
        );
        var largest = 0f;
        foreach (var tensor in expected.Tensors)
        {
            var left = ModelAssert.Values(tensor);
            var right = ModelAssert.Values(
                actual.Tensors.Single(other => other.Name == tensor.Name)
            );
            largest = Math.Max(largest, left.Zip(right, (a, b) => Math.Abs(a - b)).Max());
        }

        Assert.InRange(largest, float.Epsilon, (float)Tolerance.Stories260KInt8);
    }

    [Theory]
    [InlineData("granite")]
    [InlineData("llama-bias")]
    [InlineData("llama-gqa")]
    [InlineData("llama-rope-linear")]
    [InlineData("llama-rope-llama3")]
    [InlineData("llama-rope-yarn")]
    [InlineData("qwen3")]
    [InlineData("smollm3")]
    public void Gguf_and_safetensors_forms_of_a_model_agree(string name)
    {
        using var expected = ModelFiles.Open(SharedData.Path("tiny", name));
        using var actual = ModelFiles.Open(SharedData.Path("tiny-gguf", name + ".gguf"));
        ModelAssert.SameTensors(expected, actual);

        // The two forms spell the rotary scaling differently, and GGUF has no hint of a bias that is not there.
        var left = expected.Config with
        {
            Rope = new(),
            EosIds = [],
            LayersWithoutRope = [],
        };
        var right = actual.Config with { Rope = new(), EosIds = [], LayersWithoutRope = [] };
        Assert.Equal(left, right);
        Assert.Equal(expected.Config.EosIds, actual.Config.EosIds);
        Assert.Equal(expected.Config.LayersWithoutRope, actual.Config.LayersWithoutRope);
        Assert.Equal(expected.Config.Rope.Theta, actual.Config.Rope.Theta);
    }

    [Theory]
    [InlineData("granite", "granite", 205376)]
    [InlineData("hyperclovax", "hyperclovax", 0)]
    [InlineData("llama-bias", "llama", 0)]
    [InlineData("llama-gqa", "llama", 205376)]
    [InlineData("llama-mha-tied", "llama", 205376)]
    [InlineData("llama-mqa-headdim", "llama", 0)]
    [InlineData("llama-odd", "llama", 0)]
    [InlineData("llama-rope-linear", "llama", 0)]
    [InlineData("llama-rope-llama3", "llama", 0)]
    [InlineData("llama-rope-yarn", "llama", 0)]
    [InlineData("mistral-window", "mistral", 0)]
    [InlineData("qwen2", "qwen2", 0)]
    [InlineData("qwen3", "qwen3", 0)]
    [InlineData("smollm3", "smollm3", 0)]
    public void Every_tiny_model_opens(string name, string family, long parameters)
    {
        using var model = ModelFiles.Open(SharedData.Path("tiny", name));
        Assert.Equal(family, model.Config.Family);
        Assert.Equal(256, model.Config.VocabularySize / 256 * 256);
        Assert.NotEmpty(model.Metadata);
        if (parameters > 0)
        {
            Assert.Equal(parameters, model.Tensors.Sum(tensor => tensor.Elements));
        }
    }

    [Fact]
    public void The_facts_that_set_families_apart_are_read()
    {
        ModelConfig Config(string name)
        {
            using var model = ModelFiles.Open(SharedData.Path("tiny", name));
            return model.Config;
        }

        var granite = Config("granite");
        Assert.Equal(
            (12f, 0.0625f, 0.22f, 0.125f),
            (
                granite.EmbeddingMultiplier,
                granite.AttentionMultiplier,
                granite.ResidualMultiplier,
                granite.LogitsMultiplier
            )
        );
        var clova = Config("hyperclovax");
        Assert.True(clova.PostNorm);
        Assert.Equal((10f, 0.125f), (clova.EmbeddingMultiplier, clova.LogitsMultiplier));
        var bias = Config("llama-bias");
        Assert.True(bias.AttentionInputBias && bias.AttentionOutputBias && bias.MlpBias);
        var mistral = Config("mistral-window");
        Assert.Equal(16, mistral.SlidingWindow);
        Assert.Null(mistral.WindowedLayers);
        var qwen2 = Config("qwen2");
        Assert.True(qwen2.AttentionInputBias);
        Assert.False(qwen2.AttentionOutputBias || qwen2.MlpBias);
        Assert.Equal(0, qwen2.SlidingWindow);
        var qwen3 = Config("qwen3");
        Assert.True(qwen3.QueryKeyNorm);
        Assert.Equal((32, 1e6), (qwen3.HeadDim, qwen3.Rope.Theta));
        Assert.Equal([3], Config("smollm3").LayersWithoutRope);
        Assert.Equal(
            (24, 1),
            (Config("llama-mqa-headdim").HeadDim, Config("llama-mqa-headdim").KvHeads)
        );
    }

    [Fact]
    public void Rotary_scaling_is_read_from_both_forms()
    {
        RopeConfig Rope(params string[] path)
        {
            using var model = ModelFiles.Open(SharedData.Path(path));
            return model.Config.Rope;
        }

        var linear = new RopeConfig { Scaling = RopeScalingKind.Linear, Factor = 4 };
        Assert.Equal(linear, Rope("tiny", "llama-rope-linear"));
        Assert.Equal(linear, Rope("tiny-gguf", "llama-rope-linear.gguf"));
        var yarn = new RopeConfig
        {
            Scaling = RopeScalingKind.Yarn,
            Factor = 4,
            OriginalContext = 64,
        };
        Assert.Equal(yarn, Rope("tiny", "llama-rope-yarn"));
        Assert.Equal(yarn, Rope("tiny-gguf", "llama-rope-yarn.gguf"));
        var llama3 = Rope("tiny", "llama-rope-llama3");
        Assert.Equal(
            (RopeScalingKind.Llama3, 8d, 1d, 4d, 64),
            (
                llama3.Scaling,
                llama3.Factor,
                llama3.LowFrequencyFactor,
                llama3.HighFrequencyFactor,
                llama3.OriginalContext
            )
        );
        var factors = Rope("tiny-gguf", "llama-rope-llama3.gguf");
        Assert.Equal(RopeScalingKind.Factors, factors.Scaling);
        Assert.Equal(8, factors.FrequencyFactors!.Count);
        Assert.Equal(8f, factors.FrequencyFactors[^1]);
        Assert.Equal(1f, factors.FrequencyFactors[0]);
    }

    [Fact]
    public void The_small_instruct_model_opens()
    {
        using var model = ModelFiles.Open(
            SharedData.Path("weights", "smollm2-135m-instruct", "SmolLM2-135M-Instruct.Q4_1.gguf")
        );
        Assert.Equal("GGUF v3", model.Form);
        Assert.Equal(
            (576, 30, 9, 3, 64),
            (
                model.Config.HiddenSize,
                model.Config.Layers,
                model.Config.Heads,
                model.Config.KvHeads,
                model.Config.HeadDim
            )
        );
        Assert.Equal(49152, model.Config.VocabularySize);
        Assert.Equal(
            WeightFormats.Q4_1,
            model.Tensors.Single(t => t.StoredName == "blk.7.attn_q.weight").Format
        );
    }

    [Fact]
    public void Every_readable_gguf_type_opens_and_a_lattice_type_is_refused_by_name()
    {
        var folder = SharedData.Path("gguf-types");
        var formats = new HashSet<WeightFormat>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.gguf"))
        {
            if (Path.GetFileName(path) == "iq3_s.gguf")
            {
                Assert.Contains(
                    "IQ3_S",
                    ModelAssert.Sentence(() => ModelFiles.Open(path)),
                    StringComparison.Ordinal
                );
                continue;
            }

            using var model = ModelFiles.Open(path);
            Assert.Equal(256, model.Config.HiddenSize);
            formats.UnionWith(model.Tensors.Select(tensor => tensor.Format));
        }

        // MXFP4 is there for experts only: llama.cpp's quantiser writes its dense matrices as Q8_0.
        Assert.Empty(WeightFormats.All.Except(formats).Except([WeightFormats.MXFP4]));
    }

    [Fact]
    public void The_training_start_opens()
    {
        using var model = ModelFiles.Open(SharedData.Path("training-run", "start"));
        Assert.Equal(803968, model.Tensors.Sum(tensor => tensor.Elements));
    }

    [Theory]
    [InlineData("mixtral", "mistral")]
    [InlineData("mamba", "known are")]
    [InlineData("qwen3-moe", "qwen3")]
    public void Other_families_are_refused_with_the_known_ones(string name, string hint)
    {
        var message = ModelAssert.Sentence(() =>
            ModelFiles.Open(SharedData.Path("tiny-more", name))
        );
        Assert.Contains(hint, message, StringComparison.Ordinal);
        ModelAssert.Sentence(() => ModelFiles.Open(SharedData.Path("tiny-gguf", name + ".gguf")));
    }
}
