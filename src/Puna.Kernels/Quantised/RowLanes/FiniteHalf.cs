namespace Puna.Kernels.Quantised.RowLanes;

/// <summary>
/// IEEE half to single in three steps, for block scales, whose stored rows are checked to be finite: sign-extend the
/// half to 32 bits, shift left by 13 and mask; that is the number with an exponent too small by 127 - 15, which a
/// multiplication puts right, subnormals included. <see cref="Elementwise.HalfBits"/> takes Inf and NaN too.
/// </summary>
internal static class FiniteHalf
{
    /// <summary>Sign, exponent and fraction after the shift; the copies of the sign between are cut out.</summary>
    public const int Mask = unchecked((int)0x8FFFE000);

    /// <summary>2^(127 - 15).</summary>
    public const float Rescale = 5.192296858534828e33f;
}
