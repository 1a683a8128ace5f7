using System.Text.Json;
using Puna.Engine.Text;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>One small model in every readable GGUF type against a float64 forward over the decoded weights.</summary>
public sealed class GgufTypeTests
{
    // The data's readme: 12 ids; the rule that made them.
    public static TheoryData<string> Types => [.. GgufTypeFiles.Names];

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
        var down = new float[8 * 256];
        model.Model.Weights.Linear("model.layers.0.mlp.down_proj").Weight.DequantRows(0, 8, down);
        Assert.Equal(oracle.Floats($"{type}.ffn_down"), down);
        var embedding = new float[4 * 256];
        model.Model.Weights.Embedding.Weight.DequantRows(0, 4, embedding);
        Assert.Equal(oracle.Floats($"{type}.embd"), embedding);
    }

    [Fact]
    public void A_lattice_type_is_refused_by_name()
    {
        var failure = Assert.Throws<InputException>(() =>
            new ModelHarness(SharedData.Path("gguf-types", "iq3_s.gguf"))
        );
        Assert.Contains("IQ3_S", failure.Message, StringComparison.OrdinalIgnoreCase);
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
