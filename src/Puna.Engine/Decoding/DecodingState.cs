namespace Puna.Engine.Decoding;

/// <summary>
/// What decoding knows of one sequence: all ids so far, the sampler with what it remembers, log probabilities. The last
/// id was chosen but is not in the cache yet.
/// </summary>
public sealed class DecodingState
{
    private readonly LogprobReader? _logprobs;
    private readonly List<TokenLogprobs> _records = [];
    private int[] _ids;
    private int _count;

    /// <summary>Starts a sequence.</summary>
    /// <param name="prompt">Its ids so far.</param>
    /// <param name="sampler">Chooses tokens; begins anew with the prompt.</param>
    /// <param name="expectedTokens">Room to make for chosen tokens.</param>
    /// <param name="logprobs">Reads log probabilities of each chosen token, when wanted.</param>
    public DecodingState(
        ReadOnlySpan<int> prompt,
        Sampler sampler,
        int expectedTokens,
        LogprobReader? logprobs = null
    )
    {
        _ids = new int[prompt.Length + expectedTokens];
        prompt.CopyTo(_ids);
        _count = prompt.Length;
        _logprobs = logprobs;
        PromptLength = prompt.Length;
        Sampler = sampler;
        sampler.Begin(prompt);
    }

    /// <summary>The sampler.</summary>
    public Sampler Sampler { get; }

    /// <summary>Ids of the prompt.</summary>
    public int PromptLength { get; }

    /// <summary>Prompt and chosen ids.</summary>
    public ReadOnlySpan<int> Ids => _ids.AsSpan(0, _count);

    /// <summary>The ids chosen so far.</summary>
    public ReadOnlySpan<int> Chosen => Ids[PromptLength..];

    /// <summary>The last id: chosen, and next to be run.</summary>
    public int Next => _ids[_count - 1];

    /// <summary>Chooses the next id from a row of logits, which is overwritten, and counts it.</summary>
    public int Choose(Span<float> logits)
    {
        _logprobs?.Read(logits);
        var id = Sampler.Sample(logits);
        Sampler.Accept(id);
        if (_logprobs is not null)
        {
            _records.Add(_logprobs.Of(id));
        }

        if (_count == _ids.Length)
        {
            Array.Resize(ref _ids, _count * 2);
        }

        _ids[_count++] = id;
        return id;
    }

    /// <summary>Log probabilities of the chosen id at an index of <see cref="Chosen"/>; null when they are not read.</summary>
    public TokenLogprobs? Logprobs(int index) => _logprobs is null ? null : _records[index];

    /// <summary>Takes the last choices back until <paramref name="count"/> are left.</summary>
    public void Retract(int count)
    {
        while (_count - PromptLength > count)
        {
            Sampler.Retract(_ids[--_count]);
        }

        if (_logprobs is not null)
        {
            _records.RemoveRange(count, _records.Count - count);
        }
    }
}
