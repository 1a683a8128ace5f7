using System.Buffers;
using System.Globalization;
using System.Text;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Text;

/// <summary>
/// Finds spelt-out tokens in a text, leftmost first and of those the longest, with a trie: O(n) for tokens of bounded
/// length.
/// </summary>
internal sealed class SpecialTokenMatcher
{
    /// <summary>Longest spelling accepted, so that a hostile file cannot make the search quadratic.</summary>
    private const int LongestToken = 1024;

    private readonly Dictionary<long, int> _edges = [];
    private readonly List<int> _idAtNode = [-1];
    private readonly Dictionary<int, AddedToken> _flags = [];
    private readonly SearchValues<char> _firsts;

    /// <summary>Builds the trie; a token without a spelling is never found.</summary>
    /// <exception cref="InputException">A spelling is longer than 1024 characters.</exception>
    public SpecialTokenMatcher(IEnumerable<(string Spelling, AddedToken Token)> tokens)
    {
        var firsts = new HashSet<char>();
        foreach (var (spelling, token) in tokens)
        {
            if (spelling.Length > LongestToken)
            {
                throw new InputException(
                    $"The spelling of special token {token.Id} has {spelling.Length} characters; at most {LongestToken} are accepted."
                );
            }

            if (spelling.Length > 0)
            {
                firsts.Add(spelling[0]);
                Insert(spelling, token);
            }
        }

        _firsts = SearchValues.Create([.. firsts]);
        IsEmpty = firsts.Count == 0;
    }

    /// <summary>True when there is nothing to find.</summary>
    public bool IsEmpty { get; }

    /// <summary>Length and id of the longest token that starts at a place, or 0 and -1.</summary>
    public (int Length, int Id) MatchAt(ReadOnlySpan<char> text, int start)
    {
        var (node, length, id) = (0, 0, -1);
        for (
            var at = start;
            at < text.Length && _edges.TryGetValue(Edge(node, text[at]), out node);
            at++
        )
        {
            if (_idAtNode[node] >= 0)
            {
                (length, id) = (at - start + 1, _idAtNode[node]);
            }
        }

        return (length, id);
    }

    /// <summary>Cuts a text into tokens and the plain text between them; no segment is empty.</summary>
    /// <param name="text">The text.</param>
    /// <param name="guard">No token begins behind this character; null = there is none such.</param>
    public List<TextSegment> Split(ReadOnlySpan<char> text, char? guard = null)
    {
        var segments = new List<TextSegment>();
        var done = 0;
        var at = IsEmpty ? text.Length : 0;
        while (at < text.Length)
        {
            var step = text[at..].IndexOfAny(_firsts);
            if (step < 0)
            {
                break;
            }

            at += step;
            var (length, id) = MatchAt(text, at);
            if (length == 0 || (at > 0 && text[at - 1] == guard))
            {
                at++;
                continue;
            }

            var (start, end) = (at, at + length);
            at = end;
            var token = _flags[id];
            if (token.SingleWord && (IsWordBefore(text, start) || IsWordAfter(text, end)))
            {
                continue;
            }

            while (token.StripLeft && start > done && WhiteSpace.Is(text[start - 1]))
            {
                start--;
            }

            while (token.StripRight && end < text.Length && WhiteSpace.Is(text[end]))
            {
                end++;
            }

            if (start > done)
            {
                segments.Add(new TextSegment(done, start - done, -1));
            }

            segments.Add(new TextSegment(start, end - start, id));
            done = end;
            at = end;
        }

        if (done < text.Length)
        {
            segments.Add(new TextSegment(done, text.Length - done, -1));
        }

        return segments;
    }

    private static long Edge(int node, char unit) => ((long)node << 16) | unit;

    private static bool IsWordBefore(ReadOnlySpan<char> text, int at) =>
        at > 0 && Rune.DecodeLastFromUtf16(text[..at], out var rune, out _) >= 0 && IsWord(rune);

    private static bool IsWordAfter(ReadOnlySpan<char> text, int at) =>
        at < text.Length
        && Rune.DecodeFromUtf16(text[at..], out var rune, out _) >= 0
        && IsWord(rune);

    /// <summary>What a regular expression calls \w: letters, marks, decimal digits, connecting punctuation.</summary>
    private static bool IsWord(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is <= UnicodeCategory.OtherLetter
                or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark
                or UnicodeCategory.EnclosingMark
                or UnicodeCategory.DecimalDigitNumber
                or UnicodeCategory.LetterNumber
                or UnicodeCategory.ConnectorPunctuation;

    private void Insert(string spelling, AddedToken token)
    {
        var node = 0;
        foreach (var unit in spelling)
        {
            if (!_edges.TryGetValue(Edge(node, unit), out var next))
            {
                next = _idAtNode.Count;
                _idAtNode.Add(-1);
                _edges.Add(Edge(node, unit), next);
            }

            node = next;
        }

        _idAtNode[node] = token.Id;
        _flags[token.Id] = token;
    }
}
