namespace Puna.Engine.Decoding;

/// <summary>
/// Finds stop strings in a text that arrives in pieces, wherever the pieces are cut. Text that may still become a stop
/// string is held back; at the first stop string that is complete (the longest, where several end at the same place) the
/// text is cut before it. Each character costs one step of Knuth, Morris and Pratt's automaton for each stop string.
/// </summary>
public sealed class StopStrings
{
    /// <summary>Most stop strings.</summary>
    public const int MaximumCount = 64;

    /// <summary>Most characters of one.</summary>
    public const int MaximumLength = 1024;

    private readonly string[] _stops;
    private readonly int[][] _borders;
    private readonly int[] _matched;
    private char[] _text = new char[256];
    private int _start;
    private int _held;

    /// <summary>Takes the stop strings; none is fine.</summary>
    /// <exception cref="InputException">There are too many, or one is empty or too long.</exception>
    public StopStrings(IReadOnlyCollection<string> stops)
    {
        if (stops.Count > MaximumCount)
        {
            throw new InputException(
                $"{stops.Count} stop strings were given; at most {MaximumCount} are accepted."
            );
        }

        _stops = [.. stops.Distinct()];
        foreach (var stop in _stops)
        {
            if (stop.Length is 0 or > MaximumLength)
            {
                throw new InputException(
                    $"A stop string has {stop.Length} characters; it must have from 1 to {MaximumLength}."
                );
            }
        }

        _borders = [.. _stops.Select(Borders)];
        _matched = new int[_stops.Length];
    }

    /// <summary>The stop string that ended the text, or null.</summary>
    public string? Found { get; private set; }

    /// <summary>Adds a piece; returns the text that is final now, which is good until the next call.</summary>
    public ReadOnlySpan<char> Append(ReadOnlySpan<char> piece)
    {
        if (Found is not null)
        {
            return [];
        }

        if (_stops.Length == 0)
        {
            return piece;
        }

        Hold(piece);
        for (var i = 0; i < piece.Length; i++)
        {
            var longest = Step(piece[i]);
            if (longest > 0)
            {
                var end = _held - piece.Length + i + 1;
                _held = 0;
                return _text.AsSpan(0, end - longest);
            }
        }

        var kept = _matched.Max();
        var final = _text.AsSpan(0, _held - kept);
        _start = final.Length;
        _held = kept;
        return final;
    }

    /// <summary>Ends the text: returns what was held back.</summary>
    public ReadOnlySpan<char> Flush()
    {
        var rest = _text.AsSpan(_start, _held);
        _held = 0;
        Array.Clear(_matched);
        return rest;
    }

    /// <summary>Moves what is held to the front and puts the piece behind it.</summary>
    private void Hold(ReadOnlySpan<char> piece)
    {
        if (_held + piece.Length > _text.Length)
        {
            var larger = new char[(_held + piece.Length) * 2];
            _text.AsSpan(_start, _held).CopyTo(larger);
            _text = larger;
        }
        else
        {
            _text.AsSpan(_start, _held).CopyTo(_text);
        }

        piece.CopyTo(_text.AsSpan(_held));
        _start = 0;
        _held += piece.Length;
    }

    /// <summary>Feeds one character to every automaton; returns the length of the longest stop string that ends here, else 0.</summary>
    private int Step(char character)
    {
        var longest = 0;
        for (var s = 0; s < _stops.Length; s++)
        {
            var stop = _stops[s];
            var matched = _matched[s];
            while (matched > 0 && stop[matched] != character)
            {
                matched = _borders[s][matched - 1];
            }

            matched += stop[matched] == character ? 1 : 0;
            _matched[s] = matched;
            if (matched == stop.Length && matched > longest)
            {
                longest = matched;
                Found = stop;
            }
        }

        return longest;
    }

    /// <summary>For each prefix, the length of its longest proper prefix that is also its suffix.</summary>
    private static int[] Borders(string text)
    {
        var borders = new int[text.Length];
        var length = 0;
        for (var i = 1; i < text.Length; i++)
        {
            while (length > 0 && text[i] != text[length])
            {
                length = borders[length - 1];
            }

            length += text[i] == text[length] ? 1 : 0;
            borders[i] = length;
        }

        return borders;
    }
}
