using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Matrices;

/// <summary>
/// dx[t, k] += sum over m of dy[t, m] * W[m, k] in f32, for any format: <see cref="PanelRows"/> rows of W at a time
/// are decoded, then multiplied. The sums of the panels are added in ascending order; threads share the columns, so
/// their number changes nothing.
/// </summary>
internal static unsafe class TransposedProduct
{
    /// <summary>Rows of W that are decoded at a time.</summary>
    public const int PanelRows = 64;

    /// <summary>Accumulates into dx.</summary>
    /// <param name="matrix">W [M, K].</param>
    /// <param name="dy">Row t at t * dyStride, M floats.</param>
    /// <param name="dyStride">Floats from row to row of dy.</param>
    /// <param name="tokens">T.</param>
    /// <param name="dx">Row t at t * dxStride, K floats. Must not overlap dy.</param>
    /// <param name="dxStride">Floats from row to row of dx.</param>
    /// <param name="pool">Threads.</param>
    public static void Accumulate(
        PackedMatrix matrix,
        NativeSpan<float> dy,
        int dyStride,
        int tokens,
        NativeSpan<float> dx,
        int dxStride,
        WorkerPool pool
    )
    {
        RowShape.Check(dy.Length, dyStride, tokens, matrix.Rows, nameof(dy));
        RowShape.Check(dx.Length, dxStride, tokens, matrix.Columns, nameof(dx));
        if (tokens == 0)
        {
            return;
        }

        // An odd number of cache lines from row to row: a power of two would put all rows into one cache set.
        var lines = (matrix.Columns + 15) / 16;
        var stride = (lines | 1) * 16;
        using var scratch = new NativeBuffer<float>((long)PanelRows * stride);
        for (var first = 0; first < matrix.Rows; first += PanelRows)
        {
            var count = Math.Min(PanelRows, matrix.Rows - first);
            var decode = new DecodeJob(matrix, first, count, scratch.Span, stride);
            pool.Run(ref decode);
            Dispatch.Run(
                new Job(
                    scratch.Span.Pointer,
                    stride,
                    count,
                    matrix.Columns,
                    dy.Pointer + first,
                    dyStride,
                    tokens,
                    dx.Pointer,
                    dxStride
                ),
                pool,
                (long)count * matrix.Columns * tokens
            );
        }
    }

    private readonly struct DecodeJob(
        PackedMatrix matrix,
        int first,
        int count,
        NativeSpan<float> panel,
        int stride
    ) : IParallelJob
    {
        public void Execute(int part, int parts)
        {
            var end = Dispatch.PartStart(count, part + 1, parts);
            for (var row = Dispatch.PartStart(count, part, parts); row < end; row++)
            {
                matrix.DequantRows(
                    first + row,
                    1,
                    panel.Slice((long)row * stride, matrix.Columns).Span
                );
            }
        }
    }

    /// <summary>One panel: <c>dx[t, k] += sum over m &lt; count of dy[t, m] * panel[m * stride + k]</c>.</summary>
    internal readonly struct Job(
        float* panel,
        int stride,
        int count,
        int columns,
        float* dy,
        nint dyStride,
        int tokens,
        float* dx,
        nint dxStride
    ) : ILanesJob
    {
        private const int Strip = 32;
        private readonly float* _panel = panel;
        private readonly float* _dy = dy;
        private readonly float* _dx = dx;

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var strips = (columns + Strip - 1) / Strip;
            var begin = Dispatch.PartStart(strips, part, parts) * Strip;
            var end = Math.Min(columns, Dispatch.PartStart(strips, part + 1, parts) * Strip);
            var memory =
                stackalloc float[
                    PackedInputs.BlockRows * PanelRows + 2 * PanelTile.Large * 16 + 16
                ];
            var inputs = PanelProduct.Align(memory);
            var tile = inputs + PackedInputs.BlockRows * PanelRows;
            for (var token = 0; token < tokens; token += PackedInputs.BlockRows)
            {
                var block = Math.Min(PackedInputs.BlockRows, tokens - token);
                PackedInputs.Pack(_dy + token * dyStride, dyStride, block, count, inputs);
                for (var column = begin; column < end; column += 2 * TLanes.Width)
                {
                    MultiplyStrip<TLanes>(
                        _panel + column,
                        inputs,
                        block,
                        _dx + token * dxStride + column,
                        end - column,
                        tile
                    );
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void MultiplyStrip<TLanes>(
            float* weights,
            float* inputs,
            int block,
            float* dx,
            int outputs,
            float* tile
        )
            where TLanes : unmanaged, ILanes<TLanes>
        {
            // A second vector that lies wholly past the end may lie past the panel too: repeat the first.
            var second = outputs > TLanes.Width ? weights + TLanes.Width : weights;
            for (var row = 0; row < block; )
            {
                var tileRows = PackedInputs.TileRows(row, block);
                var packed = inputs + (nint)row * count;
                if (tileRows == PanelTile.Large)
                {
                    PanelTile.MultiplyLarge<TLanes>(weights, second, stride, count, packed, tile);
                }
                else
                {
                    PanelTile.MultiplySmall<TLanes>(weights, second, stride, count, packed, tile);
                }

                var target = dx + row * dxStride;
                PanelProduct.Merge<TLanes>(
                    tile,
                    Math.Min(tileRows, block - row),
                    target,
                    outputs,
                    target + TLanes.Width,
                    outputs - TLanes.Width,
                    dxStride,
                    add: true
                );
                row += tileRows;
            }
        }
    }
}
