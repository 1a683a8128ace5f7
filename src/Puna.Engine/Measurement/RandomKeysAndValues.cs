using Puna.Engine.Cache;
using Puna.Kernels.Memory;
using Puna.Kernels.Randomness;
using Puna.Kernels.Threads;

namespace Puna.Engine.Measurement;

/// <summary>
/// Fills caches without a model: attention takes as long over random keys and values as over those of a text, and a
/// cache of many thousand tokens is filled in a moment instead of minutes.
/// </summary>
internal static class RandomKeysAndValues
{
    private const int Chunk = 512;

    /// <summary>Appends and commits <paramref name="tokens"/> tokens of id 0 in every bank; the numbers lie in [-1, 1).</summary>
    public static void Append(KvSequence sequence, int tokens, WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        if (tokens == 0)
        {
            return;
        }

        var shape = sequence.Cache.Shape;
        var widest = 0;
        for (var bank = 0; bank < shape.Banks; bank++)
        {
            widest = Math.Max(widest, shape.Bank(bank).KvHeads * shape.Bank(bank).HeadDim);
        }

        using var rows = new NativeBuffer<float>(2L * Math.Min(Chunk, tokens) * widest);
        var random = new PhiloxRandom(1);
        for (var index = 0L; index < rows.Length; index++)
        {
            rows.Span[index] = (float)(2 * random.NextDouble() - 1);
        }

        var ids = new int[Math.Min(Chunk, tokens)];
        for (var done = 0; done < tokens; done += Chunk)
        {
            var count = Math.Min(Chunk, tokens - done);
            var first = sequence.Reserve(count);
            for (var bank = 0; bank < shape.Banks; bank++)
            {
                var width = shape.Bank(bank).KvHeads * shape.Bank(bank).HeadDim;
                var elements = (long)count * width;
                sequence.Write(
                    bank,
                    first,
                    count,
                    rows.Span.Slice(0, elements),
                    width,
                    rows.Span.Slice(elements, elements),
                    width,
                    pool
                );
            }

            sequence.Commit(ids.AsSpan(0, count));
        }
    }
}
