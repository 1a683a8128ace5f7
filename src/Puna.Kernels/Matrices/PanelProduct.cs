using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// y[t, m] = or += sum over k of x[t, k] * W[m, k] in f32, for any weights that come as panels.
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
    /// <param name="x">Inputs [T, K].</param>
    /// <param name="tokens">Rows T of x.</param>
    /// <param name="y">Results; row t at t * yStride. Must not overlap x.</param>
    /// <param name="yStride">Floats from row to row of y.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="accumulate">Whether y is added to, as before the first piece; else it is overwritten.</param>
    public static void Multiply<TSource>(
        TSource source,
        int rows,
        int columns,
        FloatLayout x,
        int tokens,
        float* y,
        nint yStride,
        WorkerPool pool,
        bool accumulate = false
    )
        where TSource : struct, IPanelSource =>
        Dispatch.Run(
            new Job<TSource>(source, rows, columns, x, tokens, y, yStride, accumulate),
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
                new FloatLayout(x.Rows.Pointer, x.Rows.Stride),
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

    internal readonly struct Job<TSource>(
        TSource source,
        int rows,
        int columns,
        FloatLayout x,
        int tokens,
        float* y,
        nint yStride,
        bool accumulate = false
    ) : ILanesJob
        where TSource : struct, IPanelSource
    {
        private const int Group = PackedMatrix.RowGroup;
        private const int Edge = 12 * 2 * 16;

        // With fewer rows the weights stream through, and the processor itself is better at looking ahead.
        private const int PrefetchFrom = 48;
        private readonly TSource _source = source;
        private readonly float* _y = y;

        /// <summary>
        /// Threads share the pairs of row groups of W, since only one then decodes a panel; where there are few of them,
        /// as in the products of a low rank, they share the rows of x.
        /// </summary>
        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var pairs = (rows + 2 * Group - 1) / (2 * Group);
            if (pairs >= 4 * parts || pairs >= tokens / PanelTile.Tallest<TLanes>())
            {
                var begin = Dispatch.PartStart(pairs, part, parts);
                var end = Dispatch.PartStart(pairs, part + 1, parts);
                Execute<TLanes>(begin, end, 0, tokens);
            }
            else
            {
                var tiles = tokens / PanelTile.Tallest<TLanes>();
                var begin = Dispatch.PartStart(tiles, part, parts) * PanelTile.Tallest<TLanes>();
                var end = Dispatch.PartStart(tiles, part + 1, parts) * PanelTile.Tallest<TLanes>();
                Execute<TLanes>(0, pairs, begin, part + 1 == parts ? tokens : end);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Execute<TLanes>(int beginPair, int endPair, int beginToken, int endToken)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            if (beginPair == endPair)
            {
                return;
            }

            var inputs = ThreadScratch.Floats(PackedInputs.Capacity + 2 * Group * Depth + Edge);
            var scratch = inputs + PackedInputs.Capacity;
            var rowsOfBlock = PackedInputs.Block(endToken - beginToken);
            for (var token = beginToken; token < endToken; token += rowsOfBlock)
            {
                // Few rows are packed for many columns at once, so that the weights stream through without a jump.
                var block = Math.Min(rowsOfBlock, endToken - token);
                var padded = PackedInputs.PaddedRows(block);
                var span = PackedInputs.Capacity / padded / Depth * Depth;
                for (var first = 0; first < columns; first += span)
                {
                    var last = Math.Min(columns, first + span);
                    for (var piece = first; piece < last; piece += Depth)
                    {
                        PackedInputs.Pack<TLanes>(
                            x.Part(token, piece),
                            block,
                            Math.Min(Depth, last - piece),
                            inputs + (piece - first) * padded
                        );
                    }

                    for (var pair = beginPair; pair < endPair; pair++)
                    {
                        var results = _y + token * yStride + (nint)pair * (2 * Group);
                        for (var piece = first; piece < last; piece += Depth)
                        {
                            MultiplyPair<TLanes>(
                                pair,
                                piece,
                                Math.Min(Depth, last - piece),
                                inputs + (piece - first) * padded,
                                block,
                                results,
                                scratch,
                                piece + Depth < last ? pair : Math.Min(pair + 1, endPair - 1),
                                piece + Depth < last ? piece + Depth : first
                            );
                        }
                    }
                }
            }
        }

        /// <summary>Up to 32 outputs of two panels, for all rows of a packed block.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void MultiplyPair<TLanes>(
            int pair,
            int first,
            int depth,
            float* inputs,
            int block,
            float* results,
            float* scratch,
            int nextPair,
            int nextFirst
        )
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var group = 2 * pair;
            var outputs = Math.Min(2 * Group, rows - group * Group);
            var panel0 = _source.Panel<TLanes>(group, first, depth, scratch);

            // A last group without a partner is paired with itself and its second half not stored.
            var panel1 =
                outputs <= Group
                    ? panel0
                    : _source.Panel<TLanes>(group + 1, first, depth, scratch + Group * Depth);
            var edge = scratch + 2 * Group * Depth;
            var add = accumulate || first > 0;
            var padded = PackedInputs.PaddedRows(block);
            var nextDepth = Math.Min(Depth, columns - nextFirst);
            NativeSpan<byte> next0 = default,
                next1 = default;
            if (block >= PrefetchFrom)
            {
                next0 = _source.Stored(2 * nextPair, nextFirst, nextDepth);
                next1 = _source.Stored(2 * nextPair + 1, nextFirst, nextDepth);
            }

            for (var row = 0; row < padded; )
            {
                var tile = PanelTile.Rows<TLanes>(padded - row);
                Prefetch(next0, row, tile, padded);
                Prefetch(next1, row, tile, padded);
                for (var output = 0; output < outputs; output += 2 * TLanes.Width)
                {
                    var w0 = Column(panel0, panel1, output);
                    var w1 = Column(panel0, panel1, output + TLanes.Width);
                    var target = results + row * yStride + output;
                    var width = Math.Min(2 * TLanes.Width, outputs - output);
                    var height = Math.Min(tile, block - row);
                    if (width == 2 * TLanes.Width && height == tile)
                    {
                        PanelTile.Multiply<TLanes>(
                            tile,
                            w0,
                            w1,
                            depth,
                            inputs,
                            target,
                            yStride,
                            add
                        );
                    }
                    else
                    {
                        PanelTile.Multiply<TLanes>(
                            tile,
                            w0,
                            w1,
                            depth,
                            inputs,
                            edge,
                            2 * TLanes.Width,
                            false
                        );
                        Merge(edge, 2 * TLanes.Width, target, height, width, add);
                    }
                }

                inputs += tile * PackedInputs.PaddedDepth(depth);
                row += tile;
            }
        }

        /// <summary>
        /// Asks for the share of the next panel that falls to some of the rows, so that it comes while this one is
        /// multiplied. A panel that does not exist may be asked for: no fault comes of it.
        /// </summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Prefetch(NativeSpan<byte> panel, int row, int count, int rows)
        {
            const int Line = 64;
            if (Sse.IsSupported)
            {
                var lines = (int)panel.Length / Line;
                var end = lines * (row + count) / rows;
                for (var line = lines * row / rows; line < end; line++)
                {
                    Sse.Prefetch0(panel.Pointer + (nint)line * Line);
                }
            }
        }

        /// <summary>The part of a tile at the edge of y that lies inside.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Merge(float* tile, int stride, float* target, int height, int width, bool add)
        {
            for (var row = 0; row < height; row++)
            {
                for (var output = 0; output < width; output++)
                {
                    target[output] = add ? target[output] + tile[output] : tile[output];
                }

                tile += stride;
                target += yStride;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static float* Column(float* panel0, float* panel1, int output) =>
            output < Group ? panel0 + output : panel1 + (output - Group);
    }
}
