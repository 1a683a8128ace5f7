using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// y[t, m] = sum over k of x[t, k] * W[m, k] in f32, for any weights that come as panels.
/// The columns are taken in pieces of <see cref="Depth"/>; the sums of the pieces are added in ascending order. This
/// order is the law of every f32 product here: it holds for any number of rows, of threads and any tile, so the
/// result of a row is the same bit for bit in any batch.
/// </summary>
internal static unsafe class PanelProduct
{
    /// <summary>Columns of one partial sum; a panel of 16 rows then has 16 KiB.</summary>
    public const int Depth = 256;

    /// <summary>Multiplies. The pointers lie inside live memory of the stated shapes.</summary>
    /// <param name="source">Weights.</param>
    /// <param name="rows">Rows M of W.</param>
    /// <param name="columns">Columns K of W.</param>
    /// <param name="x">Inputs; row t at t * xStride.</param>
    /// <param name="xStride">Floats from row to row of x.</param>
    /// <param name="tokens">Rows T of x.</param>
    /// <param name="y">Results, overwritten; row t at t * yStride. Must not overlap x.</param>
    /// <param name="yStride">Floats from row to row of y.</param>
    /// <param name="pool">Threads.</param>
    public static void Multiply<TSource>(
        TSource source,
        int rows,
        int columns,
        float* x,
        nint xStride,
        int tokens,
        float* y,
        nint yStride,
        WorkerPool pool
    )
        where TSource : struct, IPanelSource =>
        Dispatch.Run(
            new Job<TSource>(source, rows, columns, x, xStride, tokens, y, yStride),
            pool,
            (long)rows * columns * tokens
        );

    /// <summary>Part <paramref name="part"/> of <paramref name="parts"/> of the same, on this thread.</summary>
    public static void MultiplyPart<TSource>(
        TSource source,
        int rows,
        int columns,
        ActivationRows x,
        float* y,
        nint yStride,
        int part,
        int parts
    )
        where TSource : struct, IPanelSource =>
        Dispatch.Run(
            new Job<TSource>(
                source,
                rows,
                columns,
                x.Values.Pointer,
                x.Stride,
                x.Tokens,
                y,
                yStride
            ),
            part,
            parts
        );

    /// <summary>Rounds up to a multiple of 64 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Align(float* pointer) => (float*)(((nint)pointer + 63) & ~63);

    /// <summary>
    /// y[t, outputs] = or += a tile of <see cref="PanelTile"/>: <paramref name="count0"/> and
    /// <paramref name="count1"/> outputs of the two vectors count, the rest is padding.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Merge<TLanes>(
        float* tile,
        int rows,
        float* y0,
        int count0,
        float* y1,
        int count1,
        nint yStride,
        bool add
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (var row = 0; row < rows; row++)
        {
            MergeVector<TLanes>(tile, y0 + row * yStride, count0, add);
            MergeVector<TLanes>(tile + TLanes.Width, y1 + row * yStride, count1, add);
            tile += 2 * TLanes.Width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MergeVector<TLanes>(float* tile, float* y, int count, bool add)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var value = TLanes.Load(tile);
        if (count >= TLanes.Width)
        {
            TLanes.Store(add ? TLanes.Load(y) + value : value, y);
        }
        else if (count > 0)
        {
            var sum = add ? PartialLanes.Load<TLanes>(y, count) + value : value;
            PartialLanes.Store(sum, y, count);
        }
    }

    internal readonly struct Job<TSource>(
        TSource source,
        int rows,
        int columns,
        float* x,
        nint xStride,
        int tokens,
        float* y,
        nint yStride
    ) : ILanesJob
        where TSource : struct, IPanelSource
    {
        private const int Group = PackedMatrix.RowGroup;
        private readonly TSource _source = source;
        private readonly float* _x = x;
        private readonly float* _y = y;

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var groups = (rows + Group - 1) / Group;
            var begin = Dispatch.PartStart(groups, part, parts);
            var end = Dispatch.PartStart(groups, part + 1, parts);
            if (begin == end)
            {
                return;
            }

            var memory =
                stackalloc float[
                    PackedInputs.Capacity + 2 * Group * Depth + 2 * PanelTile.Large * 16 + 16
                ];
            var inputs = Align(memory);
            var scratch = inputs + PackedInputs.Capacity;
            for (var token = 0; token < tokens; token += PackedInputs.BlockRows)
            {
                // Few rows are packed for many columns at once, so that the weights stream through without a jump.
                var block = Math.Min(PackedInputs.BlockRows, tokens - token);
                var padded = PackedInputs.PaddedRows(block);
                var span = PackedInputs.Capacity / padded / Depth * Depth;
                for (var first = 0; first < columns; first += span)
                {
                    var last = Math.Min(columns, first + span);
                    for (var piece = first; piece < last; piece += Depth)
                    {
                        PackedInputs.Pack(
                            _x + token * xStride + piece,
                            xStride,
                            block,
                            Math.Min(Depth, last - piece),
                            inputs + (piece - first) * padded
                        );
                    }

                    for (var group = begin; group < end; group += 2)
                    {
                        // A last group without a partner is paired with itself and its second half not stored.
                        var partner = Math.Min(group + 1, end - 1);
                        var results = _y + token * yStride + (nint)group * Group;
                        for (var piece = first; piece < last; piece += Depth)
                        {
                            MultiplyPair<TLanes>(
                                group,
                                partner,
                                piece,
                                Math.Min(Depth, last - piece),
                                inputs + (piece - first) * padded,
                                block,
                                results,
                                scratch
                            );
                        }
                    }
                }
            }
        }

        /// <summary>Up to 32 outputs of two panels, for all rows of a packed block.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void MultiplyPair<TLanes>(
            int group,
            int partner,
            int first,
            int depth,
            float* inputs,
            int block,
            float* results,
            float* scratch
        )
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var tile = scratch + 2 * Group * Depth;
            var outputs = Math.Min((partner - group + 1) * Group, rows - group * Group);
            var panel0 = _source.Panel<TLanes>(group, first, depth, scratch);
            var panel1 =
                partner == group
                    ? panel0
                    : _source.Panel<TLanes>(partner, first, depth, scratch + Group * Depth);
            for (var row = 0; row < block; )
            {
                var tileRows = PackedInputs.TileRows(row, block);
                var packed = inputs + (nint)row * depth;
                for (var output = 0; output < outputs; output += 2 * TLanes.Width)
                {
                    var w0 = Column(panel0, panel1, output);
                    var w1 = Column(panel0, panel1, output + TLanes.Width);
                    if (tileRows == PanelTile.Large)
                    {
                        PanelTile.MultiplyLarge<TLanes>(w0, w1, Group, depth, packed, tile);
                    }
                    else
                    {
                        PanelTile.MultiplySmall<TLanes>(w0, w1, Group, depth, packed, tile);
                    }

                    var target = results + row * yStride + output;
                    Merge<TLanes>(
                        tile,
                        Math.Min(tileRows, block - row),
                        target,
                        outputs - output,
                        target + TLanes.Width,
                        outputs - output - TLanes.Width,
                        yStride,
                        first > 0
                    );
                }

                row += tileRows;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float* Column(float* panel0, float* panel1, int output) =>
            output < Group ? panel0 + output : panel1 + (output - Group);
    }
}
