using Puna.Kernels.Selection;

namespace Puna.Engine.Decoding;

/// <summary>
/// Reads log probabilities: <see cref="Read"/> keeps a row before the sampling chain overwrites it, <see cref="Of"/>
/// then answers for the token that was chosen.
/// </summary>
internal sealed class LogprobReader
{
    /// <summary>Most top tokens that may be asked for.</summary>
    public const int MaximumTop = 100;

    private readonly int _top;
    private readonly float[] _row;
    private readonly float[] _heap;
    private double _logSum;

    /// <summary>Makes a reader for rows of a vocabulary.</summary>
    /// <param name="vocabularySize">Logits in a row.</param>
    /// <param name="top">Top tokens wanted with each chosen one.</param>
    /// <exception cref="InputException"><paramref name="top"/> is not from 0 to <see cref="MaximumTop"/>.</exception>
    public LogprobReader(int vocabularySize, int top)
    {
        if (top is < 0 or > MaximumTop)
        {
            throw new InputException(
                $"{top} top log probabilities were asked for; it must be from 0 to {MaximumTop}."
            );
        }

        _top = Math.Min(top, vocabularySize);
        _row = new float[vocabularySize];
        _heap = new float[_top];
    }

    /// <summary>Takes a row of logits.</summary>
    public void Read(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_row);
        var best = LargestElements.IndexOfLargest(_row);
        if (best < 0)
        {
            _logSum = 0;
            return;
        }

        // ln sum exp x = m + ln sum exp(x - m), m the largest.
        var sum = 0.0;
        foreach (var logit in _row)
        {
            sum += MathF.Exp(logit - _row[best]);
        }

        _logSum = _row[best] + Math.Log(sum);
    }

    /// <summary>Log probability of one token of the row.</summary>
    public float Logprob(int id) => (float)(_row[id] - _logSum);

    /// <summary>Log probabilities of a chosen token and of the most probable ones.</summary>
    public TokenLogprobs Of(int id) => new(id, Logprob(id), Top());

    private (int Id, float Logprob)[] Top()
    {
        if (_top == 0)
        {
            return [];
        }

        var threshold = LargestElements.KthLargest(_row, _top, _heap);
        var ids = new int[LargestElements.CollectAtLeast(_row, threshold, [])];
        LargestElements.CollectAtLeast(_row, threshold, ids);
        return
        [
            .. ids.OrderByDescending(id => _row[id])
                .ThenBy(id => id)
                .Take(_top)
                .Select(id => (id, Logprob(id))),
        ];
    }
}
