using Puna.Engine.Files;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

public sealed class ModelFilesTests
{
    public static TheoryData<string, string> Forms => Checkpoints.All;

    public static TheoryData<string, string> ExactLlama2c => Checkpoints.ExactLlama2c;

    public static TheoryData<string> Tiny => ReferenceCases.TinyModels();

    public static TheoryData<string> Twins => ReferenceCases.GgufTwins();

    public static TheoryData<string> ReadableTypes => GgufTypeFiles.Readable;

    public static TheoryData<string> LatticeTypes => GgufTypeFiles.Lattices;

    public static TheoryData<string> Others => ReferenceCases.Folders("tiny-more", "config.json");

    [Theory]
    [MemberData(nameof(Forms))]
    [Trait("reference", "weights")]
    public void Every_form_of_a_model_states_the_same_facts(string name, string form)
    {
        var path = SharedData.Path("weights", name, form);
        using var model = ModelFiles.Open(path);
        var expectedForm =
            form == "hf" ? "safetensors"
            : Checkpoints.Header(path) is not { Version: > 0 } header ? "llama2.c legacy"
            : header.Version == 1 ? "llama2.c version 1"
            : $"llama2.c version 2 (int8, groups of {header.GroupSize})";
        Assert.Equal(expectedForm, model.Form);
        var expected = new ConfigJson("weights", name, "hf", "config.json");
        var config = model.Config;
        Assert.Equal(expected.Family, config.Family);
        Assert.Equal(
            (
                expected.HiddenSize,
                expected.IntermediateSize,
                expected.Layers,
                expected.Heads,
                expected.KvHeads,
                expected.HeadDim
            ),
            (
                config.HiddenSize,
                config.IntermediateSize,
                config.Layers,
                config.Heads,
                config.KvHeads,
                config.HeadDim
            )
        );
        Assert.Equal(
            (expected.VocabularySize, expected.ContextLength),
            (config.VocabularySize, config.ContextLength)
        );
        Assert.Equal(expected.NormEpsilon, config.NormEpsilon);
        Assert.Equal(expected.Rope.Theta, config.Rope.Theta);
        Assert.Equal(expected.TieEmbeddings, config.TieEmbeddings);
        Assert.Equal(expected.BosId, config.BosId);
        Assert.Equal(expected.EosIds, config.EosIds);
    }

