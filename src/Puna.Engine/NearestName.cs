namespace Puna.Engine;

/// <summary>Finds what a mistyped name may have meant.</summary>
public static class NearestName
{
    private const int Longest = 64;

    /// <summary>" (the nearest is NAME)", or nothing when no known name is near: the end of a message.</summary>
    public static string Hint(string asked, IEnumerable<string> known) =>
        Of(asked, known) is { } name ? $" (the nearest is {name})" : "";

    /// <summary>
    /// The known name at the smallest distance from <paramref name="asked"/> (the first of equals), or null when none
    /// shares at least half of its letters or begins with it.
    /// </summary>
    public static string? Of(string asked, IEnumerable<string> known)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(known);
        var text = asked.Length <= Longest ? asked : asked[..Longest];
        string? nearest = null;
        var smallest = int.MaxValue;
        foreach (var name in known)
        {
            var distance = Distance(text, name);
            var isNear =
                distance * 2 <= Math.Max(text.Length, name.Length)
                || (text.Length > 0 && name.StartsWith(text, StringComparison.OrdinalIgnoreCase));
            if (isNear && distance < smallest)
            {
                smallest = distance;
                nearest = name;
            }
        }

        return nearest;
    }

    /// <summary>Letters to insert, delete, replace or swap with their neighbour, whatever their case.</summary>
    private static int Distance(string left, string right)
    {
        Span<int> beforeLast = stackalloc int[Longest + 1];
        Span<int> last = stackalloc int[Longest + 1];
        Span<int> row = stackalloc int[Longest + 1];
        for (var column = 0; column <= left.Length; column++)
        {
            row[column] = column;
        }

        for (var line = 1; line <= right.Length; line++)
        {
            var free = beforeLast;
            beforeLast = last;
            last = row;
            row = free;
            row[0] = line;
            for (var column = 1; column <= left.Length; column++)
            {
                var replaced = last[column - 1] + (Same(column, line) ? 0 : 1);
                var best = Math.Min(replaced, Math.Min(last[column], row[column - 1]) + 1);
                var isSwap =
                    column > 1 && line > 1 && Same(column - 1, line) && Same(column, line - 1);
                row[column] = isSwap ? Math.Min(best, beforeLast[column - 2] + 1) : best;
            }
        }

        return row[left.Length];

        bool Same(int column, int line) =>
            char.ToLowerInvariant(left[column - 1]) == char.ToLowerInvariant(right[line - 1]);
    }
}
