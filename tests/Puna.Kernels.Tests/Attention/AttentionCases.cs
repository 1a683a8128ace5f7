using Puna.Kernels.Attention;

namespace Puna.Kernels.Tests.Attention;

/// <summary>Caches, and the comparison of a result with the definition.</summary>
internal static class AttentionCases
{
    public static TheoryData<KvFormat> EachFormat => new(Enum.GetValues<KvFormat>());

    public static TheoryData<KvFormat, KvFormat> Formats =>
        new()
        {
            { KvFormat.F32, KvFormat.F32 },
            { KvFormat.F16, KvFormat.F16 },
            { KvFormat.BF16, KvFormat.BF16 },
            { KvFormat.Int8, KvFormat.Int8 },
            { KvFormat.F32, KvFormat.Int8 },
            { KvFormat.Int8, KvFormat.F16 },
        };

    public static AttentionShape Shape(
        int heads,
        int kvHeads,
        int headDim,
        int window,
        KvFormat keys,
        KvFormat values
    ) => new(heads, kvHeads, headDim, 1 / MathF.Sqrt(headDim), window, keys, values);

    /// <summary>past + T tokens in the cache, queries at the last T positions.</summary>
    public static AttentionCase Causal(
        int heads,
        int kvHeads,
        int headDim,
        int window,
        KvFormat keys,
        KvFormat values,
        int past,
        int tokens,
        bool guarded = false
    )
    {
        var count = past + tokens;
        var test = new AttentionCase(
            Shape(heads, kvHeads, headDim, window, keys, values),
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
