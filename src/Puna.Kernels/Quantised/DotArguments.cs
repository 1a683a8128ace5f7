using System.Runtime.InteropServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Quantised.Layouts;

namespace Puna.Kernels.Quantised;

/// <summary>What an emitted loop reads: see <see cref="DotProgram"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DotArguments
{
    /// <summary>Codes of a chunk of the first group, as they are packed.</summary>
    public byte* Codes;

    /// <summary>The same of the second group, where there is one.</summary>
    public byte* CodesSecond;

    /// <summary>Scales and minima of the chunk, as ChunkScales lays them out, a table for each group.</summary>
    public float* Table;

    /// <summary>Activations [sub-blocks, tokens].</summary>
    public ActivationBlock* Activations;

    /// <summary>Sums [groups, tokens of a tile, 16], which are added to.</summary>
    public float* Sums;

    /// <summary>Tokens, 1 at least.</summary>
    public nint Tokens;

    /// <summary>Sub-blocks of the chunk, 1 at least.</summary>
    public nint SubBlocks;
}
