namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// The f32 scales and minima of a chunk of 16 rows: the scale of entry e at e * 16 + row, its minimum
/// <see cref="Minima"/> floats on. Entry = sub-block for the kinds with one scale for 32 columns, 2 * sub-block + half
/// for those with a scale for each 16.
/// </summary>
internal static class ChunkScales
{
    /// <summary>Offset of the minima, in floats.</summary>
    public const int Minima = 16 * 16;

    /// <summary>Size of the table, in floats.</summary>
    public const int Floats = 2 * Minima;
}
