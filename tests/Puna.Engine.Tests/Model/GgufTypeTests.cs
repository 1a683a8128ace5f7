using Puna.Engine.Text;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>One small model in every readable GGUF type against a float64 forward over the decoded weights.</summary>
[Trait("reference", "gguf-types")]
public sealed class GgufTypeTests
{
    public static TheoryData<string> Types => GgufTypeFiles.Readable;

    public static TheoryData<string> Lattices => GgufTypeFiles.Lattices;

    [Theory]
    [MemberData(nameof(Types))]
    public void Exact_arithmetic_gives_the_recorded_logits(string type)
    {
        var oracle = new OracleFile(SharedData.Path("gguf-types", "expected.safetensors"));
        using var model = new ModelHarness(SharedData.Path("gguf-types", type + ".gguf"));
        var ids = oracle.Ints("ids");
        var expected = oracle.Floats($"{type}.logits");
        var actual = model.Logits(ids);
        for (var row = 0; row < ids.Length; row++)
        {
            var error = ModelHarness.RelativeError(
                actual[row],
                expected.AsSpan(row * model.Vocabulary, model.Vocabulary)
            );
            Assert.True(error <= Tolerance.Logits, $"row {row}: relative error {error:E2}");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void The_packed_matrix_decodes_the_recorded_rows_exactly(string type)
    {
        var oracle = new OracleFile(SharedData.Path("gguf-types", "expected.safetensors"));
        using var model = new ModelHarness(SharedData.Path("gguf-types", type + ".gguf"));
        var (config, weights) = (model.Model.Config, model.Model.Weights);
        var expected = oracle.Floats($"{type}.ffn_down");
        var actual = new float[expected.Length];
        weights
            .Linear("model.layers.0.mlp.down_proj")
            .Weight.DequantRows(0, expected.Length / config.IntermediateSize, actual);
        Assert.Equal(expected, actual);
        expected = oracle.Floats($"{type}.embd");
        actual = new float[expected.Length];
        weights.Embedding.Weight.DequantRows(0, expected.Length / config.HiddenSize, actual);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [MemberData(nameof(Lattices))]
    public void A_lattice_type_is_refused_by_name(string type)
    {
        var path = SharedData.Path("gguf-types", type + ".gguf");
        var failure = Assert.Throws<InputException>(() => new ModelHarness(path));
        Assert.Contains(
            GgufTypeFiles.LatticesOf(type),
            name => failure.Message.Contains(name, StringComparison.OrdinalIgnoreCase)
        );
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Int8_activations_stay_near_the_exact_logits(string type)
    {
        using var exact = new ModelHarness(SharedData.Path("gguf-types", type + ".gguf"));
        using var rounded = new ModelHarness(
            SharedData.Path("gguf-types", type + ".gguf"),
            ActivationFormat.Int8,
            KvPageFormats.F16
        );
        var random = new Random(5);
        var ids = Enumerable.Range(0, 128).Select(_ => random.Next(exact.Vocabulary)).ToArray();
        var expected = ModelHarness.MeanNll(exact.Logits(ids), ids);
        Assert.Equal(
            expected,
            ModelHarness.MeanNll(rounded.Logits(ids), ids),
            Tolerance.Int8Nll * expected
        );
        Assert.Equal(
            expected,
            ModelHarness.MeanNll(rounded.Logits(ids, 1), ids),
            Tolerance.Int8Nll * expected
        );
    }
}
