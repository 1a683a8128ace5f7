using System.Runtime.InteropServices;

namespace Puna.Kernels.Activations;

/// <summary>
/// 32 activations of one row in int8 with all that a product needs of them, in one cache line:
/// x[i] is about Scale * Codes[i], with codes in [-127, 127].
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Size)]
internal unsafe struct ActivationBlock
{
    /// <summary>Bytes of the structure: a cache line.</summary>
    public const int Size = 64;

    /// <summary>Columns of a block.</summary>
    public const int Columns = 32;

    /// <summary>Where <see cref="Scale"/> lies.</summary>
    public const int ScalePosition = 32;

    /// <summary>Where <see cref="ScaledSum"/> lies.</summary>
    public const int ScaledSumPosition = 36;

    /// <summary>Where <see cref="ScaledSumFirst"/> lies; <see cref="ScaledSumSecond"/> follows it.</summary>
    public const int ScaledSumFirstPosition = 40;

    /// <summary>Where <see cref="ByteOffset"/> lies.</summary>
    public const int ByteOffsetPosition = 52;

    /// <summary>The codes.</summary>
    [FieldOffset(0)]
    public fixed sbyte Codes[Columns];

    /// <summary>Largest magnitude / 127.</summary>
    [FieldOffset(ScalePosition)]
    public float Scale;

    /// <summary>Scale * sum of the 32 codes: what a minimum or an offset of the weights is multiplied with.</summary>
    [FieldOffset(ScaledSumPosition)]
    public float ScaledSum;

    /// <summary>Scale * sum of codes 0 to 15.</summary>
    [FieldOffset(ScaledSumFirstPosition)]
    public float ScaledSumFirst;

    /// <summary>Scale * sum of codes 16 to 31.</summary>
    [FieldOffset(ScaledSumFirstPosition + sizeof(float))]
    public float ScaledSumSecond;

    /// <summary>
    /// -8 times the two 16-bit sums of the codes with column mod 4 in {0, 1} and {2, 3}: the start of a 16-bit sum of
    /// products with 4-bit codes that are stored with 8 added.
    /// </summary>
    [FieldOffset(48)]
    public int PairOffset;

    /// <summary>-128 * sum of the codes: the start of a 32-bit sum with 8-bit codes that are stored with 128 added.</summary>
    [FieldOffset(ByteOffsetPosition)]
    public int ByteOffset;
}
