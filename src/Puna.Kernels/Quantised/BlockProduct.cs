using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised;

/// <summary>
/// The int8 product of one group of 16 rows. For every row and token the sum runs over sub-blocks of 32 columns (halves
/// of 16 where each has a scale) in ascending order: sum = fma(float(integer dot) * x.Scale, scale, sum), then, where
/// the format has a minimum or an offset, sum = fma(minimum, x.ScaledSum, sum). The order is the same for any number of
/// tokens and threads, so results are equal bit for bit.
/// </summary>
/// <remarks>
/// A quad of activations, broadcast to all lanes, meets the same quad of 16 rows: no horizontal sum is needed. The
/// three forms are classes of their own, and their loops call vector operations only, so that each compiles to one
/// method without calls: the compiler's budget for inlining ends the luxury of more layers.
/// </remarks>
internal static unsafe class BlockProduct
{
    /// <summary>Sub-blocks of a chunk of 256 columns.</summary>
    public const int ChunkSubBlocks = 8;

    private const int Group = PackedMatrix.RowGroup;

    // Bytes of codes to ask for ahead of their use when a matrix streams from memory.
    private const int Ahead = 4096;

    /// <summary>Bytes of codes of a chunk of 16 rows.</summary>
    public static int ChunkCodeBytes<TLayout>()
        where TLayout : struct, IBlockLayout =>
        TLayout.CodeWords * (4 * Group) * (ChunkSubBlocks / TLayout.SubBlocks);

    /// <summary>Bytes of scales of a chunk of 16 rows.</summary>
    public static int ChunkScaleBytes<TLayout>()
        where TLayout : struct, IBlockLayout =>
        TLayout.ScaleBytes * Group * (ChunkSubBlocks / TLayout.SubBlocks);

    /// <summary>Multiplies; sums are overwritten.</summary>
    public static void Multiply<TLanes, TLayout>(in Arguments arguments)
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        new Span<float>(arguments.Sums, arguments.Tokens * Group).Clear();
        switch (TLayout.Kind)
        {
            case DotKind.Signed when arguments.Tokens == 1:
                SignedProduct.Vector<TLanes, TLayout>(arguments);
                break;
            case DotKind.Signed:
                SignedProduct.Batch<TLanes, TLayout>(arguments);
                break;
            case DotKind.Unsigned when arguments.Tokens == 1:
                UnsignedProduct.Vector<TLanes, TLayout>(arguments);
                break;
            case DotKind.Unsigned:
                UnsignedProduct.Batch<TLanes, TLayout>(arguments);
                break;
            default:
                if (arguments.Tokens == 1)
                {
                    HalvesProduct.Vector<TLanes, TLayout>(arguments);
                }
                else
                {
                    HalvesProduct.Batch<TLanes, TLayout>(arguments);
                }

                break;
        }
    }

    /// <summary>
    /// Starts a chunk: asks for codes that will be needed later and computes scales and minima.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Prepare<TLanes, TLayout>(
        byte* codes,
        int codeBytes,
        byte* scales,
        int count,
        float* table
    )
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        if (Sse.IsSupported)
        {
            for (var offset = Ahead; offset < Ahead + codeBytes; offset += 64)
            {
                Sse.Prefetch0(codes + offset);
            }
        }

        Expand<TLanes, TLayout>(scales, count, table);
    }

    /// <summary>
    /// Computes scales and minima of a chunk; for the unsigned kinds the minimum of a format without one is -zero *
    /// scale.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Expand<TLanes, TLayout>(byte* scales, int count, float* table)
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout
    {
        TLayout.ExpandScales<TLanes>(scales, count, table);
        if (TLayout.Kind != DotKind.Signed && !TLayout.HasMinimum)
        {
            var entries = TLayout.Kind == DotKind.UnsignedHalves ? 2 * count : count;
            var zero = TLanes.Broadcast((float)-TLayout.Zero);
            for (var index = 0; index < entries * Group; index += TLanes.Rows)
            {
                TLanes.Store(
                    TLanes.Multiply(TLanes.Load(table + index), zero),
                    table + ChunkScales.Minima + index
                );
            }
        }
    }

    /// <summary>What a product of one row group needs.</summary>
    internal readonly struct Arguments
    {
        /// <summary>Codes of the group.</summary>
        public required byte* Codes { get; init; }

        /// <summary>Scales of the group.</summary>
        public required byte* Scales { get; init; }

        /// <summary>Sub-blocks of a row.</summary>
        public required int SubBlocks { get; init; }

        /// <summary>Activations [sub-blocks, tokens].</summary>
        public required ActivationBlock* Activations { get; init; }

        /// <summary>Tokens, at most <see cref="ActivationRows.TileRows"/>.</summary>
        public required int Tokens { get; init; }

        /// <summary>Scratch of <see cref="ChunkScales.Floats"/>.</summary>
        public required float* Table { get; init; }

        /// <summary>Results [tokens, 16].</summary>
        public required float* Sums { get; init; }
    }
}
