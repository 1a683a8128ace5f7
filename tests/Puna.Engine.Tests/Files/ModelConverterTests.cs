using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Puna.Engine.Files;
using Puna.Engine.Files.Gguf;
using Puna.Engine.Files.Storage;
using Puna.Engine.Plan;
using Puna.Kernels.Formats;
using Puna.Kernels.Threads;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

public sealed class ModelConverterTests
{
    public static TheoryData<string> WithGguf => ReferenceCases.GgufTwins();

    public static TheoryData<string> Tiny => ReferenceCases.TinyModels();

    public static TheoryData<string, string> Llama2c => Checkpoints.Llama2c;

    public static TheoryData<string> Types => GgufTypeFiles.Readable;

    /// <summary>Twins with the rotary rule that GGUF states as a table.</summary>
    public static TheoryData<string> Tables =>
        ReferenceCases.GgufTwins(config =>
            new[] { "rope_scaling", "rope_parameters" }.Any(name =>
                config.TryGetProperty(name, out var rope)
                && rope.ValueKind == JsonValueKind.Object
                && rope.GetProperty("rope_type").GetString() == "llama3"
            )
        );

    [Theory]
    [MemberData(nameof(WithGguf))]
    [Trait("reference", "tiny")]
    [Trait("reference", "tiny-gguf")]
    public void Gguf_from_safetensors_equals_what_llama_cpp_writes(string name)
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny", name));
        ModelAssert.Convert(input, folder["out.gguf"], WeightFormats.F32);
        using var ours = GgufFile.Open(folder["out.gguf"]);
        using var theirs = GgufFile.Open(SharedData.Path("tiny-gguf", name + ".gguf"));
        Assert.Equal(
            theirs.Tensors.Select(tensor => tensor.Name).Order(),
            ours.Tensors.Select(tensor => tensor.Name).Order()
        );
        foreach (var expected in theirs.Tensors)
        {
            var actual = ours.Tensors.Single(tensor => tensor.Name == expected.Name);
            Assert.Equal(expected.Shape, actual.Shape);
            Assert.Equal(expected.Format, actual.Format);
            if (expected.Name == "rope_freqs.weight")
            {
                // Their converter works in f32 here, ours in f64.
                var left = Floats(theirs.Data(expected));
                var right = Floats(ours.Data(actual));
                Assert.All(
                    left.Zip(right),
                    pair =>
                        Assert.InRange(
                            Math.Abs(pair.First - pair.Second) / pair.First,
                            0,
                            Tolerance.RotaryDivisor
                        )
                );
                continue;
            }

            Assert.True(
                theirs.Data(expected).ToArray().AsSpan().SequenceEqual(ours.Data(actual).ToArray()),
                expected.Name
            );
        }

