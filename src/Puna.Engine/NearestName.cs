namespace Puna.Engine;

/// <summary>Finds what a mistyped name may have meant.</summary>
public static class NearestName
{
    private const int Longest = 64;

    /// <summary>
    /// The known name with the smallest Levenshtein distance to <paramref name="asked"/> (the first of equals), or null
    /// when none shares at least half of its letters.
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
            if (distance < smallest && distance * 2 <= Math.Max(text.Length, name.Length))
            {
                smallest = distance;
                nearest = name;
            }
        }

        return nearest;
    }

    private static int Distance(string left, string right)
    {
        Span<int> row = stackalloc int[Longest + 1];
        for (var column = 0; column <= left.Length; column++)
        {
            row[column] = column;
        }

        for (var line = 1; line <= right.Length; line++)
        {
            var diagonal = row[0];
            row[0] = line;
            for (var column = 1; column <= left.Length; column++)
            {
                var same =
                    char.ToLowerInvariant(left[column - 1])
                    == char.ToLowerInvariant(right[line - 1]);
                var replaced = diagonal + (same ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.Min(replaced, Math.Min(row[column], row[column - 1]) + 1);
            }
        }

        return row[left.Length];
    }
}
