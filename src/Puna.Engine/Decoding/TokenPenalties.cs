namespace Puna.Engine.Decoding;

/// <summary>
/// The repetition penalty of transformers (over prompt and generated ids, once for each distinct id), then OpenAI's
/// presence and frequency penalties (over generated ids). Its cost is the number of distinct ids, not the vocabulary.
/// </summary>
internal sealed class TokenPenalties : ILogitProcessor
{
    private readonly float _repetition;
    private readonly float _presence;
    private readonly float _frequency;
    private readonly int[] _generated;
    private readonly bool[] _inPrompt;
    private readonly bool[] _listed;
    private readonly int[] _ids;
    private int _count;

    public TokenPenalties(SamplingOptions options, int vocabularySize)
    {
        _repetition = options.RepetitionPenalty;
        _presence = options.PresencePenalty;
        _frequency = options.FrequencyPenalty;
        _generated = new int[vocabularySize];
        _inPrompt = new bool[vocabularySize];
        _listed = new bool[vocabularySize];
        _ids = new int[vocabularySize];
    }

    /// <summary>Whether any penalty is on.</summary>
    public static bool AreNeeded(SamplingOptions options) =>
        options.RepetitionPenalty != 1
        || options.PresencePenalty != 0
        || options.FrequencyPenalty != 0;

    /// <inheritdoc/>
    public void Begin(ReadOnlySpan<int> prompt)
    {
        foreach (var id in _ids.AsSpan(0, _count))
        {
            _generated[id] = 0;
            _inPrompt[id] = false;
            _listed[id] = false;
        }

        _count = 0;
        if (_repetition == 1)
        {
            return;
        }

        foreach (var id in prompt)
        {
            _inPrompt[id] = true;
            List(id);
        }
    }

    /// <inheritdoc/>
    public void Accept(int id)
    {
        _generated[id]++;
        List(id);
    }

    /// <inheritdoc/>
    public void Retract(int id) => _generated[id]--;

    /// <inheritdoc/>
    public void Apply(Span<float> logits)
    {
        foreach (var id in _ids.AsSpan(0, _count))
        {
            var count = _generated[id];
            if (_repetition != 1 && (count > 0 || _inPrompt[id]))
            {
                ref var logit = ref logits[id];
                logit = logit < 0 ? logit * _repetition : logit / _repetition;
            }

            if (count > 0)
            {
                logits[id] -= _presence + (_frequency * count);
            }
        }
    }

    private void List(int id)
    {
        if (!_listed[id])
        {
            _listed[id] = true;
            _ids[_count++] = id;
        }
    }
}
