using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Puna.Kernels.Lanes;

namespace Puna.Kernels.Matrices;

/// <summary>Copies of small parts of f32 matrices.</summary>
internal static unsafe class FloatCopy
{
    private const int Block = 4;

    /// <summary>destination[r, c] = source[r, c].</summary>
    /// <param name="source">Row r at r * sourceStride.</param>
    /// <param name="sourceStride">Floats from row to row of the source.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="destination">Row r at r * destinationStride.</param>
    /// <param name="destinationStride">Floats from row to row of the destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows<TLanes>(
        float* source,
        nint sourceStride,
        int rows,
        int columns,
        float* destination,
        nint destinationStride
    )
        where TLanes : unmanaged, ILanes<TLanes>
    {
        for (; rows > 0; rows--)
        {
            var column = 0;
            for (; column + TLanes.Width <= columns; column += TLanes.Width)
            {
                TLanes.Store(TLanes.Load(source + column), destination + column);
            }

            for (; column < columns; column++)
            {
                destination[column] = source[column];
            }

            source += sourceStride;
            destination += destinationStride;
        }
    }

    /// <summary>destination[c, r] = source[r, c]; the arguments are those of <see cref="Rows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transposed(
        float* source,
        nint sourceStride,
        int rows,
        int columns,
        float* destination,
        nint destinationStride
    )
    {
        var row = 0;
        for (; Sse.IsSupported && row + Block <= rows; row += Block)
        {
            var from = source + row * sourceStride;
            var to = destination + row;
            var column = 0;
            for (; column + Block <= columns; column += Block)
            {
                TransposeBlock(from, sourceStride, to, destinationStride);
                from += Block;
                to += Block * destinationStride;
            }

            for (; column < columns; column++)
            {
                for (var inner = 0; inner < Block; inner++)
                {
                    to[inner] = from[inner * sourceStride];
                }

                from++;
                to += destinationStride;
            }
        }

        for (; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                destination[column * destinationStride + row] = source[row * sourceStride + column];
            }
        }
    }

    /// <summary>Four rows of four: pairs of rows are interleaved, then pairs of pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TransposeBlock(float* source, nint stride, float* to, nint toStride)
    {
        var a = Vector128.Load(source);
        var b = Vector128.Load(source + stride);
        var c = Vector128.Load(source + 2 * stride);
        var d = Vector128.Load(source + 3 * stride);
        var abLower = Sse.UnpackLow(a, b);
        var abUpper = Sse.UnpackHigh(a, b);
        var cdLower = Sse.UnpackLow(c, d);
        var cdUpper = Sse.UnpackHigh(c, d);
        Sse.MoveLowToHigh(abLower, cdLower).Store(to);
        Sse.MoveHighToLow(cdLower, abLower).Store(to + toStride);
        Sse.MoveLowToHigh(abUpper, cdUpper).Store(to + 2 * toStride);
        Sse.MoveHighToLow(cdUpper, abUpper).Store(to + 3 * toStride);
    }
}
