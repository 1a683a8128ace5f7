using Puna.Engine.Text;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Model;

/// <summary>The law of the one forward: logits of one pass equal those of any chunking, for every plan and arithmetic.</summary>
public sealed class ChunkingLawTests
{
    public static TheoryData<string, int[]?, ActivationFormat, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, int[]?, ActivationFormat, string>();
            foreach (var name in TinyModelTests.Names)
            {
                cases.Add($"tiny/{name.Data}", null, ActivationFormat.F32, "f32");
            }

            foreach (
                var type in (string[])
                    [
                        "q8_0",
                        "q4_0",
                        "q4_1",
                        "q4_k_m",
                        "q5_k_m",
                        "q3_k_m",
                        "q2_k",
                        "iq4_xs",
                        "mxfp4_moe",
                        "tq2_0",
                        "tq1_0",
                        "q5_0",
                        "q5_1",
                        "iq4_nl",
                        "f16",
                        "bf16",
                    ]
            )
            {
                cases.Add($"gguf-types/{type}.gguf", null, ActivationFormat.Int8, "f16");
                cases.Add($"gguf-types/{type}.gguf", null, ActivationFormat.F32, "f32");
            }

            foreach (var format in KvPageFormats.All.Select(format => format.Id))
            {
                cases.Add("tiny/llama-gqa", null, ActivationFormat.Int8, format);
                cases.Add("tiny/mistral-window", null, ActivationFormat.F32, format);
                cases.Add("tiny/llama-gqa", [0, 1, 1, 1], ActivationFormat.F32, format);
                cases.Add("tiny/llama-mha-tied", [0, 0, 2, 2], ActivationFormat.F32, format);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_pass_equals_any_chunking(
        string path,
        int[]? producers,
        ActivationFormat activations,
        string kvFormat
    )
    {
        using var model = new ModelHarness(
            SharedData.Path(path.Split('/')),
            activations,
            KvPageFormats.Find(kvFormat)!,
            producers
        );
        var random = new Random(11);
        var ids = Enumerable.Range(0, 90).Select(_ => random.Next(model.Vocabulary)).ToArray();
        var whole = model.Logits(ids);
        foreach (
            var pieces in (int[][])
                [
                    [1],
                    [32],
                    [7],
                    [50, 1],
                    [1, 33, 31, 1, 5],
                ]
        )
        {
            var chunked = model.Logits(ids, pieces);
            for (var row = 0; row < ids.Length; row++)
            {
                var error = ModelHarness.RelativeError(chunked[row], whole[row]);
                Assert.True(
                    error <= Tolerance.Chunking,
                    $"pieces {string.Join(',', pieces)}, row {row}: relative error {error:E2}"
                );
            }
        }
    }
}
