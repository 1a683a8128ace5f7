using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Gguf;

/// <summary>A number that GGUF has for the coding of a tensor.</summary>
/// <param name="Name">Its name, or its number where no name is known.</param>
/// <param name="BlockSize">Elements of a block.</param>
/// <param name="BlockBytes">Bytes of a block, or 0 where they are not known.</param>
/// <param name="Format">The coding of weights that it is, or null when it cannot be decoded.</param>
internal sealed record GgufTensorType(
    string Name,
    int BlockSize,
    int BlockBytes,
    WeightFormat? Format = null
)
{
    /// <summary>Types that are known by their sizes, and cannot be decoded.</summary>
    private static readonly Dictionary<uint, GgufTensorType> s_undecoded = new()
    {
        [4] = new("Q4_2", 1, 0),
        [5] = new("Q4_3", 1, 0),
        [9] = new("Q8_1", 32, 36),
        [15] = new("Q8_K", 256, 292),
        [16] = new("IQ2_XXS", 256, 66),
        [17] = new("IQ2_XS", 256, 74),
        [18] = new("IQ3_XXS", 256, 98),
        [19] = new("IQ1_S", 256, 50),
        [21] = new("IQ3_S", 256, 110),
        [22] = new("IQ2_S", 256, 82),
        [24] = new("I8", 1, 1),
        [25] = new("I16", 1, 2),
        [26] = new("I32", 1, 4),
        [27] = new("I64", 1, 8),
        [28] = new("F64", 1, 8),
        [29] = new("IQ1_M", 256, 56),
        [31] = new("Q4_0_4_4", 32, 18),
        [32] = new("Q4_0_4_8", 32, 18),
        [33] = new("Q4_0_8_8", 32, 18),
        [36] = new("IQ4_NL_4_4", 32, 18),
        [37] = new("IQ4_NL_4_8", 32, 18),
        [38] = new("IQ4_NL_8_8", 32, 18),
        [40] = new("NVFP4", 1, 0),
    };

    /// <summary>False where the bytes of a tensor do not follow from its shape.</summary>
    public bool IsSized => BlockBytes > 0;

    /// <summary>The name as people type it.</summary>
    public string Id => Format?.Id ?? Name.ToLowerInvariant();

    /// <summary>The type of a number.</summary>
    public static GgufTensorType Of(uint number) =>
        WeightFormats.FindGguf(number) is { } format
            ? new GgufTensorType(format.ToString(), format.BlockSize, format.BlockBytes, format)
            : s_undecoded.GetValueOrDefault(number) ?? new GgufTensorType($"number {number}", 1, 0);
}
