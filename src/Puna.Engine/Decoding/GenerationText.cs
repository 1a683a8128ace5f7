using Puna.Engine.Text;

namespace Puna.Engine.Decoding;

/// <summary>
/// Text of a generation: ids become whole characters, which pass the stop strings. Without a tokenizer there is none.
/// </summary>
internal sealed class GenerationText
{
    private readonly StreamingDetokenizer? _detokenizer;
    private readonly StopStrings _stops;

    public GenerationText(
        ITokenizer? tokenizer,
        ReadOnlySpan<int> prompt,
        GenerationOptions options
    )
    {
        if (tokenizer is null && options.StopStrings.Count > 0)
        {
            throw new InputException(
                "Stop strings need a tokenizer, and the model has none; use stop ids."
            );
        }

        _stops = new StopStrings(options.StopStrings);
        _detokenizer = tokenizer is null
            ? null
            : new StreamingDetokenizer(
                tokenizer,
                IsTextStart(tokenizer, prompt),
                options.ShowSpecial
            );
    }

    /// <summary>The stop string that ended the text, or null.</summary>
    public string? Found => _stops.Found;

    /// <summary>Text that is final after one more id; good until the next call.</summary>
    public ReadOnlySpan<char> Append(int id) =>
        _detokenizer is null ? [] : _stops.Append(_detokenizer.AppendSpan(id));

    /// <summary>Ends the text: all that was held back, put behind <paramref name="text"/>.</summary>
    public ReadOnlySpan<char> Finish(ReadOnlySpan<char> text)
    {
        if (_detokenizer is null)
        {
            return text;
        }

        // The text lies in a buffer that the next line may move.
        var begun = text.ToString();
        return string.Concat(begun, _stops.Append(_detokenizer.Flush()), _stops.Flush());
    }

    /// <summary>True when nothing but control tokens comes before the answer.</summary>
    private static bool IsTextStart(ITokenizer tokenizer, ReadOnlySpan<int> prompt)
    {
        var types = tokenizer.Data.Types;
        foreach (var id in prompt)
        {
            if (types.Count == 0 || types[id] != TokenType.Control)
            {
                return false;
            }
        }

        return true;
    }
}
