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
    /// <summary>Rotates the heads of T tokens, each by its row of the prepared angles.</summary>
    /// <param name="angles">cos and sin of the positions of these tokens: see <see cref="RotaryAngles.Prepare"/>.</param>
    /// <param name="pairing">Which elements form a pair.</param>
    /// <param name="source">[T, heads * headDim].</param>
    /// <param name="destination">The same shape.</param>
    /// <param name="headDim">Elements of a head, d, at least 2 * angles.Half.</param>
    /// <param name="pool">Threads, which share the tokens.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other or the angles.</exception>
    public static void Forward(
        RotaryAngles angles,
        RotaryPairing pairing,
        FloatRows source,
        FloatRows destination,
        int headDim,
        WorkerPool pool
    )
    {
        if (source.Rows != angles.Tokens)
        {
            throw new ArgumentException(
                $"{source.Rows} tokens are to be rotated; angles were prepared for {angles.Tokens}.",
                nameof(source)
            );
        }

        CheckShapes(angles, source, destination, headDim);
        Dispatch.Run(
            new Job(
                pairing,
                angles.Cosines.Pointer,
                angles.Sines.Pointer,
                angles.Half,
                angles.Half,
                source,
                destination,
                headDim
            ),
            pool,
            source.Elements
        );
    }

    /// <summary>
    /// Rotates heads that are rotated already by <paramref name="delta"/> positions more, or back if it is negative.
    /// The multiplier of the angles is not applied a second time.
    /// </summary>
    /// <param name="angles">Its frequencies are used, not its rows.</param>
    /// <param name="pairing">Which elements form a pair.</param>
    /// <param name="delta">Positions.</param>
    /// <param name="source">[T, heads * headDim].</param>
    /// <param name="destination">The same shape.</param>
    /// <param name="headDim">Elements of a head, d, at least 2 * angles.Half.</param>
    /// <param name="pool">Threads, which share the tokens.</param>
    /// <exception cref="ArgumentException">The shapes do not fit each other or the angles.</exception>
    public static void Shift(
        RotaryAngles angles,
        RotaryPairing pairing,
        int delta,
        FloatRows source,
        FloatRows destination,
        int headDim,
        WorkerPool pool
    )
    {
        CheckShapes(angles, source, destination, headDim);
        var (cosines, sines) = angles.Shift(delta);
        Dispatch.Run(
            new Job(
                pairing,
                cosines.Pointer,
                sines.Pointer,
                angles.Half,
                0,
                source,
                destination,
                headDim
            ),
            pool,
            source.Elements
        );
    }

    private static void CheckShapes(
        RotaryAngles angles,
        FloatRows source,
        FloatRows destination,
        int headDim
    )
    {
        if (headDim < 2 * angles.Half)
        {
            throw new ArgumentException(
                $"{2 * angles.Half} elements of a head are to be rotated; it has {headDim}.",
                nameof(headDim)
            );
        }

        source.CheckSame(destination, nameof(destination));
        if (headDim > 0 && source.Columns % headDim != 0)
        {
            throw new ArgumentException(
                $"Rows of {source.Columns} are not whole heads of {headDim}.",
                nameof(source)
            );
        }
    }

    /// <summary>Token t takes its cos and sin at t * angleStride; a stride of 0 gives all tokens the same.</summary>
    internal readonly struct Job(
        RotaryPairing pairing,
        float* cosines,
        float* sines,
        int half,
        int angleStride,
        FloatRows source,
        FloatRows destination,
        int headDim
    ) : ILanesJob
    {
        private readonly float* _cosines = cosines;
        private readonly float* _sines = sines;

        public void Execute<TLanes>(int part, int parts)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var heads = headDim == 0 ? 0 : source.Columns / headDim;
            var end = Dispatch.PartStart(source.Rows, part + 1, parts);
            for (var token = Dispatch.PartStart(source.Rows, part, parts); token < end; token++)
            {
                var cosine = _cosines + (nint)token * angleStride;
                var sine = _sines + (nint)token * angleStride;
                for (var head = 0; head < heads; head++)
                {
                    var from = source.Pointer + (nint)token * source.Stride + head * headDim;
                    var to =
                        destination.Pointer + (nint)token * destination.Stride + head * headDim;
                    if (pairing == RotaryPairing.Halves)
                    {
                        RotateHalves<TLanes>(from, to, cosine, sine);
                    }
                    else
                    {
                        RotateInterleaved(from, to, cosine, sine);
                    }

                    for (var rest = 2 * half; rest < headDim; rest++)
                    {
                        to[rest] = from[rest];
                    }
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void RotateHalves<TLanes>(float* from, float* to, float* cosine, float* sine)
            where TLanes : unmanaged, ILanes<TLanes>
        {
            var pair = 0;
            for (; pair + TLanes.Width <= half; pair += TLanes.Width)
            {
                var a = TLanes.Load(from + pair);
                var b = TLanes.Load(from + half + pair);
                var c = TLanes.Load(cosine + pair);
                var s = TLanes.Load(sine + pair);
                TLanes.Store(a * c - b * s, to + pair);
                TLanes.Store(b * c + a * s, to + half + pair);
            }

            var rest = half - pair;
            if (rest > 0)
            {
                var a = PartialLanes.Load<TLanes>(from + pair, rest);
                var b = PartialLanes.Load<TLanes>(from + half + pair, rest);
                var c = PartialLanes.Load<TLanes>(cosine + pair, rest);
                var s = PartialLanes.Load<TLanes>(sine + pair, rest);
                PartialLanes.Store(a * c - b * s, to + pair, rest);
                PartialLanes.Store(b * c + a * s, to + half + pair, rest);
            }
        }

        private void RotateInterleaved(float* from, float* to, float* cosine, float* sine)
        {
            for (var pair = 0; pair < half; pair++)
            {
                var a = from[2 * pair];
                var b = from[2 * pair + 1];
                var c = cosine[pair];
                var s = sine[pair];
                to[2 * pair] = a * c - b * s;
                to[2 * pair + 1] = b * c + a * s;
            }
        }
    }
}
