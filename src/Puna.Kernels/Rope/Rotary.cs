using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Rope;

/// <summary>
/// Rotary position embedding (Su et al. 2021, equation 34): pair (a, b) of frequency i becomes
/// (a cos - b sin, b cos + a sin) with the angle position * frequency[i]. A head's elements past the 2 * Half that
/// are rotated are copied. The destination may be the source; otherwise they must not overlap.
/// </summary>
public static unsafe class Rotary
{
    /// <summary>Rotates the heads of T tokens, each by its position; a negative position rotates backwards.</summary>
    /// <param name="table">cos and sin; grows to the farthest position.</param>
    /// <param name="pairing">Which elements form a pair.</param>
    /// <param name="positions">Position of each token, [T].</param>
    /// <param name="source">[T, heads, headDim], token t at t * sourceStride.</param>
    /// <param name="sourceStride">Elements from token to token.</param>
    /// <param name="destination">The same shape, token t at t * destinationStride.</param>
    /// <param name="destinationStride">Elements from token to token.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="headDim">Elements of a head, d, at least 2 * table.Half.</param>
    /// <param name="pool">Threads, which share the tokens.</param>
    public static void Forward(
        RotaryTable table,
        RotaryPairing pairing,
        ReadOnlySpan<int> positions,
        NativeSpan<float> source,
        int sourceStride,
        NativeSpan<float> destination,
        int destinationStride,
        int heads,
        int headDim,
        WorkerPool pool
    )
    {
        var tokens = positions.Length;
        CheckShapes(
            table,
            source,
            sourceStride,
            destination,
            destinationStride,
            tokens,
            heads,
            headDim
        );
        var farthest = -1L;
        foreach (var position in positions)
        {
            farthest = Math.Max(farthest, Math.Abs((long)position));
        }

        table.Reserve(checked((int)(farthest + 1)));
        fixed (int* pointer = positions)
        {
            Dispatch.Run(
                new Job(
                    pairing,
                    table.Cosines.Pointer,
                    table.Sines.Pointer,
                    table.Half,
                    pointer,
                    source.Pointer,
                    sourceStride,
                    destination.Pointer,
                    destinationStride,
                    tokens,
                    heads,
                    headDim
                ),
                pool,
                (long)tokens * heads * headDim
            );
        }
    }

    /// <summary>
    /// Rotates heads that are rotated already by <paramref name="delta"/> positions more, or back if it is negative.
    /// The table's multiplier is not applied a second time.
    /// </summary>
    /// <param name="table">Its frequencies are used.</param>
    /// <param name="pairing">Which elements form a pair.</param>
    /// <param name="delta">Positions.</param>
    /// <param name="source">[T, heads, headDim], token t at t * sourceStride.</param>
    /// <param name="sourceStride">Elements from token to token.</param>
    /// <param name="destination">The same shape, token t at t * destinationStride.</param>
    /// <param name="destinationStride">Elements from token to token.</param>
    /// <param name="tokens">T.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="headDim">Elements of a head, d, at least 2 * table.Half.</param>
    /// <param name="pool">Threads, which share the tokens.</param>
    public static void Shift(
        RotaryTable table,
        RotaryPairing pairing,
        int delta,
        NativeSpan<float> source,
        int sourceStride,
        NativeSpan<float> destination,
        int destinationStride,
        int tokens,
        int heads,
        int headDim,
        WorkerPool pool
    )
    {
        CheckShapes(
            table,
            source,
            sourceStride,
            destination,
            destinationStride,
            tokens,
            heads,
            headDim
        );
        var angles = table.ShiftAngles(delta);
        Dispatch.Run(
            new Job(
                pairing,
                angles.Pointer,
                angles.Slice(table.Half).Pointer,
                table.Half,
                null,
                source.Pointer,
                sourceStride,
                destination.Pointer,
                destinationStride,
                tokens,
                heads,
                headDim
            ),
            pool,
            (long)tokens * heads * headDim
        );
    }

    private static void CheckShapes(
        RotaryTable table,
        NativeSpan<float> source,
        int sourceStride,
        NativeSpan<float> destination,
        int destinationStride,
        int tokens,
        int heads,
        int headDim
    )
    {
        if (headDim < 2 * table.Half)
        {
            throw new ArgumentException(
                $"{2 * table.Half} elements of a head are to be rotated; it has {headDim}.",
                nameof(headDim)
            );
        }

        var row = checked(heads * headDim);
        RowShape.Check(source.Length, sourceStride, tokens, row, nameof(source));
        RowShape.Check(destination.Length, destinationStride, tokens, row, nameof(destination));
    }

    /// <summary>Without positions, row 0 of the tables holds for every token.</summary>
    internal readonly struct Job(
        RotaryPairing pairing,
        float* cosines,
        float* sines,
        int half,
        int* positions,
        float* source,
        nint sourceStride,
        float* destination,
        nint destinationStride,
        int tokens,
        int heads,
        int headDim
    ) : ILanesJob
    {
        private readonly float* _cosines = cosines;
        private readonly float* _sines = sines;
        private readonly int* _positions = positions;
        private readonly float* _source = source;
        private readonly float* _destination = destination;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var end = Dispatch.PartStart(tokens, part + 1, parts);
            for (var token = Dispatch.PartStart(tokens, part, parts); token < end; token++)
            {
                var position = _positions == null ? 0 : _positions[token];
                var row = Math.Abs((nint)position) * half;
                var direction = position < 0 ? -1f : 1f;
                for (var head = 0; head < heads; head++)
                {
                    var from = _source + token * sourceStride + head * headDim;
                    var to = _destination + token * destinationStride + head * headDim;
                    if (pairing == RotaryPairing.Halves)
                    {
                        RotateHalves<TLanes>(from, to, _cosines + row, _sines + row, direction);
                    }
                    else
                    {
                        RotateInterleaved(from, to, _cosines + row, _sines + row, direction);
                    }

                    for (var rest = 2 * half; rest < headDim; rest++)
                    {
                        to[rest] = from[rest];
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void RotateHalves<TLanes>(
            float* from,
            float* to,
            float* cosine,
            float* sine,
            float direction
        )
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var sign = TLanes.Broadcast(direction);
            var pair = 0;
            for (; pair + TLanes.Width <= half; pair += TLanes.Width)
            {
                var a = TLanes.Load(from + pair);
                var b = TLanes.Load(from + half + pair);
                var c = TLanes.Load(cosine + pair);
                var s = TLanes.Load(sine + pair) * sign;
                TLanes.Store(a * c - b * s, to + pair);
                TLanes.Store(b * c + a * s, to + half + pair);
            }

            var rest = half - pair;
            if (rest > 0)
            {
                var a = PartialLanes.Load<TLanes>(from + pair, rest);
                var b = PartialLanes.Load<TLanes>(from + half + pair, rest);
                var c = PartialLanes.Load<TLanes>(cosine + pair, rest);
                var s = PartialLanes.Load<TLanes>(sine + pair, rest) * sign;
                PartialLanes.Store(a * c - b * s, to + pair, rest);
                PartialLanes.Store(b * c + a * s, to + half + pair, rest);
            }
        }

        private void RotateInterleaved(
            float* from,
            float* to,
            float* cosine,
            float* sine,
            float direction
        )
        {
            for (var pair = 0; pair < half; pair++)
            {
                var a = from[2 * pair];
                var b = from[2 * pair + 1];
                var c = cosine[pair];
                var s = sine[pair] * direction;
                to[2 * pair] = a * c - b * s;
                to[2 * pair + 1] = b * c + a * s;
            }
        }
    }
}
