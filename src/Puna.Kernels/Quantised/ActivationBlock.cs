using System.Runtime.InteropServices;

namespace Puna.Kernels.Quantised;

/// <summary>
/// 32 activations of one row in int8 with all that a product needs of them, in one cache line:
/// x[i] is about Scale * Codes[i], with codes in [-127, 127].
/// </summary>
[StructLayout(LayoutKind.Sequential, Size = Size)]
internal unsafe struct ActivationBlock
{
    /// <summary>Bytes of the structure: a cache line.</summary>
    public const int Size = 64;

    /// <summary>Columns of a block.</summary>
    public const int Columns = 32;

    /// <summary>The codes.</summary>
    public fixed sbyte Codes[Columns];

    /// <summary>Largest magnitude / 127.</summary>
    public float Scale;

    /// <summary>Scale * sum of the 32 codes: what a minimum or an offset of the weights is multiplied with.</summary>
    public float ScaledSum;

    /// <summary>Scale * sum of codes 0 to 15.</summary>
    public float ScaledSumFirst;

    /// <summary>Scale * sum of codes 16 to 31.</summary>
    public float ScaledSumSecond;

    /// <summary>
    /// -8 times the two 16-bit sums of the codes with column mod 4 in {0, 1} and {2, 3}: the start of a 16-bit sum of
    /// products with 4-bit codes that are stored with 8 added.
    /// </summary>
    public int PairOffset;

    /// <summary>-128 * sum of the codes: the start of a 32-bit sum with 8-bit codes that are stored with 128 added.</summary>
    public int ByteOffset;
}