    [Theory]
    [MemberData(nameof(ExactLlama2c))]
    [Trait("reference", "weights")]
    public void Llama2c_weights_equal_the_Hugging_Face_form_once_their_rows_are_ordered(
        string name,
        string form
    )
    {
        using var expected = ModelFiles.Open(SharedData.Path("weights", name, "hf"));
        using var actual = ModelFiles.Open(SharedData.Path("weights", name, form));
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
    [MemberData(nameof(Twins))]
    [Trait("reference", "tiny")]
    [Trait("reference", "tiny-gguf")]
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
    [MemberData(nameof(Tiny))]
    [Trait("reference", "tiny")]
    public void Every_tiny_model_opens(string name)
    {
        using var model = ModelFiles.Open(SharedData.Path("tiny", name));
        var config = new ConfigJson("tiny", name, "config.json");
        Assert.Equal(config.Family, model.Config.Family);
        Assert.Equal(config.VocabularySize, model.Config.VocabularySize);
        Assert.NotEmpty(model.Metadata);
        using var expected = ReferenceCases.Json("tiny", "expected.json");
        Assert.Equal(
            expected
                .RootElement.EnumerateArray()
                .Single(entry => entry.GetProperty("name").GetString() == name)
                .GetProperty("parameters")
                .GetInt64(),
            model.Tensors.Sum(tensor => tensor.Elements)
        );
    }

    [Theory]
    [MemberData(nameof(Tiny))]
    [Trait("reference", "tiny")]
    public void The_facts_that_set_families_apart_are_read(string name)
    {
        using var model = ModelFiles.Open(SharedData.Path("tiny", name));
        var (actual, expected) = (model.Config, new ConfigJson("tiny", name, "config.json"));
        Assert.Equal(
            (
                expected.Number("embedding_multiplier") ?? 1,
                expected.Number("attention_multiplier"),
                expected.Number("residual_multiplier") ?? 1
            ),
            (actual.EmbeddingMultiplier, actual.AttentionMultiplier, actual.ResidualMultiplier)
        );

        // Granite divides by its logits_scaling, HyperCLOVA X multiplies with it.
        var scaling = expected.Number("logits_scaling") ?? 1;
        Assert.Equal(expected.Family == "granite" ? 1 / scaling : scaling, actual.LogitsMultiplier);
        Assert.Equal(expected.Flag("use_post_norm"), actual.PostNorm);
        var attentionBias = expected.Flag("attention_bias");
        Assert.Equal(
            (attentionBias || expected.Family == "qwen2", attentionBias, expected.Flag("mlp_bias")),
            (actual.AttentionInputBias, actual.AttentionOutputBias, actual.MlpBias)
        );
        Assert.Equal(expected.SlidingWindow, actual.SlidingWindow);
        Assert.Null(actual.WindowedLayers);
        Assert.Equal(expected.Family == "qwen3", actual.QueryKeyNorm);
        Assert.Equal(expected.LayersWithoutRope, actual.LayersWithoutRope);
        Assert.Equal(
            (expected.Heads, expected.KvHeads, expected.HeadDim, expected.TieEmbeddings),
            (actual.Heads, actual.KvHeads, actual.HeadDim, actual.TieEmbeddings)
        );
        Assert.Equal(expected.Rope, actual.Rope);
    }

    [Theory]
    [MemberData(nameof(Twins))]
    [Trait("reference", "tiny")]
    [Trait("reference", "tiny-gguf")]
    public void Rotary_scaling_is_read_from_gguf(string name)
    {
        using var model = ModelFiles.Open(SharedData.Path("tiny-gguf", name + ".gguf"));
        var config = new ConfigJson("tiny", name, "config.json");
        var (expected, actual) = (config.Rope, model.Config.Rope);
        if (expected.Scaling != RopeScalingKind.Llama3)
        {
            Assert.Equal(expected, actual);
            return;
        }

        Assert.Equal(RopeScalingKind.Factors, actual.Scaling);
        Assert.Equal(config.HeadDim / 2, actual.FrequencyFactors!.Count);
        Assert.Equal((float)expected.Factor, actual.FrequencyFactors[^1]);
        Assert.Equal(1f, actual.FrequencyFactors[0]);
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

    [Theory]
    [MemberData(nameof(ReadableTypes))]
    [Trait("reference", "gguf-types")]
    public void Every_readable_gguf_type_opens(string type)
    {
        using var model = ModelFiles.Open(SharedData.Path("gguf-types", type + ".gguf"));
        using var original = ModelFiles.Open(GgufTypeFiles.OriginalPath);
        Assert.Equal(original.Config.HiddenSize, model.Config.HiddenSize);
        Assert.Equal(original.Config.Family, model.Config.Family);
    }

    [Theory]
    [MemberData(nameof(LatticeTypes))]
    [Trait("reference", "gguf-types")]
    public void A_lattice_type_is_refused_by_name(string type)
    {
        var path = SharedData.Path("gguf-types", type + ".gguf");
        var message = ModelAssert.Sentence(() => ModelFiles.Open(path));
        Assert.Contains(
            GgufTypeFiles.LatticesOf(type),
            name => message.Contains(name, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Every_readable_gguf_type_is_in_some_file()
    {
        SharedData.Path("gguf-types");
        var formats = new HashSet<WeightFormat>();
        foreach (var type in GgufTypeFiles.ReadableNames)
        {
            using var model = ModelFiles.Open(SharedData.Path("gguf-types", type + ".gguf"));
            Assert.Equal(256, model.Config.HiddenSize);
            formats.UnionWith(model.Tensors.Select(tensor => tensor.Format));
        }

        // MXFP4 is there for experts only: llama.cpp's quantiser writes its dense matrices as Q8_0.
        Assert.Empty(WeightFormats.All.Except(formats).Except([WeightFormats.MXFP4]));
    }

    [Fact]
    [Trait("reference", "training-run")]
    public void The_training_start_opens()
    {
        using var model = ModelFiles.Open(SharedData.Path("training-run", "start"));
        var config = new ConfigJson("training-run", "start", "config.json");
        long hidden = config.HiddenSize;
        var layer =
            2 * hidden * config.HeadDim * (config.Heads + config.KvHeads)
            + 3 * hidden * config.IntermediateSize
            + 2 * hidden;
        var ends = (config.TieEmbeddings ? 1 : 2) * hidden * config.VocabularySize + hidden;
        Assert.Equal(config.Layers * layer + ends, model.Tensors.Sum(tensor => tensor.Elements));
    }

    [Theory]
    [MemberData(nameof(Others))]
    [Trait("reference", "tiny-more")]
    public void Other_families_are_refused_with_the_known_ones(string name)
    {
        var path = SharedData.Path("tiny-more", name);
        var family = new ConfigJson("tiny-more", name, "config.json").Family;
        var message = ModelAssert.Sentence(() => ModelFiles.Open(path));
        Assert.Contains($"'{family}'", message, StringComparison.Ordinal);
        Assert.Contains(
            $"known are {string.Join(", ", ModelFamilies.All)}",
            message,
            StringComparison.Ordinal
        );
        if (ReferenceCases.FileNames("tiny-gguf", name + ".gguf").Count > 0)
        {
            ModelAssert.Sentence(() =>
                ModelFiles.Open(SharedData.Path("tiny-gguf", name + ".gguf"))
            );
        }
    }
}
