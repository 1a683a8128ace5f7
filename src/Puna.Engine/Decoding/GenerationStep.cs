namespace Puna.Engine.Decoding;

/// <summary>A token as it comes, with the text that is final now. Shows buffers that are good only during the call.</summary>
public readonly ref struct GenerationStep
{
    internal GenerationStep(int id, ReadOnlySpan<char> text, TokenLogprobs? logprobs)
    {
        Id = id;
        Text = text;
        Logprobs = logprobs;
    }

    /// <summary>The token; -1 where only text that was held back comes after the last token.</summary>
    public int Id { get; }

    /// <summary>Text that is final now: often empty, or more than the token's own, as characters and stop strings are held back until complete.</summary>
    public ReadOnlySpan<char> Text { get; }

    /// <summary>Log probabilities, when asked for.</summary>
    internal TokenLogprobs? Logprobs { get; }
}
