using System.Numerics;
using System.Runtime.InteropServices;

namespace Puna.Kernels.Selection;

/// <summary>
/// Finds the largest of many f32 values without sorting them. NaN and negative infinity count as absent.
/// </summary>
public static class LargestElements
{
    /// <summary>Index of the largest value, the lowest index among equals; -1 when every value is absent.</summary>
    public static int IndexOfLargest(ReadOnlySpan<float> values)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var largest = new Vector<float>(float.NegativeInfinity);
        foreach (ref readonly var vector in vectors)
        {
            largest = Vector.ConditionalSelect(
                Vector.GreaterThan(vector, largest),
                vector,
                largest
            );
        }

        var limit = float.NegativeInfinity;
        for (var lane = 0; lane < Vector<float>.Count; lane++)
        {
            limit = largest[lane] > limit ? largest[lane] : limit;
        }

        var done = vectors.Length * Vector<float>.Count;
        for (var i = done; i < values.Length; i++)
        {
            limit = values[i] > limit ? values[i] : limit;
        }

        return float.IsNegativeInfinity(limit) ? -1 : IndexOf(values, limit);
    }

    /// <summary>
    /// The k-th largest value, equal values counted apart; negative infinity when fewer than k are present. One pass
    /// with a heap of the k best: nearly every vector is rejected by one comparison.
    /// </summary>
    /// <param name="values">Values in any order.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="heap">Scratch of at least k elements.</param>
    public static float KthLargest(ReadOnlySpan<float> values, int k, Span<float> heap)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        heap = heap[..k];
        heap.Fill(float.NegativeInfinity);
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        for (var i = 0; i < vectors.Length; i++)
        {
            if (Vector.GreaterThanAny(vectors[i], new Vector<float>(heap[0])))
            {
                Offer(values.Slice(i * Vector<float>.Count, Vector<float>.Count), heap);
            }
        }

        Offer(values[(vectors.Length * Vector<float>.Count)..], heap);
        return heap[0];
    }

    /// <summary>
    /// Indices, ascending, of the present values that are at least <paramref name="threshold"/>. Returns how many there
    /// are; no more than the span holds are written.
    /// </summary>
    public static int CollectAtLeast(ReadOnlySpan<float> values, float threshold, Span<int> indices)
    {
        // The lowest finite threshold shuts negative infinity out.
        threshold = MathF.Max(threshold, float.MinValue);
        var count = 0;
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var thresholds = new Vector<float>(threshold);
        for (var i = 0; i < vectors.Length; i++)
        {
            if (Vector.GreaterThanOrEqualAny(vectors[i], thresholds))
            {
                var first = i * Vector<float>.Count;
                Collect(values, first, first + Vector<float>.Count, threshold, indices, ref count);
            }
        }

        Collect(
            values,
            vectors.Length * Vector<float>.Count,
            values.Length,
            threshold,
            indices,
            ref count
        );
        return count;
    }

    private static void Collect(
        ReadOnlySpan<float> values,
        int first,
        int end,
        float threshold,
        Span<int> indices,
        ref int count
    )
    {
        for (var i = first; i < end; i++)
        {
            if (values[i] >= threshold)
            {
                if (count < indices.Length)
                {
                    indices[count] = i;
                }

                count++;
            }
        }
    }

    private static int IndexOf(ReadOnlySpan<float> values, float wanted)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(values);
        var wanteds = new Vector<float>(wanted);
        var i = 0;
        while (i < vectors.Length && !Vector.EqualsAny(vectors[i], wanteds))
        {
            i++;
        }

        var index = i * Vector<float>.Count;
        while (values[index] != wanted)
        {
            index++;
        }

        return index;
    }

    /// <summary>Puts larger values in the place of the heap's smallest, which is its root.</summary>
    private static void Offer(ReadOnlySpan<float> values, Span<float> heap)
    {
        foreach (var value in values)
        {
            if (!(value > heap[0]))
            {
                continue;
            }

            var hole = 0;
            while (true)
            {
                var child = (2 * hole) + 1;
                if (child >= heap.Length)
                {
                    break;
                }

                if (child + 1 < heap.Length && heap[child + 1] < heap[child])
                {
                    child++;
                }

                if (value <= heap[child])
                {
                    break;
                }

                heap[hole] = heap[child];
                hole = child;
            }

            heap[hole] = value;
        }
    }
}
