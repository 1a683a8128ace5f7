using Puna.Kernels.Attention;

namespace Puna.Kernels.Tests.Attention;

/// <summary>Caches, and the comparison of a result with the definition.</summary>
internal static class AttentionCases
{
    public static TheoryData<string> EachFormat =>
        new(KvPageFormats.All.Select(format => format.Id));

    public static TheoryData<string, string> Formats =>
        new()
        {
            { "f32", "f32" },
            { "f16", "f16" },
            { "bf16", "bf16" },
            { "int8", "int8" },
            { "f32", "int8" },
            { "int8", "f16" },
        };

    public static KvFormatPair F32 { get; } = new(KvPageFormats.F32, KvPageFormats.F32);

    public static KvFormatPair Pair(string keys, string values) =>
        new(KvPageFormats.Find(keys)!, KvPageFormats.Find(values)!);

    public static AttentionShape Shape(int heads, int kvHeads, int headDim, int window) =>
        new(heads, kvHeads, headDim, 1 / MathF.Sqrt(headDim), window);

    /// <summary>past + T tokens in the cache, queries at the last T positions.</summary>
    public static AttentionCase Causal(
        int heads,
        int kvHeads,
        int headDim,
        int window,
        KvFormatPair formats,
        int past,
        int tokens,
        bool guarded = false
    ) => Causal(heads, kvHeads, headDim, window, _ => formats, past, tokens, guarded);

    public static AttentionCase Causal(
        int heads,
        int kvHeads,
        int headDim,
        int window,
        Func<int, KvFormatPair> formatsOf,
        int past,
        int tokens,
        bool guarded = false
    )
    {
        var count = past + tokens;
        var test = new AttentionCase(
            Shape(heads, kvHeads, headDim, window),
            formatsOf,
            (count + 31) / 32 + 1,
            1,
            past * 31 + tokens,
            guarded
        );
        test.Fill(count);
        test.Ask([.. Enumerable.Range(past, tokens)]);
        return test;
    }

    public static void AssertDefinition(AttentionCase test, float[] actual)
    {
        var (error, magnitude) = test.Compare(actual);
        var slots = test.PagesPerHead * KvPageRef.Slots;
        Assert.InRange(error, 0, Tolerance.Attention(test.Shape.HeadDim, slots, magnitude));
    }
}
