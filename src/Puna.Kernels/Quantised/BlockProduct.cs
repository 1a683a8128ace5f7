using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Activations;
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
    /// Vectors narrower than a row group go through it in pairs, which share the reads of activations and keep two
    /// chains of dependent sums going: this is the distance of the second in rows, 0 where there is none.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Second<TLanes>()
        where TLanes : unmanaged, IRowLanes<TLanes> => TLanes.Rows < Group ? TLanes.Rows : 0;

    /// <summary>Asks for the codes that lie as far behind a sub-block as a stream from memory needs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch<TLayout>(byte* codes, int sub)
        where TLayout : struct, IBlockLayout
    {
        if (Sse.IsSupported)
        {
            const int Line = 4 * Group;
            var words = (TLayout.CodeWords + TLayout.SubBlocks - 1) / TLayout.SubBlocks;
            var ahead = codes + sub * (words * Line) + Ahead;
            for (var word = 0; word < words; word++)
            {
                Sse.Prefetch0(ahead + word * Line);
            }
        }
    }

    /// <summary>
    /// Scales and minima of a chunk as emitted loops read them: for the unsigned kinds the minimum of a format without
    /// one is -zero * scale.
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
            for (var index = 0; index < entries * Group; index += TLanes.Rows)
            {
                var entry = table + index;
                TLanes.Store(
                    Minimum<TLanes, TLayout>(entry, TLanes.Load(entry)),
                    entry + ChunkScales.Minima
                );
            }
        }
    }

    /// <summary>
    /// What a sum of unsigned codes lacks: the minimum where the format has one, else -zero * scale.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minimum<TLanes, TLayout>(float* entry, TLanes scale)
        where TLanes : unmanaged, IRowLanes<TLanes>
        where TLayout : struct, IBlockLayout =>
        TLayout.HasMinimum
            ? TLanes.Load(entry + ChunkScales.Minima)
            : TLanes.Multiply(scale, TLanes.Broadcast((float)-TLayout.Zero));

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
