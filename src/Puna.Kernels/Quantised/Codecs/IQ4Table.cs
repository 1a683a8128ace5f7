namespace Puna.Kernels.Quantised.Codecs;

/// <summary>The sixteen values that IQ4_NL and IQ4_XS index: denser around zero, where weights are.</summary>
internal static class IQ4Table
{
    /// <summary>Values by code.</summary>
    public static ReadOnlySpan<sbyte> Values =>
        [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
}
