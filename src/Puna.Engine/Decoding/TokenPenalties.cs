namespace Puna.Engine.Decoding;

/// <summary>
/// The part of the chain that edits single logits: bias, then the repetition penalty of transformers (over prompt and
/// generated ids, once for each distinct id), then OpenAI's presence and frequency penalties (over generated ids). Its
/// cost is the number of distinct ids, not the vocabulary.
/// </summary>
internal sealed class TokenPenalties
{
    private readonly (int Id, float Bias)[] _biases;
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
        _biases =
        [
            .. options.LogitBias.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)),
        ];
        _repetition = options.RepetitionPenalty;
        _presence = options.PresencePenalty;
        _frequency = options.FrequencyPenalty;
        var counts = _repetition != 1 || _presence != 0 || _frequency != 0;
        var size = counts ? vocabularySize : 0;
        _generated = new int[size];
        _inPrompt = new bool[size];
        _listed = new bool[size];
        _ids = new int[size];
    }

    /// <summary>Forgets everything and takes a prompt.</summary>
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

    /// <summary>Counts a generated id once more (<paramref name="change"/> 1) or once less (-1).</summary>
    public void Count(int id, int change)
    {
        if (_generated.Length > 0)
        {
            _generated[id] += change;
            List(id);
        }
    }

    /// <summary>Edits the logits.</summary>
    public void Apply(Span<float> logits)
    {
        foreach (var (id, bias) in _biases)
        {
            logits[id] += bias;
        }

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
