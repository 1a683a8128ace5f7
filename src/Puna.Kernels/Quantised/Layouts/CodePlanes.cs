namespace Puna.Kernels.Quantised.Layouts;

/// <summary>
/// How the codes of 32 columns lie in memory, for code that is made at run time: planes as <see cref="QuadPlanes"/>
/// describes them, one behind the other.
/// </summary>
/// <param name="Bits">Bits of the first plane: 8 (a word for each quad), 4 (nibbles) or 2 (crumbs).</param>
/// <param name="UpperBits">Bits of a plane that gives codes their upper bits: 1, 2 or 0 for none.</param>
/// <param name="Table">Sixteen values of which the codes are indices, or null.</param>
internal readonly record struct CodePlanes(int Bits, int UpperBits = 0, nint Table = 0);