        // Every key that their converter writes about the model, ours states with the same value.
        foreach (
            var entry in theirs.Entries.Where(entry =>
                !entry.IsArray
                && entry.Type != GgufValueType.String
                && !entry.Key.StartsWith("tokenizer.", StringComparison.Ordinal)
            )
        )
        {
            Assert.Equal(theirs.Number(entry.Key), ours.Number(entry.Key));
        }
    }

    [Theory]
    [MemberData(nameof(Tiny))]
    [Trait("reference", "tiny")]
    public void A_folder_gives_the_same_model_again(string name)
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny", name));
        ModelAssert.Convert(input, folder["out"], null);
        using var output = ModelFiles.Open(folder["out"]);
        Same(input.Config, output.Config);
        foreach (var tensor in input.Tensors)
        {
            var other = output.Tensors.Single(candidate => candidate.Name == tensor.Name);
            Assert.Equal(tensor.Format, other.Format);
            Assert.True(tensor.Data.ToArray().AsSpan().SequenceEqual(other.Data.ToArray()));
        }
    }

    [Theory]
    [MemberData(nameof(Tiny))]
    [Trait("reference", "tiny")]
    public void Gguf_states_the_whole_configuration_or_refuses(string name)
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny", name));
        if (input.Config.PostNorm)
        {
            var message = ModelAssert.Sentence(() =>
                ModelAssert.Convert(input, folder["out.gguf"], null)
            );
            Assert.Contains(input.Config.Family, message, StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
            return;
        }

        var summary = ModelAssert.Convert(input, folder["out.gguf"], null);
        using var output = ModelFiles.Open(folder["out.gguf"]);
        Assert.Equal(summary.Bytes, new FileInfo(folder["out.gguf"]).Length);
        var expected = input.Config with
        {
            Family = input.Config.Family == "mistral" ? "llama" : input.Config.Family,

            // Without a tokenizer there is nobody to state these two.
            BosId = null,
            EosIds = [],
        };
        if (input.Config.Rope.Scaling == RopeScalingKind.Llama3)
        {
            Assert.Equal(RopeScalingKind.Factors, output.Config.Rope.Scaling);
            expected = expected with { Rope = output.Config.Rope };
        }

        Same(expected, output.Config);
        ModelAssert.SameTensors(input, output);
        Assert.Equal(
            input.Config.SlidingWindow > 0,
            summary.Remarks.Any(remark => remark.Contains("window", StringComparison.Ordinal))
        );
    }

    [Theory]
    [MemberData(nameof(Llama2c))]
    [Trait("reference", "weights")]
    public void Llama2c_converts_to_both_forms_and_back_to_the_same_weights(
        string name,
        string form
    )
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("weights", name, form));
        ModelAssert.Convert(input, folder["out.gguf"], null);
        using var gguf = ModelFiles.Open(folder["out.gguf"]);
        ModelAssert.SameTensors(input, gguf);
        ModelAssert.Convert(gguf, folder["again"], null);
        using var again = ModelFiles.Open(folder["again"]);
        ModelAssert.SameTensors(input, again);
        Assert.All(again.Tensors, tensor => Assert.Null(tensor.RowOrder));
    }

    [Theory]
    [MemberData(nameof(Tables))]
    [Trait("reference", "tiny")]
    [Trait("reference", "tiny-gguf")]
    public void A_rope_table_of_llama3_becomes_its_rule_again_in_a_folder(string name)
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny-gguf", name + ".gguf"));
        ModelAssert.Convert(input, folder["out"], null);
        using var output = ModelFiles.Open(folder["out"]);
        using var original = ModelFiles.Open(SharedData.Path("tiny", name));
        Same(original.Config, output.Config);
    }

    [Theory]
    [MemberData(nameof(Types))]
    [Trait("reference", "gguf-types")]
    public void Every_gguf_type_is_copied_byte_for_byte(string type)
    {
        using var folder = new TemporaryFolder();
        var path = SharedData.Path("gguf-types", type + ".gguf");
        using var input = GgufFile.Open(path);
        using (var model = ModelFiles.Open(path))
        {
            ModelAssert.Convert(model, folder["out.gguf"], null);
        }

        using var output = GgufFile.Open(folder["out.gguf"]);
        foreach (var expected in input.Tensors)
        {
            var actual = output.Tensors.Single(tensor => tensor.Name == expected.Name);
            Assert.Equal(expected.Format, actual.Format);
            Assert.True(
                input.Data(expected).ToArray().AsSpan().SequenceEqual(output.Data(actual).ToArray())
            );
        }

        Assert.Equal(input.Texts("tokenizer.ggml.tokens"), output.Texts("tokenizer.ggml.tokens"));
    }

    [Theory]
    [InlineData("q8_0")]
    [InlineData("q4_0")]
    [InlineData("q4_1")]
    [InlineData("q5_0")]
    [InlineData("q5_1")]
    [InlineData("iq4_nl")]
    [InlineData("q2_k")]
    [InlineData("q3_k")]
    [InlineData("q4_k")]
    [InlineData("q5_k")]
    [InlineData("q6_k")]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Rows_are_encoded_as_the_codec_encodes_them_with_any_number_of_threads(string id)
    {
        var format = WeightFormats.Find(id)!;
        using var folder = new TemporaryFolder();
        using var pool = new WorkerPool(3);
        using var input = ModelFiles.Open(SharedData.Path("gguf-types", "f32.gguf"));
        ModelAssert.ConvertBy(input, folder["one.gguf"], new FormatChoice(format, Pure: true));
        ModelAssert.ConvertBy(
            input,
            folder["three.gguf"],
            new FormatChoice(format, Pure: true),
            pool
        );
        Assert.Equal(
            File.ReadAllBytes(folder["one.gguf"]),
            File.ReadAllBytes(folder["three.gguf"])
        );
        using var output = ModelFiles.Open(folder["one.gguf"]);
        foreach (var tensor in input.Tensors)
        {
            var other = output.Tensors.Single(candidate => candidate.Name == tensor.Name);
            var wanted = tensor.Shape.Count == 2 ? format : WeightFormats.F32;
            Assert.Equal(wanted, other.Format);
            var row = new byte[wanted.RowBytes(tensor.Shape[^1])];
            wanted.EncodeRow(Floats(tensor.Data).AsSpan(0, (int)tensor.Shape[^1]), row);
            Assert.True(other.Data.ToArray().AsSpan(0, row.Length).SequenceEqual(row));
        }
    }

    [Fact]
    public void Matrices_that_a_format_does_not_divide_are_stored_otherwise_and_named()
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("weights", "stories260K", "hf"));
        var summary = ModelAssert.Convert(input, folder["out.gguf"], WeightFormats.Q4_K);

        // Rows of 64 divide by 32 and not by 256; rows of 172 by neither.
        var otherwise = summary.StoredOtherwise.ToDictionary();
        Assert.Equal(WeightFormats.Q8_0, otherwise["model.layers.0.self_attn.q_proj.weight"]);
        Assert.Equal(WeightFormats.F16, otherwise["model.layers.4.mlp.down_proj.weight"]);
        Assert.Equal(5 * 7, otherwise.Count);
        using var output = ModelFiles.Open(folder["out.gguf"]);
        Assert.Equal(summary.Tensors.Count, output.Tensors.Count);
        Assert.DoesNotContain(output.Tensors, tensor => tensor.Format == WeightFormats.Q4_K);
    }

    [Fact]
    public void Safetensors_holds_no_blocks_and_llama2c_is_not_written()
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("gguf-types", "q8_0.gguf"));
        ModelAssert.Sentence(() => ModelAssert.Convert(input, folder["out"], WeightFormats.Q8_0));
        ModelAssert.Sentence(() =>
            ModelAssert.Convert(input, folder["out.gguf"], WeightFormats.TQ1_0)
        );
        ModelAssert.Sentence(() => ModelAssert.Convert(input, folder["out.bin"], null));
        ModelAssert.Convert(input, folder["m/out.safetensors"], null);
        using var output = ModelFiles.Open(folder["m/out.safetensors"]);
        Assert.All(output.Tensors, tensor => Assert.Equal(WeightFormats.F32, tensor.Format));

        // A second model must not take the first one's config.json.
        ModelAssert.Sentence(() => ModelAssert.Convert(input, folder["m/other.safetensors"], null));
    }

    [Fact]
    public void A_folder_keeps_what_config_json_says_beyond_the_model()
    {
        using var folder = new TemporaryFolder();
        using var input = ModelFiles.Open(SharedData.Path("tiny", "qwen2"));
        ModelAssert.Convert(input, folder["out"], WeightFormats.BF16);
        var json = JsonNode.Parse(File.ReadAllText(folder["out/config.json"]))!;
        Assert.Equal("bfloat16", (string?)json["torch_dtype"]);
        Assert.Equal("5.23.0", (string?)json["transformers_version"]);
    }

    [Fact]
    public void A_weight_that_is_not_finite_stops_the_conversion()
    {
        using var folder = new TemporaryFolder();
        var bytes = File.ReadAllBytes(SharedData.Path("gguf-types", "q8_0.gguf"));
        using (var file = GgufFile.Open(SharedData.Path("gguf-types", "q8_0.gguf")))
        {
            var tensor = file.Tensors.Single(found => found.Name == "blk.0.attn_q.weight");
            bytes[tensor.Offset + 34 + 1] = 0x7E;
        }

        File.WriteAllBytes(folder["bad.gguf"], bytes);
        using var input = ModelFiles.Open(folder["bad.gguf"]);
        var query = input.Tensors.Single(tensor => tensor.StoredName == "blk.0.attn_q.weight");
        Assert.Contains(
            "blk.0.attn_q.weight",
            ModelAssert.Sentence(() => query.RequireFiniteScales(query.Data.ToArray())),
            StringComparison.Ordinal
        );
        ModelAssert.Sentence(() => ModelAssert.Convert(input, folder["out.gguf"], null));
        Assert.Equal([folder["bad.gguf"]], Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void Cancelling_keeps_the_old_file()
    {
        using var folder = new TemporaryFolder();
        ModelAssert.Create("stories-260k", folder["out.gguf"], WeightFormats.Q8_0, 1);
        var old = File.ReadAllBytes(folder["out.gguf"]);
        using var input = ModelFiles.Open(SharedData.Path("tiny", "llama-gqa"));
        using var stop = new CancellationTokenSource();
        var progress = new StopAt(0.3, stop);
        Assert.Throws<OperationCanceledException>(() =>
            ModelConverter.Convert(
                input,
                folder["out.gguf"],
                null,
                progress: progress,
                cancellation: stop.Token
            )
        );
        Assert.Equal(old, File.ReadAllBytes(folder["out.gguf"]));
        Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    internal static void Same(ModelConfig expected, ModelConfig actual)
    {
        Assert.Equal(expected.EosIds, actual.EosIds);
        Assert.Equal(expected.LayersWithoutRope, actual.LayersWithoutRope);
        Assert.Equal(expected.WindowedLayers, actual.WindowedLayers);
        Assert.Equal(expected.Rope.FrequencyFactors, actual.Rope.FrequencyFactors);
        Assert.Equal(Flat(expected), Flat(actual));
    }

    private static float[] Floats(StoredBytes bytes) =>
        MemoryMarshal.Cast<byte, float>(bytes.ToArray()).ToArray();

    private static ModelConfig Flat(ModelConfig config) =>
        config with
        {
            EosIds = [],
            LayersWithoutRope = [],
            WindowedLayers = null,
            Rope = config.Rope with { FrequencyFactors = null },
        };

    private sealed class StopAt(double share, CancellationTokenSource stop) : IProgress<double>
    {
        public void Report(double value)
        {
            if (value >= share)
            {
                stop.Cancel();
            }
        }
    }
}
