using Puna.Kernels.Selection;

namespace Puna.Engine.Decoding;

/// <summary>
/// The tokens that are still in the draw, ids ascending, each with its weight exp((logit - largest) / temperature);
/// the filters of the chain drop some. A probability is a weight over the sum of the weights that remain, which is what
/// transformers' processors see one after the other. Buffers are kept between tokens.
/// </summary>
internal sealed class Candidates
{
    private int[] _ids;
    private float[] _weights;
    private float[] _keys;
    private float[] _scratchKeys;
    private float[] _scratchWeights;
    private float[] _heap = [];
    private int _count;

    /// <summary>Makes room for a number of candidates that is usually enough; ties may make it grow.</summary>
    public Candidates(int capacity)
    {
        _ids = new int[capacity];
        _weights = new float[capacity];
        _keys = new float[capacity];
        _scratchKeys = new float[capacity];
        _scratchWeights = new float[capacity];
    }

    /// <summary>Ids, ascending.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    /// <summary>Weights by position in <see cref="Ids"/>.</summary>
    public ReadOnlySpan<float> Weights => _weights.AsSpan(0, _count);

    /// <summary>Sum of the weights.</summary>
    public double Total
    {
        get
        {
            var total = 0.0;
            foreach (var weight in Weights)
            {
                total += weight;
            }

            return total;
        }
    }

    /// <summary>Exactly one candidate, certain.</summary>
    public void TakeOne(int id)
    {
        _ids[0] = id;
        _weights[0] = 1;
        _count = 1;
    }

    /// <summary>
    /// Takes every token whose logit is at least the k-th largest (k = 0: every token). Temperature keeps the order, so
    /// this is top-k where it comes first in the chain.
    /// </summary>
    public void Take(ReadOnlySpan<float> logits, float largest, float temperature, int k)
    {
        var threshold = float.NegativeInfinity;
        if (k > 0 && k < logits.Length)
        {
            threshold = KthLargest(logits, k);
        }

        _count = LargestElements.CollectAtLeast(logits, threshold, _ids);
        if (_count > _ids.Length)
        {
            Grow(Math.Min(logits.Length, _count * 2));
            LargestElements.CollectAtLeast(logits, threshold, _ids);
        }

        for (var i = 0; i < _count; i++)
        {
            // Subtracting first keeps the smallest temperatures free of overflow.
            _weights[i] = MathF.Exp((logits[_ids[i]] - largest) / temperature);
        }
    }

    /// <summary>
    /// Locally typical sampling (Meister et al. 2022, eq. 10): the tokens whose surprise -ln p is nearest to its
    /// mean, the entropy, until their probability reaches the mass; all that tie with the last.
    /// </summary>
    public void KeepTypical(float mass)
    {
        var total = Total;
        var entropy = 0.0;
        foreach (var weight in Weights)
        {
            if (weight > 0)
            {
                entropy -= weight / total * Math.Log(weight / total);
            }
        }

        for (var i = 0; i < _count; i++)
        {
            _keys[i] = (float)Math.Abs(Math.Log(_weights[i] / total) + entropy);
        }

        var (threshold, _) = FindPrefix(mass * total);
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (_keys[i] <= threshold)
            {
                Move(i, kept++);
            }
        }

        _count = kept;
    }

    /// <summary>Epsilon sampling (Hewitt et al. 2022): drops probabilities below epsilon, but never the largest.</summary>
    public void KeepLikely(float epsilon) => KeepAtLeast(Math.Min(epsilon * Total, Largest()));

    /// <summary>Keeps the k largest and all that tie with the k-th.</summary>
    public void KeepTop(int k)
    {
        if (k < _count)
        {
            KeepAtLeast(KthLargest(Weights, k));
        }
    }

    /// <summary>
    /// Nucleus sampling (Holtzman et al. 2020): the largest in order, lower ids first among equals, until their
    /// probability reaches p.
    /// </summary>
    public void KeepNucleus(float p)
    {
        for (var i = 0; i < _count; i++)
        {
            _keys[i] = -_weights[i];
        }

        var mass = p * Total;
        var (threshold, running) = FindPrefix(mass);
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            var border = _keys[i] == threshold;
            if (_keys[i] < threshold || (border && running < mass))
            {
                running += border ? _weights[i] : 0;
                Move(i, kept++);
            }
        }

        _count = kept;
    }

    /// <summary>Min-p sampling (Nguyen et al. 2024): keeps what is at least p times as probable as the most probable.</summary>
    public void KeepNearLargest(float p) => KeepAtLeast((double)p * Largest());

    /// <summary>The id at a point u in [0, 1) of the cumulated probabilities.</summary>
    public int Draw(double u)
    {
        var rest = u * Total;
        var last = _ids[0];
        for (var i = 0; i < _count; i++)
        {
            if (_weights[i] <= 0)
            {
                continue;
            }

            last = _ids[i];
            rest -= _weights[i];
            if (rest < 0)
            {
                break;
            }
        }

        return last;
    }

    private void KeepAtLeast(double threshold)
    {
        var kept = 0;
        for (var i = 0; i < _count; i++)
        {
            if (_weights[i] >= threshold)
            {
                Move(i, kept++);
            }
        }

        _count = kept;
    }

    private void Move(int from, int to)
    {
        _ids[to] = _ids[from];
        _weights[to] = _weights[from];
    }

    private float Largest()
    {
        var largest = 0f;
        foreach (var weight in Weights)
        {
            largest = MathF.Max(largest, weight);
        }

        return largest;
    }

    private float KthLargest(ReadOnlySpan<float> values, int k)
    {
        if (_heap.Length < k)
        {
            _heap = new float[k];
        }

        return LargestElements.KthLargest(values, k, _heap);
    }

    private (float Key, double Before) FindPrefix(double mass)
    {
        _keys.AsSpan(0, _count).CopyTo(_scratchKeys);
        Weights.CopyTo(_scratchWeights);
        return WeightedPrefix.Find(
            _scratchKeys.AsSpan(0, _count),
            _scratchWeights.AsSpan(0, _count),
            mass
        );
    }

    private void Grow(int capacity)
    {
        _ids = new int[capacity];
        _weights = new float[capacity];
        _keys = new float[capacity];
        _scratchKeys = new float[capacity];
        _scratchWeights = new float[capacity];
    }
}
