using System.Text;

namespace Puna.Engine.Text.Templates;

/// <summary>Searching, splitting, replacing and joining strings with Python's positions in code points.</summary>
internal static class TextSearch
{
    /// <summary>str.find and str.rfind(sub, start, end): the code point's index, or -1.</summary>
    public static long Find(RenderContext context, string text, object?[] values, bool fromEnd)
    {
        var part = StringMethods.TextOf(context, "find", values[0]!);
        context.ChargeSearch(text, part);
        var (start, end) = Window(context, text, values[1], values[2]);
        if (start > end)
        {
            return -1;
        }

        var window = text.AsSpan(start, end - start);
        var at = fromEnd
            ? window.LastIndexOf(part, StringComparison.Ordinal)
            : window.IndexOf(part, StringComparison.Ordinal);
        return at < 0 ? -1 : PythonText.CodePoints(text, 0, start + at);
    }

    /// <summary>str.count(sub, start, end): occurrences that do not overlap.</summary>
    public static object Count(RenderContext context, string text, object?[] values)
    {
        var part = StringMethods.TextOf(context, "count", values[0]!);
        context.ChargeSearch(text, part);
        var (start, end) = Window(context, text, values[1], values[2]);
        if (start > end)
        {
            return 0L;
        }

        if (part.Length == 0)
        {
            return PythonText.CodePoints(text, start, end) + 1L;
        }

        long count = 0;
        for (
            int at;
            (at = text.AsSpan(start, end - start).IndexOf(part, StringComparison.Ordinal)) >= 0;
            start += at + part.Length
        )
        {
            count++;
        }

        return count;
    }

    /// <summary>str.startswith and str.endswith(text or tuple of texts, start, end).</summary>
    public static object HasAffix(RenderContext context, string text, object?[] values, bool atEnd)
    {
        var affixes = values[0] is ListValue { IsTuple: true } tuple ? tuple.Items : [values[0]!];
        var (start, end) = Window(context, text, values[1], values[2]);
        context.Charge(affixes.Count);
        foreach (var affix in affixes)
        {
            var part = StringMethods.TextOf(context, atEnd ? "endswith" : "startswith", affix);
            context.Charge(part.Length / 16);
            if (start <= end)
            {
                var window = text.AsSpan(start, end - start);
                if (
                    atEnd
                        ? window.EndsWith(part, StringComparison.Ordinal)
                        : window.StartsWith(part, StringComparison.Ordinal)
                )
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>str.replace(old, new, count); an empty old stands before, between and after all characters.</summary>
    public static string Replace(RenderContext context, string text, object?[] values)
    {
        var old = StringMethods.TextOf(context, "replace", values[0]!);
        var replacement = StringMethods.TextOf(context, "replace", values[1]!);
        context.ChargeSearch(text, old);
        var left = values[2] is null or None ? -1 : Integer(context, values[2]!);
        var result = new StringBuilder();
        var start = 0;
        while (left != 0)
        {
            var at = old.Length == 0 ? start : text.IndexOf(old, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            context.ChargeText(
                (long)result.Length + at - start + replacement.Length,
                at - start + replacement.Length
            );
            result.Append(text, start, at - start).Append(replacement);
            start = at + old.Length;
            left--;
            if (old.Length == 0)
            {
                if (start == text.Length)
                {
                    return result.ToString();
                }

                var next = PythonText.Next(text, start);
                result.Append(text, start, next - start);
                start = next;
            }
        }

        result.Append(text, start, text.Length - start);
        return context.Counted(result.ToString());
    }

    /// <summary>str.split and str.rsplit(sep=None, maxsplit=-1); without a separator runs of whitespace part the words.</summary>
    public static ListValue Split(
        RenderContext context,
        string text,
        object?[] values,
        bool fromEnd
    )
    {
        var limit = values[1] is null ? -1 : Integer(context, values[1]!);
        var most = limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue);
        List<object> parts;
        if (values[0] is null or None)
        {
            parts = Words(text, most, fromEnd);
        }
        else
        {
            var separator = StringMethods.TextOf(context, "split", values[0]!);
            if (separator.Length == 0)
            {
                throw context.Error("empty separator");
            }

            context.ChargeSearch(text, separator);
            parts = fromEnd
                ? SplitFromEnd(text, separator, most)
                : SplitFromStart(text, separator, most);
        }

        context.Charge(4L * parts.Count);
        return new ListValue(parts);
    }

    public static string Join(RenderContext context, string separator, IEnumerable<string> parts)
    {
        var result = new StringBuilder();
        var isFirst = true;
        foreach (var part in parts)
        {
            var gap = isFirst ? "" : separator;
            isFirst = false;
            context.ChargeText(
                (long)result.Length + gap.Length + part.Length,
                gap.Length + part.Length
            );
            result.Append(gap).Append(part);
        }

        return result.ToString();
    }

    private static long Integer(RenderContext context, object value) =>
        Comparisons.Integer(value)
        ?? throw context.ErrorOf(value, $"an integer is needed, not {TypeNames.Of(value)}");

    /// <summary>UTF-16 bounds of a search window given in code points; start past end where the window is impossible.</summary>
    private static (int Start, int End) Window(
        RenderContext context,
        string text,
        object? start,
        object? end
    )
    {
        if (start is null or None && end is null or None)
        {
            return (0, text.Length);
        }

        long length = PythonText.Length(text);
        var from = start is null or None ? 0 : Integer(context, start);
        var to = end is null or None ? length : Integer(context, end);
        from = from < 0 ? Math.Max(from + length, 0) : from;
        to = Math.Min(to < 0 ? Math.Max(to + length, 0) : to, length);
        return from > to
            ? (1, 0)
            : (PythonText.UnitIndex(text, from), PythonText.UnitIndex(text, to));
    }

    private static List<object> SplitFromStart(string text, string separator, int most)
    {
        var parts = new List<object>();
        var start = 0;
        while (parts.Count < most)
        {
            var at = text.IndexOf(separator, start, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(text[start..at]);
            start = at + separator.Length;
        }

        parts.Add(text[start..]);
        return parts;
    }

    private static List<object> SplitFromEnd(string text, string separator, int most)
    {
        var parts = new List<object>();
        var end = text.Length;
        while (parts.Count < most)
        {
            var at = text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(text[(at + separator.Length)..end]);
            end = at;
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return parts;
    }

    /// <summary>Words between whitespace; once there are enough, the rest stays as it is but for the blanks before it.</summary>
    private static List<object> Words(string text, int most, bool fromEnd)
    {
        var parts = new List<object>();
        // Positions are distances from the side where reading starts.
        var length = text.Length;
        var position = SkipWhile(text, 0, fromEnd, true);
        while (position < length && parts.Count < most)
        {
            var end = SkipWhile(text, position, fromEnd, false);
            parts.Add(fromEnd ? text[(length - end)..(length - position)] : text[position..end]);
            position = SkipWhile(text, end, fromEnd, true);
        }

        if (position < length)
        {
            parts.Add(fromEnd ? text[..(length - position)] : text[position..]);
        }

        if (fromEnd)
        {
            parts.Reverse();
        }

        return parts;
    }

    /// <summary>Counts on from a distance to the start (or end) of the text over all whitespace, or over all else.</summary>
    private static int SkipWhile(string text, int distance, bool fromEnd, bool isSpace)
    {
        while (
            distance < text.Length
            && PythonText.IsSpace(text[fromEnd ? text.Length - 1 - distance : distance]) == isSpace
        )
        {
            distance++;
        }

        return distance;
    }
}
