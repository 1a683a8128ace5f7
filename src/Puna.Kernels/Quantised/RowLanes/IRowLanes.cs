using Puna.Kernels.Activations;

namespace Puna.Kernels.Quantised.RowLanes;

/// <summary>
/// A vector whose 32-bit lanes belong to consecutive rows of a matrix. A lane holds four byte codes of four
/// consecutive columns (a quad), two 16-bit sums, one 32-bit sum or one float, as the operation says; so a kernel is
/// written once and compiled for 4, 8 and 16 rows.
/// </summary>
internal unsafe interface IRowLanes<TSelf>
    where TSelf : unmanaged, IRowLanes<TSelf>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Rows { get; }

    /// <summary>All bits zero.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>Reads 4 * Rows bytes.</summary>
    static abstract TSelf Load(void* source);

    /// <summary>Writes 4 * Rows bytes.</summary>
    static abstract void Store(TSelf value, void* destination);

    /// <summary>Reads one byte for each lane, extended with zeros to 32 bits.</summary>
    static abstract TSelf LoadBytes(byte* source);

    /// <summary>Reads one byte for each lane, extended with its sign to 32 bits.</summary>
    static abstract TSelf LoadSignedBytes(byte* source);

    /// <summary>Reads one IEEE half for each lane as a float, exactly; infinities and NaN become finite.</summary>
    static abstract TSelf LoadHalves(void* source);

    /// <summary>The same 32 bits in every lane.</summary>
    static abstract TSelf Broadcast(int bits);

    /// <summary>The same float in every lane.</summary>
    static abstract TSelf Broadcast(float value);

    /// <summary>A table of 16 bytes for <see cref="Lookup"/>.</summary>
    static abstract TSelf LoadTable(byte* source);

    /// <summary>table[index] for each byte; the indices are below 16.</summary>
    static abstract TSelf Lookup(TSelf table, TSelf indices);

    static abstract TSelf operator &(TSelf left, TSelf right);

    static abstract TSelf operator |(TSelf left, TSelf right);

    /// <summary>Shifts 32-bit lanes right, zeros come in.</summary>
    static abstract TSelf ShiftRight(TSelf value, int count);

    /// <summary>Shifts 32-bit lanes right, copies of the sign come in.</summary>
    static abstract TSelf ShiftRightSigned(TSelf value, int count);

    /// <summary>Shifts 32-bit lanes left.</summary>
    static abstract TSelf ShiftLeft(TSelf value, int count);

    /// <summary>Sum of 32-bit lanes, wrapping.</summary>
    static abstract TSelf AddIntegers(TSelf left, TSelf right);

    /// <summary>Sum of 16-bit elements, wrapping.</summary>
    static abstract TSelf AddShorts(TSelf left, TSelf right);

    /// <summary>Low half of the product of 16-bit elements.</summary>
    static abstract TSelf MultiplyShorts(TSelf left, TSelf right);

    /// <summary>
    /// Products of unsigned codes and a quad of signed activations, the same in every lane, added in pairs to 16 bits.
    /// No sum may leave 16 bits: codes up to 128 are safe.
    /// </summary>
    static abstract TSelf MultiplyPairs(TSelf codes, TSelf quad);

    /// <summary>sum + <see cref="MultiplyPairs"/>, wrapping in 16 bits.</summary>
    static abstract TSelf AddPairs(TSelf sum, TSelf codes, TSelf quad);

    /// <summary>True when <see cref="AddDot"/> is one instruction: then it is better than sums of pairs.</summary>
    static abstract bool HasDot { get; }

    /// <summary>sum + the products of unsigned codes and a quad of signed activations, all four added, in 32 bits.</summary>
    static abstract TSelf AddDot(TSelf sum, TSelf codes, TSelf quad);

    /// <summary>Sum of the two 16-bit elements of each lane, in 32 bits.</summary>
    static abstract TSelf SumPairs(TSelf value);

    /// <summary>
    /// Prepares a quad of signed 8-bit codes, -128 included, for <see cref="AddSigned"/>: two vectors whose meaning is
    /// the level's own.
    /// </summary>
    static abstract void SplitSigned(TSelf codes, out TSelf first, out TSelf second);

    /// <summary>
    /// Starts the sum over the eight quads of signed codes times the codes of <paramref name="x"/>; two vectors whose
    /// meaning is the level's own.
    /// </summary>
    static abstract void StartSigned(ActivationBlock* x, out TSelf sum0, out TSelf sum1);

    /// <summary>Adds one quad, as <see cref="SplitSigned"/> left it, times a quad of activations.</summary>
    static abstract void AddSigned(
        ref TSelf sum0,
        ref TSelf sum1,
        TSelf first,
        TSelf second,
        TSelf quad
    );

    /// <summary>The sum, exact in 32 bits.</summary>
    static abstract TSelf EndSigned(TSelf sum0, TSelf sum1);

    /// <summary>32-bit integers to floats, rounded to nearest.</summary>
    static abstract TSelf ToFloats(TSelf integers);

    /// <summary>Product of floats.</summary>
    static abstract TSelf Multiply(TSelf left, TSelf right);

    /// <summary>Sum of floats.</summary>
    static abstract TSelf Add(TSelf left, TSelf right);

    /// <summary>value * factor + addend in floats, rounded once where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf value, TSelf factor, TSelf addend);

    /// <summary>(float(integers) * factor) * scale + addend, the last two rounded once where the processor can.</summary>
    static abstract TSelf AddScaled(TSelf integers, TSelf factor, TSelf scale, TSelf addend);
}
