using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>Makes the packed matrix of a block format.</summary>
internal static class BlockMatrixPacker
{
    /// <summary>Repacks rows; the arguments are those of <see cref="MatrixPacker.Pack"/>.</summary>
    /// <exception cref="ArgumentException">The lengths do not belong together, or the format is dense.</exception>
    public static PackedMatrix Pack(
        ElementFormat format,
        NativeSpan<byte> source,
        int rows,
        int columns,
        ReadOnlySpan<int> rowOrder,
        WorkerPool pool,
        NativeArena? arena
    )
    {
        return format switch
        {
            ElementFormat.Q4_0 => new PackedBlocks<Q4_0Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q4_1 => new PackedBlocks<Q4_1Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q5_0 => new PackedBlocks<Q5_0Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q5_1 => new PackedBlocks<Q5_1Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q8_0 => new PackedBlocks<Q8_0Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q2_K => new PackedBlocks<Q2_KLayout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q3_K => new PackedBlocks<Q3_KLayout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q4_K => new PackedBlocks<Q4_KLayout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q5_K => new PackedBlocks<Q5_KLayout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.Q6_K => new PackedBlocks<Q6_KLayout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.IQ4_NL => new PackedBlocks<IQ4_NLLayout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.IQ4_XS => new PackedBlocks<IQ4_XSLayout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.TQ1_0 => new PackedBlocks<TQ1_0Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.TQ2_0 => new PackedBlocks<TQ2_0Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            ElementFormat.MXFP4 => new PackedBlocks<MXFP4Layout>(
                source,
                rows,
                columns,
                rowOrder,
                pool,
                arena
            ),
            _ => throw new ArgumentException($"{format} is not a block format."),
        };
    }
}
