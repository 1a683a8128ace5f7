using Puna.Engine.Decoding;
using Puna.Engine.Files;
using Puna.Engine.Runtime;
using Puna.Engine.Tests.Cache;
using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Testing;

namespace Puna.Engine.Tests.Decoding;

/// <summary>What a real model costs in memory: nothing managed per token, and exactly its weights in native bytes.</summary>
[Collection(nameof(NativeMemoryCollection))]
public sealed class DecodingMemoryTests
{
    private const int WarmUp = 40;

    private static string DefaultModel =>
        Path.Combine(SharedData.Root, "models", "smollm2-135m-instruct.gguf");

    public static TheoryData<string, ActivationFormat, int> Tiny
    {
        get
        {
            var cases = new TheoryData<string, ActivationFormat, int>();
            foreach (var row in ReferenceCases.TinyModels())
            {
                cases.Add(row.Data, ActivationFormat.F32, 1);
                cases.Add(row.Data, ActivationFormat.Int8, 2);
            }

            return cases;
        }
    }

    public static TheoryData<string> Files =>
        [
            .. ReferenceCases
                .TinyNames()
                .Select(name => $"tiny/{name}")
                .Concat(GgufTypeFiles.ReadableNames.Select(name => $"gguf-types/{name}.gguf"))
                .Concat(Checkpoints.Paths)
                .DefaultIfEmpty($"tiny/{ReferenceCases.None}"),
        ];

    [Theory]
    [MemberData(nameof(Tiny))]
    [Trait("reference", "tiny")]
    public void A_token_of_a_tiny_model_allocates_nothing(
        string name,
        ActivationFormat activations,
        int threads
    ) => Assert.Equal(0, Allocated(SharedData.Path("tiny", name), activations, threads));

    [Theory]
    [InlineData(ActivationFormat.Int8, 1)]
    [InlineData(ActivationFormat.Int8, 2)]
    [InlineData(ActivationFormat.F32, 1)]
    [Trait("speed", "slow")]
    public void A_token_of_the_default_model_allocates_nothing(
        ActivationFormat activations,
        int threads
    ) => Assert.Equal(0, Allocated(DefaultModel, activations, threads));

    [Theory]
    [MemberData(nameof(Files))]
    [Trait("reference", "tiny")]
    [Trait("reference", "gguf-types")]
    [Trait("reference", "weights")]
    public void Loaded_weights_hold_the_bytes_of_the_file_and_the_padding(string path) =>
        CheckWeights(SharedData.Path(path.Split('/')));

    [Fact]
    public void The_default_models_weights_hold_the_bytes_of_the_file_and_the_padding() =>
        CheckWeights(DefaultModel);

    [Fact]
    public void Everything_native_is_given_back()
    {
        // Buffers that earlier tests forgot are counted until they are finalised.
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var before = NativeMemoryMeter.Bytes;
        using (var engine = Load(DefaultModel, ActivationFormat.Int8, 2))
        {
            Assert.True(NativeMemoryMeter.Bytes - before >= engine.Model.Weights.Bytes);
            using var sequence = new Sequence(engine);
            var result = new Generator(sequence, engine.Tokenizer).Run(
                [1, 2, 3],
                new GenerationOptions { MaximumTokens = 40, IgnoreEnd = true },
                cancellation: TestContext.Current.CancellationToken
            );
            Assert.Equal(40, result.Ids.Count);
        }

        Assert.Equal(before, NativeMemoryMeter.Bytes);
    }

    private static InferenceEngine Load(string path, ActivationFormat activations, int threads) =>
        InferenceEngine.Load(
            path,
            new InferenceOptions { Activations = activations, Threads = threads },
            cancellation: TestContext.Current.CancellationToken
        );

    /// <summary>
    /// Managed bytes of the calling thread between two tokens, the last one aside, which ends the text. The first answer crosses pages, but not yet the end of
    /// the first slab of 4 MiB; the second goes on in buffers that are as large as they get.
    /// </summary>
    private static long Allocated(string path, ActivationFormat activations, int threads)
    {
        using var engine = Load(path, activations, threads);
        using var sequence = new Sequence(engine);
        var generator = new Generator(sequence, engine.Tokenizer);
        var first = Allocated(generator, 120);
        Allocated(generator, 200);
        return first + Allocated(generator, 200);
    }

    private static long Allocated(Generator generator, int tokens)
    {
        var (count, first, last) = (0, 0L, 0L);
        var result = generator.Run(
            [1, 2, 3],
            new GenerationOptions
            {
                MaximumTokens = tokens,
                IgnoreEnd = true,
                Sampling = new SamplingOptions { Seed = 1, RepetitionPenalty = 1.1f },
            },
            (in _) =>
            {
                count++;
                first = count == WarmUp ? GC.GetAllocatedBytesForCurrentThread() : first;
                last = count == tokens - 1 ? GC.GetAllocatedBytesForCurrentThread() : last;
            },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(tokens, result.Ids.Count);
        return last - first;
    }

    private static void CheckWeights(string path)
    {
        long expected = 0;
        using (var file = ModelFiles.Open(path))
        {
            var slots = file
                .Plan.Parameters()
                .ToDictionary(slot => slot.Name, StringComparer.Ordinal);
            foreach (var tensor in file.Tensors.Where(tensor => slots.ContainsKey(tensor.Name)))
            {
                var slot = slots[tensor.Name];

                // Matrices are padded to whole groups of 16 rows; norms and biases become f32; each ends with a line.
                var bytes = slot.IsMatrix
                    ? (slot.Rows + 15L) / 16 * 16 * (tensor.Data.Length / slot.Rows)
                    : 4L * tensor.Shape[0];
                expected += (bytes + 63) / 64 * 64;
            }
        }

        using var engine = Load(path, ActivationFormat.Int8, 1);
        Assert.Equal(expected, engine.Model.Weights.Bytes);
    }
}
