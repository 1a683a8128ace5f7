namespace Puna.Kernels.Lanes;

/// <summary>
/// A vector of 32-bit floats of some width, so that a kernel's body is written once and compiled for every level.
/// All operations work lane by lane. "Bits" operations treat a lane as its 32-bit pattern.
/// </summary>
/// <remarks>
/// Every implementation computes the same function, but <see cref="Fma"/> rounds once only where the processor has
/// a fused instruction; so results are bitwise repeatable on one level, not between levels.
/// </remarks>
internal unsafe interface ILanes<TSelf>
    where TSelf : unmanaged, ILanes<TSelf>
{
    /// <summary>Floats in the vector.</summary>
    static abstract int Width { get; }

    /// <summary>Reads <see cref="Width"/> floats; no alignment is needed.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>Writes <see cref="Width"/> floats; no alignment is needed.</summary>
    static abstract void Store(TSelf value, float* destination);

    /// <summary>Reads <see cref="Width"/> 16-bit patterns, each into the low half of a lane.</summary>
    static abstract TSelf LoadBits16(ushort* source);

    /// <summary>Reads <see cref="Width"/> 16-bit patterns as integers with a sign, whose copies fill the upper half.</summary>
    static abstract TSelf LoadSigned16(short* source);

    /// <summary>Writes the low 16 bits of every lane.</summary>
    static abstract void StoreBits16(TSelf value, ushort* destination);

    /// <summary>The same value in every lane.</summary>
    static abstract TSelf Broadcast(float value);

    /// <summary>The same bit pattern in every lane.</summary>
    static abstract TSelf BroadcastBits(uint bits);

    static abstract TSelf operator +(TSelf left, TSelf right);

    static abstract TSelf operator -(TSelf left, TSelf right);

    static abstract TSelf operator *(TSelf left, TSelf right);

    static abstract TSelf operator /(TSelf left, TSelf right);

    /// <summary>left * right + addend.</summary>
    static abstract TSelf Fma(TSelf left, TSelf right, TSelf addend);

    /// <summary>left &gt; right ? left : right, hence right where either is NaN.</summary>
    static abstract TSelf Max(TSelf left, TSelf right);

    /// <summary>left &lt; right ? left : right, hence right where either is NaN.</summary>
    static abstract TSelf Min(TSelf left, TSelf right);

    /// <summary>The nearest whole number, ties to even.</summary>
    static abstract TSelf Round(TSelf value);

    /// <summary>
    /// value * 2^exponent with one rounding; the exponents are whole numbers in [-250, 250] and value is a normal
    /// number with a magnitude between 0.5 and 2, or NaN.
    /// </summary>
    static abstract TSelf ScaleByPowerOfTwo(TSelf value, TSelf exponent);

    /// <summary>Bitwise and.</summary>
    static abstract TSelf And(TSelf left, TSelf right);

    /// <summary>Bitwise or.</summary>
    static abstract TSelf Or(TSelf left, TSelf right);

    /// <summary>Sum of the bit patterns as 32-bit integers, wrapping.</summary>
    static abstract TSelf AddBits(TSelf left, TSelf right);

    /// <summary>Difference of the bit patterns as 32-bit integers, wrapping.</summary>
    static abstract TSelf SubtractBits(TSelf left, TSelf right);

    /// <summary>Bit patterns shifted towards the sign.</summary>
    static abstract TSelf ShiftLeft(TSelf value, int count);

    /// <summary>Bit patterns shifted away from the sign, zeros coming in.</summary>
    static abstract TSelf ShiftRight(TSelf value, int count);

    /// <summary>Where the pattern of left is below that of right, as signed integers: yes, else no.</summary>
    static abstract TSelf SelectBitsLess(TSelf left, TSelf right, TSelf yes, TSelf no);

    /// <summary>Sum of the lanes, by halves: lane i and lane i + half first.</summary>
    static abstract float Sum(TSelf value);

    /// <summary>Greatest lane; the lanes are not NaN.</summary>
    static abstract float Maximum(TSelf value);
}
