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
            string[] formats = [.. KvPageFormats.All.Select(format => format.Id)];
            foreach (var name in TinyModelTests.Names.Select(row => row.Data))
            {
                cases.Add($"tiny/{name}", null, ActivationFormat.F32, "f32");
                foreach (var format in formats)
                {
                    cases.Add($"tiny/{name}", null, ActivationFormat.Int8, format);
                }
            }

            foreach (var type in GgufTypeFiles.ReadableNames)
            {
                cases.Add($"gguf-types/{type}.gguf", null, ActivationFormat.Int8, "f16");
                cases.Add($"gguf-types/{type}.gguf", null, ActivationFormat.F32, "f32");
            }

            foreach (var format in formats)
            {
                foreach (var name in ReferenceCases.TinyNames(ReferenceCases.HasWindow))
                {
                    if (format != "f32")
                    {
                        cases.Add($"tiny/{name}", null, ActivationFormat.F32, format);
                    }
                }

                foreach (var (name, plan) in SharedPlans.Names)
                {
                    var (producers, _) = SharedPlans.Read(name, plan);
                    cases.Add($"tiny/{name}", producers, ActivationFormat.F32, format);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    [Trait("reference", "tiny")]
    [Trait("reference", "gguf-types")]
    [Trait("reference", "shared-kv")]
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
